//! What the tests of several modules need.

use proptest::prelude::*;

use crate::grid::Grid;
use crate::plan::{Plan, PlanSettings};
use crate::probe::{Limits, Source};
use crate::rate::Rational;
use crate::time::Micros;

/// Rates that films really have.
pub(crate) fn any_rate() -> impl Strategy<Value = Rational> {
    let rates = [
        "1/1",
        "5/1",
        "12/1",
        "15/1",
        "24000/1001",
        "24/1",
        "25/1",
        "30000/1001",
        "30/1",
        "48/1",
        "50/1",
        "60000/1001",
        "60/1",
        "375/8",
        "37/2",
    ];
    prop::sample::select(rates.map(|text| text.parse().unwrap()).to_vec())
}

/// Films of one frame up to twelve hours, most of them short.
pub(crate) fn any_grid() -> impl Strategy<Value = Grid> {
    let span = prop_oneof![6 => 0_i64..100, 3 => 0_i64..3_600, 1 => 0_i64..43_200];
    (any_rate(), span, 1_u64..100).prop_map(|(rate, seconds, more)| {
        Grid::new(
            rate,
            rate.micros_to_frames_floor(Micros::from_secs(seconds)) + more,
        )
    })
}

/// A plan like any other, made of a report like `ffprobe`'s.
pub(crate) fn plan(video: bool, tracks: usize, seconds: u32) -> Plan {
    let source = Source::from_ffprobe(
        report(video, tracks, seconds).as_bytes(),
        &Limits::default(),
    );
    Plan::build(
        "abcdefghijklmnopqrstuvwxyz",
        1,
        &source.unwrap(),
        &PlanSettings::default(),
    )
    .unwrap()
}

/// `ffprobe`'s report of a film.
pub(crate) fn report(video: bool, tracks: usize, seconds: u32) -> String {
    let mut streams = Vec::new();
    if video {
        streams.push(serde_json::json!({
            "index": 0, "codec_type": "video", "codec_name": "h264", "width": 1920, "height": 1080,
            "sample_aspect_ratio": "1:1", "pix_fmt": "yuv420p", "field_order": "progressive",
            "r_frame_rate": "25/1", "avg_frame_rate": "25/1", "start_time": "0.080000",
            "duration": format!("{seconds}.000000"), "nb_frames": (seconds * 25).to_string(),
            "disposition": {"default": 1, "attached_pic": 0},
        }));
    }
    for track in 0..tracks {
        let title = ["", "Rock & \"Roll\" <1>", "Two"][track % 3];
        let language = ["eng", "deu", "eng", "und"][track % 4];
        streams.push(serde_json::json!({
            "index": streams.len(), "codec_type": "audio", "codec_name": "aac",
            "sample_fmt": "fltp", "sample_rate": "48000", "channels": 2 + 4 * (track % 2),
            "start_time": "0.080000", "duration": format!("{seconds}.000000"),
            "tags": {"language": language, "title": title},
        }));
    }
    let format = serde_json::json!({
        "format_name": "mov,mp4,m4a,3gp,3g2,mj2", "start_time": "0.080000",
        "duration": format!("{seconds}.000000"),
    });
    serde_json::json!({"streams": streams, "chapters": [], "format": format}).to_string()
}
