//! An upload goes on where it was, whatever is killed: hardly a byte goes twice.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a failed step is a failed test"
)]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use platform_blob::crc32c_base64;
use rand::Rng as _;
use serde_json::Value;
use system_tests::stack::is_real;
use system_tests::{Marquee, Objects, marquee::command_plain, times};
use testkit::real;
use testkit::stage::eventually;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Child;

/// Large enough for many parts, small enough to be quick.
const SIZE: u64 = 150 << 20;

/// A line that is slow enough to be cut in the middle, and counts what goes up.
struct Line {
    port: u16,
    sent: Arc<AtomicU64>,
}

impl Line {
    async fn to(target: &str) -> Self {
        let target = target.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sent = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&sent);
        drop(tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                // While the server is away, the line is dead.
                if let Ok(server) = TcpStream::connect(&target).await {
                    drop(tokio::spawn(carry(client, server, Arc::clone(&counter))));
                }
            }
        }));
        Self { port, sent }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Waits until so many bytes went up.
    async fn carried(&self, bytes: u64) {
        let what = format!("{bytes} bytes are sent");
        eventually(&what, async || self.sent() >= bytes).await;
    }
}

async fn carry(client: TcpStream, server: TcpStream, sent: Arc<AtomicU64>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = async {
        let mut buffer = vec![0; 256 << 10];
        while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
            sent.fetch_add(length as u64, Ordering::Relaxed);
            if to_server.write_all(&buffer[..length]).await.is_err() {
                break;
            }
            // At most some 100 MB/s, so that there is a middle.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let down = tokio::io::copy(&mut from_server, &mut to_client);
    // Whichever side goes first takes the other with it.
    tokio::select! { () = up => {}, _ = down => {} }
}

/// Marquee, and a line that the parts of films go through: to the gateway, or to the object store
/// where that has an address of its own.
struct Site {
    marquee: Marquee,
    line: Line,
    /// Where uploaders find Marquee.
    server: String,
}

impl Site {
    async fn on(data: &Path) -> Self {
        if is_real() {
            let (store, ..) = real::s3();
            let line = Line::to(&store).await;
            let marquee = Self::up(data, UPLOADS_ONLY, &line).await;
            let server = marquee.url().to_owned();
            return Self {
                marquee,
                line,
                server,
            };
        }
        let marquee = Marquee::up_on_with(data, UPLOADS_ONLY).await;
        let line = Line::to(marquee.url()).await;
        Self {
            marquee,
            server: line.url(),
            line,
        }
    }

    async fn up(data: &Path, arguments: &[&str], line: &Line) -> Marquee {
        let public = line.url();
        let variables = [("MARQUEE__OBJECTS__PUBLIC_ENDPOINT", public.as_str())];
        let of_store = if is_real() { &variables[..] } else { &[] };
        Marquee::up_on_as(data, arguments, of_store).await
    }

    /// Kills Marquee, and starts it at the same address.
    async fn kill_and_start(&mut self) {
        self.marquee.kill().await;
        let data = self.marquee.data().to_owned();
        let listen = self.marquee.url().trim_start_matches("http://").to_owned();
        let again = [UPLOADS_ONLY, &["--listen", &listen]].concat();
        self.marquee = Self::up(&data, &again, &self.line).await;
    }

    fn upload(&self, file: &Path) -> Child {
        command_plain(["upload", "--json", "--wait", "none"])
            .args(["--server", &self.server])
            .arg(file)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    async fn only_upload(&self) -> Value {
        let uploads = self.marquee.get("/api/uploads").await.unwrap();
        let items = uploads["items"].as_array().unwrap();
        assert_eq!(items.len(), 1, "one file, one upload: {uploads}");
        items[0].clone()
    }

    /// What is stored of the only upload.
    async fn stored(&self) -> Bytes {
        let objects = Objects::of(self.marquee.data());
        let listed = objects.list("raw/").await;
        let keys: Vec<_> = listed.into_keys().collect();
        assert_eq!(keys.len(), 1, "{keys:?}");
        objects.get(&keys[0]).await
    }
}

/// Nobody looks at what was uploaded: a file that is no film would be refused and removed.
const UPLOADS_ONLY: &[&str] = &["--services", "objects,ingress,metadata,gateway"];

fn random_file(folder: &Path, name: &str, size: u64) -> PathBuf {
    let path = folder.join(name);
    let mut block = vec![0_u8; 1 << 20];
    rand::rng().fill(&mut block[..]);
    let mut content = Vec::with_capacity(usize::try_from(size).unwrap());
    // Every block differs, so that no part can stand for another.
    for number in 0..size >> 20 {
        block[..8].copy_from_slice(&number.to_le_bytes());
        content.extend_from_slice(&block);
    }
    std::fs::write(&path, content).unwrap();
    path
}

#[tokio::test]
async fn a_killed_client_and_a_killed_server_send_hardly_a_byte_twice() {
    let data = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let source = random_file(folder.path(), "large.mp4", SIZE);
    let mut site = Site::on(data.path()).await;

    let mut client = site.upload(&source);
    site.line.carried(SIZE / 4).await;
    client.kill().await.unwrap();
    let first = site.only_upload().await;
    let part_size = first["part_size_bytes"].as_u64().unwrap();
    let parallel = first["parallel_parts"].as_u64().unwrap();

    let mut client = site.upload(&source);
    site.line.carried(SIZE / 2).await;
    client.kill().await.unwrap();
    assert_eq!(site.only_upload().await["upload_id"], first["upload_id"]);

    let client = site.upload(&source);
    site.line.carried(SIZE / 4 * 3).await;
    site.kill_and_start().await;
    let output = client.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["video_id"], first["video_id"]);

    // Three interruptions lose what was under way: 2 % of the file or a part each, if that is more.
    let under_way = (SIZE / 50).max(part_size * parallel);
    let most = SIZE + 3 * under_way + (1 << 20);
    let sent = site.line.sent();
    assert!(sent <= most, "{sent} bytes were sent, {most} at most");
    let whole = std::fs::read(&source).unwrap();
    assert!(site.stored().await == whole, "other bytes are stored");
}

#[tokio::test]
async fn a_file_that_grows_or_changes_meanwhile_is_never_mixed_with_what_it_was() {
    let data = tempfile::tempdir().unwrap();
    let site = Site::on(data.path()).await;
    let folder = tempfile::tempdir().unwrap();
    let length = 40 << 20;
    let source = random_file(folder.path(), "edited.mp4", length);

    let mut client = site.upload(&source);
    site.line.carried(length / 2).await;
    client.kill().await.unwrap();
    let before = site.only_upload().await;

    // The middle changes while head, tail and time of change stay: the client cannot know, but
    // the checksums of the parts do.
    let changed = std::fs::metadata(&source).unwrap().modified().unwrap();
    let mut content = std::fs::read(&source).unwrap();
    for place in content.chunks_mut(1 << 20) {
        if let Some(byte) = place.get_mut(300_000) {
            *byte = byte.wrapping_add(1);
        }
    }
    std::fs::write(&source, &content).unwrap();
    let file = std::fs::File::options().write(true).open(&source).unwrap();
    file.set_modified(changed).unwrap();
    let sent = site.line.sent();
    let output = site.upload(&source).wait_with_output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    let again = site.line.sent() - sent;
    assert!(again >= length, "every part was sent again");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["video_id"], before["video_id"]);
    assert!(site.stored().await == content, "not the file as it is now");
}

#[tokio::test]
async fn a_file_cut_short_during_the_upload_is_refused_with_a_sentence() {
    let data = tempfile::tempdir().unwrap();
    let site = Site::on(data.path()).await;
    let folder = tempfile::tempdir().unwrap();
    let length = 40 << 20;
    let source = random_file(folder.path(), "short.mp4", length);
    let client = site.upload(&source);
    site.line.carried(length / 4).await;
    let file = std::fs::File::options().write(true).open(&source).unwrap();
    file.set_len(length / 2).unwrap();
    let output = client.wait_with_output().await.unwrap();
    assert!(!output.status.success());
    let problem: Value = serde_json::from_slice(&output.stderr).expect("a problem document");
    let sentence = problem["detail"].as_str().unwrap();
    assert!(sentence.contains("changed during the upload"), "{sentence}");
}

#[tokio::test]
async fn a_part_with_another_checksum_than_announced_is_not_taken() {
    let marquee = Marquee::up().await;
    let http = reqwest::Client::new();
    let post = async |path: &str, body: Value| -> Value {
        let address = format!("{}{path}", marquee.url());
        let answer = http.post(address).json(&body).send().await.unwrap();
        answer.json().await.unwrap()
    };
    let file = serde_json::json!({ "file_name": "x.mp4", "size_bytes": 5, "fingerprint": "f" });
    let created = post("/api/uploads", file).await;
    let upload = format!("/api/uploads/{}", created["upload_id"].as_str().unwrap());
    let crc32c = crc32c_base64(b"right");
    let part = serde_json::json!({ "number": 1, "size_bytes": 5, "crc32c": crc32c });
    let parts = serde_json::json!({ "parts": [part] });
    let signed = post(&format!("{upload}/parts"), parts).await;
    let permission = &signed["parts"][0];
    let mut request = http.put(permission["url"].as_str().unwrap()).body("wrong");
    for (name, value) in permission["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_client_error(), "{}", answer.status());
    let now = marquee.get(&upload).await.unwrap();
    assert_eq!(now["parts"].as_array().unwrap().len(), 0, "{now}");
}

/// R9. `MARQUEE_TEST_ACK_KILLS=1000` is what RELIABILITY.md asks for.
#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_kill_at_once() {
    let kills = times("MARQUEE_TEST_ACK_KILLS", 12);
    let data = tempfile::tempdir().unwrap();
    let mut marquee = Marquee::up_on_with(data.path(), UPLOADS_ONLY).await;
    let mut acknowledged = Vec::new();
    for _ in 0..kills {
        let mut content = vec![0_u8; rand::rng().random_range(1..64 << 10)];
        rand::rng().fill(&mut content[..]);
        let upload = marquee.send(&content, "playable").await;
        marquee.kill().await;
        marquee = Marquee::up_on_with(data.path(), UPLOADS_ONLY).await;
        let key = format!("raw/{}/source", upload["video_id"].as_str().unwrap());
        let stored = Objects::of(data.path()).get(&key).await;
        assert!(stored == content, "{key} is not what was sent");
        let at = format!("/api/uploads/{}", upload["upload_id"].as_str().unwrap());
        let now = marquee.get(&at).await.unwrap();
        assert_eq!(now["state"], "complete", "{now}");
        acknowledged.push((key, content));
    }
    let objects = Objects::of(data.path());
    for (key, content) in &acknowledged {
        assert!(objects.get(key).await == *content, "{key} changed later");
    }
    assert_eq!(objects.list("raw/").await.len(), kills);
    assert_eq!(objects.multiparts().await, Vec::<String>::new());
}
