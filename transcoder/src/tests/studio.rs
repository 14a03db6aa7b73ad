//! A studio that makes bytes of the right number and nothing else.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use media::{Plan, Source};
use tokio::sync::Semaphore;

use crate::attempt::Failure;
use crate::encode::{AudioOutput, Image, ImageKind, RungOutput, SegmentBytes, VideoOutput};
use crate::studio::{Order, Shot, Studio};
use crate::testing::source;
use crate::toolbox::RunError;

/// What wide encodes of picture do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behaviour {
    /// What they should.
    Encode,
    /// Find nothing to decode in this segment.
    Undecodable(u32),
    /// Take their process down when they meet this segment.
    Crash(u32),
}

/// A studio. The source's key is the film's length in seconds.
#[derive(Debug)]
pub(super) struct FakeStudio {
    behaviour: Behaviour,
    /// A permit a wide encode of picture.
    pub(super) gate: Semaphore,
    /// Encodes begun, of picture and sound.
    pub(super) encodes: AtomicU32,
    /// Segments of each encode of picture.
    pub(super) shots: Mutex<Vec<Shot>>,
}

impl FakeStudio {
    pub(super) fn new(behaviour: Behaviour) -> Arc<Self> {
        Self::with_gate(behaviour, Semaphore::MAX_PERMITS)
    }

    pub(super) fn with_gate(behaviour: Behaviour, permits: usize) -> Arc<Self> {
        Arc::new(Self {
            behaviour,
            gate: Semaphore::new(permits),
            encodes: AtomicU32::new(0),
            shots: Mutex::default(),
        })
    }

    pub(super) fn encodes(&self) -> u32 {
        self.encodes.load(Ordering::SeqCst)
    }
}

fn segments(numbers: Range<u32>, name: &str) -> Vec<SegmentBytes> {
    numbers
        .map(|index| SegmentBytes {
            index,
            bytes: Bytes::from(format!("{name} {index}")),
        })
        .collect()
}

#[async_trait]
impl Studio for FakeStudio {
    async fn probe(&self, order: &Order) -> Result<Source, Failure> {
        Ok(source(order.source_key.parse().unwrap()))
    }

    async fn video(
        &self,
        _order: &Order,
        _plan: &Arc<Plan>,
        shot: Shot,
    ) -> Result<VideoOutput, Failure> {
        self.encodes.fetch_add(1, Ordering::SeqCst);
        self.shots.lock().unwrap().push(shot.clone());
        if shot.segments.len() > 1 {
            self.gate.acquire().await.unwrap().forget();
        }
        match self.behaviour {
            Behaviour::Undecodable(n) if shot.segments.contains(&n) => {
                return Err(RunError::Source {
                    reason: "no frame".to_owned(),
                    log: String::new(),
                }
                .into());
            }
            Behaviour::Crash(n) if shot.segments.contains(&n) => panic!("as a test wants it"),
            _ => {}
        }
        let rungs = shot.rungs.iter().map(|rung| RungOutput {
            rung: rung.clone(),
            init: Bytes::from(format!("init {rung}")),
            segments: segments(shot.segments.clone(), rung),
        });
        let poster = shot.images.poster.then_some(ImageKind::Poster);
        let kinds = poster
            .into_iter()
            .chain(shot.images.hover.iter().copied().map(ImageKind::Hover));
        let image = |kind| Image {
            kind,
            bytes: Bytes::from_static(b"picture"),
        };
        Ok(VideoOutput {
            rungs: rungs.collect(),
            images: kinds.map(image).collect(),
        })
    }

    async fn audio(
        &self,
        _order: &Order,
        _plan: &Arc<Plan>,
        _track: u32,
        run: Range<u32>,
    ) -> Result<AudioOutput, Failure> {
        self.encodes.fetch_add(1, Ordering::SeqCst);
        Ok(AudioOutput {
            init: Bytes::from_static(b"init"),
            segments: segments(run, "sound"),
        })
    }

    async fn subtitles(&self, _order: &Order, _plan: &Plan) -> Result<Vec<Bytes>, Failure> {
        Ok(Vec::new())
    }

    async fn poster(&self, _order: &Order, _plan: &Plan) -> Result<Image, Failure> {
        Ok(Image {
            kind: ImageKind::Poster,
            bytes: Bytes::from_static(b"cover"),
        })
    }
}
