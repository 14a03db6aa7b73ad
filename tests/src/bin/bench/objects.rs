//! One large object into the store and out again, against `cp` and a sync of the same file.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use platform_blob::{Blobs as _, Part, PartToSign, S3Blobs, S3Config, crc32c_base64};
use platform_core::Redacted;
use system_tests::Marquee;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::table::{line, median, seconds};

/// Size of the object unless another is given.
const MIB: u64 = 1024;

/// As uploads of this size are cut: see `ingress::domain::part_plan`.
const LARGEST_PART: u64 = 16 << 20;
const SMALLEST_PART: u64 = 5 << 20;
const PARALLEL: u64 = 4;

/// How often each is measured.
const ROUNDS: usize = 5;

/// How many times longer than `cp` the store may take.
const LIMIT: &str = "4×";

const KEY: &str = "bench/object";

pub(crate) async fn run(mib: Option<u64>) {
    let mib = mib.unwrap_or(MIB);
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("source");
    write_noise(&source, mib);
    let marquee = Marquee::up_on(&folder.path().join("data")).await;
    let store = store(&marquee);
    let (mut copied, mut up, mut down) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        copied.push(copy(&source, folder.path()));
        up.push(upload(&marquee, &store, &source).await);
        down.push(download(&marquee, &store, folder.path()).await);
        if round == 0 {
            let back = folder.path().join("back");
            assert!(same(&source, &back), "what came back is not what was sent");
        }
        store.delete(KEY).await.expect("the object goes away");
    }
    let peer = median(&copied);
    line(&format!("| {mib} MiB | time | ratio | limit |"));
    line("| --- | --- | --- | --- |");
    line(&format!("| `cp` and sync | {} | 1 | |", seconds(peer)));
    for (name, times) in [("up, in parts", up), ("down, and sync", down)] {
        let time = median(&times);
        let ratio = time / peer;
        line(&format!(
            "| {name} | {} | {ratio:.2}× | {LIMIT} |",
            seconds(time)
        ));
    }
}

/// The object store of a running Marquee, asked with its own key.
fn store(marquee: &Marquee) -> S3Blobs {
    let read = |name: &str| {
        let path = marquee.data().join("run").join(name);
        let text = std::fs::read_to_string(path).expect("Marquee has written it");
        text.trim().to_owned()
    };
    let endpoint = read("objects.url").parse().expect("an address");
    let secret = Redacted::new(read("objects.key"));
    let config = S3Config::new(endpoint, "marquee", secret);
    S3Blobs::new(&config)
}

/// Bytes that no disk compresses.
fn write_noise(path: &Path, mib: u64) {
    let mut file = File::create(path).expect("room");
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..mib {
        let mut block = Vec::with_capacity(1 << 20);
        while block.len() < 1 << 20 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            block.extend_from_slice(&state.to_le_bytes());
        }
        file.write_all(&block).expect("room");
    }
    file.sync_all().expect("a disk");
}

fn copy(source: &Path, folder: &Path) -> f64 {
    let target = folder.join("copy");
    let begun = Instant::now();
    system_tests::film::run("cp", &[text(source), text(&target)]);
    let copied = File::open(&target).expect("the copy");
    copied.sync_all().expect("a disk");
    let taken = begun.elapsed().as_secs_f64();
    std::fs::remove_file(&target).expect("our own file");
    taken
}

/// As the command line does it: parts read, summed, presigned and sent side by side.
async fn upload(marquee: &Marquee, store: &S3Blobs, source: &Path) -> f64 {
    let size = std::fs::metadata(source).expect("the source").len();
    let part_size = (size / 50 / PARALLEL).clamp(SMALLEST_PART, LARGEST_PART);
    let begun = Instant::now();
    let upload = store.create_multipart(KEY, "video/mp4").await;
    let upload = Arc::new(upload.expect("an upload"));
    let store = Arc::new(store.clone());
    let room = Arc::new(Semaphore::new(usize::try_from(PARALLEL).expect("small")));
    let http = reqwest::Client::new();
    let gateway: reqwest::Url = marquee.url().parse().expect("an address");
    let mut sending = JoinSet::new();
    for (number, offset) in (1..).zip((0..size).step_by(usize::try_from(part_size).expect("small")))
    {
        let (source, gateway) = (source.to_owned(), gateway.clone());
        let (store, upload, http) = (Arc::clone(&store), Arc::clone(&upload), http.clone());
        let room = Arc::clone(&room);
        sending.spawn(async move {
            let _permit = room.acquire().await.expect("it stays open");
            let length = part_size.min(size - offset);
            let read = tokio::task::spawn_blocking(move || read_part(&source, offset, length));
            let (body, crc32c) = read.await.expect("a part");
            let part = PartToSign {
                key: KEY,
                id: &upload,
                number,
                size: length,
                crc32c: &crc32c,
            };
            let signed = store.presign_part(part, &gateway, Duration::from_mins(10));
            let signed = signed.await.expect("a signature");
            let mut request = http.put(signed.url).body(body);
            for (name, value) in signed.headers {
                request = request.header(name, value);
            }
            let stored = request.send().await.expect("an answer");
            assert!(stored.status().is_success(), "part {number}: {stored:?}");
            let etag = stored.headers()["etag"].to_str().expect("text").to_owned();
            Part {
                number,
                size: length,
                etag,
                crc32c: Some(crc32c),
            }
        });
    }
    let mut parts = sending.join_all().await;
    parts.sort_by_key(|part| part.number);
    let completed = store.complete_multipart(KEY, &upload, &parts).await;
    completed.expect("an object");
    begun.elapsed().as_secs_f64()
}

fn read_part(source: &Path, offset: u64, length: u64) -> (Vec<u8>, String) {
    let mut file = File::open(source).expect("the source");
    file.seek(SeekFrom::Start(offset)).expect("an offset");
    let mut body = vec![0; usize::try_from(length).expect("small")];
    file.read_exact(&mut body).expect("the source is whole");
    let crc32c = crc32c_base64(&body);
    (body, crc32c)
}

async fn download(marquee: &Marquee, store: &S3Blobs, folder: &Path) -> f64 {
    let gateway = marquee.url().parse().expect("an address");
    let target = folder.join("back");
    let begun = Instant::now();
    let signed = store.presign_get(KEY, &gateway, Duration::from_mins(10));
    let signed = signed.await.expect("a signature");
    let mut answer = reqwest::get(signed.url).await.expect("an answer");
    assert!(answer.status().is_success(), "{answer:?}");
    let mut file = File::create(&target).expect("room");
    while let Some(bytes) = answer.chunk().await.expect("the rest") {
        file.write_all(&bytes).expect("room");
    }
    file.sync_all().expect("a disk");
    begun.elapsed().as_secs_f64()
}

fn same(one: &Path, other: &Path) -> bool {
    let read = |path: &Path| std::fs::read(path).expect("a file");
    read(one) == read(other)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}
