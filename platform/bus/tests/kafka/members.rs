//! Members that are processes: killed, and stopped for longer than their session lasts.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use platform_bus::{Bus, Delivery, Outgoing};
use testkit::conformance::bus::{Cluster as _, Process};
use testkit::stage::PATIENCE;
use tokio::time::timeout;

use super::cluster::Kafka;

/// A process that reads one message and commits it when it is told to.
struct Member {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Member {
    fn start(kafka: &Kafka) -> Self {
        let mut child = Command::new(example("member"))
            .arg(kafka.config.brokers.as_ref().unwrap())
            .arg(&kafka.config.topic_prefix)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example is built: cargo build -p platform-bus --examples");
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, said }
    }

    fn hear(&mut self) -> String {
        self.said.next().unwrap().unwrap()
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status();
        assert!(sent.unwrap().success());
    }

    fn commit(&mut self) -> String {
        let mut stdin = self.child.stdin.take().unwrap();
        writeln!(stdin, "commit").unwrap();
        self.hear()
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Examples are built with the tests, beside them.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.parent().and_then(Path::parent).unwrap();
    target.join("examples").join(name)
}

/// A member that has a message, and another process that waits to have it.
async fn two_members(kafka: &Kafka) -> (Member, Process) {
    let process = kafka.process().await;
    let message = Outgoing {
        topic: "t".to_owned(),
        key: "k".to_owned(),
        payload: "x".into(),
        headers: Vec::new(),
    };
    process.bus.publish(vec![message]).await.unwrap();
    let mut member = Member::start(kafka);
    let (heard, member) = tokio::task::spawn_blocking(move || (member.hear(), member))
        .await
        .unwrap();
    assert_eq!(heard, "got x");
    (member, process)
}

async fn inherit(bus: &dyn Bus) -> Delivery {
    let mut heir = bus.subscribe("g", &["t".to_owned()]).await.unwrap();
    let mut messages = timeout(PATIENCE, heir.next(1)).await.unwrap().unwrap();
    let delivery = messages.pop().unwrap();
    heir.commit(&delivery).await.unwrap();
    heir.close().await;
    delivery
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real Kafka: script/test --real"]
async fn a_member_that_is_killed_is_replaced_when_its_session_ends() {
    let kafka = Kafka::new();
    let (member, process) = two_members(&kafka).await;
    member.signal("-KILL");
    let delivery = inherit(process.bus.as_ref()).await;
    assert_eq!(delivery.payload, "x");
    assert_eq!(process.bus.lag("g", "t").await.unwrap(), 0);
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real Kafka: script/test --real"]
async fn a_member_that_stood_still_cannot_commit_what_it_lost() {
    let kafka = Kafka::new();
    let (mut member, process) = two_members(&kafka).await;
    member.signal("-STOP");
    inherit(process.bus.as_ref()).await;
    member.signal("-CONT");
    let answer = tokio::task::spawn_blocking(move || member.commit());
    assert_eq!(answer.await.unwrap(), "lost");
    assert_eq!(process.bus.lag("g", "t").await.unwrap(), 0);
    process.stop().await;
}
