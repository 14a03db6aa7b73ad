//! Films that a password opens.

use platform_auth::Grant;
use platform_core::Clock as _;
use schemas::VideoId;
use serde_json::{Value, json};
use testkit::services::from_gateway_for;

use super::common::{Service, playback_key};
use super::start;
use super::visibility::{edits, met, secret};

const PASSWORD: &str = "open sesame";

/// A film of ada's that `password` opens.
async fn locked(service: &Service, password: &str) -> VideoId {
    let video = secret(service).await;
    let lock = json!({"visibility": "password", "password": password});
    let (status, body) = edits(service, "ada", &video, &lock).await;
    let visibility = body.get("visibility");
    assert_eq!((status, visibility), (200, Some(&json!("password"))));
    assert!(!body.to_string().contains("argon2"), "{body}");
    video
}

/// What somebody at `address` is told who tries `password`.
async fn tries(service: &Service, video: &VideoId, password: &str, address: &str) -> (u16, Value) {
    let url = format!("{}/api/videos/{video}/unlock", service.base);
    let request = from_gateway_for(service.http.post(url), None);
    let request = request.header("x-forwarded-for", address);
    let answer = request.json(&json!({ "password": password })).send().await;
    let answer = answer.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// What somebody is answered who shows `key`.
async fn shown(service: &Service, video: &VideoId, key: &str) -> (u16, Value) {
    let url = format!("{}/api/videos/{video}", service.base);
    let request = from_gateway_for(service.http.get(url), None);
    let answer = request.header("marquee-unlock", key).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn key(service: &Service, video: &VideoId) -> String {
    let (status, body) = tries(service, video, PASSWORD, "192.0.2.1").await;
    assert_eq!(status, 200, "{body}");
    let key = body.get("key").and_then(Value::as_str);
    key.unwrap().to_owned()
}

#[tokio::test]
async fn whoever_knows_the_password_sees_the_film_and_nobody_else_learns_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let service = start(dir.path()).await;
    let video = locked(&service, PASSWORD).await;
    for who in [None, Some("eve"), Some("bob")] {
        assert_eq!(met(&service, who, &video).await, "", "{who:?}");
    }
    let (status, body) = shown(&service, &video, "").await;
    assert_eq!(
        (status, &body["type"]),
        (403, &json!("/problems/password-required"))
    );
    assert!(!body.to_string().contains("Secret"), "{body}");
    let (status, body) = tries(&service, &video, "open barley", "192.0.2.1").await;
    assert_eq!(
        (status, &body["type"]),
        (403, &json!("/problems/wrong-password"))
    );

    let key = key(&service, &video).await;
    let (status, body) = shown(&service, &video, &key).await;
    assert_eq!((status, &body["title"]), (200, &json!("Secret")));
    assert!(body.get("shared_with").is_none() && body["may"]["edit"] == json!(false));
    // It is what edges take, too, and names nobody.
    let now = service.clock.now_ms();
    let grant = playback_key().verify(&key, &video, now).unwrap();
    assert_eq!(grant, Grant::anyone(video.clone(), grant.generation));
    // It lasts for hours, not for ever.
    service.clock.advance_ms(6 * 3_600_000);
    assert_eq!(shown(&service, &video, &key).await.0, 403);
    service.stop().await;
}

#[tokio::test]
async fn another_password_or_visibility_ends_what_the_one_before_opened() {
    let dir = tempfile::tempdir().unwrap();
    let service = start(dir.path()).await;
    let video = locked(&service, PASSWORD).await;
    let other = locked(&service, PASSWORD).await;
    let first = key(&service, &video).await;
    assert_eq!(shown(&service, &other, &first).await.0, 403);

    let again = json!({"password": "open barley"});
    assert_eq!(edits(&service, "ada", &video, &again).await.0, 200);
    assert_eq!(shown(&service, &video, &first).await.0, 403);
    assert_eq!(tries(&service, &video, PASSWORD, "192.0.2.1").await.0, 403);
    let (status, body) = tries(&service, &video, "open barley", "192.0.2.1").await;
    assert_eq!(status, 200);
    let second = body["key"].as_str().unwrap();

    let private = json!({"visibility": "private"});
    assert_eq!(edits(&service, "ada", &video, &private).await.0, 200);
    assert_eq!(shown(&service, &video, second).await.0, 404);
    assert_eq!(
        tries(&service, &video, "open barley", "192.0.2.1").await.0,
        404
    );
    // One that was public before it took a password: those tokens are of before.
    let public = json!({"visibility": "public"});
    assert_eq!(edits(&service, "ada", &video, &public).await.0, 200);
    let (_, body) = shown(&service, &video, "").await;
    let public = body["hls_url"].as_str().unwrap();
    let public = public.split('/').nth(2).unwrap();
    let lock = json!({"visibility": "password", "password": PASSWORD});
    assert_eq!(edits(&service, "ada", &video, &lock).await.0, 200);
    assert_eq!(shown(&service, &video, public).await.0, 403);
    service.stop().await;
}

#[tokio::test]
async fn who_guesses_has_to_wait_and_makes_nobody_else_wait() {
    let dir = tempfile::tempdir().unwrap();
    let service = start(dir.path()).await;
    let video = locked(&service, PASSWORD).await;
    let guesser = "2001:db8::7";
    for n in 0..5 {
        let (status, body) = tries(&service, &video, &format!("guess {n}"), guesser).await;
        assert_eq!(status, 403, "{body}");
    }
    // From all of their network, and even by the right one.
    let (status, body) = tries(&service, &video, PASSWORD, "2001:db8::8").await;
    assert_eq!(
        (status, &body["type"]),
        (429, &json!("/problems/too-many-tries"))
    );
    assert_eq!(tries(&service, &video, PASSWORD, "192.0.2.1").await.0, 200);
    service.clock.advance_ms(2000);
    assert_eq!(tries(&service, &video, PASSWORD, guesser).await.0, 200);
    service.stop().await;
}

#[tokio::test]
async fn a_password_that_makes_no_sense_is_refused_with_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let service = start(dir.path()).await;
    let video = secret(&service).await;
    for (body, said) in [
        (json!({"visibility": "password"}), "send both"),
        (json!({"password": PASSWORD}), "send both"),
        (
            json!({"visibility": "public", "password": PASSWORD}),
            "send both",
        ),
        (
            json!({"visibility": "password", "password": "short"}),
            "from 8 to 256",
        ),
    ] {
        let (status, answer) = edits(&service, "ada", &video, &body).await;
        let detail = answer["detail"].as_str().unwrap_or_default();
        assert!(status == 400 && detail.contains(said), "{body}: {answer}");
    }
    let (_, body) = edits(&service, "ada", &video, &json!({"title": "Secret"})).await;
    assert_eq!(body["visibility"], json!("private"));
    service.stop().await;
}
