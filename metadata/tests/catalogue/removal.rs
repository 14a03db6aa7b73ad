//! What people throw away, take back, and remove for good.

use metadata::Retention;
use platform_bus::Topic;
use reqwest::Method;
use schemas::VideoId;
use schemas::v1::event::Payload;
use schemas::v1::{AccountDeleted, VideoErased, VideoPart};
use testkit::services::{from_gateway_for, somebody};
use testkit::stage::eventually;

use super::common::{Service, listed, live, started};
use super::visibility::{asked, called, secret};
use super::{config, start};

async fn does(service: &Service, who: &str, method: Method, path: &str) -> u16 {
    let request = service
        .http
        .request(method, format!("{}{path}", service.base));
    let request = from_gateway_for(request, Some(somebody(who)));
    request.send().await.unwrap().status().as_u16()
}

/// What the database keeps of the film, as text.
async fn left(service: &Service, video: &VideoId) -> String {
    let (title, facts): (String, String) =
        sqlx::query_as("SELECT title, facts FROM metadata_video WHERE video_id = $1")
            .bind(video.as_str())
            .fetch_one(service.db.reader())
            .await
            .unwrap();
    format!("{title} {facts}")
}

#[tokio::test]
async fn without_second_thoughts_a_film_is_gone_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let service = start(dir.path()).await;
    let video = secret(&service).await;
    let path = format!("/api/videos/{video}");
    assert_eq!(does(&service, "eve", Method::DELETE, &path).await, 404);
    assert_eq!(does(&service, "ada", Method::DELETE, &path).await, 204);
    assert_eq!(does(&service, "ada", Method::DELETE, &path).await, 404);
    assert_eq!(asked(&service, Some("ada"), &path).await.0, 404);
    assert!(!left(&service, &video).await.contains("Secret"));
    eventually("search has forgotten it", async || {
        let (_, body) = asked(&service, Some("ada"), "/api/search?q=secret&among=own").await;
        listed(&body).is_empty().then_some(()).ok_or(body)
    })
    .await;

    // Late news brings nothing back; what others have removed is noted.
    service.tell(Topic::Videos, &video, live(&video)).await;
    for part in [VideoPart::Edges, VideoPart::Source, VideoPart::Media] {
        let erased = VideoErased {
            video_id: video.to_string(),
            part: part.into(),
            revision: 0,
        };
        service
            .tell(Topic::Videos, &video, Payload::VideoErased(erased))
            .await;
    }
    eventually("all parts are gone", async || {
        let left = left(&service, &video).await;
        let all = r#""erased":["source","media","edges"]"#;
        left.contains(all).then_some(()).ok_or(left)
    })
    .await;
    assert_eq!(asked(&service, Some("ada"), &path).await.0, 404);
    service.stop().await;
}

#[tokio::test]
async fn with_second_thoughts_it_can_be_taken_back_for_a_while() {
    let dir = tempfile::tempdir().unwrap();
    let retention = Retention { grace_h: 24 };
    let service = Service::start_keeping(retention, config(dir.path()), dir.path()).await;
    let video = secret(&service).await;
    let path = format!("/api/videos/{video}");
    let restore = format!("{path}/restore");
    let own = async |list: &str| {
        let (_, body) = asked(&service, Some("ada"), &format!("/api/videos?state={list}")).await;
        listed(&body).len()
    };
    assert_eq!(does(&service, "ada", Method::POST, &restore).await, 409);
    assert_eq!(does(&service, "ada", Method::DELETE, &path).await, 204);
    let (status, thrown) = asked(&service, Some("ada"), &path).await;
    assert_eq!(status, 200);
    assert!(thrown.get("trashed_at").is_some() && thrown.get("hls_url").is_none());
    assert_eq!((own("all").await, own("thrown_away").await), (0, 1));
    assert_eq!(does(&service, "eve", Method::POST, &restore).await, 404);
    service.clock.advance_ms(23 * 3_600_000);
    assert_eq!(does(&service, "ada", Method::POST, &restore).await, 200);
    assert_eq!((own("all").await, own("thrown_away").await), (1, 0));

    assert_eq!(does(&service, "ada", Method::DELETE, &path).await, 204);
    service.clock.advance_ms(25 * 3_600_000);
    // Anything that happens makes it look.
    called(&service, "bob", "Bob").await;
    eventually("it is gone for good", async || {
        let (status, body) = asked(&service, Some("ada"), &path).await;
        (status == 404).then_some(()).ok_or(body)
    })
    .await;
    let again = secret(&service).await;
    let for_good = format!("/api/videos/{again}?for_good=true");
    assert_eq!(does(&service, "ada", Method::DELETE, &for_good).await, 204);
    assert_eq!(own("thrown_away").await, 0);
    service.stop().await;
}

#[tokio::test]
async fn who_leaves_takes_their_films_along() {
    let dir = tempfile::tempdir().unwrap();
    let service = start(dir.path()).await;
    let video = secret(&service).await;
    let others = service.live("Others").await;
    let gone = Payload::AccountDeleted(AccountDeleted {
        user: "ada".to_owned(),
    });
    service.publish(Topic::Accounts, "ada", gone).await;
    eventually("the film is gone", async || {
        let (status, body) = asked(&service, Some("ada"), &format!("/api/videos/{video}")).await;
        (status == 404).then_some(()).ok_or(body)
    })
    .await;
    // Also what is told of only now.
    let late = VideoId::random(&mut rand::rng());
    let mut began = started(&late, "Late");
    if let Payload::UploadStarted(began) = &mut began {
        "ada".clone_into(&mut began.owner);
    }
    service.tell(Topic::Videos, &late, began).await;
    eventually("the late film is gone", async || {
        let state: Option<String> =
            sqlx::query_scalar("SELECT state FROM metadata_video WHERE video_id = $1")
                .bind(late.as_str())
                .fetch_optional(service.db.reader())
                .await
                .unwrap();
        let state = state.unwrap_or_default();
        (state == "deleted").then_some(()).ok_or(state)
    })
    .await;
    assert_eq!(service.get(&format!("/api/videos/{others}")).await.0, 200);
    service.stop().await;
}
