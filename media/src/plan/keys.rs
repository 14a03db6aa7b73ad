//! Where every object of a film lies, and back from a path to what it names.

use std::fmt;
use std::str::FromStr;

use super::Plan;

/// One media segment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SegmentRef {
    /// Of a rung.
    Video {
        /// The rung's name.
        rung: String,
        /// The segment, from 0.
        n: u32,
    },
    /// Of a sound track.
    Audio {
        /// The track, from 0.
        track: u32,
        /// The segment, from 0.
        n: u32,
    },
}

impl SegmentRef {
    /// The segment's number on the grid.
    pub const fn number(&self) -> u32 {
        match self {
            Self::Video { n, .. } | Self::Audio { n, .. } => *n,
        }
    }
}

/// Any object of a film's revision. Displayed as its path below `media/{video}/{revision}/`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectRef {
    /// `plan.json`
    Plan,
    /// `master.m3u8`
    HlsMaster,
    /// `manifest.mpd`
    DashManifest,
    /// `v/{rung}/playlist.m3u8`
    VideoPlaylist(String),
    /// `v/{rung}/init.mp4`
    VideoInit(String),
    /// `a/{track}/playlist.m3u8`
    AudioPlaylist(u32),
    /// `a/{track}/init.mp4`
    AudioInit(u32),
    /// `s/{name}.m3u8`
    SubtitlePlaylist(String),
    /// `s/{name}.vtt`
    Subtitles(String),
    /// `v/{rung}/{n}.m4s` or `a/{track}/{n}.m4s`
    Segment(SegmentRef),
    /// `images/poster.jpg`
    Poster,
    /// `images/hover-{k}.jpg`
    Hover(u32),
}

impl ObjectRef {
    /// The MIME type it is served with.
    pub const fn content_type(&self) -> &'static str {
        match self {
            Self::Plan => "application/json",
            Self::HlsMaster
            | Self::VideoPlaylist(_)
            | Self::AudioPlaylist(_)
            | Self::SubtitlePlaylist(_) => "application/vnd.apple.mpegurl",
            Self::Subtitles(_) => "text/vtt",
            Self::DashManifest => "application/dash+xml",
            Self::VideoInit(_) | Self::Segment(SegmentRef::Video { .. }) => "video/mp4",
            Self::AudioInit(_) | Self::Segment(SegmentRef::Audio { .. }) => "audio/mp4",
            Self::Poster | Self::Hover(_) => "image/jpeg",
        }
    }
}

impl From<SegmentRef> for ObjectRef {
    fn from(segment: SegmentRef) -> Self {
        Self::Segment(segment)
    }
}

impl fmt::Display for SegmentRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Video { rung, n } => write!(f, "v/{rung}/{n}.m4s"),
            Self::Audio { track, n } => write!(f, "a/{track}/{n}.m4s"),
        }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan => f.write_str("plan.json"),
            Self::HlsMaster => f.write_str("master.m3u8"),
            Self::DashManifest => f.write_str("manifest.mpd"),
            Self::VideoPlaylist(rung) => write!(f, "v/{rung}/playlist.m3u8"),
            Self::VideoInit(rung) => write!(f, "v/{rung}/init.mp4"),
            Self::AudioPlaylist(track) => write!(f, "a/{track}/playlist.m3u8"),
            Self::AudioInit(track) => write!(f, "a/{track}/init.mp4"),
            Self::SubtitlePlaylist(name) => write!(f, "s/{name}.m3u8"),
            Self::Subtitles(name) => write!(f, "s/{name}.vtt"),
            Self::Segment(segment) => segment.fmt(f),
            Self::Poster => f.write_str("images/poster.jpg"),
            Self::Hover(index) => write!(f, "images/hover-{index}.jpg"),
        }
    }
}

/// The path names no object of a film.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this address names no part of a film")]
pub struct NoSuchPath;

impl FromStr for ObjectRef {
    type Err = NoSuchPath;

    /// Reads a path below `media/{video}/{revision}/`. Every accepted path is exactly what
    /// [`fmt::Display`] writes: no other spelling of a number, no other separator.
    fn from_str(path: &str) -> Result<Self, NoSuchPath> {
        parse(path).ok_or(NoSuchPath)
    }
}

impl FromStr for SegmentRef {
    type Err = NoSuchPath;

    fn from_str(path: &str) -> Result<Self, NoSuchPath> {
        match path.parse()? {
            ObjectRef::Segment(segment) => Ok(segment),
            _ => Err(NoSuchPath),
        }
    }
}

fn parse(path: &str) -> Option<ObjectRef> {
    let mut parts = path.split('/');
    let (first, second, third) = (parts.next()?, parts.next(), parts.next());
    if parts.next().is_some() {
        return None;
    }
    match (first, second, third) {
        ("plan.json", None, None) => Some(ObjectRef::Plan),
        ("master.m3u8", None, None) => Some(ObjectRef::HlsMaster),
        ("manifest.mpd", None, None) => Some(ObjectRef::DashManifest),
        ("images", Some("poster.jpg"), None) => Some(ObjectRef::Poster),
        ("images", Some(name), None) => {
            let index = name.strip_prefix("hover-")?.strip_suffix(".jpg")?;
            Some(ObjectRef::Hover(number(index)?))
        }
        ("s", Some(file), None) => {
            let (name, kind) = file.split_once('.')?;
            let name = subtitle_name(name)?;
            match kind {
                "m3u8" => Some(ObjectRef::SubtitlePlaylist(name)),
                "vtt" => Some(ObjectRef::Subtitles(name)),
                _ => None,
            }
        }
        ("v", Some(rung), Some(file)) => {
            let rung = rung_name(rung)?;
            Some(match file {
                "playlist.m3u8" => ObjectRef::VideoPlaylist(rung),
                "init.mp4" => ObjectRef::VideoInit(rung),
                _ => SegmentRef::Video {
                    rung,
                    n: number(file.strip_suffix(".m4s")?)?,
                }
                .into(),
            })
        }
        ("a", Some(track), Some(file)) => {
            let track = number(track)?;
            Some(match file {
                "playlist.m3u8" => ObjectRef::AudioPlaylist(track),
                "init.mp4" => ObjectRef::AudioInit(track),
                _ => SegmentRef::Audio {
                    track,
                    n: number(file.strip_suffix(".m4s")?)?,
                }
                .into(),
            })
        }
        _ => None,
    }
}

/// `360p`: a canonical number and a `p`.
fn rung_name(text: &str) -> Option<String> {
    number(text.strip_suffix('p')?)?;
    Some(text.to_owned())
}

/// `en`, `pt-br-2`: small letters, digits and hyphens.
fn subtitle_name(text: &str) -> Option<String> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let legal = (1..=48).contains(&text.len()) && text.bytes().all(allowed);
    legal.then(|| text.to_owned())
}

/// A decimal number in its only spelling.
fn number(text: &str) -> Option<u32> {
    let canonical =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

/// The folder of all objects of a film's revision, with a slash at its end.
pub fn folder(video_id: &str, revision: u32) -> String {
    format!("media/{video_id}/{revision}/")
}

/// The folders of all that was ever made of a film, each with a slash at its end.
pub fn all_folders(video_id: &str) -> [String; 2] {
    ["media", "download"].map(|root| format!("{root}/{video_id}/"))
}

impl Plan {
    /// The folder of all objects of this plan, with a slash at its end.
    pub fn folder(&self) -> String {
        folder(&self.video_id, self.revision)
    }

    /// The full key of an object.
    pub fn object_key(&self, object: &ObjectRef) -> String {
        format!("{}{object}", self.folder())
    }

    /// The full key of a media segment.
    pub fn segment_key(&self, segment: &SegmentRef) -> String {
        format!("{}{segment}", self.folder())
    }

    /// Whether the plan has such an object.
    pub fn contains(&self, object: &ObjectRef) -> bool {
        match object {
            ObjectRef::Plan
            | ObjectRef::HlsMaster
            | ObjectRef::DashManifest
            | ObjectRef::Poster => true,
            ObjectRef::SubtitlePlaylist(name) | ObjectRef::Subtitles(name) => {
                self.text_subtitles().any(|(made, _)| made == name)
            }
            ObjectRef::VideoPlaylist(rung) | ObjectRef::VideoInit(rung) => {
                self.rung(rung).is_some()
            }
            ObjectRef::AudioPlaylist(track) | ObjectRef::AudioInit(track) => {
                self.track(*track).is_some()
            }
            ObjectRef::Segment(SegmentRef::Video { rung, n }) => {
                self.rung(rung).is_some() && *n < self.grid.segment_count
            }
            ObjectRef::Segment(SegmentRef::Audio { track, n }) => {
                self.track(*track).is_some() && *n < self.grid.segment_count
            }
            ObjectRef::Hover(index) => !self.rungs.is_empty() && *index < self.grid.chunk_count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ObjectRef, SegmentRef};
    use crate::testing::plan;
    use proptest::prelude::*;

    fn any_object() -> impl Strategy<Value = ObjectRef> {
        let rung = (0_u32..10_000).prop_map(|side| format!("{side}p"));
        let number = any::<u32>();
        prop_oneof![
            Just(ObjectRef::Plan),
            Just(ObjectRef::HlsMaster),
            Just(ObjectRef::DashManifest),
            Just(ObjectRef::Poster),
            rung.clone().prop_map(ObjectRef::VideoPlaylist),
            rung.clone().prop_map(ObjectRef::VideoInit),
            "[a-z0-9-]{1,48}".prop_map(ObjectRef::SubtitlePlaylist),
            "[a-z0-9-]{1,48}".prop_map(ObjectRef::Subtitles),
            number.prop_map(ObjectRef::AudioPlaylist),
            number.prop_map(ObjectRef::AudioInit),
            number.prop_map(ObjectRef::Hover),
            (rung, number).prop_map(|(rung, n)| SegmentRef::Video { rung, n }.into()),
            (number, number).prop_map(|(track, n)| SegmentRef::Audio { track, n }.into()),
        ]
    }

    #[test]
    fn only_the_one_spelling_of_a_path_is_taken() {
        let segment = SegmentRef::Video {
            rung: "360p".to_owned(),
            n: 12,
        };
        assert_eq!("v/360p/12.m4s".parse(), Ok(segment));
        for other in [
            "",
            "/",
            "v",
            "v/360p",
            "v/360p/",
            "/v/360p/12.m4s",
            "v//12.m4s",
            "v/360p/012.m4s",
            "v/360p/+1.m4s",
            "v/360p/-1.m4s",
            "v/360p/.m4s",
            "v/360p/12.M4S",
            "v/360p/12.m4s/",
            "v/../plan.json",
            "v/../12.m4s",
            "../plan.json",
            "v/360p/../../plan.json",
            "v/p/1.m4s",
            "v/360p/12.m4s?x",
            "v/360p/12%2em4s",
            "v\\360p\\12.m4s",
            "v/٣p/1.m4s",
            "v/360p/4294967296.m4s",
            "a/x/0.m4s",
            "a/0/0.mp4",
            "images/hover-.jpg",
            "images/hover-01.jpg",
            "images/../plan.json",
            "plan.json/",
            "./plan.json",
            "v/360p/init.mp4\0",
        ] {
            assert!(other.parse::<ObjectRef>().is_err(), "{other}");
        }
        assert!("plan.json".parse::<SegmentRef>().is_err());
    }

    #[test]
    fn a_plan_knows_what_it_has() {
        let plan = plan(true, 1, 60);
        let has = |path: &str| plan.contains(&path.parse().unwrap());
        assert!(has("v/1080p/14.m4s") && has("a/0/14.m4s") && has("images/hover-2.jpg"));
        assert!(!has("v/1080p/15.m4s") && !has("v/1440p/0.m4s") && !has("a/1/0.m4s"));
        assert!(
            plan.segment_refs()
                .all(|segment| plan.contains(&segment.into()))
        );
        assert_eq!(plan.segment_refs().count() as u64, plan.segment_total());
        let key = plan.object_key(&"v/360p/3.m4s".parse().unwrap());
        assert_eq!(key, "media/abcdefghijklmnopqrstuvwxyz/1/v/360p/3.m4s");
    }

    proptest! {
        #[test]
        fn paths_name_their_object(object in any_object()) {
            prop_assert_eq!(object.to_string().parse(), Ok(object));
        }

        #[test]
        fn what_is_taken_is_what_would_be_written(path in "[va./0-9p]{1,12}|\\PC*") {
            if let Ok(object) = path.parse::<ObjectRef>() {
                prop_assert_eq!(object.to_string(), path);
            }
        }
    }
}
