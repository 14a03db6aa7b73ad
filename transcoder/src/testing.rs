//! What the tests of this crate share: a database, a bus, films.

use std::sync::Arc;
use std::time::Duration;

use media::probe::Limits;
use media::{Plan, PlanSettings, Source};
use platform_bus::{Bus, EmbeddedBus, Topic};
use platform_core::Lifecycle;
use platform_core::clock::ManualClock;
use platform_db::Db;
use schemas::v1::event::Payload;
use schemas::{OwnerId, VideoId};
use tempfile::TempDir;

use crate::domain::{FilmKey, Priority, Queue, renditions};
use crate::store::{Claim, PlanFacts, Slots, Store, Upload};

/// As long as anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The lease of tests whose clock stands still.
pub(crate) const LEASE: Duration = Duration::from_secs(15);

/// All that a worker may take.
pub(crate) const ANY: Slots = Slots {
    queue: Queue::Encode,
    least: Priority::Bulk,
};

/// What a planner takes.
pub(crate) const PLANS: Slots = Slots {
    queue: Queue::Plan,
    least: Priority::Bulk,
};

/// A database with a store in it, and a clock that stands.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) clock: ManualClock,
    pub(crate) db: Db,
    pub(crate) bus: Arc<dyn Bus>,
    dir: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let life = Lifecycle::new();
        let db = testkit::rows::open(dir.path(), &life).await;
        let bus = Arc::new(EmbeddedBus::open(db.clone(), &life).await.unwrap());
        let clock = ManualClock::at(1_000_000);
        let store = Store::open(db.clone(), Arc::new(clock.clone()))
            .await
            .unwrap();
        Self {
            store,
            clock,
            db,
            bus,
            dir,
        }
    }

    /// Takes in a film of `seconds` and plans it.
    pub(crate) async fn planned(&self, owner: &str, seconds: u32) -> (FilmKey, Plan) {
        self.planned_as(upload(owner), seconds).await
    }

    /// Takes in `upload`, a film of `seconds`, and plans it.
    pub(crate) async fn planned_as(&self, upload: Upload, seconds: u32) -> (FilmKey, Plan) {
        let key = self.take_in(upload).await;
        let claim = self.claim_from(PLANS).await.unwrap();
        assert_eq!(claim.film, key);
        let plan = plan(&key, seconds);
        self.store
            .record_plan(&claim, &plan, facts(&plan))
            .await
            .unwrap();
        (key, plan)
    }

    /// Takes in a film.
    pub(crate) async fn uploaded(&self, owner: &str) -> FilmKey {
        self.take_in(upload(owner)).await
    }

    async fn take_in(&self, upload: Upload) -> FilmKey {
        self.clock.advance_ms(1);
        assert!(self.store.take_in(&upload).await.unwrap());
        upload.key
    }

    /// The store as another process has it.
    pub(crate) async fn another(&self) -> Store {
        let db = testkit::rows::open(self.dir.path(), &Lifecycle::new()).await;
        Store::open(db, Arc::new(self.clock.clone())).await.unwrap()
    }

    pub(crate) async fn claim(&self) -> Option<Claim> {
        self.claim_from(ANY).await
    }

    pub(crate) async fn claim_from(&self, slots: Slots) -> Option<Claim> {
        self.store.claim(slots, "a", LEASE).await.unwrap()
    }

    /// Everything that was told on `topic`.
    pub(crate) async fn told(&self, topic: Topic) -> Vec<Payload> {
        let group = String::from(VideoId::random(&mut rand::rng()));
        let mut told = Vec::new();
        let mut subscription = self
            .bus
            .subscribe(&group, &[topic.name().to_owned()])
            .await
            .unwrap();
        let total = self.bus.lag(&group, topic.name()).await.unwrap();
        while (told.len() as u64) < total {
            let batch = tokio::time::timeout(PATIENCE, subscription.next(100)).await;
            for delivery in batch.unwrap().unwrap() {
                told.extend(schemas::decode(&delivery.payload).unwrap().payload);
            }
        }
        subscription.close().await;
        told
    }
}

pub(crate) fn upload(owner: &str) -> Upload {
    let video = VideoId::random(&mut rand::rng());
    Upload {
        source_key: format!("raw/{video}/source"),
        key: FilmKey::told(video, 1),
        owner: OwnerId::new(owner),
        lowest_first: false,
        longest_s: 0,
    }
}

pub(crate) fn facts(plan: &Plan) -> PlanFacts {
    PlanFacts {
        json: String::from_utf8(plan.to_json().unwrap()).unwrap(),
        renditions: renditions(plan, &media::hls::Measured::default()),
    }
}

/// A plan with two rungs (240p and 360p), one sound track and segments of 4 s.
pub(crate) fn plan(key: &FilmKey, seconds: u32) -> Plan {
    let settings = PlanSettings::default();
    Plan::build(
        key.video.as_str(),
        key.revision,
        &source(seconds),
        &settings,
    )
    .unwrap()
}

/// A film of 640×360 at 25 frames a second with stereo sound.
pub(crate) fn source(seconds: u32) -> Source {
    let frames = seconds * 25;
    let json = serde_json::json!({
        "format": {
            "format_name": "mov,mp4,m4a,3gp,3g2,mj2",
            "start_time": "0.000000",
            "duration": format!("{seconds}.000000"),
        },
        "streams": [
            {
                "index": 0, "codec_type": "video", "codec_name": "h264", "width": 640,
                "height": 360, "pix_fmt": "yuv420p", "r_frame_rate": "25/1",
                "avg_frame_rate": "25/1", "start_time": "0.000000",
                "duration": format!("{seconds}.000000"), "nb_frames": frames.to_string(),
                "field_order": "progressive",
            },
            {
                "index": 1, "codec_type": "audio", "codec_name": "aac", "sample_fmt": "fltp",
                "sample_rate": "48000", "channels": 2, "start_time": "0.000000",
                "duration": format!("{seconds}.000000"),
            },
        ],
    });
    Source::from_ffprobe(json.to_string().as_bytes(), &Limits::default()).unwrap()
}
