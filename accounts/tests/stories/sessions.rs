//! Sessions.

use platform_core::clock::ManualClock;
use platform_core::{Clock as _, SystemClock};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{PASSWORD, Service, closed, open};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

#[tokio::test]
async fn cookies_are_for_this_host_only_and_behind_https_for_https_only() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let mut ada = service.newcomer("ada", "192.0.2.1").await;
    ada.is_secure = true;
    let answer = ada.sign_in("ada", PASSWORD).await;
    let cookies = answer.cookies();
    assert!(
        cookies[0].starts_with("__Host-auth_token=ey"),
        "{cookies:?}"
    );
    assert!(cookies[0].ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure"));
    assert!(cookies[1].starts_with("__Host-refresh_token="));
    assert!(cookies[1].ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure"));
    // 128 random bits of the session, and 256 of the secret.
    let refresh = ada.refresh.clone().unwrap();
    assert_eq!(refresh.len(), 26 + 1 + 52);
    service.stop().await;
}

#[tokio::test]
async fn a_session_goes_on_by_its_refresh_token_and_ends_in_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let mut ada = service.newcomer("ada", "192.0.2.1").await;
    let (session, first) = (ada.session(), ada.refresh.clone());
    service.clock.advance_ms(10 * MINUTE_MS);
    assert_eq!(ada.refresh().await.status, 204);
    assert_eq!(ada.session(), session);
    assert_ne!(ada.refresh, first);
    for _ in 0..3 {
        service.clock.advance_ms(29 * DAY_MS);
        assert_eq!(ada.refresh().await.status, 204);
    }
    // 87 days old: three more are left, though it was used just now.
    service.clock.advance_ms(3 * DAY_MS);
    assert_eq!(ada.refresh().await.status, 401);
    let mut idle = service.browser("192.0.2.1");
    idle.sign_in("ada", PASSWORD).await;
    service.clock.advance_ms(30 * DAY_MS);
    assert_eq!(idle.refresh().await.status, 401);
    service.stop().await;
}

#[tokio::test]
async fn two_tabs_that_refresh_at_once_get_the_same_and_a_thief_ends_the_session() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let mut ada = service.newcomer("ada", "192.0.2.1").await;
    let (mut tab, mut thief) = (ada.clone(), ada.clone());
    assert_eq!(ada.refresh().await.status, 204);
    service.clock.advance_ms(9_000);
    assert_eq!(tab.refresh().await.status, 204);
    assert_eq!(tab.refresh, ada.refresh);
    assert_eq!(ada.refresh().await.status, 204);
    service.clock.advance_ms(11_000);
    assert!(service.revoked().await.is_empty());
    assert_eq!(thief.refresh().await.status, 401);
    assert_eq!(service.revoked().await, [ada.session()]);
    assert_eq!(ada.refresh().await.status, 401);
    service.stop().await;
}

#[tokio::test]
async fn sessions_are_seen_and_ended_from_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let mut home = service.newcomer("ada", "192.0.2.1").await;
    let mut work = service.browser("192.0.2.2");
    let mut phone = service.browser("192.0.2.3");
    work.sign_in("ADA", PASSWORD).await;
    phone.sign_in("ada", PASSWORD).await;
    let listed = home.get("/api/accounts/sessions").await;
    let items = listed.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    let own: Vec<_> = items.iter().filter(|it| it["current"] == true).collect();
    assert_eq!(
        (own.len(), own[0]["address"].as_str()),
        (1, Some("192.0.2.1"))
    );

    let path = format!("/api/accounts/sessions/{}", work.session());
    let mut eve = service.newcomer("eve", "192.0.2.9").await;
    assert_eq!(eve.delete(&path).await.status, 404);
    assert_eq!(home.delete(&path).await.status, 204);
    assert_eq!(home.delete(&path).await.status, 404);
    let ended = work.session();
    assert_eq!(work.refresh().await.status, 401);
    assert_eq!(work.refresh, None, "what is over is not asked for again");
    assert_eq!(service.revoked().await, [ended]);

    assert_eq!(phone.delete("/api/accounts/sessions").await.status, 204);
    assert_eq!(home.refresh().await.status, 401);
    assert_eq!(phone.refresh().await.status, 204);
    // Revocations are told for as long as access tokens of the sessions may live.
    service.clock.advance_ms(11 * MINUTE_MS);
    assert_eq!(service.revoked().await.len(), 2);
    service.clock.advance_ms(MINUTE_MS);
    assert!(service.revoked().await.is_empty());
    service.stop().await;
}

#[tokio::test]
async fn signing_out_and_in_ends_the_session_before() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let mut ada = service.newcomer("ada", "192.0.2.1").await;
    let (first, mut old) = (ada.session(), ada.clone());
    ada.sign_in("ada", PASSWORD).await;
    assert_ne!(ada.session(), first);
    assert_eq!(service.revoked().await, [first]);
    assert_eq!(old.refresh().await.status, 401);
    let mut left = ada.clone();
    assert_eq!(
        ada.post("/api/accounts/sign-out", &json!({})).await.status,
        204
    );
    assert!(ada.identity.is_none() && ada.refresh.is_none());
    assert_eq!(left.refresh().await.status, 401);
    assert_eq!(
        ada.post("/api/accounts/sign-out", &json!({})).await.status,
        204
    );
    assert_eq!(ada.get("/api/accounts/sessions").await.status, 401);
    service.stop().await;
}

#[tokio::test]
async fn replicas_sign_with_the_same_keys_and_replace_them() {
    let dir = tempfile::tempdir().unwrap();
    let one = Service::start(dir.path(), open()).await;
    let two = Service::start_at(dir.path(), open(), one.clock.clone()).await;
    let path = "/internal/accounts/keys";
    let keys = async |service: &Service| {
        service
            .ask("proxy", Method::GET, path, &Value::Null)
            .await
            .1
    };
    let first = keys(&one).await;
    assert_eq!(first["keys"].as_array().unwrap().len(), 1);
    assert_eq!(keys(&two).await, first);
    let ada = one.newcomer("ada", "192.0.2.1").await;
    one.clock.advance_ms(30 * DAY_MS - 1);
    assert_eq!(keys(&one).await, first);
    let answer = ada.send(Method::POST, "/api/accounts/refresh", None).await;
    let old = answer.cookies()[0]
        .split(['=', ';'])
        .nth(1)
        .unwrap()
        .to_owned();
    one.clock.advance_ms(1);
    let both = keys(&two).await;
    assert_eq!(both["keys"].as_array().unwrap().len(), 2);
    assert_eq!(keys(&one).await, both);
    // What the old key signed is good until it expires.
    assert!(two.who(&old).await.is_some());
    one.clock.advance_ms(10 * MINUTE_MS);
    assert!(two.who(&old).await.is_none());
    one.clock.advance_ms(50 * MINUTE_MS);
    assert_eq!(keys(&one).await["keys"].as_array().unwrap().len(), 1);
    assert!(one.clock.now_ms() > 0);
    two.stop().await;
    one.stop().await;
}

#[tokio::test]
async fn only_services_learn_what_is_for_services() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), closed()).await;
    let mut admin = service.admin().await;
    for path in ["/internal/accounts/keys", "/internal/accounts/revocations"] {
        assert_eq!(admin.get(path).await.status, 403);
        let (status, _) = service
            .ask("gateway", Method::GET, path, &Value::Null)
            .await;
        assert_eq!(status, 403);
    }
    service.stop().await;
}

/// The seeds of the keys, as they are in the rows.
async fn seeds(service: &Service) -> Vec<Vec<u8>> {
    sqlx::query_scalar("SELECT seed FROM accounts_key ORDER BY key_id")
        .fetch_all(service.db.reader())
        .await
        .unwrap()
}

#[tokio::test]
async fn the_seeds_of_keys_are_sealed_whoever_wrote_them_and_however_the_secret_changes() {
    let dir = tempfile::tempdir().unwrap();
    let clock = ManualClock::at(SystemClock.now_ms());
    let service = Service::start_sharing(dir.path(), clock.clone(), "old").await;
    let mut ada = service.newcomer("ada", "192.0.2.1").await;
    assert_eq!(seeds(&service).await[0].len(), 12 + 32 + 16);
    // As a version wrote it that did not seal.
    service
        .db
        .write(|mut tx| async move {
            sqlx::query("UPDATE accounts_key SET seed = $1")
                .bind(vec![7_u8; 32])
                .execute(tx.conn())
                .await?;
            tx.commit().await
        })
        .await
        .unwrap();
    let path = "/internal/accounts/keys";
    let (_, published) = service.ask("proxy", Method::GET, path, &Value::Null).await;
    let sealed = seeds(&service).await;
    assert_eq!(sealed[0].len(), 12 + 32 + 16);
    assert!(!sealed[0].windows(32).any(|part| part == [7; 32]));
    assert_eq!(ada.refresh().await.status, 204);
    let refresh = ada.refresh.clone();
    service.stop().await;

    // A new first line seals; when the old one is gone, the same key is still there.
    for secret in ["new\nold", "new"] {
        let service = Service::start_sharing(dir.path(), clock.clone(), secret).await;
        let (_, now) = service.ask("proxy", Method::GET, path, &Value::Null).await;
        assert_eq!(now, published, "{secret}");
        assert_ne!(seeds(&service).await, sealed);
        service.stop().await;
    }

    // A secret that nobody has any more costs a key, and no session.
    let service = Service::start_sharing(dir.path(), clock.clone(), "another").await;
    let (_, now) = service.ask("proxy", Method::GET, path, &Value::Null).await;
    assert_ne!(now, published);
    let mut ada = service.browser("192.0.2.1");
    ada.refresh = refresh;
    assert_eq!(ada.refresh().await.status, 204);
    assert_eq!(seeds(&service).await.len(), 2);
    service.stop().await;
}
