//! A file takes the place of another, which stays until it has done so.

use platform_bus::{Topic, publish_event};
use reqwest::Method;
use schemas::v1::event::Payload;
use schemas::v1::{VideoDeleted, VideoFailed, VideoReplaced};
use schemas::{NewEvent, OwnerId};
use serde_json::{Value, json};
use testkit::services::somebody;
use testkit::stage::eventually;

use crate::common::{Film, Service, address, calm};

fn video_of(upload: &Value) -> &str {
    upload["video_id"].as_str().unwrap()
}

async fn tell(service: &Service, video: &str, payload: Payload) {
    let event = NewEvent::new(OwnerId::local(), payload).stamp(0, &mut rand::rng());
    let bus: std::sync::Arc<dyn platform_bus::Bus> = std::sync::Arc::new(service.bus.clone());
    publish_event(&bus, Topic::Videos, video, &event)
        .await
        .unwrap();
}

async fn begin(service: &Service, film: &Film, fingerprint: &str, replaces: Option<&str>) -> Value {
    let mut announcement = film.announced_as(fingerprint);
    announcement["replaces"] = replaces.map_or(Value::Null, Value::from);
    let (status, upload) = service.post("/api/uploads", &announcement).await;
    assert!(status < 300, "{upload}");
    upload
}

async fn finish(service: &Service, film: &Film, upload: &Value) {
    service.send_all(&address(upload), film).await;
    let (status, done) = service.complete(&address(upload)).await;
    assert_eq!(status, 200, "{done}");
}

/// Keys below `raw/{video}/` of all files, without that.
async fn files(service: &Service, video: &str) -> Vec<String> {
    let folder = format!("raw/{video}/");
    let listed = service.blobs.list(&folder, None).await.unwrap().objects;
    let name = |key: &str| key.strip_prefix(&folder).unwrap().to_owned();
    listed.into_iter().map(|one| name(&one.key)).collect()
}

#[tokio::test]
async fn a_film_gets_another_file_and_keeps_the_old_one_until_that_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), calm()).await;
    let film = Film::new();
    let first = begin(&service, &film, "first", None).await;
    let video = video_of(&first).to_owned();
    assert_eq!(first["revision"], 1);
    finish(&service, &film, &first).await;

    // The same file can be begun as a film of its own, too.
    let own = begin(&service, &film, "second", None).await;
    let second = begin(&service, &film, "second", Some(&video)).await;
    assert_ne!(own["upload_id"], second["upload_id"]);
    assert_eq!(
        (video_of(&second), &second["revision"]),
        (video.as_str(), &json!(2))
    );
    assert_eq!(second["title"], first["title"]);
    let again = begin(&service, &film, "second", Some(&video)).await;
    assert_eq!(again["upload_id"], second["upload_id"], "it goes on");
    finish(&service, &film, &second).await;
    assert_eq!(files(&service, &video).await, ["2/source", "source"]);
    let told = service.told("transcode", 2).await;
    let Some(Payload::VideoUploaded(told)) = told[1].payload.clone() else {
        panic!("{told:?}");
    };
    assert_eq!((told.video_id.as_str(), told.revision), (video.as_str(), 2));
    assert_eq!(told.source_key, format!("raw/{video}/2/source"));

    let replaced = VideoReplaced {
        video_id: video.clone(),
        revision: 2,
    };
    for _ in 0..2 {
        tell(&service, &video, Payload::VideoReplaced(replaced.clone())).await;
    }
    eventually("the old file is gone", async || {
        files(&service, &video).await == ["2/source"]
    })
    .await;
    tell(
        &service,
        &video,
        Payload::VideoDeleted(VideoDeleted {
            video_id: video.clone(),
            ..VideoDeleted::default()
        }),
    )
    .await;
    eventually("all is gone", async || {
        files(&service, &video).await.is_empty()
    })
    .await;
    service.stop().await;
}

#[tokio::test]
async fn of_several_files_the_last_counts_and_no_number_comes_twice() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), calm()).await;
    let film = Film::new();
    let first = begin(&service, &film, "first", None).await;
    let video = video_of(&first).to_owned();
    finish(&service, &film, &first).await;
    let second = begin(&service, &film, "second", Some(&video)).await;
    let third = begin(&service, &film, "third", Some(&video)).await;
    service.until_state(&address(&second), "abandoned").await;
    assert_eq!(third["revision"], 3);
    finish(&service, &film, &third).await;
    // It is no film: the first one is what there is, and what the next one replaces.
    let failed = VideoFailed {
        video_id: video.clone(),
        source_refused: true,
        revision: 3,
        ..VideoFailed::default()
    };
    tell(&service, &video, Payload::VideoFailed(failed)).await;
    eventually("the refused file is gone", async || {
        files(&service, &video).await == ["source"]
    })
    .await;
    assert_eq!(service.state_in_row(&first).await, "complete");
    let fourth = begin(&service, &film, "fourth", Some(&video)).await;
    assert_eq!(fourth["revision"], 4);

    // Deleted in the middle: nothing is left, and nothing begins any more.
    service.send(&address(&fourth), 1, &film).await;
    let deleted = VideoDeleted {
        video_id: video.clone(),
        ..VideoDeleted::default()
    };
    tell(&service, &video, Payload::VideoDeleted(deleted)).await;
    let key = format!("raw/{video}/4/source");
    eventually("all is gone", async || {
        let open = service.blobs.list_multiparts(&key).await.unwrap();
        files(&service, &video).await.is_empty() && open.is_empty()
    })
    .await;
    let mut late = film.announced_as("late");
    late["replaces"] = json!(video);
    assert_eq!(service.post("/api/uploads", &late).await.0, 404);
    service.stop().await;
}

#[tokio::test]
async fn nobody_replaces_what_is_not_theirs_or_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), calm()).await;
    let film = Film::new();
    let first = begin(&service, &film, "first", None).await;
    let mut announcement = film.announced_as("other");
    announcement["replaces"] = first["video_id"].clone();
    let ask = async |announcement: &Value, who: &str| {
        let request = service.request_of(somebody(who), Method::POST, "/api/uploads");
        let answer = request.json(announcement).send().await.unwrap();
        answer.status().as_u16()
    };
    let (early, _) = service.post("/api/uploads", &announcement).await;
    assert_eq!(early, 404, "its first file is on its way");
    finish(&service, &film, &first).await;
    assert_eq!(ask(&announcement, "eve").await, 404);
    announcement["replaces"] = json!("a".repeat(26));
    assert_eq!(service.post("/api/uploads", &announcement).await.0, 404);
    announcement["replaces"] = json!("../../etc");
    assert_eq!(service.post("/api/uploads", &announcement).await.0, 400);
    service.stop().await;
}
