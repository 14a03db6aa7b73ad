//! API tokens.

use platform_auth::{Identity, Role, Scope};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Service, open};

const CHECK: &str = "/internal/accounts/tokens/check";

async fn check(service: &Service, secret: &Value) -> Option<Identity> {
    let body = json!({"token": secret});
    let (status, answer) = service.ask("proxy", Method::POST, CHECK, &body).await;
    assert!(status == 200 || status == 404, "{status} {answer}");
    (status == 200).then(|| serde_json::from_value(answer).unwrap())
}

#[tokio::test]
async fn a_token_does_what_it_was_made_for_until_it_is_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let mut ada = service.newcomer("ada", "192.0.2.1").await;
    let path = "/api/accounts/tokens";
    let made = ada
        .post(
            path,
            &json!({"name": "backup", "scopes": ["read", "upload"]}),
        )
        .await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    let secret = &made.body["secret"];
    assert!(secret.as_str().unwrap().starts_with("mqt_"));
    let identity = check(&service, secret).await.unwrap();
    assert_eq!(identity.user, ada.identity.as_ref().unwrap().user);
    assert_eq!(identity.scopes, [Scope::Read, Scope::Upload].into());
    assert_eq!(identity.role, Role::Uploader);
    let listed = ada.get(path).await;
    assert_eq!(listed.body["items"][0]["name"], "backup");
    assert!(listed.body["items"][0]["used_at"].is_string());
    assert!(!listed.text.contains(secret.as_str().unwrap()));

    // With it, nobody gets at the account itself.
    let mut program = ada.clone();
    program.identity = Some(identity.clone());
    assert_eq!(program.get(path).await.status, 403);
    assert_eq!(program.get("/api/accounts/sessions").await.status, 403);
    assert_eq!(program.get("/api/accounts/me").await.status, 200);

    let one = format!("{path}/{}", identity.credential);
    let mut eve = service.newcomer("eve", "192.0.2.2").await;
    assert_eq!(eve.delete(&one).await.status, 404);
    assert_eq!(ada.delete(&one).await.status, 204);
    assert_eq!(check(&service, secret).await, None);
    assert_eq!(service.revoked().await, [identity.credential]);
    for made_up in ["", "mqt_", "mqt_0123", "x"] {
        assert_eq!(check(&service, &json!(made_up)).await, None);
    }
    service.stop().await;
}

#[tokio::test]
async fn a_token_is_never_for_more_than_its_maker_may_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let mut ada = service.newcomer("ada", "192.0.2.1").await;
    let path = "/api/accounts/tokens";
    for (body, status) in [
        (json!({"name": "a", "scopes": ["admin"]}), 403),
        (json!({"name": "a", "scopes": ["account"]}), 400),
        (json!({"name": "a", "scopes": []}), 400),
        (json!({"name": " ", "scopes": ["read"]}), 400),
        (
            json!({"name": "a", "scopes": ["read"], "expires_in_days": 0}),
            400,
        ),
    ] {
        assert_eq!(ada.post(path, &body).await.status, status, "{body}");
    }
    let body = json!({"name": "a", "scopes": ["read"], "expires_in_days": 1});
    let made = ada.post(path, &body).await;
    assert!(check(&service, &made.body["secret"]).await.is_some());
    service.clock.advance_ms(24 * 60 * 60 * 1000);
    assert!(check(&service, &made.body["secret"]).await.is_none());
    service.stop().await;
}
