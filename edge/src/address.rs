//! What an address names. Every accepted address has exactly one spelling, so nothing that a
//! token, a cache or an access check decided about one can be bypassed by another.

use std::fmt;

use media::plan::ObjectRef;
use schemas::VideoId;

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
    /// Reads the raw path of a request of whoever seeds, `/films/{video}/{revision}/{path}`. It is
    /// not decoded: no character that an address needs has to be encoded, so what is encoded is no
    /// address.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        Self::of(Scope::parse(path)?)
    }

    fn of(scope: Scope) -> Option<Self> {
        match scope {
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

/// The path below `films/` in the edge's folder, and below `/origin/`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.video, self.revision, self.object)
    }
}

impl Scope {
    /// Reads the raw path of a request of whoever seeds: an object's, or a folder's with its slash
    /// at the end.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let (video, rest) = path.strip_prefix("/films/")?.split_once('/')?;
        Self::within(video.parse().ok()?, rest)
    }

    /// What `rest` names of `video`.
    fn within(video: VideoId, rest: &str) -> Option<Self> {
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

    /// The path below `films/` in the edge's folder.
    pub(crate) fn path(&self) -> String {
        match self {
            Self::Object(address) => address.to_string(),
            Self::Revision(video, revision) => format!("{video}/{revision}"),
            Self::Video(video) => video.to_string(),
        }
    }
}

/// The raw path of a player's request, `/v/{token}/{video}/{revision}/{path}`, of which nothing is
/// believed until the token was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown<'a> {
    pub(crate) token: &'a str,
    pub(crate) video: VideoId,
    rest: &'a str,
}

impl<'a> Shown<'a> {
    pub(crate) fn parse(path: &'a str) -> Option<Self> {
        let (token, rest) = path.strip_prefix("/v/")?.split_once('/')?;
        let (video, rest) = rest.split_once('/')?;
        Some(Self {
            token,
            video: video.parse().ok()?,
            rest,
        })
    }

    /// What is asked for, if that can be an object.
    pub(crate) fn address(&self) -> Option<Address> {
        Address::of(Scope::within(self.video.clone(), self.rest)?)
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
            let address = Address::parse(&format!("/films/{path}")).unwrap();
            assert_eq!(address.to_string(), path);
            let path = format!("/v/token/{path}");
            let shown = Shown::parse(&path).unwrap();
            assert_eq!(shown.token, "token");
            assert_eq!(shown.address(), Some(address));
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
            let path = format!("{VIDEO}/1/{path}");
            assert_eq!(Address::parse(&format!("/films/{path}")), None, "{path}");
            let shown = format!("/v/token/{path}");
            assert_eq!(Shown::parse(&shown).unwrap().address(), None, "{path}");
        }
        for path in [
            format!("/v/token/{VIDEO}/1/master.m3u8"),
            format!("/films/{VIDEO}/0/master.m3u8"),
            format!("/films/{VIDEO}/+1/master.m3u8"),
            format!("/films/{VIDEO}/01/master.m3u8"),
            format!("/films/{VIDEO}/99999999999/master.m3u8"),
            format!("/films/{}/1/master.m3u8", VIDEO.to_uppercase()),
            "/films/../1/master.m3u8".to_owned(),
        ] {
            assert_eq!(Address::parse(&path), None, "{path}");
        }
        for path in [
            format!("/films/{VIDEO}/1/master.m3u8"),
            format!("/v/{VIDEO}/1/master.m3u8"),
            format!("/V/token/{VIDEO}/1/master.m3u8"),
            format!("/v/token//{VIDEO}/1/master.m3u8"),
            format!("/v/token/token/{VIDEO}/1/master.m3u8"),
            format!("/v/token/{}/1/master.m3u8", VIDEO.to_uppercase()),
        ] {
            assert_eq!(Shown::parse(&path), None, "{path}");
        }
    }

    #[test]
    fn folders_can_be_named_for_deletion_only() {
        let scope = |path: &str| Scope::parse(&format!("/films/{VIDEO}/{path}"));
        assert_eq!(scope("").unwrap().path(), VIDEO);
        assert_eq!(scope("2/").unwrap().path(), format!("{VIDEO}/2"));
        assert_eq!(scope("2"), None);
        assert_eq!(Scope::parse("/films/"), None);
        assert_eq!(Address::parse(&format!("/films/{VIDEO}/2/")), None);
    }
}
