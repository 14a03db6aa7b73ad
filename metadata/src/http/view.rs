//! Videos as clients see them.

use std::collections::{BTreeSet, HashMap};

use platform_auth::{Identity, Role, Scope};
use platform_core::clock::rfc3339;
use platform_http::Problem;
use schemas::OwnerId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::failure;
use crate::domain::{
    Chapter, Facts, Failure, Next, Rendition, State, Subtitles, Video, Visibility,
};

/// Where a video stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum VideoState {
    /// Its file is on its way.
    Uploading,
    /// Its file is whole and being looked at.
    Processing,
    /// Its beginning exists.
    Playable,
    /// It can be watched and found.
    Live,
    /// It cannot be made playable; `problem` says why.
    Failed,
    /// It is gone.
    Deleted,
}

impl From<State> for VideoState {
    fn from(state: State) -> Self {
        match state {
            State::Uploading => Self::Uploading,
            State::Processing => Self::Processing,
            State::Playable => Self::Playable,
            State::Live => Self::Live,
            State::Failed => Self::Failed,
            State::Deleted => Self::Deleted,
        }
    }
}

/// For whom a video is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Visibility)]
pub(super) enum VisibilityView {
    /// Everybody, who also finds it.
    Public,
    /// Everybody who has its address.
    Unlisted,
    /// Everybody who has its address and its password.
    Password,
    /// Its owner and those whom the owner named.
    Shared,
    /// Its owner alone.
    Private,
}

impl From<Visibility> for VisibilityView {
    fn from(visibility: Visibility) -> Self {
        match visibility {
            Visibility::Public => Self::Public,
            Visibility::Unlisted => Self::Unlisted,
            Visibility::Password => Self::Password,
            Visibility::Shared => Self::Shared,
            Visibility::Private => Self::Private,
        }
    }
}

impl From<VisibilityView> for Visibility {
    fn from(visibility: VisibilityView) -> Self {
        match visibility {
            VisibilityView::Public => Self::Public,
            VisibilityView::Unlisted => Self::Unlisted,
            VisibilityView::Password => Self::Password,
            VisibilityView::Shared => Self::Shared,
            VisibilityView::Private => Self::Private,
        }
    }
}

/// One quality of a video.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rendition)]
struct RenditionView {
    /// For instance `360p`.
    name: String,
    width: u32,
    height: u32,
    /// Frames a second.
    frame_rate: f64,
    /// Of picture and sound, as in RFC 6381.
    codecs: String,
    /// Peak bits a second, sound included.
    bandwidth: u64,
}

impl From<Rendition> for RenditionView {
    fn from(rendition: Rendition) -> Self {
        let den = rendition.frame_rate_den.max(1);
        Self {
            name: rendition.name,
            width: rendition.width,
            height: rendition.height,
            frame_rate: f64::from(rendition.frame_rate_num) / f64::from(den),
            codecs: rendition.codecs,
            bandwidth: rendition.bandwidth,
        }
    }
}

/// A part of a video, up to where the next begins.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Chapter)]
struct ChapterView {
    /// Where it begins, in seconds.
    start_s: f64,
    /// Empty when it has none.
    title: String,
}

impl From<Chapter> for ChapterView {
    fn from(chapter: Chapter) -> Self {
        Self {
            start_s: std::time::Duration::from_millis(chapter.start_ms).as_secs_f64(),
            title: chapter.title,
        }
    }
}

/// Subtitles that the uploaded file has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Subtitles)]
struct SubtitlesView {
    /// ISO 639, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    title: String,
    /// Players can show them. Subtitles made of pictures cannot be shown.
    supported: bool,
}

impl From<Subtitles> for SubtitlesView {
    fn from(subtitles: Subtitles) -> Self {
        Self {
            language: known(subtitles.language),
            title: subtitles.title,
            supported: subtitles.supported,
        }
    }
}

/// How far a video has come.
#[derive(Debug, Serialize, ToSchema)]
struct Progress {
    /// Bytes of the source that are stored, some seconds late; absent when that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    uploaded_bytes: Option<u64>,
    /// Bytes of the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    size_bytes: Option<u64>,
    /// Segments that exist, over all qualities and sound tracks.
    segments_done: u32,
    /// Segments that are planned; 0 before there is a plan.
    segments_total: u32,
}

impl Progress {
    fn of(facts: &Facts, state: State) -> Self {
        Self {
            uploaded_bytes: uploaded_bytes(facts, state),
            size_bytes: known(facts.size_bytes),
            segments_done: facts.segments_done,
            segments_total: facts.segments_total,
        }
    }
}

/// Why a video failed.
#[derive(Debug, Serialize, ToSchema)]
struct VideoProblem {
    /// Stable, for programs: `/problems/` and a slug.
    #[serde(rename = "type")]
    kind: String,
    /// The same few words for every such failure.
    title: String,
    /// A sentence that says what to do.
    detail: String,
}

impl From<Failure> for VideoProblem {
    fn from(failure: Failure) -> Self {
        let kind = match failure.kind.strip_prefix("/problems/") {
            Some(_) => failure.kind,
            None => format!("/problems/{}", failure.kind),
        };
        Self {
            kind,
            title: failure.title,
            detail: failure.detail,
        }
    }
}

/// A video.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Video)]
pub(crate) struct VideoView {
    video_id: String,
    title: String,
    description: String,
    /// Whose it is.
    owner: String,
    /// What its owner is called; absent on a machine without accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_name: Option<String>,
    state: VideoState,
    visibility: VisibilityView,
    /// Names of those with whom it is shared; shown to its owner alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    shared_with: Option<Vec<String>>,
    /// In lower case, by the alphabet.
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    /// BCP 47.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// When it was thrown away, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    trashed_at: Option<String>,
    /// What who asks may do with it, beside watching.
    may: May,
    /// All that is planned of it exists.
    complete: bool,
    /// Rises when its file is replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u32>,
    /// When its upload began, RFC 3339.
    created_at: String,
    /// When it went live, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    published_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_s: Option<f64>,
    /// Of the displayed picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    /// Of the displayed picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    /// Path of the page on which it can be watched.
    watch_url: String,
    /// Path of its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    poster_url: Option<String>,
    /// Paths of pictures from it, in order.
    hover_urls: Vec<String>,
    /// Which of these its owner chose as its poster, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    poster: Option<u32>,
    /// Path of the HLS multivariant playlist. It and all that it leads to can be fetched for at
    /// least five hours, and those of pictures too; then ask for the video again.
    #[serde(skip_serializing_if = "Option::is_none")]
    hls_url: Option<String>,
    /// Path of the DASH manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    dash_url: Option<String>,
    renditions: Vec<RenditionView>,
    /// In order; none when the uploaded file has none.
    chapters: Vec<ChapterView>,
    /// In the file's order.
    subtitles: Vec<SubtitlesView>,
    progress: Progress,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<VideoProblem>,
    /// The newest file that is to replace it, until it does; shown to its owner alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement: Option<Replacement>,
}

/// A file that is to replace what a video is, or could not.
#[derive(Debug, Serialize, ToSchema)]
struct Replacement {
    /// Its place among the video's revisions.
    revision: u32,
    state: VideoState,
    progress: Progress,
    /// Why the video stays as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<VideoProblem>,
}

impl Replacement {
    fn of((revision, next): (&u32, &Next)) -> Self {
        Self {
            revision: *revision,
            state: next.state.into(),
            progress: Progress::of(&next.facts, next.state),
            problem: next.facts.failure.clone().map(Into::into),
        }
    }
}

/// What somebody may do with a video.
#[derive(Debug, Serialize, ToSchema)]
struct May {
    /// Change what is said of it, and who sees it.
    edit: bool,
    /// Remove it.
    delete: bool,
}

/// For whom videos are shown, and what their owners and those with whom they are shared are called.
pub(super) struct Showing<'a> {
    state: &'a super::State,
    who: Option<&'a Identity>,
    /// They know its password.
    unlocked: bool,
    names: HashMap<OwnerId, String>,
}

impl<'a> Showing<'a> {
    /// Of `videos` to `who`.
    pub(super) async fn of(
        state: &'a super::State,
        who: Option<&'a Identity>,
        videos: &[&Video],
    ) -> Result<Self, Problem> {
        let mut people: BTreeSet<&OwnerId> = BTreeSet::new();
        for video in videos {
            people.extend(&video.owner);
            if is_theirs(video, who) {
                people.extend(&video.access.shared_with);
            }
        }
        let people: Vec<OwnerId> = people.into_iter().cloned().collect();
        let names = state.store.names(&people).await;
        let names = names.map_err(failure::of_rows)?;
        Ok(Self {
            state,
            who,
            unlocked: false,
            names,
        })
    }

    pub(super) fn show(&self, video: Video) -> VideoView {
        let theirs = is_theirs(&video, self.who);
        let token = self.state.token(&video, self.who, self.unlocked);
        let media = token.map(|token| Media::of(&video, &token));
        let media = media.unwrap_or_default();
        let may = May {
            edit: theirs
                && self
                    .who
                    .is_some_and(|who| who.may(Role::Uploader, Scope::Edit)),
            delete: self.who.is_some_and(|who| video.is_deleted_by(who)),
        };
        let name = |user: &OwnerId| self.names.get(user).cloned();
        let shared_with =
            theirs.then(|| video.access.shared_with.iter().filter_map(name).collect());
        let replacement = video.replacement().filter(|_| theirs);
        let replacement = replacement.map(Replacement::of);
        let facts = video.facts;
        VideoView {
            watch_url: format!("/watch/{}", video.id),
            video_id: video.id.into(),
            title: video.title,
            description: video.description,
            owner_name: video.owner.as_ref().and_then(name),
            owner: video
                .owner
                .as_ref()
                .map_or_else(String::new, OwnerId::to_string),
            state: video.state.into(),
            visibility: video.access.visibility.into(),
            shared_with,
            tags: video.about.tags.into_iter().collect(),
            category: video.about.category,
            language: video.about.language,
            trashed_at: video.trashed_at_ms.map(rfc3339),
            may,
            complete: facts.complete,
            revision: known(facts.revision),
            created_at: rfc3339(video.created_at_ms),
            published_at: video.published_at_ms.map(rfc3339),
            duration_s: seconds(facts.duration_ms),
            width: known(facts.width),
            height: known(facts.height),
            poster_url: media.poster,
            hover_urls: media.hovers,
            poster: facts.poster,
            hls_url: media.hls,
            dash_url: media.dash,
            progress: Progress::of(&facts, video.state),
            replacement,
            renditions: facts.renditions.into_iter().map(Into::into).collect(),
            chapters: facts.chapters.into_iter().map(Into::into).collect(),
            subtitles: facts.subtitles.into_iter().map(Into::into).collect(),
            problem: facts.failure.map(Into::into),
        }
    }

    /// All of `videos`, in their order.
    pub(super) fn show_all(&self, videos: Vec<Video>) -> Vec<VideoView> {
        videos.into_iter().map(|video| self.show(video)).collect()
    }
}

/// `video`, shown to `who`.
pub(super) async fn show(
    state: &super::State,
    who: Option<&Identity>,
    video: Video,
) -> Result<VideoView, Problem> {
    let showing = Showing::of(state, who, &[&video]).await?;
    Ok(showing.show(video))
}

/// `video`, shown to somebody who knows its password.
pub(super) async fn show_unlocked(
    state: &super::State,
    who: Option<&Identity>,
    video: Video,
) -> Result<VideoView, Problem> {
    let mut showing = Showing::of(state, who, &[&video]).await?;
    showing.unlocked = true;
    Ok(showing.show(video))
}

fn is_theirs(video: &Video, who: Option<&Identity>) -> bool {
    who.is_some_and(|who| video.owner.as_ref() == Some(&who.user))
}

/// Of a film that failed perhaps nothing is kept.
fn uploaded_bytes(facts: &Facts, state: State) -> Option<u64> {
    let size = known(facts.size_bytes)?;
    match state {
        State::Uploading => Some(facts.uploaded_bytes.min(size)),
        State::Processing | State::Playable | State::Live => Some(size),
        State::Failed | State::Deleted => None,
    }
}

/// Paths of a video's media.
#[derive(Default)]
struct Media {
    hls: Option<String>,
    dash: Option<String>,
    poster: Option<String>,
    hovers: Vec<String>,
}

impl Media {
    /// The manifests exist from the plan on, the pictures from the first segments on.
    fn of(video: &Video, token: &str) -> Self {
        let Video {
            id, facts, state, ..
        } = video;
        let gone = *state >= State::Failed || video.trashed_at_ms.is_some();
        if facts.revision == 0 || gone {
            return Self::default();
        }
        let path = |file: &str| format!("/v/{token}/{id}/{}/{file}", facts.revision);
        let playable = *state >= State::Playable;
        Self {
            hls: Some(path("master.m3u8")),
            dash: Some(path("manifest.mpd")),
            poster: playable.then(|| match facts.poster {
                Some(number) => path(&format!("images/hover-{number}.jpg")),
                None => path("images/poster.jpg"),
            }),
            hovers: (0..facts.hover_images)
                .map(|k| path(&format!("images/hover-{k}.jpg")))
                .collect(),
        }
    }
}

fn known<T: PartialEq + Default>(value: T) -> Option<T> {
    (value != T::default()).then_some(value)
}

fn seconds(ms: u64) -> Option<f64> {
    known(std::time::Duration::from_millis(ms)).map(|duration| duration.as_secs_f64())
}
