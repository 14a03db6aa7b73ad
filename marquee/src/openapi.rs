//! The OpenAPI document of all services.

use std::io::Write as _;

use utoipa::openapi::{InfoBuilder, License, OpenApi, OpenApiBuilder};

use crate::cli::Failure;

/// One document for everything under `/api`.
pub(crate) fn document() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Marquee")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Upload films and watch them seconds later. Errors are RFC 9457 problem documents.",
        ))
        .license(Some(License::new("Apache-2.0")))
        .build();
    let mut document = OpenApiBuilder::new().info(info).build();
    for part in [
        accounts::openapi(),
        ingress::openapi(),
        metadata::openapi(),
        post_processor::openapi(),
        transcoder::openapi(),
        proxy::openapi(),
    ] {
        document.merge(part);
    }
    document
}

/// Prints the document.
pub(crate) fn print() -> Result<bool, Failure> {
    writeln!(std::io::stdout(), "{}", document().to_pretty_json()?)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_operation_has_a_rule_that_says_who_may_ask_and_no_rule_is_for_nothing() {
        let document = serde_json::to_value(document()).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let described: BTreeSet<_> = paths
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.as_object().unwrap().keys();
                methods.map(move |method| (method.to_uppercase(), path.clone()))
            })
            .collect();
        let ruled: Vec<_> = proxy::RULES
            .iter()
            .map(|rule| (rule.method.to_owned(), rule.path.to_owned()))
            .collect();
        assert_eq!(ruled.iter().cloned().collect::<BTreeSet<_>>(), described);
        assert_eq!(ruled.len(), described.len(), "one rule each");
    }
}
