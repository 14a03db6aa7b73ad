//! What admins decide about users.

use reqwest::Method;
use serde_json::json;

use crate::common::{PASSWORD, Service, open};

#[tokio::test]
async fn admins_find_users_page_by_page_and_others_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let mut admin = service.admin().await;
    for (n, name) in ["ada", "Ad_2", "alan", "adx2"].into_iter().enumerate() {
        service.newcomer(name, &format!("192.0.2.{n}")).await;
    }
    let names = |body: &serde_json::Value| -> Vec<String> {
        let items = body["items"].as_array().unwrap().iter();
        items
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut seen = Vec::new();
    let mut path = "/api/admin/users?limit=2".to_owned();
    loop {
        let page = admin.get(&path).await;
        assert_eq!(page.status, 200);
        seen.extend(names(&page.body));
        let Some(cursor) = page.body["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/admin/users?limit=2&cursor={cursor}");
    }
    seen.sort();
    assert_eq!(seen, ["Ad_2", "ada", "adx2", "alan", "boss"]);
    assert_eq!(
        names(&admin.get("/api/admin/users?q=AD_").await.body),
        ["Ad_2"]
    );
    assert_eq!(admin.get("/api/admin/users?limit=0").await.status, 400);
    let mut ada = service.browser("192.0.2.0");
    ada.sign_in("ada", PASSWORD).await;
    assert_eq!(ada.get("/api/admin/users").await.status, 403);
    let id = admin.get("/api/admin/users?q=ada").await.body["items"][0]["user_id"].clone();
    let own = format!("/api/admin/users/{}", id.as_str().unwrap());
    assert_eq!(ada.patch(&own, &json!({"role": "admin"})).await.status, 403);
    assert_eq!(
        ada.post("/api/admin/invitations", &json!({"role": "admin"}))
            .await
            .status,
        403
    );
    service.stop().await;
}

#[tokio::test]
async fn whoever_is_suspended_is_out_everywhere_until_reinstated() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let mut admin = service.admin().await;
    let mut ada = service.newcomer("ada", "192.0.2.1").await;
    let token = ada
        .post(
            "/api/accounts/tokens",
            &json!({"name": "t", "scopes": ["read"]}),
        )
        .await;
    let check = json!({"token": token.body["secret"]});
    let checked = async || {
        let path = "/internal/accounts/tokens/check";
        service.ask("proxy", Method::POST, path, &check).await.0
    };
    assert_eq!(checked().await, 200);
    let id = ada.identity.as_ref().unwrap().user.clone();
    let path = format!("/api/admin/users/{id}");
    let suspended = admin.patch(&path, &json!({"suspended": true})).await;
    assert_eq!(suspended.body["suspended"], true);
    assert!(service.revoked().await.contains(&ada.session()));
    assert_eq!(ada.refresh().await.status, 401);
    assert_eq!(
        ada.sign_in("ada", PASSWORD).await.body["type"],
        "/problems/suspended"
    );
    assert_eq!(ada.sign_in("ada", "guessed it").await.status, 401);
    assert_eq!(checked().await, 404);
    admin.patch(&path, &json!({"suspended": false})).await;
    assert_eq!(checked().await, 200);
    assert_eq!(service.revoked().await.len(), 1);
    assert_eq!(ada.sign_in("ada", PASSWORD).await.status, 200);
    service.stop().await;
}

#[tokio::test]
async fn there_is_always_an_admin_and_whoever_may_less_has_to_sign_in_again() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let mut admin = service.admin().await;
    let own = format!("/api/admin/users/{}", admin.identity.as_ref().unwrap().user);
    for change in [json!({"role": "viewer"}), json!({"suspended": true})] {
        let kept = admin.patch(&own, &change).await;
        assert_eq!(kept.body["type"], "/problems/last-admin");
    }
    let leaving = Some(json!({"password": PASSWORD}));
    let kept = admin
        .call(Method::DELETE, "/api/accounts/me", leaving.as_ref())
        .await;
    assert_eq!(kept.status, 409);
    let mut ada = service.newcomer("ada", "192.0.2.1").await;
    let hers = format!("/api/admin/users/{}", ada.identity.as_ref().unwrap().user);
    assert_eq!(
        admin.patch(&hers, &json!({"role": "admin"})).await.status,
        200
    );
    // More is given at the next refresh.
    assert_eq!(ada.refresh().await.status, 204);
    assert_eq!(
        ada.patch(&own, &json!({"role": "viewer"})).await.status,
        200
    );
    assert_eq!(admin.refresh().await.status, 401);
    assert_eq!(
        ada.patch("/api/admin/users/nobody", &json!({}))
            .await
            .status,
        404
    );
    service.stop().await;
}

#[tokio::test]
async fn admins_read_who_did_what_page_by_page_and_sign_somebody_out() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let mut admin = service.admin().await;
    let mut ada = service.newcomer("ada", "192.0.2.1").await;
    let id = ada.identity.as_ref().unwrap().user.as_str().to_owned();
    service.clock.advance_ms(1000);
    ada.sign_in("ada", "guessed it").await;
    ada.sign_in("ada", PASSWORD).await;
    service.clock.advance_ms(1000);
    let session = ada.session();
    let ended = format!("/api/admin/users/{id}/sessions");
    assert_eq!(ada.delete(&ended).await.status, 403);
    assert_eq!(admin.delete(&ended).await.status, 204);
    let nobodys = "/api/admin/users/nobody/sessions";
    assert_eq!(admin.delete(nobodys).await.status, 404);
    assert!(service.revoked().await.contains(&session));
    assert_eq!(ada.refresh().await.status, 401);

    // What happens within a millisecond has no order.
    service.clock.advance_ms(1000);
    let log = "/api/admin/audit";
    let mut ada = service.browser("192.0.2.1");
    ada.sign_in("ada", PASSWORD).await;
    assert_eq!(ada.get(log).await.status, 403);
    let mut actions = Vec::new();
    let mut path = format!("{log}?limit=2&user={id}");
    loop {
        let page = admin.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.text);
        for item in page.body["items"].as_array().unwrap() {
            actions.push(item["action"].as_str().unwrap().to_owned());
        }
        let Some(cursor) = page.body["next_cursor"].as_str() else {
            break;
        };
        path = format!("{log}?limit=2&user={id}&cursor={cursor}");
    }
    assert_eq!(actions.first().unwrap(), "signed in");
    for action in ["signed up", "sessions ended", "sign-in refused"] {
        let times = actions.iter().filter(|it| *it == action).count();
        assert_eq!(times, 1, "{action}: {actions:?}");
    }
    let refused = admin.get(&format!("{log}?action=sign-in%20refused")).await;
    let items = refused.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["address"], "192.0.2.1");
    assert_eq!(items[0]["subject"], id);
    for odd in ["cursor=x", "limit=0", "limit=101"] {
        assert_eq!(
            admin.get(&format!("{log}?{odd}")).await.status,
            400,
            "{odd}"
        );
    }
    service.stop().await;
}
