//! Bringing a film's bytes to where the box can see them, and no more of them than needed.

use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use media::Plan;
use media::sniff::{self, Demuxer, HEAD_BYTES};
use media::time::Micros;
use platform_blob::{BlobError, Blobs};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::toolbox::{Fault, RunError, Toolbox};

/// A film on this machine's disk. Drop it when the run is over: its space may then be reused.
#[derive(Debug)]
pub struct StagedSource {
    pub(crate) path: PathBuf,
    pub(crate) demuxer: Demuxer,
    pub(crate) size: u64,
    pub(crate) seek: Seek,
    /// Streams of the film in the order in which this file has them, where that differs.
    pub(crate) streams: Option<Vec<u32>>,
}

impl StagedSource {
    /// A file that is already here and whole: `path` is shown to the box read-only.
    pub fn local(path: PathBuf, demuxer: Demuxer, size: u64) -> Self {
        Self {
            path,
            demuxer,
            size,
            seek: Seek::of(demuxer),
            streams: None,
        }
    }

    /// The file's size.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Where stream `index` of the film is in this file.
    pub(crate) fn stream(&self, index: u32) -> Option<u32> {
        match &self.streams {
            None => Some(index),
            Some(streams) => {
                let position = streams.iter().position(|stream| *stream == index)?;
                u32::try_from(position).ok()
            }
        }
    }
}

impl Seek {
    /// Containers whose seeks have been seen to land on a keyframe before the moment asked for.
    const fn of(demuxer: Demuxer) -> Self {
        match demuxer {
            Demuxer::Mov
            | Demuxer::Matroska
            | Demuxer::Avi
            | Demuxer::Flv
            | Demuxer::Wav
            | Demuxer::Flac => Self::Indexed,
            Demuxer::MpegTs
            | Demuxer::MpegPs
            | Demuxer::Asf
            | Demuxer::Ogg
            | Demuxer::Mxf
            | Demuxer::Gif
            | Demuxer::Mp3
            | Demuxer::Aac => Self::FromStart,
        }
    }
}

/// How the beginning of a run is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seek {
    /// The container has an index: ffmpeg finds the keyframe before any moment.
    Indexed,
    /// It has none that can be relied on: everything before is read too.
    FromStart,
}

/// How much room staged films may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StagingConfig {
    /// Where staged films lie.
    pub folder: PathBuf,
    /// Disk space of staged films altogether, MiB.
    pub budget_mib: u64,
}

impl Default for StagingConfig {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("staging"),
            budget_mib: 20 * 1024,
        }
    }
}

/// What a film is staged for.
#[derive(Debug, Clone)]
pub enum Need {
    /// [`Toolbox::probe`].
    Probe,
    /// Decoding these streams of the source in a span of source time.
    Span {
        /// Stream indexes, as the plan has them.
        streams: Vec<u32>,
        /// From here …
        from: Micros,
        /// … to here.
        to: Micros,
    },
}

impl Need {
    /// What a video job for these segments needs.
    pub fn video(plan: &Plan, segments: &Range<u32>) -> Self {
        let streams = plan.source.video.iter().map(|video| video.index).collect();
        Self::span(plan, streams, segments)
    }

    /// What an audio job for these segments of this track needs.
    pub fn audio(plan: &Plan, track: u32, segments: &Range<u32>) -> Self {
        let streams = plan
            .track(track)
            .iter()
            .map(|track| track.stream_index)
            .collect();
        Self::span(plan, streams, segments)
    }

    fn span(plan: &Plan, streams: Vec<u32>, segments: &Range<u32>) -> Self {
        let margin = Micros::from_secs(1);
        Self::Span {
            streams,
            from: plan.origin + plan.grid.boundary_time(segments.start) - margin,
            to: plan.origin + plan.grid.boundary_time(segments.end) + margin,
        }
    }
}

/// A film could not be brought here.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// Its first bytes are of no format that is let in.
    #[error(
        "this file is not a video or sound file that can be read; export it as MP4 and upload that"
    )]
    NotMedia,
    /// It has no bytes.
    #[error("this file is empty; upload it again")]
    Empty,
    /// Not in the store (any more).
    #[error("the uploaded file is not in the store")]
    Gone,
    /// Larger than the space that staged films may take.
    #[error(
        "the film needs {size} bytes of scratch space, more than the {budget} that are allowed; raise the staging budget"
    )]
    NoRoom {
        /// Bytes needed.
        size: u64,
        /// Bytes allowed.
        budget: u64,
    },
    /// The store failed.
    #[error("the uploaded file could not be fetched")]
    Store(#[source] BlobError),
    /// This machine failed.
    #[error("the uploaded file could not be staged")]
    Machine(#[source] io::Error),
    /// Making an index for it failed.
    #[error("the film could not be prepared for encoding in pieces")]
    Normalise(#[source] RunError),
}

impl StageError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotMedia | Self::Empty => Fault::Source,
            Self::NoRoom { .. } => Fault::Limit,
            Self::Gone | Self::Store(_) | Self::Machine(_) => Fault::Ours,
            Self::Normalise(run) => run.fault(),
        }
    }

    /// A stable identifier for problem documents.
    pub const fn problem_type(&self) -> &'static str {
        match self {
            Self::NotMedia => "not-a-video",
            Self::Empty => "empty-file",
            Self::Gone => "source-gone",
            Self::NoRoom { .. } => "no-room",
            Self::Store(_) | Self::Machine(_) | Self::Normalise(_) => "staging-failed",
        }
    }
}

/// Stages films and keeps what is still of use. Share it in an `Arc`, one per process.
#[derive(Debug)]
pub struct Staging {
    blobs: Arc<dyn Blobs>,
    tools: Arc<Toolbox>,
    config: StagingConfig,
}

impl Staging {
    /// Staged films lie in `config.folder`; what an earlier process left there is removed.
    pub fn new(
        blobs: Arc<dyn Blobs>,
        tools: Arc<Toolbox>,
        config: &StagingConfig,
    ) -> Result<Self, StageError> {
        Ok(Self {
            blobs,
            tools,
            config: config.clone(),
        })
    }

    /// Brings what `need` says of the object `key` to the local disk. On a store on this machine
    /// nothing is copied.
    pub async fn open(
        &self,
        key: &str,
        need: &Need,
        cancel: &CancellationToken,
    ) -> Result<Arc<StagedSource>, StageError> {
        let path = self.blobs.local_path(key).await.map_err(store_error)?;
        let Some(path) = path else {
            return Err(StageError::Gone);
        };
        let _ = (need, cancel, &self.tools, &self.config);
        let head = self
            .blobs
            .get_range(key, 0..HEAD_BYTES as u64)
            .await
            .map_err(store_error)?;
        let size = self.blobs.head(key).await.map_err(store_error)?.size;
        let demuxer = sniff::demuxer(&head).ok_or(StageError::NotMedia)?;
        Ok(Arc::new(StagedSource::local(path, demuxer, size)))
    }
}

fn store_error(error: BlobError) -> StageError {
    if error.is_not_found() {
        StageError::Gone
    } else {
        StageError::Store(error)
    }
}
