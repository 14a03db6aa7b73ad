//! What a film is staged for.

use std::ops::Range;

use media::Plan;
use media::time::Micros;

use crate::encode::images::WAVEFORM;

/// What a film is staged for.
#[derive(Debug, Clone)]
pub enum Need {
    /// [`crate::toolbox::Toolbox::probe`].
    Probe,
    /// Anything: all bytes. For a run that failed on a source that was not
    /// [whole](super::StagedSource::is_whole), since its index may be wrong.
    Whole,
    /// Decoding these streams of the source in a span of source time.
    Span {
        /// Stream indexes, as the plan has them.
        streams: Vec<u32>,
        /// From here …
        from: Micros,
        /// … to here.
        to: Micros,
        /// How much film lies before it.
        skip: Micros,
    },
}

impl Need {
    /// What a video job for these segments needs.
    pub fn video(plan: &Plan, segments: &Range<u32>) -> Self {
        let streams = plan.source.video.iter().map(|video| video.index).collect();
        Self::span(plan, streams, segments)
    }

    /// What an audio job for these segments of this track needs.
    pub fn audio(plan: &Plan, track: u32, segments: &Range<u32>) -> Self {
        let streams = plan
            .track(track)
            .iter()
            .map(|track| track.stream_index)
            .collect();
        Self::span(plan, streams, segments)
    }

    /// What the poster of a film of sound only needs: its cover, or the beginning of its sound.
    pub fn poster(plan: &Plan) -> Self {
        match plan.track(0) {
            Some(track) if plan.source.attached_pic.is_none() => Self::Span {
                streams: vec![track.stream_index],
                from: plan.origin,
                to: plan.origin + WAVEFORM,
                skip: Micros::ZERO,
            },
            _ => Self::Probe,
        }
    }

    /// What the text subtitles need: of most containers everything, since they lie everywhere.
    pub fn subtitles(plan: &Plan) -> Self {
        Self::Span {
            streams: plan
                .text_subtitles()
                .map(|(_, track)| track.stream_index)
                .collect(),
            from: plan.origin,
            to: plan.origin + plan.duration(),
            skip: Micros::ZERO,
        }
    }

    fn span(plan: &Plan, streams: Vec<u32>, segments: &Range<u32>) -> Self {
        let margin = Micros::from_secs(1);
        Self::Span {
            streams,
            from: plan.origin + plan.grid.boundary_time(segments.start) - margin,
            to: plan.origin + plan.grid.boundary_time(segments.end) + margin,
            skip: plan.grid.boundary_time(segments.start),
        }
    }
}
