//! The embedded edge keeps the contract of edges.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::sync::Arc;

use edge::Config;
use platform_core::Lifecycle;
use reqwest::Method;
use schemas::VideoId;
use testkit::conformance::edge as contract;
use testkit::stage::eventually;

use common::{Running, SEED_KEY, at, deps, path, start_on};

async fn start() -> Running {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    start_on(folder, Config::default()).await
}

macro_rules! contract {
    ($($story:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $story() {
            let running = start().await;
            contract::$story(&running.subject).await;
        }
    )+};
}

testkit::edge_stories!(contract);

async fn send(running: &Running, method: Method, path: &str, body: Vec<u8>) -> u16 {
    let url = running.subject.base.join(path).unwrap();
    let request = reqwest::Client::new().request(method, url);
    let request = request.bearer_auth(SEED_KEY).body(body);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn old_films_make_room_also_those_of_an_earlier_run() {
    const SIZE: usize = 100_000;
    let first = start().await;
    let films: Vec<_> = (0..12).map(|_| VideoId::random(&mut rand::rng())).collect();
    for film in &films {
        let path = at(film, "v/360p/0.m4s");
        assert_eq!(send(&first, Method::PUT, &path, vec![0; SIZE]).await, 201);
    }
    let folder = first.stop().await;
    let config = Config {
        max_bytes: 500_000,
        ..Config::default()
    };
    let second = start_on(folder, config).await;
    // Asking for a file over HTTP would make it the last to go.
    let oldest = second.folder.path().join("edge/films");
    let oldest = oldest.join(films[0].as_str());
    let oldest = oldest.join("1/v/360p/0.m4s");
    eventually("the oldest film made room", || async {
        !oldest.try_exists().unwrap()
    })
    .await;
    let newest = path(&films[11], "v/360p/0.m4s");
    assert_eq!(send(&second, Method::GET, &newest, Vec::new()).await, 200);
}

#[tokio::test]
async fn two_edges_do_not_share_a_folder() {
    let first = start().await;
    let client = testkit::services::client();
    let deps = deps(client, Lifecycle::new(), &first.folder);
    let second = edge::build(Config::default(), deps).await;
    let error = second.unwrap_err().to_string();
    assert!(error.contains("another edge"), "{error}");
}
