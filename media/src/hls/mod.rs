//! HLS playlists (RFC 8216): complete from the first moment, never changed by more than measured
//! bit rates.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

pub use crate::bandwidth::{Bandwidth, Measured};
use crate::grid::{AUDIO_FRAME_RATE, Grid};
use crate::plan::{AudioTrack, ObjectRef, Plan, SegmentRef};
use crate::rate::Rational;
use crate::time::Micros;

/// Fragmented MP4 needs `EXT-X-MAP`, which needs this.
const VERSION: u32 = 7;
const AUDIO_GROUP: &str = "audio";
const SUBTITLE_GROUP: &str = "subtitles";

/// `master.m3u8`
pub fn master(plan: &Plan, measured: &Measured) -> String {
    fmt::from_fn(|out| write_master(out, plan, measured)).to_string()
}

/// `v/{rung}/playlist.m3u8`: the same for every rung.
pub fn video_playlist(plan: &Plan) -> String {
    let grid = &plan.grid;
    fmt::from_fn(|out| write_media(out, grid, Grid::boundary_time)).to_string()
}

/// `a/{track}/playlist.m3u8`: the same for every track.
pub fn audio_playlist(plan: &Plan) -> String {
    let grid = &plan.grid;
    fmt::from_fn(|out| write_media(out, grid, audio_boundary_time)).to_string()
}

/// `s/{name}.m3u8`: one piece as long as the film.
pub fn subtitle_playlist(plan: &Plan, name: &str) -> String {
    let duration = plan.duration();
    let target = (duration.0.saturating_add(999_999) / 1_000_000).max(1);
    format!(
        "#EXTM3U\n#EXT-X-VERSION:{VERSION}\n#EXT-X-TARGETDURATION:{target}\n\
         #EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n\
         #EXTINF:{duration},\n{name}.vtt\n#EXT-X-ENDLIST\n"
    )
}

fn write_master(out: &mut fmt::Formatter<'_>, plan: &Plan, measured: &Measured) -> fmt::Result {
    writeln!(
        out,
        "#EXTM3U\n#EXT-X-VERSION:{VERSION}\n#EXT-X-INDEPENDENT-SEGMENTS"
    )?;
    // One track of sound only is a variant by itself; everything else names its tracks in a group.
    let grouped = !plan.audio.is_empty() && (plan.audio.len() > 1 || !plan.rungs.is_empty());
    if grouped {
        let mut languages = BTreeSet::new();
        for (number, track) in plan.track_numbers().zip(&plan.audio) {
            write_track(out, number, track, &mut languages)?;
        }
    }
    let mut group = if grouped {
        format!(",AUDIO=\"{AUDIO_GROUP}\"")
    } else {
        String::new()
    };
    if plan.text_subtitles().next().is_some() {
        write_subtitles(out, plan)?;
        group.push_str(",SUBTITLES=\"");
        group.push_str(SUBTITLE_GROUP);
        group.push('"');
    }
    for rung in &plan.rungs {
        let Bandwidth { peak, average } = measured.variant(plan, rung);
        let sound = if grouped {
            format!(",{}", AudioTrack::CODEC)
        } else {
            String::new()
        };
        writeln!(
            out,
            "#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average},\
             CODECS=\"{}{sound}\",RESOLUTION={}x{},FRAME-RATE={}{group},CLOSED-CAPTIONS=NONE",
            rung.codec,
            rung.size.width,
            rung.size.height,
            Thousandths(plan.grid.frame_rate),
        )?;
        writeln!(out, "{}", ObjectRef::VideoPlaylist(rung.name.clone()))?;
    }
    if let (true, Some(track)) = (plan.rungs.is_empty(), plan.audio.first()) {
        let Bandwidth { peak, average } = measured.track(0, track);
        writeln!(
            out,
            "#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average},\
             CODECS=\"{}\"{group},CLOSED-CAPTIONS=NONE",
            AudioTrack::CODEC,
        )?;
        writeln!(out, "{}", ObjectRef::AudioPlaylist(0))?;
    }
    Ok(())
}

fn write_subtitles(out: &mut fmt::Formatter<'_>, plan: &Plan) -> fmt::Result {
    let mut languages = BTreeSet::new();
    for (name, track) in plan.text_subtitles() {
        let language = track.language.as_deref().and_then(crate::language::tag);
        write!(
            out,
            "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"{SUBTITLE_GROUP}\",NAME=\"{}\"",
            quotable(&track.title)
        )?;
        if let Some(language) = &language {
            write!(out, ",LANGUAGE=\"{language}\"")?;
        }
        writeln!(
            out,
            ",DEFAULT=NO,AUTOSELECT={},FORCED=NO,URI=\"{}\"",
            if languages.insert(language) {
                "YES"
            } else {
                "NO"
            },
            ObjectRef::SubtitlePlaylist(name.to_owned()),
        )?;
    }
    Ok(())
}

fn write_track(
    out: &mut fmt::Formatter<'_>,
    number: u32,
    track: &AudioTrack,
    languages: &mut BTreeSet<Option<String>>,
) -> fmt::Result {
    let language = track.language.as_deref().and_then(crate::language::tag);
    write!(
        out,
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{AUDIO_GROUP}\",NAME=\"{}\"",
        quotable(&track.title)
    )?;
    if let Some(language) = &language {
        write!(out, ",LANGUAGE=\"{language}\"")?;
    }
    let yes_no = |yes: bool| if yes { "YES" } else { "NO" };
    // Of several tracks in one language only the first is chosen without being asked for.
    let first_of_language = languages.insert(language);
    writeln!(
        out,
        ",DEFAULT={},AUTOSELECT={},CHANNELS=\"{}\",URI=\"{}\"",
        yes_no(number == 0),
        yes_no(first_of_language),
        track.channels,
        ObjectRef::AudioPlaylist(number),
    )
}

fn write_media(
    out: &mut fmt::Formatter<'_>,
    grid: &Grid,
    boundary: fn(&Grid, u32) -> Micros,
) -> fmt::Result {
    writeln!(
        out,
        "#EXTM3U\n#EXT-X-VERSION:{VERSION}\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:0\n\
         #EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"init.mp4\"",
        target_duration(grid)
    )?;
    let mut start = Micros::ZERO;
    for n in 0..grid.segment_count {
        let end = boundary(grid, n + 1);
        // Differences of rounded boundaries: rounding never adds up over a long film.
        writeln!(out, "#EXTINF:{},\n{n}.m4s", end - start)?;
        start = end;
    }
    writeln!(out, "#EXT-X-ENDLIST")
}

/// The longest segment of any playlist in whole seconds: all must announce the same.
fn target_duration(grid: &Grid) -> i64 {
    let longest = |boundary: fn(&Grid, u32) -> Micros| {
        (0..grid.segment_count)
            .map(|n| boundary(grid, n + 1) - boundary(grid, n))
            .max()
    };
    let longest = longest(Grid::boundary_time)
        .max(longest(audio_boundary_time))
        .unwrap_or_default();
    ((longest.0 + 500_000) / 1_000_000).max(1)
}

fn audio_boundary_time(grid: &Grid, index: u32) -> Micros {
    AUDIO_FRAME_RATE.frames_to_micros(grid.audio_boundary(index))
}

/// A quoted string may hold neither quotes nor line ends.
fn quotable(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .map(|c| if c == '"' { '\'' } else { c })
        .collect()
}

/// A rate with three decimals.
struct Thousandths(Rational);

impl fmt::Display for Thousandths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (num, den) = (u64::from(self.0.num()), u64::from(self.0.den()));
        let thousandths = (2000 * num + den) / (2 * den);
        write!(f, "{}.{:03}", thousandths / 1000, thousandths % 1000)
    }
}

impl SegmentRef {
    /// How long the segment lasts by its playlist.
    pub fn length(&self, grid: &Grid) -> Micros {
        let n = self.number();
        match self {
            Self::Video { .. } => grid.boundary_time(n.saturating_add(1)) - grid.boundary_time(n),
            Self::Audio { .. } => {
                audio_boundary_time(grid, n.saturating_add(1)) - audio_boundary_time(grid, n)
            }
        }
    }
}
