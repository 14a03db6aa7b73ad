//! Fragmented MP4: reading what the encoder wrote, and writing what is stored.

mod adts;
mod audio;
mod fragment;
mod init;
pub(crate) mod read;
mod samples;
mod split;
#[cfg(test)]
mod tests;
mod write;

pub use adts::{Adts, AudioConfig};
pub use audio::{audio_init, audio_segment};
pub use fragment::{FragmentInfo, restamp};
pub use init::{InitInfo, cmaf_init};
pub use split::{Part, Splitter};

/// Bytes are not the media that they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BoxError {
    /// The bytes end within something.
    #[error("the media data ends within {0}")]
    Truncated(&'static str),
    /// Something that must be there is not.
    #[error("the media data has no {0}")]
    Missing(&'static str),
    /// A field has a value that cannot be.
    #[error("the media data has an impossible value: {0}")]
    Invalid(&'static str),
    /// More bytes than allowed.
    #[error("a part of the media data is larger than {limit} bytes")]
    TooLarge {
        /// Bytes allowed.
        limit: usize,
    },
}
