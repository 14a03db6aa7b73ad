//! Events of a newer version, and of an older one, go past every service without harm.

use platform_bus::{Bus as _, EmbeddedBus, Outgoing, Topic};
use platform_core::Lifecycle;
use platform_db::Db;
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};
use schemas::v1::event::Payload;
use schemas::v1::{
    Event, PublishPolicy, UploadProgressed, UploadStarted, VideoChanged, VideoFailed, VideoPlanned,
    VideoUploaded,
};
use sqlx::Row as _;
use system_tests::{Marquee, film};
use testkit::stage::eventually;

const VIDEO: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaa";

fn outgoing(topic: Topic, payload: Vec<u8>) -> Outgoing {
    Outgoing {
        topic: topic.name().to_owned(),
        key: VIDEO.to_owned(),
        payload: payload.into(),
        headers: vec![("header-of-tomorrow".to_owned(), "?".to_owned())],
    }
}

/// An event with a payload that this version does not know.
fn unknown_payload() -> Vec<u8> {
    let mut bytes = Event {
        event_id: "e".to_owned(),
        schema_version: 99,
        ..Event::default()
    }
    .encode_to_vec();
    encode_key(500, WireType::LengthDelimited, &mut bytes);
    encode_varint(28, &mut bytes);
    encode_key(1, WireType::LengthDelimited, &mut bytes);
    encode_varint(26, &mut bytes);
    bytes.extend_from_slice(VIDEO.as_bytes());
    bytes
}

fn event(payload: Payload) -> Vec<u8> {
    let event = Event {
        payload: Some(payload),
        ..Event::default()
    };
    event.encode_to_vec()
}

/// A choice that this version does not know.
fn unknown_choice(upload: &VideoUploaded) -> Vec<u8> {
    event(Payload::VideoUploaded(VideoUploaded {
        publish_policy: 99,
        ..upload.clone()
    }))
}

/// Messages from when they had fewer fields.
fn older() -> Vec<(Topic, Payload)> {
    let video_id = VIDEO.to_owned();
    vec![
        (
            Topic::Videos,
            Payload::UploadStarted(UploadStarted {
                video_id: video_id.clone(),
                ..UploadStarted::default()
            }),
        ),
        (
            Topic::Videos,
            Payload::UploadProgressed(UploadProgressed {
                video_id: video_id.clone(),
                ..UploadProgressed::default()
            }),
        ),
        (
            Topic::TranscodeProgress,
            Payload::VideoPlanned(VideoPlanned {
                video_id: video_id.clone(),
                ..VideoPlanned::default()
            }),
        ),
        (
            Topic::Videos,
            Payload::VideoChanged(VideoChanged {
                video_id: video_id.clone(),
                ..VideoChanged::default()
            }),
        ),
        (
            Topic::Videos,
            Payload::VideoFailed(VideoFailed {
                video_id,
                ..VideoFailed::default()
            }),
        ),
    ]
}

#[tokio::test]
async fn events_of_other_versions_go_past_without_harm() {
    let marquee = Marquee::up().await;
    let life = Lifecycle::new();
    let file = marquee.data().join("marquee.db");
    let db = Db::open_sqlite(&file, &life).await.unwrap();
    let bus = EmbeddedBus::open(db.clone(), &life).await.unwrap();
    let mut told: Vec<_> = Topic::ALL
        .into_iter()
        .map(|topic| outgoing(topic, unknown_payload()))
        .collect();
    told.extend(
        older()
            .into_iter()
            .map(|(topic, payload)| outgoing(topic, event(payload))),
    );
    let upload = VideoUploaded {
        video_id: VIDEO.to_owned(),
        source_key: format!("raw/{VIDEO}/source"),
        publish_policy: PublishPolicy::Playable.into(),
        ..VideoUploaded::default()
    };
    told.push(outgoing(Topic::Transcode, unknown_choice(&upload)));
    bus.publish(told).await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let source = film::lavfi(folder.path(), "film.mp4", 2, "25", "160x120");
    let told = marquee.upload(&source, &["--wait", "complete"]).await;
    assert_eq!(told.unwrap()["state"], "live");
    let groups = sqlx::query("SELECT DISTINCT grp, topic FROM bus_claim")
        .fetch_all(db.reader())
        .await
        .unwrap();
    assert!(groups.len() >= 8, "{}", groups.len());
    for row in groups {
        let (group, topic): (String, String) = (row.get(0), row.get(1));
        eventually(&format!("{group} has read {topic}"), async || {
            bus.lag(&group, &topic).await.unwrap() == 0
        })
        .await;
    }
    let buried: i64 = sqlx::query_scalar("SELECT count(*) FROM bus_log WHERE topic LIKE '%.dlq'")
        .fetch_one(db.reader())
        .await
        .unwrap();
    assert_eq!(buried, 0, "dead letters");
    life.drain();
}
