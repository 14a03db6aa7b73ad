//! What goes wrong between the client and the store ends well, or with an error that says to try
//! again: nothing wrong or short is ever taken for the whole.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{TryStreamExt as _, future::join_all};
use platform_blob::{
    BlobError, BlobErrorKind, Blobs, MultipartId, Part, PartToSign, PutOptions, Retrying, S3Blobs,
    S3Config, crc32c_base64,
};
use platform_core::backoff::Backoff;
use rand::{Rng as _, RngCore as _};
use testkit::faults::{Fault, Way, Weather};
use tokio::time::{Instant, timeout};

use super::config;

/// Sizes of parts that are not the last.
const PART: usize = 5 << 20;

/// A bad way to a bucket, and a good one.
struct Roads {
    way: Way,
    /// By the bad way, once.
    once: S3Blobs,
    /// By the bad way, as often as services do.
    again: Retrying<S3Blobs>,
    /// By the good way.
    direct: S3Blobs,
}

impl Roads {
    async fn open() -> Self {
        let good = config();
        let way = Way::to(&good.endpoint).await;
        let bad = S3Config {
            endpoint: way.endpoint.clone(),
            ..good.clone()
        };
        let (once, direct) = (S3Blobs::new(&bad), S3Blobs::new(&good));
        direct.ensure_bucket().await.unwrap();
        Self {
            way,
            again: Retrying::new(once.clone(), Backoff::standard()),
            once,
            direct,
        }
    }
}

fn random_bytes(size: usize) -> Bytes {
    let mut bytes = vec![0; size];
    rand::rng().fill_bytes(&mut bytes);
    bytes.into()
}

/// What was done, or nothing after an error that says to try again, or is one of `fair`.
fn done<T>(what: &str, result: Result<T, BlobError>, fair: &[BlobErrorKind]) -> Option<T> {
    match result {
        Ok(done) => Some(done),
        Err(error) if error.retryable() || fair.contains(&error.kind()) => None,
        Err(error) => panic!("{what}: {error:?}"),
    }
}

async fn put(blobs: &dyn Blobs, key: &str, body: &Bytes) -> Result<(), BlobError> {
    let options = PutOptions::default();
    let put = blobs.put(key, body.clone(), "video/mp4", options);
    put.await.map(drop)
}

async fn streamed(blobs: &dyn Blobs, key: &str) -> Result<Vec<u8>, BlobError> {
    let stream = blobs.get_stream(key).await?;
    let pieces: Vec<Bytes> = stream.bytes.try_collect().await?;
    Ok(pieces.concat())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real MinIO: script/test --real"]
async fn each_fault_is_an_error_that_says_to_try_again() {
    let roads = Roads::open().await;
    let (key, body) = ("film", random_bytes(300_000));
    put(&roads.direct, key, &body).await.unwrap();
    let blobs = &roads.once;
    for fault in [Fault::Reset, Fault::SlowDown, Fault::Cut, Fault::Unheard] {
        roads.way.turn(Weather::of(fault, 1.0));
        let mut outcomes = vec![
            ("get", blobs.get(key).await.map(drop)),
            (
                "get_range",
                blobs.get_range(key, 5..200_000).await.map(drop),
            ),
            ("get_stream", streamed(blobs, key).await.map(drop)),
            ("list", blobs.list("f", None).await.map(drop)),
            ("create", blobs.create_multipart(key, "a/b").await.map(drop)),
        ];
        if fault != Fault::Cut {
            outcomes.push(("put", put(blobs, key, &body).await));
            outcomes.push(("head", blobs.head(key).await.map(drop)));
            outcomes.push(("delete", blobs.delete("nothing").await));
        }
        for (what, outcome) in outcomes {
            let error = outcome.expect_err(&format!("{what} in spite of {fault:?}"));
            assert!(error.retryable(), "{what}, {fault:?}: {error:?}");
            let said = error.to_string();
            assert!(said.contains("try again"), "{what}, {fault:?}: {said}");
        }
    }
    assert_eq!(roads.direct.get(key).await.unwrap(), body);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real MinIO: script/test --real"]
async fn an_upload_that_fails_after_its_answer_began_is_not_complete() {
    let roads = Roads::open().await;
    let body = random_bytes(1000);
    let id = roads
        .once
        .create_multipart("film", "video/mp4")
        .await
        .unwrap();
    send(&roads, "film", &id, 1, &body).await;
    let parts = roads.once.list_parts("film", &id).await.unwrap();
    roads.way.turn(Weather::of(Fault::Late, 1.0));
    let failed = roads.once.complete_multipart("film", &id, &parts).await;
    assert!(failed.unwrap_err().retryable());
    assert!(roads.direct.head("film").await.unwrap_err().is_not_found());
    roads.way.turn(Weather::default());
    let head = roads.once.complete_multipart("film", &id, &parts).await;
    assert_eq!(head.unwrap().size, 1000);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real MinIO: script/test --real"]
async fn a_bad_way_loses_nothing_and_shortens_nothing() {
    let roads = Roads::open().await;
    roads.way.turn(Weather {
        faults: vec![
            (Fault::Reset, 0.1),
            (Fault::SlowDown, 0.1),
            (Fault::Cut, 0.05),
            (Fault::Unheard, 0.05),
        ],
        ..Weather::default()
    });
    join_all((0..8).map(|lane| small_objects(&roads, lane))).await;
    join_all((0..6).map(|lane| upload(&roads, lane))).await;
    let happened = roads.way.happened();
    for fault in [Fault::Reset, Fault::SlowDown, Fault::Cut, Fault::Unheard] {
        assert!(happened.contains_key(&fault), "{fault:?}: {happened:?}");
    }
}

/// Puts objects and reads them back in every way.
async fn small_objects(roads: &Roads, lane: usize) {
    let blobs = &roads.again;
    for (turn, size) in [0, 1, 70_000, 1 << 20]
        .into_iter()
        .cycle()
        .take(12)
        .enumerate()
    {
        let (key, body) = (format!("small/{lane}/{turn}"), random_bytes(size));
        let options = PutOptions {
            if_absent: turn % 2 == 1,
        };
        let stored = blobs.put(&key, body.clone(), "video/mp4", options).await;
        // An answer that nobody heard makes the second attempt find the first one's object.
        let is_there = match done("put", stored, &[BlobErrorKind::AlreadyExists]) {
            Some(_head) => true,
            None => match roads.direct.head(&key).await {
                Ok(_head) => true,
                Err(error) if error.is_not_found() => false,
                Err(error) => panic!("{error:?}"),
            },
        };
        if !is_there {
            continue;
        }
        assert_eq!(roads.direct.get(&key).await.unwrap(), body, "{key}");
        if let Some(back) = done("get", blobs.get(&key).await, &[]) {
            assert_eq!(back, body, "{key}");
        }
        if let Some(back) = done("get_stream", streamed(blobs, &key).await, &[]) {
            assert_eq!(back, body, "{key}");
        }
        if size > 1 {
            let (from, to) = (size / 3, size - 1);
            let range = from as u64..to as u64;
            if let Some(back) = done("get_range", blobs.get_range(&key, range).await, &[]) {
                assert_eq!(back, body.slice(from..to), "{key}");
            }
        }
        if let Some(page) = done("list", blobs.list(&key, None).await, &[]) {
            assert!(page.objects.iter().any(|object| object.size == size as u64));
        }
        if done("delete", blobs.delete(&key).await, &[]).is_some() {
            let gone = roads.direct.head(&key).await;
            assert!(gone.unwrap_err().is_not_found(), "{key}");
        }
    }
}

/// An upload in parts, resumed by its client until all are there.
async fn upload(roads: &Roads, lane: usize) {
    let (blobs, key) = (&roads.again, format!("film/{lane}"));
    let bodies = [random_bytes(PART), random_bytes(PART), random_bytes(10)];
    let id = loop {
        let created = blobs.create_multipart(&key, "video/mp4").await;
        if let Some(id) = done("create", created, &[]) {
            break id;
        }
    };
    let mut parts: Vec<Part> = Vec::new();
    while parts.len() < bodies.len() {
        for (number, body) in (1..).zip(&bodies) {
            if !parts.iter().any(|part| part.number == number) {
                send(roads, &key, &id, number, body).await;
            }
        }
        let listed = blobs.list_parts(&key, &id).await;
        parts = done("list_parts", listed, &[]).unwrap_or_default();
    }
    for (part, body) in parts.iter().zip(&bodies) {
        assert_eq!(part.crc32c, Some(crc32c_base64(body)), "{key}");
    }
    let fair = [BlobErrorKind::NotFound];
    loop {
        let completed = blobs.complete_multipart(&key, &id, &parts).await;
        let completed = done("complete", completed, &fair).is_some();
        match roads.direct.get(&key).await {
            Ok(whole) => return assert_eq!(whole, bodies.concat(), "{key}"),
            Err(error) => assert!(error.is_not_found() && !completed, "{key}: {error:?}"),
        }
    }
}

/// A part by the client's own hand. Whether it arrived is seen afterwards.
async fn send(roads: &Roads, key: &str, id: &MultipartId, number: u32, body: &Bytes) {
    let crc32c = crc32c_base64(body);
    let part = PartToSign {
        key,
        id,
        number,
        size: body.len() as u64,
        crc32c: &crc32c,
    };
    let ttl = Duration::from_mins(5);
    let signed = roads.once.presign_part(part, &roads.way.endpoint, ttl);
    let signed = signed.await.unwrap();
    let mut request = reqwest::Client::new().put(signed.url).body(body.clone());
    for (name, value) in signed.headers {
        request = request.header(name, value);
    }
    drop(request.send().await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real MinIO: script/test --real"]
async fn a_store_that_is_away_is_waited_for_and_not_for_ever() {
    let roads = Roads::open().await;
    let away = Weather {
        away: true,
        ..Weather::default()
    };
    roads.way.turn(away);
    let body = random_bytes(1000);
    let begun = Instant::now();
    let error = put(&roads.again, "early", &body).await.unwrap_err();
    assert_eq!(error.kind(), BlobErrorKind::Unavailable, "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(10));

    let patient = Retrying::new(
        roads.once.clone(),
        Backoff {
            attempts: 100,
            ..Backoff::standard()
        },
    );
    let putting = put(&patient, "late", &body);
    tokio::pin!(putting);
    let early = timeout(Duration::from_secs(1), &mut putting).await;
    assert!(early.is_err(), "{early:?} while the store is away");
    roads.way.turn(Weather::default());
    putting.await.unwrap();
    assert_eq!(roads.direct.get("late").await.unwrap(), body);
    assert!(roads.direct.head("early").await.unwrap_err().is_not_found());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real MinIO: script/test --real"]
async fn a_slow_store_is_no_failure() {
    let roads = Roads::open().await;
    roads.way.turn(Weather {
        bytes_per_second: Some(1_000_000),
        ..Weather::default()
    });
    let body = random_bytes(2_000_000 + rand::rng().random_range(0..1000));
    let begun = Instant::now();
    put(&roads.once, "film", &body).await.unwrap();
    assert_eq!(roads.once.get("film").await.unwrap(), body);
    assert!(begun.elapsed() > Duration::from_secs(4), "it was not slow");
}
