//! What the golden files hold: an event of each kind with a value in every field.

use schemas::v1::event::Payload;
use schemas::v1::{
    AccountChanged, AccountDeleted, Chapter, ChunkEncoded, EncodeTask, Event, PublishPolicy,
    Rendition, Subtitles, TaskFailed, UploadAbandoned, UploadProgressed, UploadStarted,
    VideoChanged, VideoDeleted, VideoErased, VideoFailed, VideoLive, VideoPart, VideoPlanned,
    VideoPlayable, VideoReplaced, VideoTranscoded, VideoUploaded, Visibility,
};

const VIDEO: &str = "4ouykzlc2nx5wyyy7rdnzr2l6e";
const UPLOAD: &str = "abcdefghijklmnopqrstuvwxyz";
const BIG: u64 = 5_000_000_000;

/// The payload's name in the schema; the compiler asks for new ones.
pub(crate) fn name_of(payload: &Payload) -> &'static str {
    match payload {
        Payload::UploadStarted(_) => "upload_started",
        Payload::UploadAbandoned(_) => "upload_abandoned",
        Payload::VideoUploaded(_) => "video_uploaded",
        Payload::VideoPlanned(_) => "video_planned",
        Payload::EncodeTask(_) => "encode_task",
        Payload::ChunkEncoded(_) => "chunk_encoded",
        Payload::TaskFailed(_) => "task_failed",
        Payload::VideoPlayable(_) => "video_playable",
        Payload::VideoTranscoded(_) => "video_transcoded",
        Payload::VideoLive(_) => "video_live",
        Payload::VideoChanged(_) => "video_changed",
        Payload::VideoFailed(_) => "video_failed",
        Payload::VideoDeleted(_) => "video_deleted",
        Payload::UploadProgressed(_) => "upload_progressed",
        Payload::AccountDeleted(_) => "account_deleted",
        Payload::AccountChanged(_) => "account_changed",
        Payload::VideoErased(_) => "video_erased",
        Payload::VideoReplaced(_) => "video_replaced",
    }
}

fn event(payload: Payload) -> Event {
    Event {
        event_id: "q3h5mmt6wkkptn2w4lxe7zv5aq".to_owned(),
        occurred_at_ms: 1_795_000_000_123,
        schema_version: 1,
        principal: "local".to_owned(),
        payload: Some(payload),
    }
}

fn rendition(name: &str, height: u32) -> Rendition {
    Rendition {
        name: name.to_owned(),
        width: height * 16 / 9,
        height,
        frame_rate_num: 30_000,
        frame_rate_den: 1001,
        codecs: "avc1.64001f,mp4a.40.2".to_owned(),
        bandwidth: BIG,
    }
}

/// Names of golden files, and the events that they hold. A message that gets a field keeps its file
/// and gets another one: `video_live-2.bin`.
pub(crate) fn values() -> Vec<(&'static str, Event)> {
    let uploads = [
        (
            "upload_started.bin",
            upload_started(Visibility::Unspecified),
        ),
        ("upload_started-2.bin", upload_started(Visibility::Unlisted)),
        ("upload_progressed.bin", upload_progressed()),
        ("upload_abandoned.bin", upload_abandoned()),
        ("video_uploaded.bin", video_uploaded()),
    ];
    let work = [
        ("video_planned.bin", video_planned()),
        ("encode_task.bin", encode_task()),
        ("chunk_encoded.bin", chunk_encoded()),
        ("task_failed.bin", task_failed()),
        ("video_playable.bin", video_playable()),
        ("video_transcoded.bin", video_transcoded()),
    ];
    let news = [
        ("video_live.bin", video_live()),
        (
            "video_changed.bin",
            video_changed(Visibility::Unspecified, 0),
        ),
        (
            "video_changed-2.bin",
            video_changed(Visibility::Private, 300),
        ),
        ("video_changed-3.bin", video_changed_about()),
        ("video_failed.bin", video_failed()),
        ("video_deleted.bin", video_deleted(0)),
        ("video_deleted-2.bin", video_deleted(300)),
        ("video_changed-4.bin", video_thrown_away()),
        ("video_erased.bin", video_erased()),
        ("account_deleted.bin", account_deleted()),
        ("account_changed.bin", account_changed()),
        ("video_uploaded-3.bin", video_uploaded_within(7200)),
    ];
    let replacing = [
        (
            "upload_started-3.bin",
            replacing(upload_started(Visibility::Unspecified)),
        ),
        ("upload_progressed-2.bin", replacing(upload_progressed())),
        ("upload_abandoned-2.bin", replacing(upload_abandoned())),
        ("video_uploaded-2.bin", replacing(video_uploaded())),
        ("video_failed-2.bin", replacing(video_failed())),
        ("video_erased-2.bin", replacing(video_erased())),
        ("video_replaced.bin", video_replaced()),
    ];
    let all = uploads.into_iter().chain(work).chain(news).chain(replacing);
    all.map(|(file, payload)| (file, event(payload))).collect()
}

fn upload_started(visibility: Visibility) -> Payload {
    Payload::UploadStarted(UploadStarted {
        video_id: VIDEO.to_owned(),
        upload_id: UPLOAD.to_owned(),
        owner: "local".to_owned(),
        file_name: "Große Häsin.mp4".to_owned(),
        size_bytes: BIG,
        title: "Große Häsin".to_owned(),
        description: "two\nlines".to_owned(),
        visibility: visibility.into(),
        revision: 0,
    })
}

fn upload_progressed() -> Payload {
    Payload::UploadProgressed(UploadProgressed {
        video_id: VIDEO.to_owned(),
        upload_id: UPLOAD.to_owned(),
        stored_bytes: BIG,
        sequence: 300,
        revision: 0,
    })
}

fn upload_abandoned() -> Payload {
    Payload::UploadAbandoned(UploadAbandoned {
        video_id: VIDEO.to_owned(),
        upload_id: UPLOAD.to_owned(),
        revision: 0,
    })
}

fn video_uploaded() -> Payload {
    Payload::VideoUploaded(VideoUploaded {
        video_id: VIDEO.to_owned(),
        upload_id: UPLOAD.to_owned(),
        owner: "local".to_owned(),
        source_key: format!("raw/{VIDEO}/source"),
        size_bytes: BIG,
        file_name: "film.mkv".to_owned(),
        publish_policy: PublishPolicy::LowestRung.into(),
        revision: 0,
        longest_s: 0,
    })
}

fn video_uploaded_within(longest_s: u32) -> Payload {
    let Payload::VideoUploaded(mut uploaded) = video_uploaded() else {
        panic!("it is");
    };
    uploaded.longest_s = longest_s;
    Payload::VideoUploaded(uploaded)
}

fn video_planned() -> Payload {
    Payload::VideoPlanned(VideoPlanned {
        video_id: VIDEO.to_owned(),
        revision: 2,
        duration_ms: 7_200_000,
        width: 1920,
        height: 1080,
        renditions: vec![rendition("360p", 360), rendition("1080p", 1080)],
        segments_total: 5400,
        chapters: vec![Chapter {
            start_ms: 60_000,
            title: "Morning".to_owned(),
        }],
        subtitles: vec![Subtitles {
            language: "de".to_owned(),
            title: "Deutsch".to_owned(),
            supported: true,
        }],
    })
}

fn encode_task() -> Payload {
    Payload::EncodeTask(EncodeTask {
        video_id: VIDEO.to_owned(),
        revision: 2,
        path: "v/360p/12.m4s".to_owned(),
    })
}

fn chunk_encoded() -> Payload {
    Payload::ChunkEncoded(ChunkEncoded {
        video_id: VIDEO.to_owned(),
        revision: 2,
        paths: vec!["v/360p/0.m4s".to_owned(), "v/360p/1.m4s".to_owned()],
        segments_done: 2,
        segments_total: 5400,
    })
}

fn task_failed() -> Payload {
    Payload::TaskFailed(TaskFailed {
        video_id: VIDEO.to_owned(),
        revision: 2,
        task_id: "t".to_owned(),
        attempt: 3,
        reason: "the encoder ended early".to_owned(),
        r#final: true,
    })
}

fn video_playable() -> Payload {
    Payload::VideoPlayable(VideoPlayable {
        video_id: VIDEO.to_owned(),
        revision: 2,
        paths: vec!["v/360p/0.m4s".to_owned(), "a/0/0.m4s".to_owned()],
    })
}

fn video_transcoded() -> Payload {
    Payload::VideoTranscoded(VideoTranscoded {
        video_id: VIDEO.to_owned(),
        revision: 2,
        renditions: vec![rendition("360p", 360)],
        hover_images: 12,
    })
}

fn video_live() -> Payload {
    Payload::VideoLive(VideoLive {
        video_id: VIDEO.to_owned(),
        revision: 2,
        edges: vec![
            "https://edge-1.example".to_owned(),
            "https://edge-2.example".to_owned(),
        ],
    })
}

fn video_changed(visibility: Visibility, access_generation: u32) -> Payload {
    Payload::VideoChanged(VideoChanged {
        video_id: VIDEO.to_owned(),
        title: "Another title".to_owned(),
        description: "Another description".to_owned(),
        visibility: visibility.into(),
        access_generation,
        ..VideoChanged::default()
    })
}

fn video_changed_about() -> Payload {
    Payload::VideoChanged(VideoChanged {
        video_id: VIDEO.to_owned(),
        tags: vec!["häsin".to_owned(), "open film".to_owned()],
        category: "animals".to_owned(),
        language: "de-AT".to_owned(),
        ..VideoChanged::default()
    })
}

fn video_failed() -> Payload {
    Payload::VideoFailed(VideoFailed {
        video_id: VIDEO.to_owned(),
        problem_type: "source-not-a-video".to_owned(),
        title: "This is no film".to_owned(),
        detail: "Choose a file with a picture.".to_owned(),
        source_refused: true,
        revision: 0,
    })
}

fn video_deleted(access_generation: u32) -> Payload {
    Payload::VideoDeleted(VideoDeleted {
        video_id: VIDEO.to_owned(),
        access_generation,
    })
}

fn account_deleted() -> Payload {
    Payload::AccountDeleted(AccountDeleted {
        user: "local".to_owned(),
    })
}

fn account_changed() -> Payload {
    Payload::AccountChanged(AccountChanged {
        user: "abcdefghijklmnopqrstuvwxyz".to_owned(),
        name: "Ada".to_owned(),
    })
}

fn video_thrown_away() -> Payload {
    Payload::VideoChanged(VideoChanged {
        video_id: VIDEO.to_owned(),
        trashed: true,
        ..VideoChanged::default()
    })
}

fn video_erased() -> Payload {
    Payload::VideoErased(VideoErased {
        video_id: VIDEO.to_owned(),
        part: VideoPart::Edges.into(),
        revision: 0,
    })
}

/// The same of a file that replaces another.
fn replacing(mut payload: Payload) -> Payload {
    let revision = match &mut payload {
        Payload::UploadStarted(it) => &mut it.revision,
        Payload::UploadProgressed(it) => &mut it.revision,
        Payload::UploadAbandoned(it) => &mut it.revision,
        Payload::VideoUploaded(it) => &mut it.revision,
        Payload::VideoFailed(it) => &mut it.revision,
        Payload::VideoErased(it) => &mut it.revision,
        other => panic!("{other:?} is of no upload"),
    };
    *revision = 300;
    payload
}

fn video_replaced() -> Payload {
    Payload::VideoReplaced(VideoReplaced {
        video_id: VIDEO.to_owned(),
        revision: 300,
    })
}
