//! Typed ids: parsed once at the door, never re-checked inside.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE32_NOPAD;
use rand::RngCore;
use serde::{Deserialize, Serialize};

/// Length of an id's text: 128 bits in base32.
const TEXT_LEN: usize = 26;

/// Text that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id: an id is {TEXT_LEN} characters of a-z and 2-7")]
pub struct IdError;

/// 128 random bits as lowercase base32 without padding: short enough for an address, safe in
/// paths, host names and arguments, and impossible to guess.
fn random_text(rng: &mut dyn RngCore) -> String {
    let mut bytes = [0_u8; 16];
    rng.fill_bytes(&mut bytes);
    BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()
}

fn check(text: &str) -> Result<(), IdError> {
    let alphabet = |b: u8| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b);
    (text.len() == TEXT_LEN && text.bytes().all(alphabet))
        .then_some(())
        .ok_or(IdError)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// A new id from `rng`.
            pub fn random(rng: &mut dyn RngCore) -> Self {
                Self(random_text(rng))
            }

            /// The id's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                check(text).map(|()| Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                check(&text).map(|()| Self(text))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

id!(
    /// A video, from the start of its upload to its deletion.
    VideoId
);
id!(
    /// One upload of one source.
    UploadId
);
id!(
    /// An event; consumers may use it to recognise a repeated delivery.
    EventId
);
id!(
    /// A lease on a piece of work.
    TaskId
);

/// Who owns something: a user's id, or [`OwnerId::local`] until accounts exist.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OwnerId(String);

impl OwnerId {
    /// The one owner of a machine without accounts.
    pub fn local() -> Self {
        Self("local".to_owned())
    }

    /// The owner named `text`, as stored in a row or an event.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The owner's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OwnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_id_parses_back() {
        let id = VideoId::random(&mut rand::rng());
        assert_eq!(id.as_str().parse::<VideoId>(), Ok(id.clone()));
        assert_eq!(id.as_str().len(), TEXT_LEN);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "short",
            "../../../../../../etc/passwd",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        ] {
            assert_eq!(text.parse::<VideoId>(), Err(IdError), "{text}");
        }
    }
}
