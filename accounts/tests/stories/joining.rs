//! Becoming a user.

use serde_json::{Value, json};

use crate::common::{PASSWORD, Service, closed, open};

#[tokio::test]
async fn the_first_admin_claims_the_site_once_and_invites_others() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), closed()).await;
    let mut stranger = service.browser("192.0.2.1");
    let body = json!({"name": "ada", "password": PASSWORD});
    let refused = stranger.post("/api/accounts/sign-up", &body).await;
    assert_eq!(refused.status, 403, "{:?}", refused.body);
    let me = stranger.get("/api/accounts/me").await;
    assert_eq!(me.body, json!({"user": null, "registration": "invitation"}));

    let mut admin = service.admin().await;
    let me = admin.get("/api/accounts/me").await;
    assert_eq!(
        (
            me.body["user"]["name"].as_str(),
            me.body["user"]["role"].as_str()
        ),
        (Some("boss"), Some("admin"))
    );
    let again = json!({"token": service.claim, "name": "mallory", "password": PASSWORD});
    assert_eq!(
        stranger.post("/api/accounts/claim", &again).await.status,
        400
    );

    let invited = admin
        .post("/api/admin/invitations", &json!({"role": "moderator"}))
        .await;
    assert_eq!(invited.status, 201);
    let invitation = invited.body["invitation"].as_str().unwrap();
    assert_eq!(
        invited.body["path"],
        format!("/sign-up?invitation={invitation}")
    );
    // What is refused does not use it up.
    let taken = json!({"name": "BOSS", "password": PASSWORD, "invitation": invitation});
    assert_eq!(
        stranger.post("/api/accounts/sign-up", &taken).await.status,
        409
    );
    let body = json!({"name": "Ada", "password": PASSWORD, "invitation": invitation,
        "email": "ada@example.org", "display_name": "Ada L."});
    let joined = stranger.post("/api/accounts/sign-up", &body).await;
    assert_eq!(joined.status, 201, "{:?}", joined.body);
    assert_eq!(joined.body["role"], "moderator");
    assert_eq!(joined.body["display_name"], "Ada L.");
    let body = json!({"name": "eve", "password": PASSWORD, "invitation": invitation});
    assert_eq!(
        service
            .browser("192.0.2.2")
            .post("/api/accounts/sign-up", &body)
            .await
            .status,
        400
    );
    service.stop().await;
}

#[tokio::test]
async fn of_two_who_claim_the_site_one_becomes_admin() {
    let dir = tempfile::tempdir().unwrap();
    let first = Service::start(dir.path(), closed()).await;
    let second = Service::start(dir.path(), closed()).await;
    assert!(first.claim.is_some() && second.claim.is_some());
    first.admin().await;
    let body = json!({"token": second.claim, "name": "late", "password": PASSWORD});
    let late = second
        .browser("192.0.2.1")
        .post("/api/accounts/claim", &body)
        .await;
    assert_eq!(late.body["type"], "/problems/claimed");
    second.stop().await;
    first.stop().await;
    let third = Service::start(dir.path(), closed()).await;
    assert!(third.claim.is_none());
    third.stop().await;
}

#[tokio::test]
async fn what_somebody_chooses_is_checked() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let mut browser = service.browser("192.0.2.1");
    let bad: [Value; 6] = [
        json!({"name": "a", "password": PASSWORD}),
        json!({"name": "admin", "password": PASSWORD}),
        json!({"name": "ada", "password": "short"}),
        json!({"name": "ada", "password": "password1"}),
        json!({"name": "ada", "password": PASSWORD, "email": "nowhere"}),
        json!({"name": "ada", "password": PASSWORD, "display_name": "two\nlines"}),
    ];
    for body in bad {
        let answer = browser.post("/api/accounts/sign-up", &body).await;
        assert_eq!(answer.status, 400, "{body} {:?}", answer.body);
        assert_eq!(answer.body["type"], "/problems/bad-request");
    }
    let sly = json!({"name": "ada", "password": PASSWORD, "role": "admin"});
    let joined = browser.post("/api/accounts/sign-up", &sly).await;
    assert_eq!(joined.body["role"], "uploader");
    service.stop().await;
}
