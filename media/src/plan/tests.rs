//! From reports to plans.

use crate::grid::AUDIO_FRAME_RATE;
use crate::plan::{Plan, PlanError, PlanReadError, PlanSettings};
use crate::probe::{Limits, Scan, Source};
use crate::testing::{plan, report};
use crate::time::Micros;

fn source(video: bool, tracks: usize) -> Source {
    Source::from_ffprobe(report(video, tracks, 10).as_bytes(), &Limits::default()).unwrap()
}

fn build(source: &Source) -> Plan {
    Plan::build("video", 1, source, &PlanSettings::default()).unwrap()
}

#[test]
fn a_film_has_exactly_its_frames_from_its_first_on() {
    let plan = build(&source(true, 1));
    assert_eq!(plan.grid.total_frames, 250);
    assert_eq!(plan.origin, Micros(80_000));
    assert_eq!(plan.duration(), Micros::from_secs(10));
    assert_eq!(plan.rungs.len(), 5);
    assert_eq!(
        (plan.audio[0].channels, plan.audio[0].bitrate_kbps),
        (2, 128)
    );
}

#[test]
fn sound_that_goes_on_makes_the_film_longer_but_a_little_overhang_is_cut() {
    let mut film = source(true, 1);
    film.audio[0].duration = Some(Micros(10_200_000));
    assert_eq!(build(&film).grid.total_frames, 250);
    film.audio[0].duration = Some(Micros(12_010_000));
    assert_eq!(build(&film).grid.total_frames, 301);
    film.audio[0].duration = Some(Micros(3_000_000));
    assert_eq!(build(&film).grid.total_frames, 250);
}

#[test]
fn sound_that_starts_a_little_before_the_picture_is_kept() {
    let mut film = source(true, 1);
    let picture_start = Micros(580_000);
    film.video.as_mut().unwrap().start_time = picture_start;
    let plan = build(&film);
    // 0.5 s are 12.5 frames: zero lies on the picture's frames.
    assert_eq!(plan.origin, picture_start - plan.grid.frame_time(13));
    assert_eq!(plan.grid.total_frames, 250 + 13);
    // An encoder's priming is no sound, and a minute without picture is cut.
    for start in [Micros(101_000), Micros::from_secs(60)] {
        film.video.as_mut().unwrap().start_time = start;
        assert_eq!(build(&film).origin, start);
    }
}

#[test]
fn a_fast_film_keeps_every_second_frame() {
    let mut film = source(true, 0);
    let video = film.video.as_mut().unwrap();
    video.base_rate = "120/1".parse().ok();
    video.average_rate = video.base_rate;
    video.frames = Some(1201);
    let plan = build(&film);
    assert_eq!((plan.grid.total_frames, plan.source.keep_every), (601, 2));
}

#[test]
fn without_a_count_the_end_of_the_last_frame_decides() {
    let mut film = source(true, 0);
    let video = film.video.as_mut().unwrap();
    (video.frames, video.duration) = (None, None);
    film.last_video_end = Some(Micros(80_000 + 9_960_000));
    assert_eq!(build(&film).grid.total_frames, 249);
    film.last_video_end = None;
    assert_eq!(build(&film).grid.total_frames, 250);
}

#[test]
fn a_film_of_sound_only_is_cut_on_its_own_frames() {
    let plan = build(&source(false, 1));
    assert!(plan.rungs.is_empty());
    assert_eq!(plan.grid.frame_rate, AUDIO_FRAME_RATE);
    for n in 0..=plan.grid.segment_count {
        assert_eq!(plan.grid.audio_boundary(n), plan.grid.boundary_frame(n));
    }
    assert!(plan.duration() >= Micros::from_secs(10));
}

#[test]
fn a_film_without_sound_has_no_tracks_and_nothing_at_all_is_refused() {
    let mut film = source(true, 0);
    assert!(build(&film).audio.is_empty());
    film.video = None;
    let refused = Plan::build("video", 1, &film, &PlanSettings::default());
    assert_eq!(refused, Err(PlanError::NothingToPlay));
}

#[test]
fn one_frame_is_a_film() {
    let mut film = source(true, 0);
    let video = film.video.as_mut().unwrap();
    (video.frames, video.duration) = (Some(1), Some(Micros(40_000)));
    let plan = build(&film);
    assert_eq!((plan.grid.total_frames, plan.grid.segment_count), (1, 1));
    assert_eq!(plan.grid.audio_frames(0), 0..2);
}

#[test]
fn tracks_have_names_of_their_own() {
    let plan = plan(true, 4, 10);
    let titles: Vec<_> = plan
        .audio
        .iter()
        .map(|track| track.title.as_str())
        .collect();
    assert_eq!(titles, ["eng", "Rock & \"Roll\" <1>", "Two", "Track 4"]);
    let mut film = source(true, 2);
    film.audio[1].title = Some("eng".to_owned());
    assert_eq!(build(&film).audio[1].title, "eng (2)");
}

#[test]
fn a_stored_plan_is_read_back_and_a_foreign_one_refused() {
    let plan = plan(true, 2, 100);
    let stored = plan.to_json().unwrap();
    assert_eq!(Plan::from_json(&stored).unwrap(), plan);
    let text = String::from_utf8(stored).unwrap();
    let newer = text.replace("\"schema\": 1", "\"schema\": 2");
    let error = Plan::from_json(newer.as_bytes()).unwrap_err();
    assert!(matches!(error, PlanReadError::Schema { found: 2 }));
    let torn = text.replace("\"total_frames\": 2500", "\"total_frames\": 25");
    assert!(matches!(
        Plan::from_json(torn.as_bytes()),
        Err(PlanReadError::Inconsistent)
    ));
}

#[test]
fn the_last_picture_of_a_varying_film_has_a_frame_of_its_own() {
    let mut film = source(true, 0);
    let video = film.video.as_mut().unwrap();
    // Twelve frames a second; the last picture starts in the 61st and lasts for half a frame.
    video.average_rate = "775/63".parse().ok();
    (video.constant_rate, video.frames) = (false, Some(62));
    video.duration = Some(Micros(5_040_000));
    assert_eq!(build(&film).grid.total_frames, 61);
}

#[test]
fn of_five_pictures_of_telecine_four_frames_are_film() {
    let mut film = source(true, 0);
    let video = film.video.as_mut().unwrap();
    video.base_rate = "30000/1001".parse().ok();
    video.average_rate = video.base_rate;
    (video.frames, video.duration) = (Some(180), Some(Micros(6_006_000)));
    video.scan = Scan::TelecineTopFirst;
    let plan = build(&film);
    assert_eq!(plan.grid.frame_rate, "24000/1001".parse().unwrap());
    assert_eq!(plan.grid.total_frames, 144);
}
