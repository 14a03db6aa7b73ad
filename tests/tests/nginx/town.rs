//! Marquee and its edges.

use std::path::PathBuf;

use serde_json::Value;
use system_tests::{Marquee, film};
use testkit::nginx::{NginxEdge, PLAYBACK_KEY};
use testkit::ports;
use testkit::stage::eventually;

const SEED_KEY: &str = "the-key-of-both-edges";

/// What differs from story to story.
#[derive(Default)]
pub(crate) struct Settings<'a> {
    /// Variables of `edge.sh`, without `MARQUEE_EDGE_`.
    pub(crate) edges: &'a [(&'a str, &'a str)],
    /// Lines of the configuration file.
    pub(crate) config: &'a str,
    /// Environment variables of Marquee.
    pub(crate) variables: &'a [(&'a str, &'a str)],
}

/// Marquee with two nginx edges and no other.
pub(crate) struct Town {
    pub(crate) marquee: Marquee,
    pub(crate) edges: Vec<NginxEdge>,
    folder: tempfile::TempDir,
}

impl Town {
    pub(crate) async fn new() -> Self {
        let nothing = Settings::default();
        Self::with(tempfile::tempdir().unwrap(), nothing).await
    }

    pub(crate) async fn with(folder: tempfile::TempDir, settings: Settings<'_>) -> Self {
        let origin = format!("127.0.0.1:{}", ports::free());
        let url = format!("http://{origin}").parse().unwrap();
        let mut edges = Vec::new();
        let mut listed = Vec::new();
        for id in ["a", "b"] {
            let edge = NginxEdge::start(&url, SEED_KEY, settings.edges).await;
            let base = edge.base.as_str();
            listed.push(format!(
                "{{ id = '{id}', url = '{base}', public_url = '{base}' }}"
            ));
            edges.push(edge);
        }
        let playback = folder.path().join("playback.key");
        std::fs::write(&playback, PLAYBACK_KEY).unwrap();
        let listed = listed.join(",");
        let key = folder.path().join("seed.key");
        std::fs::write(&key, SEED_KEY).unwrap();
        let config = folder.path().join("marquee.toml");
        let text = format!(
            "playback_key_file = '{}'
            listen = {{ edge-provider = '{origin}' }}
            edge_provider = {{ embedded = false, edges = [{listed}] }}
            edges = {{ credential_files = {{ default = '{}' }} }}
            {}",
            playback.display(),
            key.display(),
            settings.config
        );
        std::fs::write(&config, text).unwrap();
        let data = folder.path().join("data");
        let arguments = ["--config", config.to_str().unwrap()];
        Self {
            marquee: Marquee::up_on_as(&data, &arguments, settings.variables).await,
            folder,
            edges,
        }
    }

    pub(crate) fn source(&self, seconds: u32) -> PathBuf {
        film::lavfi(self.folder.path(), "film.mp4", seconds, "25", "640x480")
    }

    pub(crate) async fn upload(&self, seconds: u32) -> String {
        let source = self.source(seconds);
        let told = self.marquee.upload(&source, &["--wait", "complete"]).await;
        told.unwrap()["video_id"].as_str().unwrap().to_owned()
    }

    /// How to play a film.
    pub(crate) async fn playback(&self, id: &str) -> Value {
        let watch = self.marquee.get(&format!("/api/watch/{id}")).await;
        watch.unwrap()["playback"].clone()
    }

    /// The edges that a film is played from once there are `count`.
    pub(crate) async fn bases(&self, id: &str, count: usize) -> Vec<String> {
        eventually("viewers are sent to so many edges", async || {
            let playback = self.playback(id).await;
            let bases = playback["bases"].as_array()?.iter();
            let bases: Vec<_> = bases
                .map(|base| base.as_str().unwrap().to_owned())
                .collect();
            let first = playback["hls_url"].as_str()?;
            assert!(first.starts_with(&format!("{}/v/1.", bases[0])), "{first}");
            (bases.len() == count).then_some(bases)
        })
        .await
    }

    /// Where edges keep a film.
    pub(crate) fn folders(&self, id: &str) -> Vec<PathBuf> {
        let of = |edge: &NginxEdge| edge.folder().join("films").join(id);
        self.edges.iter().map(of).collect()
    }

    pub(crate) fn edge_at(&mut self, base: &str) -> usize {
        let at = |edge: &NginxEdge| edge.base.as_str().trim_end_matches('/') == base;
        self.edges.iter().position(at).unwrap()
    }
}
