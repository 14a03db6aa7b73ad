//! Who may ask for each operation, and what they are answered.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::document::Operation;
use crate::person::{Answer, Person, send};
use crate::town::{Town, id_of, invitation};

/// What each operation answers, asked about the owner's things by: a stranger, somebody suspended, a token
/// of the owner's that may only read, a viewer, another uploader, a moderator, an admin, the owner.
///
/// The order is that of the story: what ends people comes last.
const TABLE: &[(&str, [u16; 8])] = &[
    // Whoever has a session that is over is told so.
    ("get_me", [200, 401, 200, 200, 200, 200, 200, 200]),
    ("list_providers", [200, 200, 200, 200, 200, 200, 200, 200]),
    ("start_oidc", [404, 404, 404, 404, 404, 404, 404, 404]),
    ("end_oidc", [404, 404, 404, 404, 404, 404, 404, 404]),
    ("link_oidc", [401, 401, 403, 404, 404, 404, 404, 404]),
    ("unlink_oidc", [401, 401, 403, 404, 404, 404, 404, 404]),
    ("claim", [400, 400, 400, 400, 400, 400, 400, 400]),
    ("sign_up", [201, 201, 201, 201, 201, 201, 201, 201]),
    ("sign_in", [200, 403, 200, 200, 200, 200, 200, 200]),
    ("forgot_password", [202, 202, 202, 202, 202, 202, 202, 202]),
    ("reset_password", [400, 400, 400, 400, 400, 400, 400, 400]),
    ("list_sessions", [401, 401, 403, 200, 200, 200, 200, 200]),
    ("end_session", [401, 401, 403, 404, 404, 404, 404, 204]),
    (
        "end_other_sessions",
        [401, 401, 403, 204, 204, 204, 204, 204],
    ),
    ("list_tokens", [401, 401, 403, 200, 200, 200, 200, 200]),
    ("create_token", [401, 401, 403, 201, 201, 201, 201, 201]),
    ("delete_token", [401, 401, 403, 404, 404, 404, 404, 204]),
    ("list_audit", [401, 401, 403, 403, 403, 403, 200, 403]),
    ("list_users", [401, 401, 403, 403, 403, 403, 200, 403]),
    ("invite", [401, 401, 403, 403, 403, 403, 201, 403]),
    ("edit_user", [401, 401, 403, 403, 403, 403, 200, 403]),
    ("end_sessions_of", [401, 401, 403, 403, 403, 403, 204, 403]),
    ("verify", [401, 401, 403, 403, 403, 403, 200, 403]),
    (
        "last_verification",
        [401, 401, 403, 403, 403, 403, 200, 403],
    ),
    ("list_jobs", [401, 401, 403, 403, 403, 403, 200, 403]),
    ("retry_job", [401, 401, 403, 403, 403, 403, 404, 403]),
    (
        "list_dead_letters",
        [401, 401, 403, 403, 403, 403, 200, 403],
    ),
    (
        "replay_dead_letter",
        [401, 401, 403, 403, 403, 403, 404, 403],
    ),
    ("drop_dead_letter", [401, 401, 403, 403, 403, 403, 404, 403]),
    ("search_videos", [200, 401, 200, 200, 200, 200, 200, 200]),
    ("list_videos", [200, 401, 200, 200, 200, 200, 200, 200]),
    ("get_video", [404, 401, 200, 404, 404, 200, 200, 200]),
    ("get", [404, 401, 200, 404, 404, 200, 200, 200]),
    ("unlock_video", [404, 401, 404, 404, 404, 404, 404, 404]),
    ("own_quota", [401, 401, 403, 403, 200, 200, 200, 200]),
    ("user_quota", [401, 401, 403, 403, 403, 403, 200, 403]),
    ("set_quota", [401, 401, 403, 403, 403, 403, 200, 403]),
    ("reset_quota", [401, 401, 403, 403, 403, 403, 204, 403]),
    ("list_uploads", [401, 401, 403, 403, 200, 200, 200, 200]),
    ("create_upload", [401, 401, 403, 403, 201, 201, 201, 201]),
    ("get_upload", [401, 401, 403, 403, 404, 404, 404, 200]),
    ("sign_parts", [401, 401, 403, 403, 404, 404, 404, 200]),
    ("complete_upload", [401, 401, 403, 403, 404, 404, 404, 409]),
    ("delete_upload", [401, 401, 403, 403, 404, 404, 404, 204]),
    ("edit_video", [401, 401, 403, 403, 404, 403, 403, 200]),
    ("restore_video", [401, 401, 403, 403, 404, 200, 200, 200]),
    ("delete_video", [401, 401, 403, 403, 404, 204, 204, 204]),
    ("refresh", [401, 401, 401, 204, 204, 204, 204, 204]),
    ("sign_out", [204, 204, 204, 204, 204, 204, 204, 204]),
    ("change_password", [401, 401, 403, 204, 204, 204, 204, 204]),
    ("delete_me", [401, 401, 403, 204, 204, 204, 409, 204]),
];

/// Those who may see what is the owner's, where they are let in at all.
const SEE_ALL: [&str; 4] = ["reader", "moderator", "admin", "owner"];

/// How `person` asks: as whom, of which address, with what.
pub(crate) struct Call {
    pub(crate) by: Person,
    pub(crate) path: String,
    pub(crate) body: Value,
}

impl Call {
    pub(crate) async fn send(&self, operation: &Operation) -> Answer {
        let method = operation.method.clone();
        self.by.ask(method, &self.path, &self.body).await
    }
}

/// `operation` as `person` asks for it. What is going to succeed is about something that was made for it.
pub(crate) async fn call(town: &Town, operation: &Operation, person: &Person, may: bool) -> Call {
    let things = &town.things;
    let mut by = person.clone();
    let id = match operation.id.as_str() {
        "edit_video" | "delete_video" if may => town.film().await,
        "restore_video" if may => {
            let film = town.film().await;
            let path = format!("/api/videos/{film}");
            let thrown = town.owner.ask(Method::DELETE, &path, &Value::Null);
            thrown.await.done();
            film
        }
        "delete_upload" if may => {
            let upload = town.upload("another.mp4").await;
            upload["upload_id"].as_str().unwrap().to_owned()
        }
        "end_session" if may => town.session().await,
        "delete_token" if may => town.api_token(person, &["read"]).await.1,
        "end_sessions_of" if may => id_of(&town.spare).await,
        "end_session" => things.session.clone(),
        "delete_token" => things.token.clone(),
        "edit_user" | "end_sessions_of" | "user_quota" | "set_quota" | "reset_quota" => {
            things.user.clone()
        }
        id if id.ends_with("_oidc") => "nobody".to_owned(),
        _ if operation.path.starts_with("/api/uploads/") => things.upload.clone(),
        _ => things.film.clone(),
    };
    // These end the session in which one asks; people go on in the one that they had.
    let ends = ["sign_out", "sign_in", "sign_up", "refresh"].contains(&operation.id.as_str());
    if may && ends && person.refresh.is_some() && person.name != "sam" {
        by = person.again().await;
    }
    if operation.id == "sign_out" && person.refresh.is_none() && person.token.is_some() {
        by = person.with_token(&town.api_token(&town.owner, &["read"]).await.0);
    }
    let query = match operation.id.as_str() {
        "search_videos" => "?q=quince",
        "start_oidc" => "?return=/",
        "end_oidc" => "?code=c&state=s",
        _ => "",
    };
    Call {
        path: format!("{}{query}", operation.path_of(&id)),
        body: body(town, operation, person).await,
        by,
    }
}

/// A body that is right.
async fn body(town: &Town, operation: &Operation, person: &Person) -> Value {
    let number = crate::town::number();
    let (name, password) = (&person.name, &person.password);
    match operation.id.as_str() {
        "claim" => json!({ "token": "made up", "name": "eve", "password": password }),
        "sign_up" => json!({
            "name": format!("new{number}"),
            "password": password,
            "invitation": invitation(&town.admin, "viewer").await,
        }),
        "sign_in" if person.token.is_none() => {
            json!({ "name": town.spare.name, "password": town.spare.password })
        }
        "sign_in" => json!({ "name": name, "password": password }),
        "forgot_password" => json!({ "name": "somebody" }),
        "reset_password" => json!({ "token": "made up", "password": password }),
        "create_token" => json!({ "name": "desk", "scopes": ["read"] }),
        "invite" => json!({ "role": "viewer" }),
        "edit_user" => json!({ "role": "uploader" }),
        "set_quota" => json!({ "storage_bytes": 1_000_000_000 }),
        "create_upload" => json!({
            "file_name": "new.mp4",
            "size_bytes": 12 << 20,
            "fingerprint": format!("new {number}"),
            "visibility": "private",
        }),
        "sign_parts" => json!({
            "parts": [{ "number": 1, "size_bytes": 5 << 20, "crc32c": "AAAAAA==" }],
        }),
        "unlock_video" => json!({ "password": "open sesame" }),
        "edit_video" => json!({ "title": "Mine now" }),
        "change_password" => json!({ "current": password, "new": format!("{password}, changed") }),
        "delete_me" => json!({ "password": format!("{password}, changed") }),
        _ => {
            assert!(operation.body.is_none(), "{operation:?} takes a body");
            Value::Null
        }
    }
}

/// The operations of the table, with what is answered to whom.
pub(crate) fn ruled(town: &Town) -> Vec<(Operation, [u16; 8])> {
    let mut operations = town.document.operations();
    let described: BTreeSet<_> = operations.iter().map(|one| one.id.clone()).collect();
    let known: BTreeSet<_> = TABLE.iter().map(|(id, _)| (*id).to_owned()).collect();
    assert_eq!(described, known, "each operation has a row in the table");
    let mut ruled = Vec::new();
    for (id, answers) in TABLE {
        let at = operations.iter().position(|one| one.id == *id).unwrap();
        ruled.push((operations.swap_remove(at), *answers));
    }
    ruled
}

/// The owner watches the film: what plays it is as secret as what they signed in by.
async fn play(town: &Town) {
    let watch = format!("/api/watch/{}", town.things.film);
    let watch = town.owner.get(&watch).await.done().json();
    let master = watch["playback"]["hls_url"].as_str().unwrap();
    let token = master.split('/').nth(2).unwrap();
    assert!(token.len() > 50, "{master}");
    town.secrets.add(token);
    let played = send(town.anonymous.plain(Method::GET, master)).await.done();
    assert!(played.text.starts_with("#EXTM3U"), "{played:?}");
}

#[tokio::test]
async fn nobody_reads_or_changes_what_is_not_theirs_by_any_operation() {
    let town = Town::new().await;
    play(&town).await;
    let (mut refused, mut allowed) = (0, 0);
    let mut wrong = Vec::new();
    for (operation, answers) in ruled(&town) {
        let before = town.state().await;
        let mut asked = |who: &str, call: &Call, answer: &Answer, expected: u16| {
            let shown = format!("{} {who}", operation.id);
            if answer.status != expected {
                wrong.push(format!("{shown}: {} {}", answer.status, answer.text));
            }
            if expected >= 400 || !SEE_ALL.contains(&who) {
                let told = town.told_of_owner(&answer.text, &call.path);
                assert!(told.is_empty(), "{shown} is told {told:?}: {answer:?}");
            }
        };
        let people = || town.people().into_iter().zip(answers);
        for ((who, person), expected) in people().filter(|(_, status)| *status >= 400) {
            let call = call(&town, &operation, person, false).await;
            asked(who, &call, &call.send(&operation).await, expected);
            if operation.method == Method::GET {
                // Services know no HEAD: what the gateway lets through is not there.
                let head = call.by.request(Method::HEAD, &call.path);
                let head = send(head).await;
                assert!([expected, 404].contains(&head.status), "{who}: {head:?}");
            }
            refused += 1;
        }
        assert_eq!(before, town.state().await, "{operation:?} changed nothing");
        for ((who, person), expected) in people().filter(|(_, status)| *status < 400) {
            let call = call(&town, &operation, person, true).await;
            asked(who, &call, &call.send(&operation).await, expected);
            allowed += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(refused + allowed, TABLE.len() * 8);
    assert!(refused >= 150, "{refused} of them were refused");
    crate::town::tell(&format!("{refused} calls refused, {allowed} answered"));
    town.close().await;
}
