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
    for part in [ingress::openapi(), metadata::openapi(), proxy::openapi()] {
        document.merge(part);
    }
    document
}

/// Prints the document.
pub(crate) fn print() -> Result<bool, Failure> {
    writeln!(std::io::stdout(), "{}", document().to_pretty_json()?)?;
    Ok(true)
}
