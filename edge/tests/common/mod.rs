//! A running edge.

use std::sync::Arc;
use std::time::Duration;

use edge::{Config, Deps};
use platform_auth::PlaybackKey;
use platform_core::{Lifecycle, Redacted, SystemClock};
use platform_http::Client;
use schemas::VideoId;
use testkit::conformance::edge::{OriginStub, PLAYBACK_KEY, Subject, token};
use url::Url;

pub(crate) const SEED_KEY: &str = "the key of the tests";

pub(crate) struct Running {
    pub(crate) subject: Subject,
    lifecycle: Lifecycle,
    pub(crate) folder: Arc<tempfile::TempDir>,
}

impl Running {
    /// Ends the edge.
    pub(crate) async fn stop(self) -> Arc<tempfile::TempDir> {
        let patience = Duration::from_secs(30);
        let ended = self.lifecycle.finish(patience, std::future::pending());
        assert!(ended.await, "the edge ends in time");
        self.folder
    }
}

pub(crate) async fn start_on(folder: Arc<tempfile::TempDir>, config: Config) -> Running {
    let lifecycle = Lifecycle::new();
    let client = testkit::services::client();
    let origin = OriginStub::start(&lifecycle, &client, "the key of no edge");
    let deps = deps(client, lifecycle.clone(), &folder);
    let running = edge::build(config, deps).await.unwrap();
    let subject = Subject {
        base: Url::parse(&format!("http://{}", running.addr)).unwrap(),
        seed_key: SEED_KEY.to_owned(),
        origin,
        checks_digests: true,
        tags_tell_apart: Duration::ZERO,
    };
    Running {
        subject,
        lifecycle,
        folder,
    }
}

/// What an edge on `folder` needs.
pub(crate) fn deps(client: Client, lifecycle: Lifecycle, folder: &tempfile::TempDir) -> Deps {
    Deps {
        client,
        lifecycle,
        folder: folder.path().join("edge"),
        seed_key: Redacted::new(SEED_KEY),
        playback: PlaybackKey::new(&Redacted::new(PLAYBACK_KEY)),
        clock: Arc::new(SystemClock),
    }
}

/// A film's object on the edge, for players.
pub(crate) fn path(film: &VideoId, object: &str) -> String {
    format!("/v/{}/{film}/1/{object}", token(film))
}

/// The same, for whoever seeds.
pub(crate) fn at(film: &VideoId, object: &str) -> String {
    format!("/films/{film}/1/{object}")
}
