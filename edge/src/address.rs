//! What an address names. Every accepted address has exactly one spelling, so nothing that a
//! token, a cache or an access check decided about one can be bypassed by another.

use std::fmt;

use media::plan::ObjectRef;
use schemas::VideoId;

/// The token of what everybody may see.
const PUBLIC: &str = "public";

/// One object of a film.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    pub(crate) video: VideoId,
    pub(crate) revision: u32,
    pub(crate) object: ObjectRef,
}

/// What a deletion concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    Object(Address),
    Revision(VideoId, u32),
    Video(VideoId),
}

impl Address {
    /// Reads the raw path of a request, `/v/{token}/{video}/{revision}/{path}`. It is not decoded:
    /// no character that an address needs has to be encoded, so what is encoded is no address.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        match Scope::parse(path)? {
            Scope::Object(address) => Some(address),
            Scope::Revision(..) | Scope::Video(_) => None,
        }
    }

    /// Whether it can change: a re-seeded manifest has measured bit rates.
    pub(crate) fn is_manifest(&self) -> bool {
        match self.object {
            ObjectRef::HlsMaster
            | ObjectRef::DashManifest
            | ObjectRef::VideoPlaylist(_)
            | ObjectRef::AudioPlaylist(_)
            | ObjectRef::SubtitlePlaylist(_) => true,
            ObjectRef::Plan
            | ObjectRef::VideoInit(_)
            | ObjectRef::AudioInit(_)
            | ObjectRef::Segment(_)
            | ObjectRef::Subtitles(_)
            | ObjectRef::Poster
            | ObjectRef::Hover(_) => false,
        }
    }
}

/// The path below the edge's folder, and below `/origin/`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.video, self.revision, self.object)
    }
}

impl Scope {
    /// Reads the raw path of a request: an object's, or a folder's with its slash at the end.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let (token, rest) = path.strip_prefix("/v/")?.split_once('/')?;
        if token != PUBLIC {
            return None;
        }
        let (video, rest) = rest.split_once('/')?;
        let video: VideoId = video.parse().ok()?;
        if rest.is_empty() {
            return Some(Self::Video(video));
        }
        let (revision, object) = rest.split_once('/')?;
        let revision = number(revision)?;
        if object.is_empty() {
            return Some(Self::Revision(video, revision));
        }
        let object: ObjectRef = object.parse().ok()?;
        // The plan tells what the source was; players have manifests.
        (object != ObjectRef::Plan).then_some(Self::Object(Address {
            video,
            revision,
            object,
        }))
    }

    /// The path below the edge's folder.
    pub(crate) fn path(&self) -> String {
        match self {
            Self::Object(address) => address.to_string(),
            Self::Revision(video, revision) => format!("{video}/{revision}"),
            Self::Video(video) => video.to_string(),
        }
    }
}

/// A number from 1 in its only spelling.
fn number(text: &str) -> Option<u32> {
    let canonical = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| canonical)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIDEO: &str = "abcdefghijklmnopqrstuvwxyz";

    #[test]
    fn an_address_is_written_as_it_was_read() {
        for object in [
            "master.m3u8",
            "v/360p/12.m4s",
            "a/0/init.mp4",
            "images/poster.jpg",
        ] {
            let path = format!("{VIDEO}/3/{object}");
            let address = Address::parse(&format!("/v/public/{path}")).unwrap();
            assert_eq!(address.to_string(), path);
        }
    }

    #[test]
    fn there_is_no_second_spelling_and_no_way_out() {
        for path in [
            "master.m3u8/",
            "/master.m3u8",
            "master.m3u8.",
            "master.m3u8;x",
            "master%2em3u8",
            "MASTER.m3u8",
            "../1/master.m3u8",
            "v/../master.m3u8",
            "v/360p/01.m4s",
            "v/360p/%31.m4s",
            "v/360p//1.m4s",
            "v/360p/1.m4s\0",
            "v\\360p\\1.m4s",
            "plan.json",
            "",
        ] {
            let path = format!("/v/public/{VIDEO}/1/{path}");
            assert_eq!(Address::parse(&path), None, "{path}");
        }
        for path in [
            format!("/v/other/{VIDEO}/1/master.m3u8"),
            format!("/v//{VIDEO}/1/master.m3u8"),
            format!("/v/public/{VIDEO}/0/master.m3u8"),
            format!("/v/public/{VIDEO}/+1/master.m3u8"),
            format!("/v/public/{VIDEO}/01/master.m3u8"),
            format!("/v/public/{VIDEO}/99999999999/master.m3u8"),
            format!("/v/public/{}/1/master.m3u8", VIDEO.to_uppercase()),
            "/v/public/../1/master.m3u8".to_owned(),
        ] {
            assert_eq!(Address::parse(&path), None, "{path}");
        }
    }

    #[test]
    fn folders_can_be_named_for_deletion_only() {
        let scope = |path: &str| Scope::parse(&format!("/v/public/{VIDEO}/{path}"));
        assert_eq!(scope("").unwrap().path(), VIDEO);
        assert_eq!(scope("2/").unwrap().path(), format!("{VIDEO}/2"));
        assert_eq!(scope("2"), None);
        assert_eq!(Scope::parse("/v/public/"), None);
        assert_eq!(Address::parse(&format!("/v/public/{VIDEO}/2/")), None);
    }
}
