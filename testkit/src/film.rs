//! A film as the transcoder leaves it, without encoding anything: real plan and manifests, and
//! segments that are whole boxes of noise.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a failed step is a failed test"
)]

use bytes::Bytes;
use media::ladder::{self, Size};
use media::plan::{AudioTrack, ObjectRef, Plan, SCHEMA, SegmentRef, SourceFacts};
use media::{Grid, Measured, Micros, Rational, dash, hls};
use platform_blob::{Blobs, PutOptions};
use schemas::VideoId;

/// A film of two rungs and one sound track, revision 1.
#[derive(Debug, Clone)]
pub struct Film {
    /// Its id.
    pub id: VideoId,
    /// Its plan.
    pub plan: Plan,
    /// Its bit rates; manifests follow them.
    pub measured: Measured,
}

impl Film {
    /// A film of `seconds`.
    pub fn new(seconds: u32) -> Self {
        let id = VideoId::random(&mut rand::rng());
        let rate = Rational::new(25, 1).expect("25 is a rate");
        let size = Size {
            width: 640,
            height: 360,
        };
        let plan = Plan {
            schema: SCHEMA,
            video_id: id.to_string(),
            revision: 1,
            origin: Micros::ZERO,
            grid: Grid::new(rate, u64::from(seconds) * 25),
            rungs: ladder::rungs(size, rate, &ladder::SHORT_SIDES),
            audio: vec![AudioTrack {
                stream_index: 1,
                source_codec: "aac".to_owned(),
                source_start: Micros::ZERO,
                source_channels: 2,
                language: None,
                title: "Track 1".to_owned(),
                channels: 2,
                bitrate_kbps: 128,
            }],
            subtitles: Vec::new(),
            chapters: Vec::new(),
            source: SourceFacts {
                container: "mov,mp4".to_owned(),
                video: None,
                keep_every: 1,
                attached_pic: None,
                start_time: Micros::ZERO,
                duration: Micros(i64::from(seconds) * 1_000_000),
            },
        };
        Self {
            id,
            plan,
            measured: Measured::default(),
        }
    }

    /// The full key of `path`.
    pub fn key(&self, path: &str) -> String {
        format!("{}{path}", self.plan.folder())
    }

    /// What `object` consists of.
    pub fn content(&self, object: &ObjectRef) -> Bytes {
        let noise = format!("{}{object}", self.plan.folder());
        match object {
            ObjectRef::Plan => self.plan.to_json().expect("a plan is JSON").into(),
            ObjectRef::HlsMaster => hls::master(&self.plan, &self.measured).into(),
            ObjectRef::DashManifest => dash::manifest(&self.plan, &self.measured).into(),
            ObjectRef::VideoPlaylist(_) => hls::video_playlist(&self.plan).into(),
            ObjectRef::AudioPlaylist(_) => hls::audio_playlist(&self.plan).into(),
            ObjectRef::SubtitlePlaylist(name) => hls::subtitle_playlist(&self.plan, name).into(),
            ObjectRef::VideoInit(_) | ObjectRef::AudioInit(_) => {
                boxes(&[("ftyp", "iso6"), ("moov", &noise)])
            }
            ObjectRef::Segment(_) => boxes(&[("moof", "index"), ("mdat", &noise)]),
            ObjectRef::Subtitles(_) => "WEBVTT\n".into(),
            ObjectRef::Poster | ObjectRef::Hover(_) => noise.into(),
        }
    }

    /// Stores `objects`.
    pub async fn store(&self, blobs: &dyn Blobs, objects: impl IntoIterator<Item = ObjectRef>) {
        for object in objects {
            let (key, content) = (self.plan.object_key(&object), self.content(&object));
            let put = blobs.put(&key, content, object.content_type(), PutOptions::default());
            put.await.expect("the object is stored");
        }
    }

    /// What exists once the film is planned.
    pub fn planned(&self) -> Vec<ObjectRef> {
        let rungs = self.plan.rungs.iter().map(|rung| rung.name.clone());
        [
            ObjectRef::Plan,
            ObjectRef::HlsMaster,
            ObjectRef::DashManifest,
        ]
        .into_iter()
        .chain(rungs.map(ObjectRef::VideoPlaylist))
        .chain([ObjectRef::AudioPlaylist(0)])
        .collect()
    }

    /// What makes the film playable: the first segment of its lowest rung, and its sound.
    pub fn beginning(&self) -> Vec<ObjectRef> {
        let rung = self.plan.rungs.first().expect("a film has a rung");
        vec![
            ObjectRef::VideoInit(rung.name.clone()),
            ObjectRef::AudioInit(0),
            SegmentRef::Video {
                rung: rung.name.clone(),
                n: 0,
            }
            .into(),
            SegmentRef::Audio { track: 0, n: 0 }.into(),
            ObjectRef::Poster,
        ]
    }

    /// Everything that the plan has, except for the plan.
    pub fn everything(&self) -> Vec<ObjectRef> {
        let rungs = self.plan.rungs.iter().map(|rung| rung.name.clone());
        let mut all = self.planned();
        all.retain(|object| *object != ObjectRef::Plan);
        all.extend(rungs.map(ObjectRef::VideoInit));
        all.push(ObjectRef::AudioInit(0));
        all.extend(self.plan.segment_refs().map(ObjectRef::from));
        all.push(ObjectRef::Poster);
        all.extend((0..self.plan.grid.chunk_count()).map(ObjectRef::Hover));
        all
    }
}

fn boxes(of: &[(&str, &str)]) -> Bytes {
    let mut bytes = Vec::new();
    for (kind, body) in of {
        let size = u32::try_from(8 + body.len()).expect("test boxes are small");
        bytes.extend_from_slice(&size.to_be_bytes());
        bytes.extend_from_slice(kind.as_bytes());
        bytes.extend_from_slice(body.as_bytes());
    }
    bytes.into()
}
