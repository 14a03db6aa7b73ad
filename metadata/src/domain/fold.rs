//! Events become rows.
//!
//! Topics have no order between each other and every event may come twice, so whatever the order,
//! the same events make the same row: states only rise, counts only grow, and what belongs to a
//! revision gives way to a newer one.

use schemas::v1::event::Payload;
use schemas::v1::{
    ChunkEncoded, Event, UploadProgressed, UploadStarted, VideoFailed, VideoPlanned,
    VideoTranscoded, VideoUploaded,
};
use schemas::{OwnerId, VideoId};

use super::{Facts, Failure, Part, State, Video};

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
        if let Some(Payload::VideoErased(it)) = &event.payload {
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
            video.rise(State::Playable);
            video.facts.of_revision(it.revision);
        }
        Some(Payload::VideoTranscoded(it)) => video_transcoded(&mut video, it),
        Some(Payload::VideoLive(it)) => {
            video.rise(State::Live);
            video.facts.of_revision(it.revision);
            video.published_at_ms = Some(video.published_at_ms.map_or(at, |then| then.min(at)));
        }
        Some(Payload::VideoFailed(it)) => video_failed(&mut video, it, at),
        // Nobody but ingress has anything of it.
        Some(Payload::UploadAbandoned(_)) => return Video::tombstone(video.id),
        Some(Payload::VideoDeleted(_)) => return video.deleted(at),
        Some(
            Payload::VideoChanged(_)
            | Payload::VideoErased(_)
            | Payload::EncodeTask(_)
            | Payload::TaskFailed(_)
            | Payload::AccountChanged(_)
            | Payload::AccountDeleted(_),
        )
        | None => {}
    }
    video
}

fn upload_started(video: &mut Video, it: &UploadStarted) {
    video.owner = Some(OwnerId::new(&it.owner));
    video.facts.size_bytes = it.size_bytes;
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

fn upload_progressed(video: &mut Video, it: &UploadProgressed) {
    if it.sequence > video.facts.uploaded_news {
        video.facts.uploaded_news = it.sequence;
        video.facts.uploaded_bytes = it.stored_bytes;
    }
}

fn video_uploaded(video: &mut Video, it: &VideoUploaded) {
    video.rise(State::Processing);
    video.owner = Some(OwnerId::new(&it.owner));
    video.facts.size_bytes = it.size_bytes;
}

fn video_planned(video: &mut Video, it: &VideoPlanned) {
    video.rise(State::Processing);
    let Some(facts) = video.facts.of_revision(it.revision) else {
        return;
    };
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
    video.rise(State::Processing);
    if let Some(facts) = video.facts.of_revision(it.revision) {
        facts.segments_done = facts.segments_done.max(it.segments_done);
        facts.segments_total = facts.segments_total.max(it.segments_total);
    }
}

fn video_transcoded(video: &mut Video, it: &VideoTranscoded) {
    video.rise(State::Playable);
    if let Some(facts) = video.facts.of_revision(it.revision) {
        facts.complete = true;
        facts.measured = true;
        facts.renditions = it.renditions.iter().map(Into::into).collect();
        facts.hover_images = facts.hover_images.max(it.hover_images);
    }
}

fn video_failed(video: &mut Video, it: &VideoFailed, at_ms: i64) {
    video.rise(State::Failed);
    let failure = Failure {
        at_ms,
        kind: it.problem_type.clone(),
        title: it.title.clone(),
        detail: it.detail.clone(),
    };
    video.facts.failure = Some(match video.facts.failure.take() {
        Some(known) => known.min(failure),
        None => failure,
    });
}

impl Video {
    fn rise(&mut self, state: State) {
        self.state = self.state.max(state);
    }
}

impl Facts {
    /// These facts, if they may take what is said of `revision`; a newer one begins with none.
    fn of_revision(&mut self, revision: u32) -> Option<&mut Self> {
        if revision > self.revision {
            *self = Self {
                edited: self.edited,
                size_bytes: self.size_bytes,
                uploaded_bytes: self.uploaded_bytes,
                uploaded_news: self.uploaded_news,
                failure: self.failure.take(),
                revision,
                ..Self::default()
            };
        }
        (revision == self.revision).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use schemas::v1::{self, UploadAbandoned, VideoDeleted, VideoLive, VideoPart, VideoPlayable};

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

    #[test]
    fn a_newer_revision_begins_anew_and_an_older_one_is_not_heard() {
        let mut events = life();
        let again = VideoPlanned {
            video_id: VIDEO.to_owned(),
            revision: 2,
            segments_total: 9,
            ..VideoPlanned::default()
        };
        events.insert(6, event(1, Payload::VideoPlanned(again)));
        let facts = folded(&events).unwrap().facts;
        assert_eq!(
            (facts.revision, facts.segments_done, facts.segments_total),
            (2, 0, 9)
        );
        assert!(!facts.complete && facts.size_bytes == 10);
        assert_eq!(
            facts.uploaded_bytes, 4,
            "the newest news counts, not the largest"
        );
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
            order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle(),
            again in prop::collection::vec(0..12_usize, 0..12),
        ) {
            let mut events = life();
            events.push(failed(300, "later"));
            events.push(failed(200, "first"));
            let told: Vec<Event> =
                order.iter().chain(&again).map(|i| events[*i].clone()).collect();
            prop_assert_eq!(folded(&told), folded(&events));
        }
    }
}
