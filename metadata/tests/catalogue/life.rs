//! The life of a video, as its services tell it, and as people find it.

use metadata::RebuildStatus;
use platform_auth::Grant;
use platform_bus::Topic;
use platform_core::Clock as _;
use schemas::VideoId;
use schemas::v1::event::Payload;
use schemas::v1::{
    ChunkEncoded, Rendition, UploadAbandoned, UploadProgressed, VideoFailed, VideoPlanned,
    VideoPlayable, VideoTranscoded, VideoUploaded,
};
use serde_json::{Value, json};
use testkit::services::{from_gateway, from_gateway_for, somebody};

use super::common::{Service, listed, live, playback_key, rebuild, started};
use super::start;

async fn patch(service: &Service, video: &VideoId, body: &Value) -> (u16, Value) {
    let url = format!("{}/api/videos/{video}", service.base);
    let answer = from_gateway(service.http.patch(url))
        .json(body)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn rendition() -> Rendition {
    Rendition {
        name: "360p".to_owned(),
        width: 640,
        height: 360,
        frame_rate_num: 30_000,
        frame_rate_den: 1001,
        codecs: "avc1.64001e,mp4a.40.2".to_owned(),
        bandwidth: 800_000,
    }
}

fn uploaded(video: &VideoId) -> Payload {
    Payload::VideoUploaded(VideoUploaded {
        video_id: video.to_string(),
        owner: "local".to_owned(),
        size_bytes: 1000,
        ..VideoUploaded::default()
    })
}

fn planned(video: &VideoId) -> Payload {
    Payload::VideoPlanned(VideoPlanned {
        video_id: video.to_string(),
        revision: 1,
        duration_ms: 5500,
        width: 1280,
        height: 720,
        renditions: vec![rendition()],
        segments_total: 4,
        ..VideoPlanned::default()
    })
}

fn encoded(video: &VideoId, segments_done: u32) -> Payload {
    Payload::ChunkEncoded(ChunkEncoded {
        video_id: video.to_string(),
        revision: 1,
        segments_done,
        segments_total: 4,
        ..ChunkEncoded::default()
    })
}

fn playable(video: &VideoId) -> Payload {
    Payload::VideoPlayable(VideoPlayable {
        video_id: video.to_string(),
        revision: 1,
        ..VideoPlayable::default()
    })
}

fn transcoded(video: &VideoId) -> Payload {
    Payload::VideoTranscoded(VideoTranscoded {
        video_id: video.to_string(),
        revision: 1,
        renditions: vec![rendition()],
        hover_images: 2,
    })
}

#[tokio::test]
async fn a_video_goes_from_upload_to_live_and_is_found() {
    use Topic::{PostTranscode, Transcode, TranscodeProgress, Videos};
    let dir = tempfile::tempdir().unwrap();
    let service = start(dir.path()).await;
    let video = VideoId::random(&mut rand::rng());
    let title = "Big Buck Bunny";

    service.tell(Videos, &video, started(&video, title)).await;
    let uploading = service.in_state(&video, "uploading").await;
    assert_eq!(uploading["title"], title);
    assert_eq!(uploading["progress"]["size_bytes"], 1000);
    assert_eq!(uploading["progress"]["uploaded_bytes"], 0);
    assert_eq!(uploading["watch_url"], format!("/watch/{video}"));
    assert!(uploading.get("hls_url").is_none());

    let progressed = UploadProgressed {
        video_id: video.to_string(),
        stored_bytes: 400,
        sequence: 1,
        ..UploadProgressed::default()
    };
    service
        .tell(Videos, &video, Payload::UploadProgressed(progressed))
        .await;
    let path = format!("/api/videos/{video}");
    let stored = |body: &Value, bytes: u64| body["progress"]["uploaded_bytes"] == bytes;
    service.until(&path, |_, body| stored(body, 400)).await;

    service.tell(Transcode, &video, uploaded(&video)).await;
    let whole = service.in_state(&video, "processing").await;
    assert!(stored(&whole, 1000), "{whole}");
    service
        .tell(TranscodeProgress, &video, planned(&video))
        .await;
    service
        .tell(TranscodeProgress, &video, encoded(&video, 2))
        .await;
    service.tell(PostTranscode, &video, playable(&video)).await;
    service.in_state(&video, "playable").await;
    assert!(listed(&service.get("/api/videos").await.1).is_empty());
    assert!(listed(&service.get("/api/search?q=bunny").await.1).is_empty());

    service.tell(Videos, &video, live(&video)).await;
    service
        .tell(PostTranscode, &video, transcoded(&video))
        .await;
    service.finds("buny", &[title]).await;
    let told = |body: &Value| body["complete"] == true && body["progress"]["segments_done"] == 2;
    let shown = service.until(&path, |_, body| told(body)).await;
    assert_eq!(shown["duration_s"], 5.5);
    let token = shown["hls_url"].as_str().unwrap().split('/').nth(2);
    let (token, now) = (token.unwrap(), service.clock.now_ms());
    let grant = playback_key().verify(token, &video, now).unwrap();
    assert_eq!(grant, Grant::anyone(video.clone(), 0));
    let media = format!("/v/{token}/{video}/1");
    assert_eq!(shown["hls_url"], format!("{media}/master.m3u8"));
    assert_eq!(shown["dash_url"], format!("{media}/manifest.mpd"));
    assert_eq!(
        shown["hover_urls"][1],
        format!("{media}/images/hover-1.jpg")
    );
    assert_eq!(shown["renditions"][0]["frame_rate"], 30_000.0 / 1001.0);
    assert_eq!(listed(&service.get("/api/videos").await.1), [title]);
    service.stop().await;
}

#[tokio::test]
async fn an_owner_edits_while_uploading_and_after() {
    let dir = tempfile::tempdir().unwrap();
    let service = start(dir.path()).await;
    let video = VideoId::random(&mut rand::rng());
    let (status, _) = patch(&service, &video, &json!({"title": "Early"})).await;
    assert_eq!(status, 404);

    service
        .tell(Topic::Videos, &video, started(&video, "IMG_0001"))
        .await;
    service.in_state(&video, "uploading").await;
    let (status, edited) = patch(&service, &video, &json!({"title": " Summer "})).await;
    assert_eq!((status, &edited["title"]), (200, &json!("Summer")));
    assert_eq!(edited["description"], "A film");

    // The same event again, and the next: what the owner wrote stays.
    service
        .tell(Topic::Videos, &video, started(&video, "IMG_0001"))
        .await;
    service.tell(Topic::Videos, &video, live(&video)).await;
    service.finds("summer", &["Summer"]).await;
    let words = json!({"title": "Winter", "description": "<script>snow</script>"});
    assert_eq!(patch(&service, &video, &words).await.0, 200);
    service.finds("summer", &[]).await;
    service.finds("snow", &["Winter"]).await;

    for wrong in [
        json!({}),
        json!({"title": ""}),
        json!({"title": "x".repeat(201)}),
        json!({"title": 5}),
        json!({"description": "x".repeat(5001)}),
    ] {
        let (status, problem) = patch(&service, &video, &wrong).await;
        assert_eq!(
            (status, &problem["type"]),
            (400, &json!("/problems/bad-request"))
        );
    }
    let url = format!("{}/api/videos/{video}", service.base);
    let stranger = from_gateway_for(service.http.patch(url), Some(somebody("eve")));
    let answer = stranger
        .json(&json!({"title": "Mine"}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 403);
    service.stop().await;
}

#[tokio::test]
async fn lists_have_pages_and_show_others_only_what_is_live() {
    let dir = tempfile::tempdir().unwrap();
    let service = start(dir.path()).await;
    let titles = ["one", "two", "three", "four", "five"];
    for title in titles {
        service.live(title).await;
    }
    let hidden = VideoId::random(&mut rand::rng());
    service
        .tell(Topic::Videos, &hidden, started(&hidden, "hidden"))
        .await;
    service.in_state(&hidden, "uploading").await;

    let mut seen = Vec::new();
    let mut path = "/api/videos?limit=2".to_owned();
    loop {
        let (_, page) = service.get(&path).await;
        seen.extend(listed(&page).iter().map(|title| (*title).to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/videos?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, ["five", "four", "three", "two", "one"]);

    let (_, mine) = service.get("/api/videos?state=all").await;
    assert_eq!(listed(&mine).first(), Some(&"hidden"));
    let request = service
        .http
        .get(format!("{}/api/videos?state=all", service.base));
    let stranger = from_gateway_for(request.try_clone().unwrap(), Some(somebody("eve")));
    let theirs = stranger.send().await.unwrap();
    assert!(listed(&theirs.json().await.unwrap()).is_empty());
    let nobody = from_gateway_for(request, None).send().await.unwrap();
    assert_eq!(nobody.status(), 401);

    for wrong in [
        "limit=0",
        "limit=101",
        "limit=x",
        "cursor=x",
        "state=deleted",
    ] {
        let (status, problem) = service.get(&format!("/api/videos?{wrong}")).await;
        assert_eq!((status, &problem["status"]), (400, &json!(400)), "{wrong}");
    }
    service.stop().await;
}

#[tokio::test]
async fn search_shows_where_words_were_found_and_takes_no_syntax() {
    let dir = tempfile::tempdir().unwrap();
    let service = start(dir.path()).await;
    service.live("A <b>Café</b> in Rome").await;
    service.finds("cafe", &["A <b>Café</b> in Rome"]).await;
    let (_, page) = service.get("/api/search?q=cafe").await;
    assert_eq!(page["query"], "cafe");
    let title = &page["items"][0]["highlights"]["title"];
    assert_eq!(title[1], json!({"text": "Café", "hit": true}));
    assert_eq!(title[0]["text"], "A <b>");

    for (query, status) in [
        ("", 200),
        ("q=", 200),
        ("q=*:*", 200),
        ("q=%22%28%2B-", 200),
        ("q=a&limit=0", 400),
        ("q=a&cursor=nonsense", 400),
    ] {
        let (answered, body) = service.get(&format!("/api/search?{query}")).await;
        assert_eq!(answered, status, "{query}");
        assert!(listed(&body).is_empty(), "{query}");
    }
    let long = "x".repeat(201);
    assert_eq!(service.get(&format!("/api/search?q={long}")).await.0, 400);
    service.stop().await;
}

#[tokio::test]
async fn failed_and_abandoned_videos_are_not_found() {
    let dir = tempfile::tempdir().unwrap();
    let service = start(dir.path()).await;
    let failed = service.live("Doomed").await;
    service.finds("doomed", &["Doomed"]).await;
    let failure = VideoFailed {
        video_id: failed.to_string(),
        problem_type: "source-not-a-video".to_owned(),
        title: "Not a video".to_owned(),
        detail: "Upload a film.".to_owned(),
        source_refused: true,
        revision: 1,
    };
    service
        .tell(Topic::Videos, &failed, Payload::VideoFailed(failure))
        .await;
    let shown = service.in_state(&failed, "failed").await;
    assert_eq!(shown["problem"]["type"], "/problems/source-not-a-video");
    assert!(shown.get("hls_url").is_none() && shown["progress"].get("uploaded_bytes").is_none());
    service.finds("doomed", &[]).await;

    let abandoned = VideoId::random(&mut rand::rng());
    let gone = UploadAbandoned {
        video_id: abandoned.to_string(),
        ..UploadAbandoned::default()
    };
    service
        .tell(Topic::Videos, &abandoned, started(&abandoned, "Never"))
        .await;
    service.in_state(&abandoned, "uploading").await;
    service
        .tell(Topic::Videos, &abandoned, Payload::UploadAbandoned(gone))
        .await;
    let path = format!("/api/videos/{abandoned}");
    let problem = service.until(&path, |status, _| status == 404).await;
    assert_eq!(problem["type"], "/problems/not-found");
    assert_eq!(service.get("/api/videos/nonsense").await.0, 404);
    service.stop().await;
}

#[tokio::test]
async fn an_index_that_is_gone_or_damaged_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("index");
    let service = start(dir.path()).await;
    service.live("Phoenix").await;
    service.finds("phoenix", &["Phoenix"]).await;
    service.stop().await;

    // Deleted while nobody looked.
    std::fs::remove_dir_all(&folder).unwrap();
    let service = start(dir.path()).await;
    service.finds("phoenix", &["Phoenix"]).await;
    service.stop().await;

    // Damaged.
    std::fs::write(folder.join("meta.json"), "nonsense").unwrap();
    let service = start(dir.path()).await;
    service.finds("phoenix", &["Phoenix"]).await;
    // Built anew by the operator, who is told how it goes.
    let stray = dir.path().join("index.next");
    let told = rebuild(&service).await;
    assert_eq!(told.last(), Some(&RebuildStatus::Done { videos: 1 }));
    assert!(matches!(told.first(), Some(RebuildStatus::Running { .. })));
    assert!(!stray.try_exists().unwrap());
    service.finds("phenix", &["Phoenix"]).await;
    service.live("Ashes").await;
    service.finds("ashes", &["Ashes"]).await;
    service.stop().await;
    let service = start(dir.path()).await;
    service.finds("phenix", &["Phoenix"]).await;
    service.stop().await;
}

#[tokio::test]
async fn of_two_windows_none_overwrites_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let service = start(dir.path()).await;
    let video = service.live("Draft").await;
    let url = format!("{}/api/videos/{video}", service.base);
    let shown = from_gateway(service.http.get(&url)).send().await.unwrap();
    let seen = shown.headers()["etag"].to_str().unwrap().to_owned();
    let edit = async |title: &str, seen: &str| {
        let request = from_gateway(service.http.patch(&url)).header("if-match", seen);
        let answer = request.json(&json!({"title": title})).send().await.unwrap();
        let tag = answer.headers().get("etag").cloned();
        (answer.status().as_u16(), tag)
    };
    let (status, tag) = edit("First", &seen).await;
    assert_eq!(status, 200);
    assert_eq!(edit("Second", &seen).await.0, 412);
    let tag = tag.unwrap().to_str().unwrap().to_owned();
    // What happens to the film itself is in nobody's way.
    service
        .tell(Topic::PostTranscode, &video, transcoded(&video))
        .await;
    service
        .until(&format!("/api/videos/{video}"), |_, body| {
            body["complete"] == true
        })
        .await;
    assert_eq!(edit("Second", &tag).await.0, 200);
    assert_eq!(edit("Third", "*").await.0, 200);
    for other in ["W/\"3\"", "3", "\"x\"", ""] {
        assert_eq!(edit("Fourth", other).await.0, 412, "{other}");
    }
    service.stop().await;
}
