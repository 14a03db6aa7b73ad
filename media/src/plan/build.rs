//! From a probed source to its plan.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{AudioTrack, Plan, SCHEMA, SourceFacts, subtitles};
use crate::grid::{AUDIO_FRAME_RATE, Grid};
use crate::ladder::{self, SHORT_SIDES};
use crate::probe::{AudioStream, Chapter, Source, VideoStream};
use crate::rate::{self, OutputRate, Rational};
use crate::time::Micros;

/// Sound that goes on longer than this after the last frame makes the film longer.
const AUDIO_OVERHANG: Micros = Micros(250_000);

/// Sound that starts between these times before the first frame is kept, and the frame is held
/// from there on: less is not noticed, and more would be a still picture for whole segments.
const AUDIO_LEAD: RangeInclusive<Micros> = Micros(250_000)..=Micros(3_000_000);

/// What the operator decides about plans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanSettings {
    /// Short sides of the rungs that may be made.
    pub short_sides: Vec<u32>,
    /// Bit rate of stereo sound, kbit/s; mono takes half.
    pub stereo_kbps: u32,
    /// Sound tracks made at most.
    pub max_audio_tracks: usize,
}

impl Default for PlanSettings {
    fn default() -> Self {
        Self {
            short_sides: SHORT_SIDES.to_vec(),
            stereo_kbps: 128,
            max_audio_tracks: 16,
        }
    }
}

/// No plan can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Neither picture nor sound.
    #[error("this file has no picture and no sound that can be played; upload another one")]
    NothingToPlay,
    /// More segments than can be numbered.
    #[error("the film is too long to be cut into segments; upload it in parts")]
    TooLong,
}

impl PlanError {
    /// A stable identifier for problem documents.
    pub const fn problem_type(self) -> &'static str {
        match self {
            Self::NothingToPlay => "no-track",
            Self::TooLong => "too-long",
        }
    }
}

impl Plan {
    /// Decides what is made of `source`.
    pub fn build(
        video_id: &str,
        revision: u32,
        source: &Source,
        settings: &PlanSettings,
    ) -> Result<Self, PlanError> {
        let tracks: Vec<_> = source
            .audio
            .iter()
            .take(settings.max_audio_tracks)
            .collect();
        let (origin, grid, rungs, keep_every) = match (&source.video, tracks.first()) {
            (Some(video), first) => {
                let output = rate_of(video);
                let held = first.map_or(0, |audio| held_frames(video, audio, output));
                let origin = video.start_time - output.rate.frames_to_micros(held);
                let own = held + picture_frames(source, video, output);
                let frames = total_frames(source, origin, output, own, first.copied());
                let rungs = ladder::rungs(video.displayed, output.rate, &settings.short_sides);
                (
                    origin,
                    Grid::new(output.rate, frames),
                    rungs,
                    output.keep_every,
                )
            }
            (None, Some(first)) => {
                let span = audio_end(source, first) - first.start_time;
                let frames = AUDIO_FRAME_RATE.micros_to_frames_ceil(span);
                (
                    first.start_time,
                    Grid::new(AUDIO_FRAME_RATE, frames),
                    Vec::new(),
                    1,
                )
            }
            (None, None) => return Err(PlanError::NothingToPlay),
        };
        if !grid.is_consistent() {
            return Err(PlanError::TooLong);
        }
        let duration = grid.duration();
        Ok(Self {
            schema: SCHEMA,
            video_id: video_id.to_owned(),
            revision,
            origin,
            grid,
            rungs,
            audio: audio_tracks(&tracks, settings),
            subtitles: subtitles::tracks(&source.subtitles),
            chapters: chapters(&source.chapters, origin, duration),
            source: SourceFacts {
                container: source.container.clone(),
                video: source.video.clone(),
                keep_every,
                attached_pic: source.attached_pic,
                start_time: source.start_time,
                duration: source.duration,
            },
        })
    }
}

fn rate_of(video: &VideoStream) -> OutputRate {
    let output = rate::output_rate(video.base_rate, video.average_rate);
    if let Some(rate) = film_rate(output.rate).filter(|_| video.scan.is_telecine()) {
        return OutputRate { rate, ..output };
    }
    // Count and length of the stream may say that the rates only look constant.
    if output.constant_source && !video.constant_rate {
        return OutputRate {
            keep_every: 1,
            constant_source: false,
            ..output
        };
    }
    output
}

/// The rate of the film that was spread over pictures of `rate` by 3:2 pulldown.
fn film_rate(rate: Rational) -> Option<Rational> {
    Rational::new(rate.num().checked_mul(4)?, rate.den().checked_mul(5)?)
}

/// Frames for which the first picture is held, because the sound starts before it.
fn held_frames(video: &VideoStream, audio: &AudioStream, output: OutputRate) -> u64 {
    let lead = video.start_time - audio.start_time;
    if AUDIO_LEAD.contains(&lead) {
        output.rate.micros_to_frames_round(lead)
    } else {
        0
    }
}

/// The picture's own frames, or more, to the end of the sound when that is clearly longer.
fn total_frames(
    source: &Source,
    origin: Micros,
    output: OutputRate,
    own: u64,
    audio: Option<&AudioStream>,
) -> u64 {
    let Some(audio) = audio.filter(|audio| audio.duration.is_some()) else {
        return own;
    };
    let end = audio_end(source, audio) - origin;
    if end - output.rate.frames_to_micros(own) <= AUDIO_OVERHANG {
        return own;
    }
    output.rate.micros_to_frames_ceil(end).max(own)
}

/// Frames at the output rate: the source's exact count where it is known.
fn picture_frames(source: &Source, video: &VideoStream, output: OutputRate) -> u64 {
    let keep_every = u64::from(output.keep_every.max(1));
    let counted = video
        .frames
        .filter(|_| output.constant_source && video.duration.is_some());
    if let Some(frames) = counted {
        let frames = if video.scan.is_telecine() {
            (frames * 4).div_ceil(5)
        } else {
            frames
        };
        return frames.div_ceil(keep_every).max(1);
    }
    let span = source
        .last_video_end
        .map(|end| end - video.start_time)
        .or(video.duration)
        .unwrap_or(source.start_time + source.duration - video.start_time);
    if output.constant_source {
        return output.rate.micros_to_frames_round(span).max(1);
    }
    // The last picture may be shown for less than a frame of ours. Clocks are a little off, too.
    let slack = Micros(output.rate.frames_to_micros(1).0 / 10);
    output.rate.micros_to_frames_ceil(span - slack).max(1)
}

fn audio_end(source: &Source, audio: &AudioStream) -> Micros {
    audio
        .duration
        .map_or(source.start_time + source.duration, |span| {
            audio.start_time + span
        })
}

fn audio_tracks(tracks: &[&AudioStream], settings: &PlanSettings) -> Vec<AudioTrack> {
    let named: Vec<String> = tracks
        .iter()
        .enumerate()
        .map(|(index, track)| {
            let name = track.title.clone().filter(|title| !title.trim().is_empty());
            name.or_else(|| track.language.clone())
                .unwrap_or_else(|| format!("Track {}", index + 1))
        })
        .collect();
    let unique = |index: usize, name: &String| {
        // Names in one HLS group must differ.
        let taken = named.iter().take(index).any(|earlier| earlier == name);
        if taken {
            format!("{name} ({})", index + 1)
        } else {
            name.clone()
        }
    };
    tracks
        .iter()
        .zip(&named)
        .enumerate()
        .map(|(index, (track, name))| {
            let channels = track.channels.clamp(1, 2);
            AudioTrack {
                stream_index: track.index,
                source_codec: track.codec.clone(),
                source_start: track.start_time,
                source_channels: track.channels,
                language: track.language.clone(),
                title: unique(index, name),
                channels,
                bitrate_kbps: (settings.stereo_kbps * channels / 2).clamp(32, 512),
            }
        })
        .collect()
}

/// Chapters counted from the film's zero and cut to its length.
fn chapters(source: &[Chapter], origin: Micros, duration: Micros) -> Vec<Chapter> {
    source
        .iter()
        .map(|chapter| Chapter {
            start: (chapter.start - origin).max(Micros::ZERO),
            end: (chapter.end - origin).min(duration),
            title: chapter.title.clone(),
        })
        .filter(|chapter| chapter.end > chapter.start)
        .collect()
}
