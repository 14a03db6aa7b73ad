//! `marquee admin quota`: how much a user may upload.

use std::io::{self, Write as _};

use reqwest::Method;
use serde_json::{Map, Value};

use super::api::Api;
use crate::cli::{Failure, QuotaArguments};

const GB: f64 = 1e9;
const MINUTE: f64 = 60.0;

/// Prints how much a user may upload and has, after changing what was asked for.
pub(super) async fn quota(arguments: &QuotaArguments) -> Result<bool, Failure> {
    let api = Api::new(&arguments.server)?;
    let path = format!("/api/admin/quotas/{}", id_of(&api, &arguments.user).await?);
    if arguments.reset {
        api.send(Method::DELETE, &path).await?;
    }
    let now: Value = api.send(Method::GET, &path).await?.json().await?;
    let changes = changes(arguments);
    let now = if changes.is_empty() {
        now
    } else {
        let mut quota = now.get("quota").and_then(Value::as_object).cloned();
        quota.get_or_insert_default().extend(changes);
        let body = Value::from(quota.unwrap_or_default());
        api.put(&path, &body).await?.json().await?
    };
    writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&now)?)?;
    Ok(true)
}

/// What was asked for, in the API's units.
fn changes(arguments: &QuotaArguments) -> Map<String, Value> {
    in_units([
        ("storage_bytes", arguments.storage_gb, GB),
        ("daily_bytes", arguments.daily_gb, GB),
        ("film_s", arguments.film_minutes, MINUTE),
    ])
}

fn in_units(limits: [(&str, Option<f64>, f64); 3]) -> Map<String, Value> {
    let limits = limits.into_iter();
    limits
        .filter_map(|(name, value, unit)| {
            let limit = (value? * unit).round();
            // Beyond 2^53 nobody counts bytes one by one.
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clap takes nothing below zero, and what is beyond 64 bits is all there is"
            )]
            let limit = limit as u64;
            Some((name.to_owned(), Value::from(limit)))
        })
        .collect()
}

/// The id of the user called `name`.
async fn id_of(api: &Api, name: &str) -> Result<String, Failure> {
    let typed: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let path = format!("/api/admin/users?q={typed}&limit=100");
    let page: Value = api.send(Method::GET, &path).await?.json().await?;
    let users = page.get("items").and_then(Value::as_array);
    let called = |user: &&Value| {
        let is = user.get("name").and_then(Value::as_str);
        is.is_some_and(|is| is.eq_ignore_ascii_case(name))
    };
    let found = users.into_iter().flatten().find(called);
    let id = found.and_then(|user| user.get("user_id")?.as_str());
    Ok(id
        .ok_or_else(|| format!("there is nobody called {name}"))?
        .to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_said_stays_and_the_rest_is_in_whole_units() {
        let limits = [
            ("a", Some(0.5), GB),
            ("b", None, GB),
            ("c", Some(1.5), MINUTE),
        ];
        let told = Value::from(in_units(limits));
        assert_eq!(told, json!({ "a": 500_000_000, "c": 90 }));
    }
}
