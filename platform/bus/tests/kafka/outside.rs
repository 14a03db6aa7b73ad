//! What somebody sees who knows the topic and the schema only.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use platform_bus::{Topic, publish_event};
use schemas::v1::{Event, VideoChanged, event::Payload};
use testkit::conformance::bus::Cluster as _;

use super::cluster::Kafka;

fn schemas() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.join("../../schemas/proto")
}

fn kcat(kafka: &Kafka, format: &str) -> Vec<u8> {
    let topic = format!("{}{}", kafka.config.topic_prefix, Topic::Videos);
    let output = Command::new("kcat")
        .args(["-q", "-C", "-e", "-o", "beginning", "-t", &topic])
        .args(["-b", kafka.config.brokers.as_ref().unwrap(), "-f", format])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real Kafka: script/test --real"]
async fn kcat_reads_a_topic_and_protoc_its_messages() {
    let kafka = Kafka::new();
    let process = kafka.process().await;
    let changed = VideoChanged {
        video_id: "4ouykzlc2nx5wyyy7rdnzr2l6e".to_owned(),
        title: "Ein Film – кино".to_owned(),
        ..VideoChanged::default()
    };
    let event = Event {
        event_id: "an-id".to_owned(),
        payload: Some(Payload::VideoChanged(changed.clone())),
        ..Event::default()
    };
    let told = publish_event(&process.bus, Topic::Videos, &changed.video_id, &event);
    told.await.unwrap();

    let envelope = String::from_utf8(kcat(&kafka, "%k %h")).unwrap();
    assert_eq!(envelope, "4ouykzlc2nx5wyyy7rdnzr2l6e event-id=an-id");
    let mut protoc = Command::new("protoc")
        .arg("--decode=marquee.v1.Event")
        .arg(format!("--proto_path={}", schemas().display()))
        .arg("marquee/v1/events.proto")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let payload = kcat(&kafka, "%s");
    protoc.stdin.take().unwrap().write_all(&payload).unwrap();
    let text = protoc.wait_with_output().unwrap().stdout;
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("event_id: \"an-id\""), "{text}");
    assert!(text.contains("video_changed {"), "{text}");
    assert!(text.contains("Ein Film"), "{text}");
    process.stop().await;
}
