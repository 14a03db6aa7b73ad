//! A transcoder on real rows, events and objects.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use media::plan::ObjectRef;
use platform_blob::{Blobs, S3Blobs, S3Config};
use platform_bus::{Bus, EmbeddedBus, Topic, publish_event};
use platform_core::{Lifecycle, Redacted, SystemClock};
use platform_db::Db;
use schemas::v1::VideoUploaded;
use schemas::v1::event::Payload;
use schemas::{NewEvent, OwnerId, VideoId};
use tempfile::TempDir;
use url::Url;

use crate::Config;
use crate::domain::{FilmKey, FilmState};
use crate::start::{Deps, Roles, start};
use crate::store::Store;
use crate::studio::Studio;
use crate::testing::PATIENCE;

/// What all processes share.
pub(super) struct Town {
    pub(super) db: Db,
    pub(super) bus: Arc<dyn Bus>,
    pub(super) blobs: Arc<dyn Blobs>,
    pub(super) store: Store,
    _dir: TempDir,
}

impl Town {
    pub(super) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ground = Lifecycle::new();
        let db = testkit::rows::open(dir.path(), &ground).await;
        let bus = Arc::new(EmbeddedBus::open(db.clone(), &ground).await.unwrap());
        let objects = platform_objects::Config {
            dir: dir.path().join("objects"),
            listen: ([127, 0, 0, 1], 0).into(),
            access_key: "key".to_owned(),
            secret_key: Redacted::new("secret"),
        };
        let clock = Arc::new(SystemClock);
        let served = platform_objects::serve(&objects, Arc::<SystemClock>::clone(&clock), &ground)
            .await
            .unwrap();
        let endpoint = Url::parse(&format!("http://{}", served.addr)).unwrap();
        let blobs = S3Blobs::new(&S3Config::new(endpoint, "key", objects.secret_key));
        blobs.ensure_bucket().await.unwrap();
        Self {
            store: Store::open(db.clone(), clock).await.unwrap(),
            db,
            bus,
            blobs: Arc::new(blobs),
            _dir: dir,
        }
    }

    /// Starts a process of both roles that encodes with `studio`. It ends when the life returned
    /// does.
    pub(super) async fn process<S: Studio + 'static>(
        &self,
        studio: &Arc<S>,
        roles: Roles,
    ) -> Lifecycle {
        let lifecycle = Lifecycle::new();
        let config = Config {
            bulk_slots: 2,
            urgent_slots: 2,
            lease_ms: 1_500,
            heartbeat_ms: 300,
            ..Config::default()
        };
        let deps = Deps {
            db: self.db.clone(),
            bus: Arc::clone(&self.bus),
            blobs: Arc::clone(&self.blobs),
            client: testkit::services::client(),
            clock: Arc::new(SystemClock),
            lifecycle: lifecycle.clone(),
        };
        start(&config, deps, roles, Arc::<S>::clone(studio))
            .await
            .unwrap();
        lifecycle
    }

    /// Says that a film of `seconds` was uploaded.
    pub(super) async fn upload(&self, seconds: u32) -> FilmKey {
        self.upload_named(&seconds.to_string(), "film.mp4").await
    }

    /// Says that the object `key` was uploaded as `name`.
    pub(super) async fn upload_named(&self, key: &str, name: &str) -> FilmKey {
        let video = VideoId::random(&mut rand::rng());
        let event = VideoUploaded {
            video_id: video.to_string(),
            owner: "ada".to_owned(),
            source_key: key.to_owned(),
            file_name: name.to_owned(),
            size_bytes: 1,
            ..VideoUploaded::default()
        };
        let event = NewEvent::new(OwnerId::new("ada"), Payload::VideoUploaded(event));
        let event = event.stamp(0, &mut rand::rng());
        publish_event(&self.bus, Topic::Transcode, video.as_str(), &event)
            .await
            .unwrap();
        FilmKey::told(video, 1)
    }

    /// Waits until the film is in `state`.
    pub(super) async fn reaches(&self, key: &FilmKey, state: FilmState) {
        self.until(async || {
            let film = self.store.film(key).await.unwrap();
            film.is_some_and(|film| film.state == state)
        })
        .await;
    }

    /// Waits until `reached` says so.
    pub(super) async fn until(&self, reached: impl AsyncFn() -> bool) {
        let mut changes = self.db.changes();
        let wait = async {
            while !reached().await {
                changes.changed().await.unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap();
    }

    /// Everything that lies in the film's folder.
    pub(super) async fn objects(&self, key: &FilmKey) -> BTreeSet<ObjectRef> {
        let folder = key.folder();
        let (mut found, mut cursor) = (BTreeSet::new(), None);
        loop {
            let page = self.blobs.list(&folder, cursor.as_deref()).await.unwrap();
            let paths = page
                .objects
                .iter()
                .map(|object| object.key.strip_prefix(&folder).unwrap());
            found.extend(paths.map(|path| path.parse::<ObjectRef>().unwrap()));
            cursor = page.next;
            if cursor.is_none() {
                return found;
            }
        }
    }

    /// Everything that a complete film has.
    pub(super) async fn planned(&self, key: &FilmKey) -> BTreeSet<ObjectRef> {
        let plan = self.store.film(key).await.unwrap().unwrap().plan.unwrap();
        let mut all: BTreeSet<_> = plan.segment_refs().map(ObjectRef::Segment).collect();
        all.extend([
            ObjectRef::Plan,
            ObjectRef::HlsMaster,
            ObjectRef::DashManifest,
        ]);
        all.insert(ObjectRef::Poster);
        all.extend((0..plan.grid.chunk_count()).map(ObjectRef::Hover));
        for rung in &plan.rungs {
            all.insert(ObjectRef::VideoPlaylist(rung.name.clone()));
            all.insert(ObjectRef::VideoInit(rung.name.clone()));
        }
        for track in plan.track_numbers() {
            all.insert(ObjectRef::AudioPlaylist(track));
            all.insert(ObjectRef::AudioInit(track));
        }
        all
    }
}

/// Both roles.
pub(super) const BOTH: Roles = Roles {
    planner: true,
    worker: true,
};

/// Encodes only.
pub(super) const WORKER: Roles = Roles {
    planner: false,
    worker: true,
};

/// Ends a process and waits for it; with no `grace` it drops what it holds.
pub(super) async fn end(life: Lifecycle, grace: Duration) {
    assert!(life.finish(grace, std::future::pending()).await);
}
