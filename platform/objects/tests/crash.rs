//! What was acknowledged survives, and what was not leaves nothing behind.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use common::Server;
use platform_blob::{Blobs, MultipartId, PartToSign, PutOptions, crc32c_base64};
use platform_objects::StartError;
use url::Url;

/// Set for the process that only serves, and is killed.
const SERVE: &str = "OBJECTS_TEST_SERVE_DIR";
const PART: usize = 5 << 20;

/// A server in a process of its own: this test binary, running `served_until_killed` alone.
struct Victim(Child);

impl Victim {
    #[expect(clippy::disallowed_methods, reason = "kill -9 needs a process to kill")]
    async fn start(dir: &Path) -> (Self, Url) {
        let address = dir.join("address");
        // A left-over address would be taken for the new one.
        drop(fs::remove_file(&address));
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "served_until_killed", "--ignored", "--nocapture"])
            .env(SERVE, dir)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let up = async {
            loop {
                match fs::read_to_string(&address) {
                    Ok(address) => return Url::parse(&address).unwrap(),
                    Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
        };
        let address = tokio::time::timeout(Duration::from_secs(30), up)
            .await
            .unwrap();
        (Self(child), address)
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test]
#[ignore = "the process that other tests kill"]
#[expect(
    clippy::disallowed_methods,
    reason = "the parent says which folder to serve"
)]
async fn served_until_killed() {
    let dir = PathBuf::from(std::env::var_os(SERVE).unwrap());
    let server = Server::start(&dir).await;
    let written = dir.join("address.new");
    fs::write(&written, server.s3_config().endpoint.as_str()).unwrap();
    fs::rename(written, dir.join("address")).unwrap();
    std::future::pending::<()>().await;
}

fn content(number: usize) -> Bytes {
    format!("object {number} ").repeat(20_000).into()
}

async fn send_part(blobs: &dyn Blobs, to: &Url, key: &str, id: &MultipartId, number: u32) {
    let body = vec![u8::try_from(number).unwrap(); PART];
    let crc32c = crc32c_base64(&body);
    let part = PartToSign {
        key,
        id,
        number,
        size: PART as u64,
        crc32c: &crc32c,
    };
    let signed = blobs
        .presign_part(part, to, Duration::from_mins(1))
        .await
        .unwrap();
    let mut request = reqwest::Client::new().put(signed.url).body(body);
    for (name, value) in signed.headers {
        request = request.header(name, value);
    }
    request.send().await.unwrap().error_for_status().unwrap();
}

/// Puts objects, numbered from `first`, until the server is gone; says which were acknowledged.
async fn write_until_dead(blobs: &dyn Blobs, first: usize) -> Vec<usize> {
    let mut stored = Vec::new();
    for number in first.. {
        let key = format!("{number}");
        let put = blobs.put(&key, content(number), "a/b", PutOptions::IF_ABSENT);
        if put.await.is_err() {
            break;
        }
        stored.push(number);
    }
    stored
}

/// All files below the folder, but for the index and what belongs to it.
fn files(dir: &Path) -> Vec<PathBuf> {
    let below = |folder: PathBuf| {
        fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
    };
    let shards = below(dir.join("blobs")).flat_map(below);
    shards.chain(below(dir.join("incoming"))).collect()
}

async fn until_files_are(dir: &Path, count: usize) {
    let settled = async {
        while files(dir).len() != count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let settled = tokio::time::timeout(Duration::from_secs(20), settled).await;
    assert!(
        settled.is_ok(),
        "{} files, not {count}: {:?}",
        files(dir).len(),
        files(dir)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    let mut upload = None;
    for round in 0..5 {
        let (victim, address) = Victim::start(dir.path()).await;
        let blobs = common::blobs(&common::s3_config(address.as_str()), dir.path());
        blobs.ensure_bucket().await.unwrap();
        let number = round + 1;
        if upload.is_none() {
            upload = Some(blobs.create_multipart("film", "video/mp4").await.unwrap());
        }
        send_part(&*blobs, &address, "film", upload.as_ref().unwrap(), number).await;

        let first = usize::try_from(round).unwrap() * 100_000;
        let writers = (0..4).map(|writer| write_until_dead(&*blobs, first + writer * 10_000));
        let writing = futures_util::future::join_all(writers);
        let killing = async {
            tokio::time::sleep(Duration::from_millis(100 + 37 * u64::from(round))).await;
            victim.kill();
        };
        let (stored, ()) = tokio::join!(writing, killing);
        acknowledged.extend(stored.into_iter().flatten());
    }

    let server = Server::start(dir.path()).await;
    let blobs = server.blobs();
    assert!(acknowledged.len() > 5, "only {} puts", acknowledged.len());
    for number in acknowledged {
        let stored = blobs.get(&format!("{number}")).await.unwrap();
        assert_eq!(stored, content(number), "object {number}");
    }
    let mut listed = 0;
    let mut cursor = None;
    loop {
        let page = blobs.list("", cursor.as_deref()).await.unwrap();
        for object in &page.objects {
            listed += 1;
            let number = object.key.parse().unwrap();
            assert_eq!(
                blobs.get(&object.key).await.unwrap(),
                content(number),
                "half an object"
            );
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    // One file per object and one for the upload's parts: nothing is left over.
    until_files_are(dir.path(), listed + 1).await;

    let id = upload.unwrap();
    let parts = blobs.list_parts("film", &id).await.unwrap();
    assert_eq!(parts.len(), 5);
    blobs.complete_multipart("film", &id, &parts).await.unwrap();
    let film = blobs.get("film").await.unwrap();
    let expected: Vec<u8> = (1..=5).flat_map(|number| vec![number; PART]).collect();
    assert!(film == expected, "parts of five lives make one film");
    server.stop().await;
}

#[tokio::test]
async fn left_over_files_go_and_known_ones_stay() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    let blobs = server.blobs();
    blobs.ensure_bucket().await.unwrap();
    let put = |key| blobs.put(key, Bytes::from("content"), "a/b", PutOptions::default());
    put("kept").await.unwrap();
    put("published late").await.unwrap();
    let late = blobs.local_path("published late").await.unwrap().unwrap();
    server.stop().await;

    // As if the process had died between the commit and the move,
    let incoming = dir.path().join("incoming");
    fs::rename(&late, incoming.join(late.file_name().unwrap())).unwrap();
    // and while two more bodies arrived.
    fs::write(incoming.join("00112233445566778899aabbccddeeff"), "half").unwrap();
    fs::write(incoming.join("not ours"), "?").unwrap();

    let found = blobs.local_path("published late").await.unwrap().unwrap();
    assert_eq!(fs::read(found).unwrap(), b"content");
    let server = Server::start(dir.path()).await;
    assert_eq!(
        server.blobs().get("published late").await.unwrap(),
        "content"
    );
    assert_eq!(server.blobs().get("kept").await.unwrap(), "content");
    assert!(late.try_exists().unwrap());
    assert_eq!(files(dir.path()).len(), 2);
    server.stop().await;
}

#[tokio::test]
async fn nothing_that_was_given_up_takes_space() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    let (blobs, address) = (server.blobs(), server.s3_config().endpoint);
    blobs.ensure_bucket().await.unwrap();

    let given_up = blobs.create_multipart("film", "video/mp4").await.unwrap();
    send_part(&*blobs, &address, "film", &given_up, 1).await;
    send_part(&*blobs, &address, "film", &given_up, 1).await;
    until_files_are(dir.path(), 2).await;
    blobs.abort_multipart("film", &given_up).await.unwrap();
    until_files_are(dir.path(), 0).await;

    for _ in 0..3 {
        blobs
            .put("same", content(1), "a/b", PutOptions::default())
            .await
            .unwrap();
    }
    blobs
        .put("same", content(2), "a/b", PutOptions::IF_ABSENT)
        .await
        .unwrap_err();
    until_files_are(dir.path(), 1).await;
    blobs.delete("same").await.unwrap();
    until_files_are(dir.path(), 0).await;
    server.stop().await;
}

#[tokio::test]
async fn completing_twice_gives_the_same_answer() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    let (blobs, address) = (server.blobs(), server.s3_config().endpoint);
    blobs.ensure_bucket().await.unwrap();
    let id = blobs.create_multipart("film", "video/mp4").await.unwrap();
    send_part(&*blobs, &address, "film", &id, 1).await;
    let parts = blobs.list_parts("film", &id).await.unwrap();
    let first = blobs.complete_multipart("film", &id, &parts).await.unwrap();
    let again = blobs.complete_multipart("film", &id, &parts).await.unwrap();
    assert_eq!(first, again);
    server.stop().await;
}

#[tokio::test]
async fn parts_in_their_places_are_not_copied() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    let (blobs, address) = (server.blobs(), server.s3_config().endpoint);
    blobs.ensure_bucket().await.unwrap();
    let id = blobs.create_multipart("film", "video/mp4").await.unwrap();
    for number in [3, 1, 2] {
        send_part(&*blobs, &address, "film", &id, number).await;
    }
    let before = files(dir.path());
    let parts = blobs.list_parts("film", &id).await.unwrap();
    blobs.complete_multipart("film", &id, &parts).await.unwrap();
    assert_eq!(
        files(dir.path()),
        before,
        "the upload's file is the object's"
    );
    let path = blobs.local_path("film").await.unwrap();
    assert_eq!(path.as_ref(), before.first());
    server.stop().await;
}

#[tokio::test]
async fn a_folder_has_one_server() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    let second = Server::try_start(dir.path()).await;
    assert!(matches!(second.map(drop), Err(StartError::InUse(_))));
    server.stop().await;
    Server::start(dir.path()).await.stop().await;
}
