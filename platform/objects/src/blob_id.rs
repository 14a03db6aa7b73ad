//! Names of blob files: random, so that no key ever becomes a path.

use std::fmt;

/// 128 random bits. Each stored content has its own, also when two contents are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct BlobId([u8; 16]);

impl BlobId {
    pub(crate) fn random() -> Self {
        Self(rand::random())
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// Which of the 256 folders holds the file.
    pub(crate) fn shard(self) -> String {
        let [first, ..] = self.0;
        format!("{first:02x}")
    }

    /// An `ETag` for the content: new with each write. It has 24 digits, so that no client takes
    /// it for an MD5, which would cost a second and a half of CPU per gigabyte to compute.
    pub(crate) fn etag(self) -> String {
        let mut etag = hex::encode(self.0);
        etag.truncate(24);
        etag
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_id_are_one() {
        let id = BlobId::random();
        assert_eq!(BlobId::parse(&id.to_string()), Some(id));
        assert!(id.to_string().starts_with(&id.shard()));
        assert_eq!(BlobId::parse("../../etc/passwd"), None);
    }
}
