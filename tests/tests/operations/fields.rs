//! Fields that nobody may write: in any body, they are refused or have no effect.

use serde_json::{Value, json};

use crate::town::{Town, id_of};
use crate::who_may::{call, ruled};

/// What the story puts into text that it has no business with, to be found wherever it arrives.
const POISON: &str = "mass-assigned";

/// Fields of rows, events and answers, with what somebody would like them to be.
fn wishes(admin: &str) -> Vec<(&'static str, Value)> {
    let text = |name| (name, Value::from(POISON));
    let mut all: Vec<_> = [
        "user_id",
        "video_id",
        "upload_id",
        "session_id",
        "token_id",
        "created_at",
        "password_hash",
        "object_key",
        "storage_upload_id",
        "watch_url",
        "hls_url",
        "credential",
        "channel",
    ]
    .map(text)
    .into();
    all.extend([
        ("id", json!(POISON)),
        ("owner", json!(admin)),
        ("owner_id", json!(admin)),
        ("user", json!(admin)),
        ("role", json!("admin")),
        ("scope", json!("admin")),
        ("scopes", json!(["admin", "account"])),
        ("is_admin", json!(true)),
        ("admin", json!(true)),
        ("suspended", json!(true)),
        ("state", json!("live")),
        ("complete", json!(true)),
        ("access_generation", json!(4_000_000)),
        ("generation", json!(4_000_000)),
        ("edits", json!(4_000_000)),
        ("deleted_at", json!("2020-01-01T00:00:00Z")),
        ("trashed_at_ms", json!(1)),
        ("uploaded_bytes", json!(12 << 20)),
        ("parts_stored", json!([1, 2])),
        ("may", json!({ "edit": true, "delete": true })),
        (
            "progress",
            json!({ "segments_done": 1, "segments_total": 1 }),
        ),
        ("__proto__", json!({ "role": "admin" })),
        ("constructor", json!({ "role": "admin" })),
    ]);
    all
}

/// Who everybody is: roles by name, and who is suspended.
async fn standing(town: &Town) -> Vec<(String, String, bool)> {
    let users = town.admin.get("/api/admin/users?limit=100").await.json();
    let users = users["items"].as_array().unwrap().iter();
    let one = |user: &Value| {
        let text = |key: &str| user[key].as_str().unwrap().to_owned();
        (text("name"), text("role"), user["suspended"] == true)
    };
    users.map(one).collect()
}

#[tokio::test]
async fn nobody_assigns_fields_that_are_not_theirs_to_write() {
    let town = Town::quick().await;
    let admin = id_of(&town.admin).await;
    let before = standing(&town).await;
    let (mut refused, mut ignored) = (0, 0);
    // What ends people is not needed here: its body is a password.
    let takes_body = |id: &str| !matches!(id, "delete_me" | "change_password");
    for (operation, answers) in ruled(&town) {
        let Some(schema) = operation
            .body
            .as_ref()
            .filter(|_| takes_body(&operation.id))
        else {
            continue;
        };
        let known = town.document.properties(schema);
        let by = if answers[7] == 403 {
            &town.admin
        } else {
            &town.owner
        };
        for (field, value) in wishes(&admin) {
            if known.contains_key(field) {
                continue;
            }
            let mut call = call(&town, &operation, by, false).await;
            if operation.id == "sign_in" {
                // Too many of one user are refused.
                call.body["name"] = format!("nobody-{field}").into();
            }
            call.body[field] = value.clone();
            let answer = call.send(&operation).await;
            let told = format!("{} {field}: {answer:?}", operation.id);
            assert!(!answer.text.contains(POISON), "{told}");
            if answer.status >= 400 {
                refused += 1;
                continue;
            }
            ignored += 1;
            let made: Value = serde_json::from_str(&answer.text).unwrap_or_default();
            assert!(!made["owner"].to_string().contains(&admin), "{told}");
            assert!(
                made["state"] != "live" && made["state"] != "complete",
                "{told}"
            );
            let is_new = operation.id == "sign_up" && made["role"] != "viewer";
            assert!(!is_new, "{told}");
            if operation.id == "create_token" {
                assert_eq!(made["scopes"], json!(["read"]), "{told}");
            }
        }
    }
    let after = standing(&town).await;
    for user in &before {
        assert!(after.contains(user), "{user:?}: {after:?}");
    }
    let others = after.iter().filter(|user| !before.contains(user));
    for (name, role, suspended) in others {
        assert!(role == "viewer" && !suspended, "{name} is {role}");
    }
    assert!(refused + ignored >= 250, "{refused} {ignored}");
    crate::town::tell(&format!(
        "{refused} fields refused, {ignored} without effect"
    ));
    town.close().await;
}
