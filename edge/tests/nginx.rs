//! nginx, as `deploy/nginx/` starts it, keeps the contract of edges.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a failed step is a failed test"
)]

use std::time::Duration;

use futures_util::StreamExt as _;
use platform_core::Lifecycle;
use reqwest::{Body, Method, Response};
use schemas::VideoId;
use testkit::conformance::edge::{self as contract, OriginStub, Subject};
use testkit::nginx::{NginxEdge, PLAYBACK_KEY};
use testkit::stage::eventually;
use url::Url;

const SEED_KEY: &str = "the-key/of+the.tests~1=";

/// An nginx and its origin.
struct Running {
    nginx: NginxEdge,
    subject: Subject,
    _life: Lifecycle,
}

impl Running {
    async fn new() -> Self {
        let life = Lifecycle::new();
        let origin = OriginStub::start(&life, &testkit::services::client(), SEED_KEY);
        let nginx = NginxEdge::start(&origin.base, SEED_KEY, &[]).await;
        let subject = Subject {
            base: nginx.base.clone(),
            seed_key: SEED_KEY.to_owned(),
            origin,
            // nginx has nothing that computes a digest of a body.
            checks_digests: false,
            tags_tell_apart: Duration::from_secs(1),
        };
        Self {
            nginx,
            subject,
            _life: life,
        }
    }

    async fn send(&self, method: Method, path: &str, key: &str, body: impl Into<Body>) -> Response {
        let url: Url = self.nginx.base.join(path).unwrap();
        let request = reqwest::Client::new().request(method, url);
        request.bearer_auth(key).body(body).send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, "", "").await
    }
}

macro_rules! contract {
    ($($story:ident),+ $(,)?) => {$(
        #[tokio::test]
        #[ignore = "needs a real nginx: script/test --real"]
        async fn $story() {
            let running = Running::new().await;
            contract::$story(&running.subject).await;
        }
    )+};
}

testkit::edge_stories!(contract);

/// Paths of an object for players, for whoever seeds, and on the origin.
fn paths(object: &str) -> (String, String, String) {
    let film = VideoId::random(&mut rand::rng());
    (
        format!("/v/{}/{film}/1/{object}", contract::token(&film)),
        format!("/films/{film}/1/{object}"),
        format!("/origin/{film}/1/{object}"),
    )
}

#[tokio::test]
#[ignore = "needs a real nginx: script/test --real"]
async fn a_power_failure_while_pulling_and_seeding_leaves_nothing_torn() {
    let mut running = Running::new().await;
    let whole = vec![7; 700_000];
    let (pulled, kept, asked) = paths("v/360p/3.m4s");
    let (played, seeded, _) = paths("v/360p/3.m4s");
    let origin = running.subject.origin.clone();
    origin.pause(asked.clone(), whole.clone(), 300_000);
    let half = futures_util::stream::iter([Ok::<_, std::io::Error>(vec![8; 300_000])]);
    let half = half.chain(futures_util::stream::pending());
    let pull = running.get(&pulled);
    let seed = running.send(Method::PUT, &seeded, SEED_KEY, Body::wrap_stream(half));
    let temporary = running.nginx.folder().join("tmp");
    let under_way = eventually("both are under way", async || {
        let files = |folder: &str| std::fs::read_dir(temporary.join(folder)).map(Iterator::count);
        origin.hits(&asked) > 0
            && files("pull").is_ok_and(|n| n > 0)
            && files("body").is_ok_and(|n| n > 0)
    });
    tokio::select! {
        () = under_way => {}
        () = async { tokio::join!(pull, seed); } => panic!("it ended too early"),
    }
    running.nginx.kill();
    origin.serve(asked.clone(), whole.clone());
    origin.release(&asked);
    running.nginx = running.nginx.start_again(&[]).await;
    assert_eq!(running.get(&played).await.status(), 404);
    let again = running.get(&pulled).await.bytes().await.unwrap();
    assert!(again == whole, "what is served is torn");
    let kept = running.nginx.folder().join(kept.trim_start_matches('/'));
    eventually("what was pulled is kept", async || kept.exists()).await;
    assert!(std::fs::read(kept).unwrap() == whole);
}

#[tokio::test]
#[ignore = "needs a real nginx: script/test --real"]
async fn a_reload_interrupts_nobody_and_changes_the_key() {
    let running = Running::new().await;
    let whole = vec![7; 700_000];
    let (pulled, _, asked) = paths("v/360p/3.m4s");
    let origin = running.subject.origin.clone();
    origin.pause(asked.clone(), whole.clone(), 300_000);
    let begun = running.get(&pulled).await;
    running.nginx.reload_with("another-key");
    let (_, seeded, _) = paths("v/360p/3.m4s");
    eventually("the new key is good", async || {
        let answer = running.send(Method::PUT, &seeded, "another-key", "x").await;
        answer.status().is_success()
    })
    .await;
    // Workers of before still answer for a moment what came to them.
    eventually("the old key is good no more", async || {
        let refused = running.send(Method::PUT, &seeded, SEED_KEY, "y").await;
        refused.status() == 401
    })
    .await;
    origin.release(&asked);
    let begun = begun.bytes().await.unwrap();
    assert!(begun == whole, "the reload tore what was under way");
}

#[tokio::test]
#[ignore = "needs a real nginx: script/test --real"]
async fn playback_keys_are_replaced_while_players_play() {
    let running = Running::new().await;
    let (played, seeded, _) = paths("v/360p/0.m4s");
    running.send(Method::PUT, &seeded, SEED_KEY, "x").await;
    let status = async || running.get(&played).await.status().as_u16();
    assert_eq!(status().await, 200);
    running
        .nginx
        .reload_with_playback(&format!("the-new-key\n\n{PLAYBACK_KEY}\n"));
    for _ in 0..50 {
        assert_eq!(status().await, 200);
    }
    running.nginx.reload_with_playback("the-new-key");
    eventually("the old key is good no more", async || {
        status().await == 403
    })
    .await;
}

#[tokio::test]
#[ignore = "needs a real nginx: script/test --real"]
async fn what_cannot_be_looked_at_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let running = Running::new().await;
    let (played, seeded, _) = paths("v/360p/0.m4s");
    running.send(Method::PUT, &seeded, SEED_KEY, "x").await;
    let denied = running.nginx.folder().join("denied");
    let set = |mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&denied, mode).unwrap();
    };
    set(0o000);
    assert_eq!(running.get(&played).await.status(), 403);
    set(0o700);
    assert_eq!(running.get(&played).await.status(), 200);
}

#[tokio::test]
#[ignore = "needs a real nginx: script/test --real"]
async fn old_films_make_room() {
    let running = Running::new().await;
    let objects: Vec<_> = (0..12).map(|_| paths("v/360p/0.m4s").1).collect();
    for path in &objects {
        let put = running
            .send(Method::PUT, path, SEED_KEY, vec![0; 200_000])
            .await;
        assert_eq!(put.status(), 201);
    }
    let nginx = running.nginx.start_again(&[("SIZE_MB", "1")]).await;
    let there = |path: &str| {
        let path = path.trim_start_matches('/');
        nginx.folder().join(path).exists()
    };
    eventually("the oldest made room", async || !there(&objects[0])).await;
    assert!(there(&objects[11]));
}

#[tokio::test]
#[ignore = "needs a real nginx: script/test --real"]
async fn the_log_and_other_users_learn_no_secrets() {
    use std::os::unix::fs::PermissionsExt as _;
    let running = Running::new().await;
    let (shown, path, _) = paths("v/360p/0.m4s");
    running.get(&shown).await;
    running.get(&shown.replace("/v/", "/V/")).await;
    running.get(&format!("/x{shown}")).await;
    running
        .send(Method::PUT, &format!("{path}?q=hidden"), SEED_KEY, "x")
        .await;
    running.send(Method::PUT, &path, "a-wrong-key", "x").await;
    let folder = running.nginx.folder();
    let logs = eventually("all are logged", async || {
        let log = std::fs::read_to_string(folder.join("../access.log")).unwrap();
        (log.lines().count() >= 5).then_some(log)
    })
    .await;
    for line in logs.lines() {
        assert!(line.starts_with('{') && line.ends_with('}'), "{line}");
    }
    let token = shown.split('/').nth(2).unwrap();
    for secret in [SEED_KEY, "a-wrong-key", "hidden", token] {
        assert!(!logs.contains(secret), "{secret} in {logs}");
    }
    let mode = |name: &str| folder.join(name).metadata().unwrap().permissions().mode() & 0o077;
    for name in ["seed-key.conf", "origin-key.conf", "settings.lua"] {
        assert_eq!(mode(&format!("run/{name}")), 0, "{name}");
    }
    assert_eq!(mode("films"), 0);
}
