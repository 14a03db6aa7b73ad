//! An object that is still being pulled.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use edge::Config;
use reqwest::{Method, Response, header};
use schemas::VideoId;
use testkit::stage::eventually;

use common::{Running, SEED_KEY, at, path, start_on};

const OBJECT: &str = "v/360p/3.m4s";

struct World {
    running: Running,
    film: VideoId,
    content: Bytes,
}

impl World {
    async fn with_pulls(max_pulls: usize) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let config = Config {
            max_pulls,
            ..Config::default()
        };
        let bytes = (0..700_000_u32).map(|n| n.to_be_bytes()[2] ^ n.to_be_bytes()[3]);
        Self {
            running: start_on(folder, config).await,
            film: VideoId::random(&mut rand::rng()),
            content: bytes.collect(),
        }
    }

    /// The origin has sent 300,000 of 700,000 bytes.
    async fn half_pulled() -> Self {
        let world = Self::with_pulls(256).await;
        let origin = &world.running.subject.origin;
        origin.pause(world.pulled(), world.content.clone(), 300_000);
        world
    }

    fn pulled(&self) -> String {
        format!("/origin/{}/1/{OBJECT}", self.film)
    }

    async fn ask(&self, method: Method, range: Option<&str>) -> Response {
        let path = match method {
            Method::DELETE => at(&self.film, OBJECT),
            _ => path(&self.film, OBJECT),
        };
        let url = self.running.subject.base.join(&path).unwrap();
        let mut request = reqwest::Client::new()
            .request(method, url)
            .bearer_auth(SEED_KEY)
            .timeout(Duration::from_secs(20));
        if let Some(range) = range {
            request = request.header(header::RANGE, range);
        }
        request.send().await.unwrap()
    }
}

fn etag(answer: &Response) -> String {
    answer.headers()[header::ETAG].to_str().unwrap().to_owned()
}

/// Reads `size` bytes or more.
async fn read(answer: &mut Response, size: usize) -> Vec<u8> {
    let mut all = Vec::new();
    while all.len() < size {
        all.extend(answer.chunk().await.unwrap().unwrap());
    }
    all
}

#[tokio::test]
async fn what_has_arrived_is_served_before_the_rest() {
    let world = World::half_pulled().await;
    let mut answers = Vec::new();
    for _ in 0..5 {
        let mut answer = world.ask(Method::GET, None).await;
        assert_eq!(answer.status(), 200);
        let begun = read(&mut answer, 300_000).await;
        assert_eq!(begun, world.content[..300_000]);
        answers.push((answer, begun));
    }
    let head = world.ask(Method::HEAD, None).await;
    assert_eq!(head.headers()[header::CONTENT_LENGTH], "700000");
    let part = world.ask(Method::GET, Some("bytes=1000-1999")).await;
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap(), world.content[1000..2000]);
    let end = world.ask(Method::GET, Some("bytes=-1000")).await;
    assert_eq!(end.status(), 206);
    let early = etag(&end);
    world.running.subject.origin.release(&world.pulled());
    assert_eq!(end.bytes().await.unwrap(), world.content[699_000..]);
    for (answer, mut all) in answers {
        all.extend(answer.bytes().await.unwrap());
        assert_eq!(all, world.content);
    }
    let later = world.ask(Method::GET, None).await;
    assert_eq!(etag(&later), early, "the tag stays when the file is whole");
    assert_eq!(later.bytes().await.unwrap(), world.content);
    assert_eq!(world.running.subject.origin.hits(&world.pulled()), 1);
}

#[tokio::test]
async fn those_who_follow_a_pull_that_breaks_off_are_cut_off() {
    let world = World::half_pulled().await;
    let mut answers = Vec::new();
    for _ in 0..5 {
        let mut answer = world.ask(Method::GET, None).await;
        read(&mut answer, 300_000).await;
        answers.push(answer);
    }
    world.running.subject.origin.break_off(&world.pulled());
    for answer in answers {
        let rest = answer.bytes().await;
        assert!(rest.is_err(), "a short answer seems whole");
    }
    let origin = &world.running.subject.origin;
    origin.serve(world.pulled(), world.content.clone());
    eventually("the object is pulled again", || async {
        let answer = world.ask(Method::GET, None).await;
        answer.status() == 200 && answer.bytes().await.is_ok_and(|all| all == world.content)
    })
    .await;
    assert_eq!(origin.hits(&world.pulled()), 2);
    let folder = world.running.stop().await;
    let left = std::fs::read_dir(folder.path().join("edge/tmp")).unwrap();
    assert_eq!(left.count(), 0, "nothing is left over");
}

#[tokio::test]
async fn what_is_deleted_while_it_is_pulled_is_gone() {
    let world = World::half_pulled().await;
    let mut before = world.ask(Method::GET, None).await;
    read(&mut before, 300_000).await;
    world.ask(Method::DELETE, None).await;
    let origin = &world.running.subject.origin;
    origin.refuse(world.pulled(), 404);
    origin.release(&world.pulled());
    assert_eq!(world.ask(Method::GET, None).await.status(), 404);
    assert!(
        before.bytes().await.is_ok(),
        "who was answered stays answered"
    );
    eventually("the refusal is forgotten", || async {
        world.ask(Method::GET, None).await;
        origin.hits(&world.pulled()) == 3
    })
    .await;
    assert_eq!(world.ask(Method::GET, None).await.status(), 404);
}

#[tokio::test]
async fn too_many_pulls_are_turned_away_until_there_is_room() {
    let world = World::with_pulls(1).await;
    let origin = &world.running.subject.origin;
    let slow = format!("/origin/{}/1/v/360p/4.m4s", world.film);
    origin.pause(slow.clone(), vec![0; 10], 5);
    origin.serve(world.pulled(), world.content.clone());
    let other = path(&world.film, "v/360p/4.m4s");
    let other = world.running.subject.base.join(&other).unwrap();
    let other = reqwest::get(other).await.unwrap();
    let busy = world.ask(Method::GET, None).await;
    assert_eq!(busy.status(), 503);
    assert_eq!(busy.headers()[header::RETRY_AFTER], "2");
    assert_eq!(
        busy.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );
    assert!(busy.text().await.unwrap().contains("/problems/busy"));
    assert_eq!(origin.hits(&world.pulled()), 0);
    origin.release(&slow);
    assert_eq!(other.bytes().await.unwrap().len(), 10);
    eventually("there is room again", || async {
        world.ask(Method::GET, None).await.status() == 200
    })
    .await;
}
