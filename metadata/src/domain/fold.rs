//! Events become rows.
//!
//! Topics have no order between each other and every event may come twice, so whatever the order,
//! the same events make the same row: states only rise, counts only grow, and what belongs to a
//! revision gives way to a newer one when that goes live.

use std::cmp::Ordering;
use std::mem;

use schemas::v1::event::Payload;
use schemas::v1::{
    ChunkEncoded, Event, UploadAbandoned, UploadProgressed, UploadStarted, VideoFailed, VideoLive,
    VideoPlanned, VideoTranscoded, VideoUploaded,
};
use schemas::{OwnerId, VideoId};

use super::{Facts, Failure, Next, Part, State, Video};

/// The revision of a video's first file.
const FIRST: u32 = 1;

/// Revisions that are remembered before one of them goes live: the newest.
const MOST_NEXT: usize = 16;

/// The video that `event` tells the catalogue something of.
pub(crate) fn subject(event: &Event) -> Option<&str> {
    Some(match event.payload.as_ref()? {
        Payload::UploadStarted(it) => &it.video_id,
        Payload::UploadAbandoned(it) => &it.video_id,
        Payload::UploadProgressed(it) => &it.video_id,
        Payload::VideoUploaded(it) => &it.video_id,
        Payload::VideoPlanned(it) => &it.video_id,
        Payload::ChunkEncoded(it) => &it.video_id,
        Payload::VideoPlayable(it) => &it.video_id,
        Payload::VideoTranscoded(it) => &it.video_id,
        Payload::VideoLive(it) => &it.video_id,
        Payload::VideoFailed(it) => &it.video_id,
        Payload::VideoDeleted(it) => &it.video_id,
        Payload::VideoErased(it) => &it.video_id,
        // The catalogue's own news, and what concerns others.
        Payload::VideoChanged(_)
        | Payload::VideoReplaced(_)
        | Payload::EncodeTask(_)
        | Payload::TaskFailed(_)
        | Payload::AccountChanged(_)
        | Payload::AccountDeleted(_) => return None,
    })
}

/// The row of video `id` after `event`.
pub(crate) fn fold(row: Option<Video>, id: &VideoId, event: &Event) -> Video {
    let at = event.occurred_at_ms;
    let mut video = row.unwrap_or_else(|| Video::unknown(id.clone(), at));
    if video.state == State::Deleted {
        if let Some(Payload::VideoErased(it)) = &event.payload
            && it.revision == 0
        {
            video.facts.erased.extend(Part::told(it.part()));
        }
        return video;
    }
    video.created_at_ms = video.created_at_ms.min(at);
    match &event.payload {
        Some(Payload::UploadStarted(it)) => upload_started(&mut video, it),
        Some(Payload::UploadProgressed(it)) => upload_progressed(&mut video, it),
        Some(Payload::VideoUploaded(it)) => video_uploaded(&mut video, it),
        Some(Payload::VideoPlanned(it)) => video_planned(&mut video, it),
        Some(Payload::ChunkEncoded(it)) => chunk_encoded(&mut video, it),
        Some(Payload::VideoPlayable(it)) => {
            if let Some(mut side) = side(&mut video, it.revision) {
                side.made(it.revision, State::Playable);
            }
        }
        Some(Payload::VideoTranscoded(it)) => video_transcoded(&mut video, it),
        Some(Payload::VideoLive(it)) => video_live(&mut video, it, at),
        Some(Payload::VideoFailed(it)) => video_failed(&mut video, it, at),
        // Nobody but ingress has anything of it.
        Some(Payload::UploadAbandoned(it)) if it.revision <= FIRST => {
            return Video::tombstone(video.id);
        }
        Some(Payload::UploadAbandoned(it)) => upload_abandoned(&mut video, it, at),
        Some(Payload::VideoDeleted(_)) => return video.deleted(at),
        Some(
            Payload::VideoChanged(_)
            | Payload::VideoErased(_)
            | Payload::VideoReplaced(_)
            | Payload::EncodeTask(_)
            | Payload::TaskFailed(_)
            | Payload::AccountChanged(_)
            | Payload::AccountDeleted(_),
        )
        | None => {}
    }
    video
}

/// What is known of one revision of a video.
struct Side<'a> {
    state: &'a mut State,
    facts: &'a mut Facts,
}

/// What events of `revision` are about: what is watched, or what is to take its place; nothing when a
/// newer one is watched.
fn side(video: &mut Video, revision: u32) -> Option<Side<'_>> {
    let revision = revision.max(FIRST);
    match revision.cmp(&video.facts.revision.max(FIRST)) {
        Ordering::Less => None,
        Ordering::Equal => Some(Side {
            state: &mut video.state,
            facts: &mut video.facts,
        }),
        Ordering::Greater => {
            let next = &mut video.facts.next;
            let known = next.contains_key(&revision);
            if !known && next.len() >= MOST_NEXT {
                let oldest = *next.keys().next()?;
                if oldest > revision {
                    return None;
                }
                next.remove(&oldest);
            }
            let next = next.entry(revision).or_default();
            Some(Side {
                state: &mut next.state,
                facts: &mut next.facts,
            })
        }
    }
}

impl Side<'_> {
    fn rise(&mut self, state: State) {
        *self.state = (*self.state).max(state);
    }

    /// Something was made of the file.
    fn made(&mut self, revision: u32, state: State) {
        self.rise(state);
        self.facts.revision = self.facts.revision.max(revision);
    }

    fn fail(&mut self, failure: Failure) {
        self.rise(State::Failed);
        self.facts.failure = Some(match self.facts.failure.take() {
            Some(known) => known.min(failure),
            None => failure,
        });
    }
}

fn upload_started(video: &mut Video, it: &UploadStarted) {
    video.owner = Some(OwnerId::new(&it.owner));
    if it.revision <= FIRST {
        if !video.facts.edited.title {
            video.title.clone_from(&it.title);
        }
        if !video.facts.edited.description {
            video.description.clone_from(&it.description);
        }
        // Told again later, it does not overrule the owner.
        if video.edits == 0 {
            video.access.visibility = it.visibility().into();
        }
    }
    if let Some(side) = side(video, it.revision) {
        side.facts.size_bytes = it.size_bytes;
    }
}

fn upload_progressed(video: &mut Video, it: &UploadProgressed) {
    let Some(side) = side(video, it.revision) else {
        return;
    };
    if it.sequence > side.facts.uploaded_news {
        side.facts.uploaded_news = it.sequence;
        side.facts.uploaded_bytes = it.stored_bytes;
    }
}

fn upload_abandoned(video: &mut Video, it: &UploadAbandoned, at_ms: i64) {
    if let Some(mut side) = side(video, it.revision) {
        side.fail(Failure {
            at_ms,
            kind: "upload-abandoned".to_owned(),
            title: "The upload was given up".to_owned(),
            detail: "The other file did not come in whole, so that the film is as it was. Choose \
                     the file again if it is still to be replaced."
                .to_owned(),
        });
    }
}

fn video_uploaded(video: &mut Video, it: &VideoUploaded) {
    video.owner = Some(OwnerId::new(&it.owner));
    if let Some(mut side) = side(video, it.revision) {
        side.rise(State::Processing);
        side.facts.size_bytes = it.size_bytes;
    }
}

fn video_planned(video: &mut Video, it: &VideoPlanned) {
    let Some(mut side) = side(video, it.revision) else {
        return;
    };
    side.made(it.revision, State::Processing);
    let facts = side.facts;
    facts.duration_ms = it.duration_ms;
    facts.width = it.width;
    facts.height = it.height;
    facts.chapters = it.chapters.iter().map(Into::into).collect();
    facts.subtitles = it.subtitles.iter().map(Into::into).collect();
    facts.segments_total = facts.segments_total.max(it.segments_total);
    if !facts.measured {
        facts.renditions = it.renditions.iter().map(Into::into).collect();
    }
}

fn chunk_encoded(video: &mut Video, it: &ChunkEncoded) {
    if let Some(mut side) = side(video, it.revision) {
        side.made(it.revision, State::Processing);
        let facts = side.facts;
        facts.segments_done = facts.segments_done.max(it.segments_done);
        facts.segments_total = facts.segments_total.max(it.segments_total);
    }
}

fn video_transcoded(video: &mut Video, it: &VideoTranscoded) {
    if let Some(mut side) = side(video, it.revision) {
        side.made(it.revision, State::Playable);
        let facts = side.facts;
        facts.complete = true;
        facts.measured = true;
        facts.renditions = it.renditions.iter().map(Into::into).collect();
        facts.hover_images = facts.hover_images.max(it.hover_images);
    }
}

/// A newer revision takes the place of the one that was watched, with all that is known of it; what the
/// owner said of the video stays.
fn video_live(video: &mut Video, it: &VideoLive, at_ms: i64) {
    video.published_at_ms = Some(video.published_at_ms.map_or(at_ms, |then| then.min(at_ms)));
    if it.revision > video.facts.revision.max(FIRST) {
        let Next { state, facts } = video.facts.next.remove(&it.revision).unwrap_or_default();
        let mut before = mem::replace(&mut video.facts, facts);
        video.state = state;
        video.facts.revision = it.revision;
        video.facts.edited = before.edited;
        video.facts.next = before.next.split_off(&it.revision);
    }
    if let Some(mut side) = side(video, it.revision) {
        side.made(it.revision, State::Live);
    }
}

fn video_failed(video: &mut Video, it: &VideoFailed, at_ms: i64) {
    if let Some(mut side) = side(video, it.revision) {
        side.fail(Failure {
            at_ms,
            kind: it.problem_type.clone(),
            title: it.title.clone(),
            detail: it.detail.clone(),
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use schemas::v1::{self, VideoDeleted, VideoPart, VideoPlayable};

    use super::*;

    const VIDEO: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaa";

    fn event(at: i64, payload: Payload) -> Event {
        Event {
            occurred_at_ms: at,
            payload: Some(payload),
            ..Event::default()
        }
    }

    fn folded(events: &[Event]) -> Option<Video> {
        let id: VideoId = VIDEO.parse().unwrap();
        events
            .iter()
            .fold(None, |row, event| Some(fold(row, &id, event)))
    }

    fn rendition(bandwidth: u64) -> v1::Rendition {
        v1::Rendition {
            name: "360p".to_owned(),
            bandwidth,
            ..v1::Rendition::default()
        }
    }

    /// The life of one video, as its services tell it.
    fn life() -> Vec<Event> {
        let video_id = VIDEO.to_owned();
        let chunk = |done| ChunkEncoded {
            video_id: video_id.clone(),
            revision: 1,
            segments_done: done,
            segments_total: 4,
            ..ChunkEncoded::default()
        };
        let progress = |sequence, stored_bytes| UploadProgressed {
            video_id: video_id.clone(),
            sequence,
            stored_bytes,
            ..UploadProgressed::default()
        };
        let payloads = [
            Payload::UploadStarted(UploadStarted {
                video_id: video_id.clone(),
                owner: "local".to_owned(),
                size_bytes: 10,
                title: "Big Buck Bunny".to_owned(),
                ..UploadStarted::default()
            }),
            Payload::UploadProgressed(progress(1, 7)),
            Payload::UploadProgressed(progress(2, 4)),
            Payload::VideoUploaded(VideoUploaded {
                video_id: video_id.clone(),
                owner: "local".to_owned(),
                size_bytes: 10,
                ..VideoUploaded::default()
            }),
            Payload::VideoPlanned(VideoPlanned {
                video_id: video_id.clone(),
                revision: 1,
                duration_ms: 5000,
                renditions: vec![rendition(1)],
                segments_total: 4,
                ..VideoPlanned::default()
            }),
            Payload::ChunkEncoded(chunk(2)),
            Payload::VideoPlayable(VideoPlayable {
                video_id: video_id.clone(),
                revision: 1,
                ..VideoPlayable::default()
            }),
            Payload::VideoLive(VideoLive {
                video_id: video_id.clone(),
                revision: 1,
                ..VideoLive::default()
            }),
            Payload::ChunkEncoded(chunk(4)),
            Payload::VideoTranscoded(VideoTranscoded {
                video_id,
                revision: 1,
                renditions: vec![rendition(2)],
                hover_images: 3,
            }),
        ];
        (100..)
            .zip(payloads)
            .map(|(at, it)| event(at, it))
            .collect()
    }

    #[test]
    fn a_life_told_in_order() {
        use State::{Live, Playable, Processing, Uploading};
        let states: Vec<State> = (1..=life().len())
            .filter_map(|n| folded(&life()[..n]).map(|video| video.state))
            .collect();
        let expected = [
            Uploading, Uploading, Uploading, Processing, Processing, Processing, Playable, Live,
            Live, Live,
        ];
        assert_eq!(states, expected);
        let video = folded(&life()).unwrap();
        assert_eq!(
            (video.created_at_ms, video.published_at_ms),
            (100, Some(107))
        );
        assert_eq!(
            (video.facts.segments_done, video.facts.segments_total),
            (4, 4)
        );
        assert!(video.facts.complete);
        assert_eq!(video.facts.renditions[0].bandwidth, 2);
    }

    #[test]
    fn what_the_owner_wrote_survives_a_late_upload_event() {
        let id: VideoId = VIDEO.parse().unwrap();
        let mut video = Video::unknown(id.clone(), 1);
        video.title = "Mine".to_owned();
        video.facts.edited.title = true;
        assert_eq!(fold(Some(video), &id, &life()[0]).title, "Mine");
    }

    /// Another file takes the place of the first.
    fn replacing() -> Vec<Event> {
        let video_id = VIDEO.to_owned();
        let revision = 2;
        let payloads = [
            Payload::UploadStarted(UploadStarted {
                video_id: video_id.clone(),
                owner: "local".to_owned(),
                size_bytes: 20,
                title: "Another name".to_owned(),
                revision,
                ..UploadStarted::default()
            }),
            Payload::VideoUploaded(VideoUploaded {
                video_id: video_id.clone(),
                owner: "local".to_owned(),
                size_bytes: 20,
                revision,
                ..VideoUploaded::default()
            }),
            Payload::VideoPlanned(VideoPlanned {
                video_id: video_id.clone(),
                revision,
                duration_ms: 9000,
                renditions: vec![rendition(7)],
                segments_total: 9,
                ..VideoPlanned::default()
            }),
            Payload::VideoLive(VideoLive {
                video_id,
                revision,
                ..VideoLive::default()
            }),
        ];
        (200..)
            .zip(payloads)
            .map(|(at, it)| event(at, it))
            .collect()
    }

    #[test]
    fn a_newer_revision_takes_the_place_of_the_older_when_it_goes_live_and_not_before() {
        let replacing = replacing();
        let mut events = life();
        events.extend(replacing[..3].to_vec());
        let waiting = folded(&events).unwrap();
        let before = folded(&life()).unwrap();
        assert_eq!(
            Facts {
                next: std::collections::BTreeMap::new(),
                ..waiting.facts.clone()
            },
            before.facts
        );
        assert_eq!(waiting.title, "Big Buck Bunny");
        let (_, next) = waiting.replacement().unwrap();
        assert_eq!((next.state, next.facts.size_bytes), (State::Processing, 20));

        events.push(replacing[3].clone());
        let after = folded(&events).unwrap();
        assert_eq!(
            (after.state, after.title.as_str()),
            (State::Live, "Big Buck Bunny")
        );
        assert_eq!(after.published_at_ms, before.published_at_ms);
        let facts = after.facts;
        assert_eq!(
            (facts.revision, facts.duration_ms, facts.size_bytes),
            (2, 9000, 20)
        );
        assert!(!facts.complete && facts.next.is_empty());
    }

    #[test]
    fn what_cannot_replace_a_film_leaves_it_as_it_was_and_says_why() {
        let refused = VideoFailed {
            video_id: VIDEO.to_owned(),
            title: "No film".to_owned(),
            revision: 2,
            ..VideoFailed::default()
        };
        let given_up = UploadAbandoned {
            video_id: VIDEO.to_owned(),
            revision: 3,
            ..UploadAbandoned::default()
        };
        let mut events = life();
        events.push(event(300, Payload::VideoFailed(refused)));
        let after = folded(&events).unwrap();
        assert_eq!((after.state, &after.facts.failure), (State::Live, &None));
        let failure = after
            .replacement()
            .unwrap()
            .1
            .facts
            .failure
            .clone()
            .unwrap();
        assert_eq!(failure.title, "No film");
        events.push(event(301, Payload::UploadAbandoned(given_up)));
        let after = folded(&events).unwrap();
        assert_eq!(after.state, State::Live);
        let (_, next) = after.replacement().unwrap();
        assert_eq!(next.facts.failure.clone().unwrap().kind, "upload-abandoned");
        assert_eq!(next.state, State::Failed);
    }

    #[test]
    fn the_newest_attempts_are_remembered() {
        let failed = |revision| {
            let failed = VideoFailed {
                revision,
                ..VideoFailed::default()
            };
            event(300, Payload::VideoFailed(failed))
        };
        let mut events = life();
        events.extend((2..40).chain([3, 4]).map(failed));
        let next = folded(&events).unwrap().facts.next;
        assert!(next.into_keys().eq(24..40));
    }

    #[test]
    fn the_dead_stay_dead() {
        for (end, deleted_at_ms) in [
            (Payload::UploadAbandoned(UploadAbandoned::default()), None),
            (Payload::VideoDeleted(VideoDeleted::default()), Some(1)),
        ] {
            let mut events = life();
            events.insert(1, event(1, end));
            for part in [VideoPart::Media, VideoPart::Unspecified, VideoPart::Media] {
                let erased = v1::VideoErased {
                    video_id: VIDEO.to_owned(),
                    part: part.into(),
                    revision: 0,
                };
                events.push(event(400, Payload::VideoErased(erased)));
            }
            let mut left = Video::tombstone(VIDEO.parse().unwrap());
            left.facts.deleted_at_ms = deleted_at_ms;
            left.facts.erased = [Part::Media].into();
            assert_eq!(folded(&events), Some(left));
        }
    }

    fn failed(at: i64, kind: &str) -> Event {
        let failed = VideoFailed {
            problem_type: kind.to_owned(),
            ..VideoFailed::default()
        };
        event(at, Payload::VideoFailed(failed))
    }

    proptest! {
        #[test]
        fn any_order_and_any_repetition_make_the_same_row(
            order in Just((0..16_usize).collect::<Vec<_>>()).prop_shuffle(),
            again in prop::collection::vec(0..16_usize, 0..16),
        ) {
            let mut events = life();
            events.extend(replacing());
            events.push(failed(300, "later"));
            events.push(failed(200, "first"));
            let told: Vec<Event> =
                order.iter().chain(&again).map(|i| events[*i].clone()).collect();
            prop_assert_eq!(folded(&told), folded(&events));
        }
    }
}
