//! Reports as `ffprobe` writes them, and what must be made of them.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Hdr, Limits, ProbeError, Rotation, Scan, Source};
use crate::ladder::Size;
use crate::time::Micros;

fn video() -> Value {
    json!({
        "index": 0, "codec_type": "video", "codec_name": "h264", "width": 1280, "height": 720,
        "pix_fmt": "yuv420p", "r_frame_rate": "25/1", "avg_frame_rate": "25/1",
        "start_time": "0.000000", "duration": "5.280000", "nb_frames": "132",
        "disposition": {"default": 1, "attached_pic": 0},
    })
}

fn audio() -> Value {
    json!({
        "index": 1, "codec_type": "audio", "codec_name": "aac", "sample_fmt": "fltp",
        "sample_rate": "48000", "channels": 6, "start_time": "0.000000", "duration": "5.312000",
        "tags": {"language": "eng"},
    })
}

fn with(mut stream: Value, fields: Value) -> Value {
    let (Some(stream_fields), Value::Object(fields)) = (stream.as_object_mut(), fields) else {
        panic!("both are objects")
    };
    stream_fields.extend(fields);
    stream
}

fn read(streams: &[Value]) -> Result<Source, ProbeError> {
    let format = json!({"format_name": "mov,mp4", "start_time": "0.0", "duration": "5.312000"});
    let report = json!({"streams": streams, "chapters": [], "format": format});
    Source::from_ffprobe(report.to_string().as_bytes(), &Limits::default())
}

fn displayed(fields: Value) -> (u32, u32) {
    let Size { width, height } = read(&[with(video(), fields)])
        .unwrap()
        .video
        .unwrap()
        .displayed;
    (width, height)
}

#[test]
fn an_ordinary_film_is_read() {
    let source = read(&[video(), audio()]).unwrap();
    let video = source.video.unwrap();
    assert_eq!((video.frames, video.constant_rate), (Some(132), true));
    assert_eq!(video.duration, Some(Micros(5_280_000)));
    assert_eq!(video.scan, Scan::Unknown);
    let [track] = source.audio.try_into().unwrap();
    assert_eq!(
        (track.channels, track.language.as_deref()),
        (6, Some("eng"))
    );
}

#[test]
fn the_displayed_picture_is_upright_square_and_even() {
    assert_eq!(displayed(json!({})), (1280, 720));
    let turned = |degrees: i64| {
        json!({"side_data_list": [
        {"side_data_type": "Display Matrix", "rotation": degrees}]})
    };
    assert_eq!(displayed(turned(-90)), (720, 1280));
    assert_eq!(displayed(turned(180)), (1280, 720));
    assert_eq!(displayed(json!({"tags": {"rotate": "270"}})), (720, 1280));
    assert_eq!(
        displayed(json!({"sample_aspect_ratio": "4:3", "width": 1440, "height": 1080})),
        (1920, 1080)
    );
    assert_eq!(
        displayed(json!({"sample_aspect_ratio": "8:9", "width": 720, "height": 480})),
        (720, 540)
    );
    assert_eq!(
        displayed(json!({"sample_aspect_ratio": "1001:1000"})),
        (1280, 720)
    );
    assert_eq!(
        displayed(json!({"sample_aspect_ratio": "0:1"})),
        (1280, 720)
    );
    assert_eq!(
        displayed(json!({"sample_aspect_ratio": "N/A"})),
        (1280, 720)
    );
    assert_eq!(
        displayed(json!({"width": 1165, "height": 767})),
        (1164, 766)
    );
    assert_eq!(
        displayed(json!({"width": "640", "height": "360"})),
        (640, 360)
    );
}

#[test]
fn the_matrix_turns_counter_clockwise_and_the_tag_clockwise() {
    let rotation = |fields| {
        read(&[with(video(), fields)])
            .unwrap()
            .video
            .unwrap()
            .rotation
    };
    let matrix = |degrees: i64| json!({"side_data_list": [{"rotation": degrees}]});
    assert_eq!(rotation(matrix(-90)), Rotation::Clockwise90);
    assert_eq!(rotation(matrix(90)), Rotation::CounterClockwise90);
    assert_eq!(rotation(matrix(-180)), Rotation::Half);
    assert_eq!(
        rotation(json!({"tags": {"rotate": "90"}})),
        Rotation::Clockwise90
    );
    assert_eq!(
        rotation(json!({"tags": {"rotate": "sideways"}})),
        Rotation::None
    );
}

#[test]
fn cover_art_and_data_are_never_the_film() {
    let cover = with(
        video(),
        json!({"index": 2, "codec_name": "mjpeg", "disposition": {"attached_pic": 1}}),
    );
    let data = json!({"index": 3, "codec_type": "data", "codec_tag_string": "tmcd"});
    let source = read(&[cover.clone(), data.clone(), audio()]).unwrap();
    assert!(source.video.is_none());
    assert_eq!(source.attached_pic, Some(2));
    let film = with(video(), json!({"index": 5}));
    assert_eq!(
        read(&[cover.clone(), film]).unwrap().video.unwrap().index,
        5
    );
    assert!(matches!(read(&[cover, data]), Err(ProbeError::NoTrack)));
}

#[test]
fn tracks_without_a_decoder_are_passed_over() {
    let apac = json!({"index": 1, "codec_type": "audio", "codec_tag_string": "apac",
        "sample_rate": "48000", "channels": 4});
    let second = with(audio(), json!({"index": 2}));
    let source = read(&[video(), apac.clone(), second]).unwrap();
    assert_eq!(
        source
            .audio
            .iter()
            .map(|track| track.index)
            .collect::<Vec<_>>(),
        [2]
    );
    let error = read(&[apac]).unwrap_err();
    assert_eq!(error.problem_type(), "no-decodable-track");
    assert!(error.to_string().contains("apac"), "{error}");
}

#[test]
fn color_and_fields_are_told_apart() {
    let video = |fields| read(&[with(video(), fields)]).unwrap().video.unwrap();
    assert_eq!(
        video(json!({"color_transfer": "smpte2084"})).hdr,
        Some(Hdr::Pq)
    );
    assert_eq!(
        video(json!({"color_transfer": "arib-std-b67"})).hdr,
        Some(Hdr::Hlg)
    );
    assert_eq!(video(json!({"color_transfer": "bt709"})).hdr, None);
    assert!(video(json!({"color_range": "pc"})).full_range);
    assert_eq!(
        video(json!({"field_order": "tt"})).scan,
        Scan::TopFieldFirst
    );
    assert_eq!(
        video(json!({"field_order": "tb"})).scan,
        Scan::BottomFieldFirst
    );
    assert_eq!(
        video(json!({"field_order": "progressive"})).scan,
        Scan::Progressive
    );
}

#[test]
fn a_rate_is_constant_only_if_count_and_length_agree() {
    let constant = |fields| {
        read(&[with(video(), fields)])
            .unwrap()
            .video
            .unwrap()
            .constant_rate
    };
    assert!(constant(json!({})));
    assert!(!constant(json!({"nb_frames": "120"})));
    assert!(!constant(json!({"avg_frame_rate": "2490/100"})));
    assert!(constant(json!({"nb_frames": "N/A"})));
}

#[test]
fn matroska_tells_a_tracks_end_in_a_tag() {
    let mut stream = with(
        video(),
        json!({"start_time": "0.007000",
        "tags": {"DURATION": "00:00:03.010000000"}}),
    );
    stream.as_object_mut().unwrap().remove("duration");
    stream.as_object_mut().unwrap().remove("nb_frames");
    let video = read(&[stream]).unwrap().video.unwrap();
    assert_eq!(video.duration, Some(Micros(3_003_000)));
}

#[test]
fn what_cannot_become_a_film_is_refused_with_a_reason() {
    let refused = |report: &str| {
        let error = Source::from_ffprobe(report.as_bytes(), &Limits::default()).unwrap_err();
        assert!(!error.title().is_empty() && !error.to_string().is_empty());
        error.problem_type()
    };
    assert_eq!(refused("{}"), "not-a-video");
    assert_eq!(refused("no json"), "unreadable-report");
    assert_eq!(
        refused(r#"{"streams": [], "format": {"format_name": "mov,mp4"}}"#),
        "no-track"
    );
    let png = r#"{"streams": [{"codec_type": "video", "codec_name": "png", "width": 9, "height": 9}],
        "format": {"format_name": "png_pipe", "duration": "0.04"}}"#;
    assert_eq!(refused(png), "no-track");
    let large = read(&[with(video(), json!({"width": 30_000, "height": 20_000}))]).unwrap_err();
    assert_eq!(large.problem_type(), "picture-too-large");
    let dolby = json!({"side_data_list": [{"dv_profile": 5}]});
    assert_eq!(
        read(&[with(video(), dolby)]).unwrap_err().problem_type(),
        "unsupported-color"
    );
    let empty = json!({"streams": [with(video(), json!({"duration": "0.000000"}))],
        "format": {"format_name": "mov,mp4", "duration": "0.000000"}});
    assert_eq!(refused(&empty.to_string()), "no-duration");
    let long =
        json!({"streams": [video()], "format": {"format_name": "avi", "duration": "999999.0"}});
    assert_eq!(refused(&long.to_string()), "too-long");
}

/// JSON of any shape, with names that matter among its keys.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "video|audio|N/A|-?[0-9]{1,20}(/[0-9]{1,9})?|\\PC{0,8}".prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "codec_type",
        "codec_name",
        "width",
        "height",
        "r_frame_rate",
        "avg_frame_rate",
        "tags",
        "rotation",
        "side_data_list",
        "sample_aspect_ratio",
        "duration",
        "start_time",
        "nb_frames",
        "sample_rate",
        "channels",
        "sample_fmt",
        "disposition",
        "attached_pic",
        "DURATION",
        "rotate",
    ]);
    leaf.prop_recursive(3, 64, 16, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(key.clone().prop_map(str::to_owned), inner, 0..16)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_report_is_too_strange(fields in any_json(), more in any_json()) {
        let merge = |stream: Value, fields: &Value| match fields {
            Value::Object(_) => with(stream, fields.clone()),
            other => other.clone(),
        };
        let streams = [merge(video(), &fields), merge(audio(), &more)];
        if let Ok(source) = read(&streams) {
            if let Some(video) = &source.video {
                prop_assert!(video.displayed.width.is_multiple_of(2) && video.displayed.width > 0);
                prop_assert!(video.displayed.height.is_multiple_of(2) && video.displayed.height > 0);
            }
            let plan = crate::Plan::build("video", 1, &source, &crate::PlanSettings::default());
            if let Ok(plan) = plan {
                let stored = plan.to_json().unwrap();
                prop_assert_eq!(crate::Plan::from_json(&stored).unwrap(), plan);
            }
        }
    }
}

#[test]
fn a_first_picture_that_is_shown_too_early_is_put_before_the_second() {
    let settled = |shown: &[i64]| {
        let mut video = read(&[video()]).unwrap().video.unwrap();
        let shown: Vec<_> = shown.iter().map(|ms| Micros(ms * 1000)).collect();
        video.settle_start(&shown);
        (video.start_time.0 / 1000, video.frames)
    };
    assert_eq!(settled(&[40, 80, 120]), (40, Some(132)));
    // AVI leaves a slot empty; a fragment makes its first picture last longer.
    assert_eq!(settled(&[0, 80, 120]), (40, Some(131)));
    assert_eq!(settled(&[0, 61, 101]), (21, Some(131)));
    // A title that stands, a varying rate, one picture.
    assert_eq!(settled(&[0, 500, 540]), (0, Some(132)));
    assert_eq!(settled(&[0, 80, 160]), (0, Some(132)));
    assert_eq!(settled(&[7]), (7, Some(132)));
}
