//! A film on this machine's disk.

use std::path::PathBuf;
use std::sync::Arc;

use media::sniff::Demuxer;

use super::remote::Remote;
use crate::toolbox::{Job, RunError};

/// A film on this machine's disk. Drop it when the run is over: its space may then be reused.
#[derive(Debug)]
pub struct StagedSource {
    pub(crate) path: PathBuf,
    pub(crate) demuxer: Demuxer,
    pub(crate) size: u64,
    pub(crate) seek: Seek,
    /// Streams of the film in the order in which this file has them, where that differs.
    pub(crate) streams: Option<Vec<u32>>,
    /// All bytes of the film are in it.
    pub(super) whole: bool,
    /// What must not go while it is used.
    pub(super) _keeps: Option<Keeps>,
}

#[derive(Debug)]
#[expect(dead_code, reason = "held for their Drop")]
pub(super) enum Keeps {
    Job(Job),
    Remote(Arc<Remote>),
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
            whole: true,
            _keeps: None,
        }
    }

    /// Whether all bytes of the film are here, rather than those that one run needs.
    pub const fn is_whole(&self) -> bool {
        self.whole
    }

    /// The file's size.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Where stream `index` of the film is in this file.
    pub(crate) fn stream(&self, index: u32) -> Result<u32, RunError> {
        let Some(streams) = &self.streams else {
            return Ok(index);
        };
        let position = streams.iter().position(|stream| *stream == index);
        position
            .and_then(|position| u32::try_from(position).ok())
            .ok_or(RunError::Job("a stream that it needs is not staged"))
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
