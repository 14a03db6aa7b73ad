//! Nobody uploads more than they may.

use platform_auth::{Role, Scope};
use platform_bus::{Topic, publish_event};
use reqwest::Method;
use schemas::v1::AccountDeleted;
use schemas::v1::event::Payload;
use schemas::{NewEvent, OwnerId};
use serde_json::{Value, json};
use testkit::services::{Identity, somebody};
use testkit::stage::eventually;

use ingress::{Config, Quota};

use crate::common::{Service, address, calm};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn limited(quota: Quota) -> Config {
    Config { quota, ..calm() }
}

async fn asked(
    service: &Service,
    who: Identity,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> (u16, Value) {
    let mut request = service.request_of(who, method, path);
    if let Some(body) = body {
        request = request.json(body);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

/// Begins a file of `size` bytes in the name of `who`.
async fn begins(service: &Service, who: &str, size: u64) -> (u16, Value) {
    let body = json!({
        "file_name": "film.mp4",
        "size_bytes": size,
        "fingerprint": format!("{who} {size} {}", rand::random::<u64>()),
    });
    let who = somebody(who);
    asked(service, who, Method::POST, "/api/uploads", Some(&body)).await
}

fn admin() -> Identity {
    Identity {
        role: Role::Admin,
        scopes: Scope::ALL.into(),
        ..somebody("root")
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_what_is_left_and_fits_when_there_is_room_again() {
    let dir = tempfile::tempdir().unwrap();
    let quota = Quota {
        storage_bytes: Some(10 << 20),
        ..Quota::default()
    };
    let service = Service::start(dir.path(), limited(quota)).await;
    let (status, first) = begins(&service, "ada", 6 << 20).await;
    assert_eq!(status, 201, "{first}");
    let (status, refused) = begins(&service, "ada", 5 << 20).await;
    assert_eq!(
        (status, &refused["type"]),
        (413, &json!("/problems/quota-reached"))
    );
    let detail = refused["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("4.0 MiB of your 10.0 MiB are left"),
        "{detail}"
    );
    // Everybody has their own measure.
    assert_eq!(begins(&service, "bob", 10 << 20).await.0, 201);

    let ada = || somebody("ada");
    let (_, used) = asked(&service, ada(), Method::GET, "/api/quota", None).await;
    assert_eq!(used["stored_bytes"], 6 << 20);
    assert_eq!(used["quota"], json!({ "storage_bytes": 10 << 20 }));
    let (status, _) = asked(&service, ada(), Method::DELETE, &address(&first), None).await;
    assert_eq!(status, 204);
    assert_eq!(begins(&service, "ada", 10 << 20).await.0, 201);
    service.stop().await;
}

#[tokio::test]
async fn of_many_at_the_same_moment_only_those_begin_that_fit_together() {
    let dir = tempfile::tempdir().unwrap();
    let quota = Quota {
        storage_bytes: Some(3000),
        ..Quota::default()
    };
    let service = Service::start(dir.path(), limited(quota)).await;
    let all = (0..10).map(|_| begins(&service, "ada", 1000));
    let all = futures_util::future::join_all(all).await;
    let begun = all.iter().filter(|(status, _)| *status == 201).count();
    let refused = all.iter().filter(|(status, _)| *status == 413).count();
    assert_eq!((begun, refused), (3, 7));
    service.stop().await;
}

#[tokio::test]
async fn a_day_has_a_measure_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let quota = Quota {
        daily_bytes: Some(1000),
        ..Quota::default()
    };
    let service = Service::start(dir.path(), limited(quota)).await;
    assert_eq!(begins(&service, "ada", 900).await.0, 201);
    let (status, refused) = begins(&service, "ada", 101).await;
    let detail = refused["detail"].as_str().unwrap();
    assert!(status == 413 && detail.contains("in a day"), "{refused}");
    service.clock.advance_ms(DAY_MS);
    assert_eq!(begins(&service, "ada", 1000).await.0, 201);
    service.stop().await;
}

#[tokio::test]
async fn admins_give_somebody_another_measure_until_their_account_is_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let quota = Quota {
        storage_bytes: Some(1000),
        ..Quota::default()
    };
    let service = Service::start(dir.path(), limited(quota)).await;
    let path = "/api/admin/quotas/ada";
    let more = json!({ "storage_bytes": 5000, "film_s": 60 });
    for who in ["ada", "eve"] {
        for (method, body) in [
            (Method::GET, None),
            (Method::PUT, Some(&more)),
            (Method::DELETE, None),
        ] {
            let (status, _) = asked(&service, somebody(who), method, path, body).await;
            assert_eq!(status, 403);
        }
    }
    let (status, set) = asked(&service, admin(), Method::PUT, path, Some(&more)).await;
    assert_eq!((status, &set["quota"]), (200, &more));
    assert_eq!(begins(&service, "ada", 5000).await.0, 201);
    assert_eq!(begins(&service, "bob", 5000).await.0, 413);

    let gone = Payload::AccountDeleted(AccountDeleted {
        user: "ada".to_owned(),
    });
    let event = NewEvent::new(OwnerId::new("ada"), gone).stamp(0, &mut rand::rng());
    let bus: std::sync::Arc<dyn platform_bus::Bus> = std::sync::Arc::new(service.bus.clone());
    publish_event(&bus, Topic::Accounts, "ada", &event)
        .await
        .unwrap();
    eventually("the measure of nobody is forgotten", async || {
        let (_, shown) = asked(&service, admin(), Method::GET, path, None).await;
        (shown["quota"] == json!({ "storage_bytes": 1000 }))
            .then_some(())
            .ok_or(shown)
    })
    .await;
    service.stop().await;
}
