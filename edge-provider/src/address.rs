//! What a request to the origin names.

use std::fmt;

use media::plan::{ObjectRef, folder};
use schemas::VideoId;

/// One object of a film.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    pub(crate) video: VideoId,
    pub(crate) revision: u32,
    pub(crate) object: ObjectRef,
}

impl Address {
    /// Reads the raw path `/origin/{video}/{revision}/{path}`, not decoded: no character that an
    /// address needs has to be encoded.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let (video, rest) = path.strip_prefix("/origin/")?.split_once('/')?;
        let (revision, object) = rest.split_once('/')?;
        let canonical = revision.bytes().all(|b| b.is_ascii_digit()) && !revision.starts_with('0');
        let object: ObjectRef = object.parse().ok()?;
        Some(Self {
            video: video.parse().ok()?,
            revision: revision.parse().ok().filter(|_| canonical)?,
            // The plan tells what the source was; players have manifests.
            object: Some(object).filter(|object| *object != ObjectRef::Plan)?,
        })
    }

    /// The object's key in the object store.
    pub(crate) fn key(&self) -> String {
        format!(
            "{}{}",
            folder(self.video.as_str(), self.revision),
            self.object
        )
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.video, self.revision, self.object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIDEO: &str = "abcdefghijklmnopqrstuvwxyz";

    #[test]
    fn an_address_names_one_object() {
        let address = Address::parse(&format!("/origin/{VIDEO}/2/v/360p/7.m4s")).unwrap();
        assert_eq!(address.key(), format!("media/{VIDEO}/2/v/360p/7.m4s"));
        for path in [
            "/2/plan.json",
            "/0/master.m3u8",
            "/02/master.m3u8",
            "/2/../3/master.m3u8",
            "/2/master%2em3u8",
            "/2/",
            "/2",
        ] {
            assert_eq!(
                Address::parse(&format!("/origin/{VIDEO}{path}")),
                None,
                "{path}"
            );
        }
    }
}
