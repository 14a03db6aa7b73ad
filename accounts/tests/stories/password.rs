//! Passwords change, get lost, and open the door again.

use platform_bus::Topic;
use reqwest::Method;
use schemas::v1::event::Payload;
use schemas::v1::{AccountChanged, AccountDeleted};
use serde_json::json;
use testkit::stage::eventually;

use crate::common::{PASSWORD, Service, open};

const NEW: &str = "battery staple";

#[tokio::test]
async fn a_changed_password_ends_other_sessions() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let mut ada = service.newcomer("ada", "192.0.2.1").await;
    let mut other = service.browser("192.0.2.2");
    other.sign_in("ada", PASSWORD).await;
    let path = "/api/accounts/password";
    let wrong = ada
        .post(path, &json!({"current": "guessed it", "new": NEW}))
        .await;
    assert_eq!(
        (wrong.status, wrong.body["type"].as_str()),
        (403, Some("/problems/wrong-password"))
    );
    let weak = ada
        .post(path, &json!({"current": PASSWORD, "new": "12345678"}))
        .await;
    assert_eq!(weak.status, 400);
    let done = ada
        .post(path, &json!({"current": PASSWORD, "new": NEW}))
        .await;
    assert_eq!(done.status, 204);
    assert_eq!(service.revoked().await, [other.session()]);
    assert_eq!(other.refresh().await.status, 401);
    assert_eq!(ada.refresh().await.status, 204);
    assert_eq!(other.sign_in("ada", PASSWORD).await.status, 401);
    assert_eq!(other.sign_in("ada", NEW).await.status, 200);
    service.stop().await;
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_a_link_that_works_once() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let body = json!({"name": "ada", "password": PASSWORD, "email": "Ada@example.org"});
    let mut ada = service.browser("192.0.2.1");
    assert_eq!(ada.post("/api/accounts/sign-up", &body).await.status, 201);
    let mut browser = service.browser("192.0.2.2");
    let forgotten = "/api/accounts/password/forgotten";
    let known = browser
        .post(forgotten, &json!({"name": "ada@EXAMPLE.org"}))
        .await;
    let unknown = browser.post(forgotten, &json!({"name": "nobody"})).await;
    assert_eq!((known.status, unknown.status), (202, 202));
    assert_eq!((known.headers, known.text), (unknown.headers, unknown.text));
    let token = eventually("a link was sent", async || service.letters.last()).await;

    let reset = "/api/accounts/password/reset";
    let own_name = json!({"token": token, "password": "ada12345"});
    assert_eq!(browser.post(reset, &own_name).await.status, 400);
    let body = json!({"token": token, "password": NEW});
    assert_eq!(browser.post(reset, &body).await.status, 204);
    assert_eq!(
        browser.post(reset, &body).await.body["type"],
        "/problems/link-not-valid"
    );
    assert_eq!(ada.refresh().await.status, 401);
    assert_eq!(browser.sign_in("ada@example.org", NEW).await.status, 200);
    service.stop().await;
}

#[tokio::test]
async fn a_link_expires() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let mut ada = service.newcomer("ada", "192.0.2.1").await;
    ada.post("/api/accounts/password/forgotten", &json!({"name": "ada"}))
        .await;
    let token = eventually("a link was sent", async || service.letters.last()).await;
    service.clock.advance_ms(60 * 60 * 1000);
    let body = json!({"token": token, "password": NEW});
    assert_eq!(
        ada.post("/api/accounts/password/reset", &body).await.status,
        400
    );
    service.stop().await;
}

#[tokio::test]
async fn whoever_leaves_is_forgotten_and_the_name_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let mut ada = service.newcomer("ada", "192.0.2.1").await;
    let (session, mut tab) = (ada.session(), ada.clone());
    let id = ada.identity.as_ref().unwrap().user.as_str().to_owned();
    let topic = [Topic::Accounts.name().to_owned()];
    let mut listener = service.bus.subscribe("listener", &topic).await.unwrap();
    let me = "/api/accounts/me";
    let wrong = ada
        .call(Method::DELETE, me, Some(&json!({"password": "guessed it"})))
        .await;
    assert_eq!(wrong.status, 403);
    let gone = ada
        .call(Method::DELETE, me, Some(&json!({"password": PASSWORD})))
        .await;
    assert_eq!(gone.status, 204);
    assert_eq!(service.revoked().await, [session]);
    assert_eq!(tab.refresh().await.status, 401);
    // By an access token that has not expired yet.
    assert_eq!(tab.get(me).await.body["user"], json!(null));
    assert_eq!(ada.sign_in("ada", PASSWORD).await.status, 401);
    service.newcomer("ada", "192.0.2.2").await;
    // Whoever keeps what she owned is told once, and nobody was while the password was wrong.
    let (mut of_ada, mut others) = (Vec::new(), 0);
    while others == 0 || of_ada.len() < 2 {
        for told in listener.next(10).await.unwrap() {
            let event = schemas::decode(&told.payload).unwrap();
            assert_eq!(event.principal, told.key);
            if told.key == id {
                of_ada.extend(event.payload);
            } else {
                others += 1;
            }
        }
    }
    drop(listener);
    let (user, name) = (id.clone(), "ada".to_owned());
    let entered = Payload::AccountChanged(AccountChanged { user, name });
    let left = Payload::AccountDeleted(AccountDeleted { user: id });
    assert_eq!(of_ada, [entered, left]);
    service.stop().await;
}
