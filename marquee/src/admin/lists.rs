//! `marquee admin jobs`, `dlq`, `users` and `audit`: lists of the API, for the console.

use std::io::{self, Write as _};

use reqwest::Method;
use serde_json::Value;

use super::api::Api;
use crate::cli::{AuditArguments, DlqArguments, Failure, JobsArguments, UsersArguments};

/// Prints what the transcoder is to do, or has one of it tried again.
pub(super) async fn jobs(arguments: &JobsArguments) -> Result<bool, Failure> {
    let api = Api::new(&arguments.server)?;
    if let Some(id) = &arguments.retry {
        let path = format!("/api/admin/jobs/{id}/retry");
        api.send(Method::POST, &path).await?;
        return say("it waits for a worker");
    }
    let path = match arguments.state {
        Some(state) => format!("/api/admin/jobs?state={}", state.name()),
        None => "/api/admin/jobs".to_owned(),
    };
    let columns = [
        "state",
        "kind",
        "tracks",
        "attempts",
        "video_id",
        "task_id",
        "last_error",
    ];
    print(&api, &path, &columns, arguments.json).await
}

/// Prints dead letters, sends one again, or drops it.
pub(super) async fn dlq(arguments: &DlqArguments) -> Result<bool, Failure> {
    let api = Api::new(&arguments.server)?;
    let path = "/api/admin/dead-letters";
    if let Some(id) = &arguments.replay {
        let path = format!("{path}/{id}/replay");
        api.send(Method::POST, &path).await?;
        return say("it was sent again");
    }
    if let Some(id) = &arguments.drop {
        api.send(Method::DELETE, &format!("{path}/{id}")).await?;
        return say("it is gone");
    }
    let columns = ["id", "group", "key", "attempts", "reason"];
    let path = format!("{path}?limit=500");
    print(&api, &path, &columns, arguments.json).await
}

/// Prints users.
pub(super) async fn users(arguments: &UsersArguments) -> Result<bool, Failure> {
    let api = Api::new(&arguments.server)?;
    let columns = ["name", "role", "user_id"];
    print(&api, "/api/admin/users?limit=100", &columns, arguments.json).await
}

/// Prints who did what, the newest first.
pub(super) async fn audit(arguments: &AuditArguments) -> Result<bool, Failure> {
    let api = Api::new(&arguments.server)?;
    let columns = ["at", "actor", "action", "subject", "address"];
    let path = match &arguments.user {
        Some(user) => format!("/api/admin/audit?limit=100&user={}", encoded(user)),
        None => "/api/admin/audit?limit=100".to_owned(),
    };
    print(&api, &path, &columns, arguments.json).await
}

fn say(what: &str) -> Result<bool, Failure> {
    writeln!(io::stdout(), "{what}")?;
    Ok(true)
}

/// Prints all pages of a list: one object a line, or the `columns` of each.
async fn print(api: &Api, path: &str, columns: &[&str], json: bool) -> Result<bool, Failure> {
    let mut cursor = String::new();
    loop {
        let page: Value = api
            .send(Method::GET, &format!("{path}{cursor}"))
            .await?
            .json()
            .await?;
        for item in page
            .get("items")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let line = if json {
                item.to_string()
            } else {
                row(item, columns)
            };
            writeln!(io::stdout(), "{line}")?;
        }
        match page.get("next_cursor").and_then(Value::as_str) {
            Some(next) => cursor = format!("&cursor={}", encoded(next)),
            None => return Ok(true),
        }
    }
}

/// What stands in `columns`, tabs between them: for people, `cut` and `column -t`.
fn row(item: &Value, columns: &[&str]) -> String {
    let column = |name: &&str| match item.get(*name) {
        Some(Value::String(text)) if text.is_empty() => "-".to_owned(),
        Some(Value::String(text)) => text.replace(char::is_control, " "),
        Some(other) => other.to_string(),
        None => "-".to_owned(),
    };
    columns.iter().map(column).collect::<Vec<_>>().join("\t")
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_is_one_line_whatever_stands_in_it() {
        let item = json!({ "a": "x\ty\nz", "b": 3, "c": "" });
        assert_eq!(row(&item, &["a", "b", "c", "d"]), "x y z\t3\t-\t-");
    }
}
