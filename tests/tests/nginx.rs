//! A film on two nginx edges: seeded to both, and played on when one dies.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a failed step is a failed test"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;
use system_tests::{Marquee, film, playlist};
use testkit::nginx::{NginxEdge, free_port};
use testkit::stage::eventually;

const SEED_KEY: &str = "the-key-of-both-edges";

/// Failed checks take two seconds each, and two are needed.
const NOTICED: Duration = Duration::from_secs(8);

/// Marquee with two nginx edges and no other.
struct Town {
    marquee: Marquee,
    folder: tempfile::TempDir,
    edges: Vec<NginxEdge>,
}

impl Town {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let origin = format!("127.0.0.1:{}", free_port());
        let url = format!("http://{origin}").parse().unwrap();
        let mut edges = Vec::new();
        let mut listed = Vec::new();
        for id in ["a", "b"] {
            let edge = NginxEdge::start(&url, SEED_KEY, &[]).await;
            let base = edge.base.as_str();
            listed.push(format!(
                "{{ id = '{id}', url = '{base}', public_url = '{base}' }}"
            ));
            edges.push(edge);
        }
        let listed = listed.join(",");
        let key = folder.path().join("seed.key");
        std::fs::write(&key, SEED_KEY).unwrap();
        let config = folder.path().join("marquee.toml");
        let text = format!(
            "listen = {{ edge-provider = '{origin}' }}
            edge_provider = {{ embedded = false, edges = [{listed}] }}
            post_processor = {{ credential_files = {{ default = '{}' }} }}",
            key.display()
        );
        std::fs::write(&config, text).unwrap();
        let data = folder.path().join("data");
        let arguments = ["--config", config.to_str().unwrap()];
        Self {
            marquee: Marquee::up_on_with(&data, &arguments).await,
            folder,
            edges,
        }
    }

    async fn upload(&self, seconds: u32) -> String {
        let source = film::lavfi(self.folder.path(), "film.mp4", seconds, "25", "640x480");
        let told = self.marquee.upload(&source, &["--wait", "complete"]).await;
        told.unwrap()["video_id"].as_str().unwrap().to_owned()
    }

    /// How to play a film.
    async fn playback(&self, id: &str) -> Value {
        let watch = self.marquee.get(&format!("/api/watch/{id}")).await;
        watch.unwrap()["playback"].clone()
    }

    /// The edges that a film is played from once there are `count`.
    async fn bases(&self, id: &str, count: usize) -> Vec<String> {
        eventually("viewers are sent to so many edges", async || {
            let playback = self.playback(id).await;
            let bases = playback["bases"].as_array()?.iter();
            let bases: Vec<_> = bases
                .map(|base| base.as_str().unwrap().to_owned())
                .collect();
            let first = playback["hls_url"].as_str()?;
            assert!(first.starts_with(&format!("{}/v/public/{id}/", bases[0])));
            (bases.len() == count).then_some(bases)
        })
        .await
    }

    /// Where edges keep a film.
    fn folders(&self, id: &str) -> Vec<PathBuf> {
        let of = |edge: &NginxEdge| edge.folder().join("films/v/public").join(id);
        self.edges.iter().map(of).collect()
    }

    fn edge_at(&mut self, base: &str) -> usize {
        let at = |edge: &NginxEdge| edge.base.as_str().trim_end_matches('/') == base;
        self.edges.iter().position(at).unwrap()
    }
}

/// The paths of what a player of the best quality fetches.
async fn played(base: &str, id: &str) -> Vec<String> {
    let film = format!("/v/public/{id}/1");
    let text = async |path: &str| {
        let answer = reqwest::get(format!("{base}{film}/{path}")).await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.text().await.unwrap()
    };
    let master = text("master.m3u8").await;
    let best = playlist::variants(&master).pop().unwrap().uri;
    let folder = best.rsplit_once('/').unwrap().0.to_owned();
    let segments = playlist::segments(&text(&best).await).into_iter();
    segments
        .map(|(_, name)| format!("{film}/{folder}/{name}"))
        .collect()
}

#[tokio::test]
#[ignore = "needs a real nginx: script/test --real"]
async fn a_film_plays_on_when_an_edge_dies() {
    let mut town = Town::new().await;
    let id = town.upload(24).await;
    let bases = town.bases(&id, 2).await;
    let paths = played(&bases[0], &id).await;
    assert!(paths.len() >= 4, "{paths:?}");
    let last = paths.last().unwrap().rsplit_once(&format!("{id}/"));
    let last = last.unwrap().1.to_owned();
    eventually("both edges have all of the film", async || {
        town.folders(&id)
            .iter()
            .all(|folder| folder.join(&last).exists())
    })
    .await;

    // A player asks the next edge when one gives no answer.
    let mut turn = 0;
    for (number, path) in paths.iter().enumerate() {
        if number == paths.len() / 2 {
            let edge = town.edge_at(&bases[0]);
            town.edges[edge].kill();
        }
        let mut answer = reqwest::get(format!("{}{path}", bases[turn])).await;
        if answer.is_err() {
            turn += 1;
            answer = reqwest::get(format!("{}{path}", bases[turn])).await;
        }
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
        let served = answer.bytes().await.unwrap();
        let stored = reqwest::get(format!("{}{path}", town.marquee.url())).await;
        let stored = stored.unwrap().bytes().await.unwrap();
        assert!(served == stored, "{path} differs");
    }
    assert_eq!(turn, 1, "the first edge died on the way");

    // New viewers, and new films, go to the one that lives.
    let begun = Instant::now();
    assert_eq!(town.bases(&id, 1).await, bases[1..]);
    assert!(begun.elapsed() < NOTICED, "{:?}", begun.elapsed());
    film::decode(town.playback(&id).await["hls_url"].as_str().unwrap());
    let second = town.upload(8).await;
    assert_eq!(town.bases(&second, 1).await, bases[1..]);

    // Back again, it is used.
    let edge = town.edge_at(&bases[0]);
    let edge = town.edges.remove(edge).start_again(&[]).await;
    town.edges.push(edge);
    assert_eq!(town.bases(&id, 2).await, bases);

    assert_eq!(town.marquee.terminate().await, Some(0));
}
