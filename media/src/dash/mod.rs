//! The DASH manifest: static and complete from the first moment, over the same segments as HLS.

#[cfg(test)]
mod tests;

use std::fmt::{self, Write};

use crate::bandwidth::{Bandwidth, Measured};
use crate::grid::{AAC_FRAME, AUDIO_RATE, Grid};
use crate::ladder::Size;
use crate::plan::{AudioTrack, Plan, SubtitleTrack};
use crate::rate::Rational;

/// `manifest.mpd`
pub fn manifest(plan: &Plan, measured: &Measured) -> String {
    fmt::from_fn(|out| write_mpd(out, plan, measured)).to_string()
}

fn write_mpd(out: &mut fmt::Formatter<'_>, plan: &Plan, measured: &Measured) -> fmt::Result {
    let duration = plan.duration();
    writeln!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" \
         profiles=\"urn:mpeg:dash:profile:isoff-live:2011\" type=\"static\" \
         mediaPresentationDuration=\"PT{duration}S\" minBufferTime=\"PT2S\">\n\
         \x20 <Period id=\"0\" start=\"PT0S\" duration=\"PT{duration}S\">"
    )?;
    if let Some(largest) = plan.largest() {
        write_video(out, plan, measured, largest)?;
    }
    for (number, track) in plan.track_numbers().zip(&plan.audio) {
        write_audio(out, plan, number, track, measured.track(number, track))?;
    }
    let first = u32::try_from(plan.audio.len()).unwrap_or(u32::MAX);
    for (id, (name, track)) in (first.saturating_add(1)..).zip(plan.text_subtitles()) {
        write_subtitles(out, id, name, track)?;
    }
    writeln!(out, "  </Period>\n</MPD>")
}

/// A text track is one file as long as the period.
fn write_subtitles(
    out: &mut fmt::Formatter<'_>,
    id: u32,
    name: &str,
    track: &SubtitleTrack,
) -> fmt::Result {
    write!(
        out,
        "    <AdaptationSet id=\"{id}\" contentType=\"text\" mimeType=\"text/vtt\""
    )?;
    if let Some(language) = track.language.as_deref().and_then(crate::language::tag) {
        write!(out, " lang=\"{language}\"")?;
    }
    writeln!(
        out,
        ">\n      <Label>{}</Label>\n\
         \x20     <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"subtitle\"/>\n\
         \x20     <Representation id=\"subtitles-{name}\" bandwidth=\"1000\">\n\
         \x20       <BaseURL>s/{name}.vtt</BaseURL>\n\
         \x20     </Representation>\n    </AdaptationSet>",
        Escaped(&track.title)
    )
}

fn write_video(
    out: &mut fmt::Formatter<'_>,
    plan: &Plan,
    measured: &Measured,
    largest: Size,
) -> fmt::Result {
    let rate = FrameRate(plan.grid.frame_rate);
    let par = Rational::new(largest.width, largest.height).unwrap_or(Rational::ONE);
    writeln!(
        out,
        "    <AdaptationSet id=\"0\" contentType=\"video\" mimeType=\"video/mp4\" \
         segmentAlignment=\"true\" startWithSAP=\"1\" maxWidth=\"{}\" maxHeight=\"{}\" \
         maxFrameRate=\"{rate}\" par=\"{}:{}\">",
        largest.width,
        largest.height,
        par.num(),
        par.den(),
    )?;
    writeln!(
        out,
        "      <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"main\"/>"
    )?;
    let ticks = |index| plan.grid.boundary_ticks(index);
    let folder = "v/$RepresentationID$";
    write_template(out, &plan.grid, plan.grid.timescale(), folder, ticks)?;
    for rung in &plan.rungs {
        writeln!(
            out,
            "      <Representation id=\"{}\" bandwidth=\"{}\" codecs=\"{}\" width=\"{}\" \
             height=\"{}\" frameRate=\"{rate}\" sar=\"1:1\"/>",
            Escaped(&rung.name),
            measured.rung(rung).peak,
            rung.codec,
            rung.size.width,
            rung.size.height,
        )?;
    }
    writeln!(out, "    </AdaptationSet>")
}

fn write_audio(
    out: &mut fmt::Formatter<'_>,
    plan: &Plan,
    number: u32,
    track: &AudioTrack,
    bandwidth: Bandwidth,
) -> fmt::Result {
    write!(
        out,
        "    <AdaptationSet id=\"{}\" contentType=\"audio\" mimeType=\"audio/mp4\" \
         segmentAlignment=\"true\" startWithSAP=\"1\"",
        number.saturating_add(1)
    )?;
    if let Some(language) = track.language.as_deref().and_then(crate::language::tag) {
        write!(out, " lang=\"{language}\"")?;
    }
    let role = if number == 0 { "main" } else { "alternate" };
    writeln!(
        out,
        ">\n      <Label>{}</Label>\n\
         \x20     <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"{role}\"/>",
        Escaped(&track.title)
    )?;
    let ticks = |index| {
        plan.grid
            .audio_boundary(index)
            .saturating_mul(u64::from(AAC_FRAME))
    };
    write_template(out, &plan.grid, AUDIO_RATE, &format!("a/{number}"), ticks)?;
    writeln!(
        out,
        "      <Representation id=\"audio-{number}\" bandwidth=\"{}\" codecs=\"{}\" \
         audioSamplingRate=\"{AUDIO_RATE}\">\n\
         \x20       <AudioChannelConfiguration \
         schemeIdUri=\"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\" value=\"{}\"/>\n\
         \x20     </Representation>\n    </AdaptationSet>",
        bandwidth.peak,
        AudioTrack::CODEC,
        track.channels,
    )
}

/// The timeline in runs of equal segments.
fn write_template(
    out: &mut fmt::Formatter<'_>,
    grid: &Grid,
    timescale: u32,
    folder: &str,
    boundary: impl Fn(u32) -> u64,
) -> fmt::Result {
    writeln!(
        out,
        "      <SegmentTemplate timescale=\"{timescale}\" startNumber=\"0\" \
         initialization=\"{folder}/init.mp4\" media=\"{folder}/$Number$.m4s\">\n\
         \x20       <SegmentTimeline>"
    )?;
    let mut run: Option<(u64, u32)> = None;
    let mut start_attribute = " t=\"0\"";
    let mut flush = |out: &mut fmt::Formatter<'_>, run: Option<(u64, u32)>| {
        let Some((length, repeats)) = run else {
            return Ok(());
        };
        write!(out, "          <S{start_attribute} d=\"{length}\"")?;
        start_attribute = "";
        if repeats > 0 {
            write!(out, " r=\"{repeats}\"")?;
        }
        writeln!(out, "/>")
    };
    for index in 0..grid.segment_count {
        let length = boundary(index + 1).saturating_sub(boundary(index));
        match &mut run {
            Some((same, repeats)) if *same == length => *repeats += 1,
            _ => flush(out, run.replace((length, 0)))?,
        }
    }
    flush(out, run)?;
    writeln!(out, "        </SegmentTimeline>\n      </SegmentTemplate>")
}

/// `25` or `30000/1001`.
struct FrameRate(Rational);

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.den() == 1 {
            write!(f, "{}", self.0.num())
        } else {
            self.0.fmt(f)
        }
    }
}

/// Text that may stand in XML; characters that XML cannot hold are left out.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&apos;")?,
                '\u{FFFE}' | '\u{FFFF}' => {}
                control if control.is_control() => {}
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}
