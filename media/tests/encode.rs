//! The real encoder's output, held against the plan: what the transcoder does, without its box.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may panic, and it starts ffmpeg itself"
)]

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use media::audio_piece::AudioPiece;
use media::fmp4::{
    Adts, FragmentInfo, InitInfo, Part, Splitter, audio_init, audio_segment, cmaf_init, restamp,
};
use media::ladder::Rung;
use media::mp4_index::{Finder, Mp4Index, Search};
use media::probe::Limits;
use media::{Micros, Plan, PlanSettings, Source, validate};

fn clip() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/media/bigbuckbunny-720p-5s.mp4")
}

/// Runs a tool and returns what it wrote. Any word on standard error is a failure.
fn run(tool: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(tool)
        .args(["-v", "error"])
        .args(arguments)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaint.is_empty(),
        "{tool} {arguments:?}: {complaint}"
    );
    output.stdout
}

fn probe(file: &Path) -> Source {
    let show = [
        "-show_format",
        "-show_streams",
        "-show_chapters",
        "-of",
        "json",
    ];
    let file = file.to_str().unwrap();
    let report = run("ffprobe", &[&show[..], &[file]].concat());
    Source::from_ffprobe(&report, &Limits::default()).unwrap()
}

/// The clip looped to a film of several segments.
fn film(folder: &Path, loops: u32) -> PathBuf {
    let film = folder.join("film.mp4");
    let clip = clip();
    let loops = loops.to_string();
    run(
        "ffmpeg",
        &[
            "-stream_loop",
            &loops,
            "-i",
            clip.to_str().unwrap(),
            "-c",
            "copy",
            "-y",
            film.to_str().unwrap(),
        ],
    );
    film
}

fn plan(file: &Path) -> Plan {
    Plan::build(
        "abcdefghijklmnopqrstuvwxyz",
        1,
        &probe(file),
        &PlanSettings::default(),
    )
    .unwrap()
}

/// Encodes a run of segments of a rung and gives them their places.
fn encode(file: &Path, plan: &Plan, rung: &Rung, run_of: Range<u32>) -> (Vec<u8>, Vec<Vec<u8>>) {
    let grid = &plan.grid;
    let (start, end) = (
        grid.boundary_frame(run_of.start),
        grid.boundary_frame(run_of.end),
    );
    // Half a frame early: no rounding can lose the first frame or take the one before.
    let half_frame = Micros(grid.frame_rate.frames_to_micros(1).0 / 2);
    let seek = (plan.origin + grid.frame_time(start) - half_frame)
        .max(Micros::ZERO)
        .to_string();
    let rate = grid.frame_rate.to_string();
    let filter = format!(
        "fps={rate},scale={}:{},setsar=1,format=yuv420p",
        rung.size.width, rung.size.height
    );
    let (frames, gop) = ((end - start).to_string(), grid.segment_frames.to_string());
    let (crf, timescale) = (rung.crf.to_string(), grid.timescale().to_string());
    let (level, maxrate) = (rung.level_text(), format!("{}k", rung.maxrate_kbps));
    let words = format!(
        "-map 0:v:0 -vf {filter} -frames:v {frames} -c:v libx264 -preset veryfast \
         -profile:v high -level {level} -crf {crf} -maxrate {maxrate} -bufsize {maxrate} \
         -g 600 -keyint_min 300 -sc_threshold 0 -force_key_frames expr:eq(mod(n,{gop}),0) \
         -video_track_timescale {timescale} -f mp4 \
         -movflags +frag_keyframe+empty_moov+default_base_moof -threads 2 pipe:1"
    );
    let input = ["-ss", &seek, "-i", file.to_str().unwrap()];
    let output = run(
        "ffmpeg",
        &input
            .into_iter()
            .chain(words.split(' '))
            .collect::<Vec<_>>(),
    );
    let mut splitter = Splitter::new(64 << 20);
    splitter.push(&output);
    let Some(Part::Init(init)) = splitter.next_part().unwrap() else {
        panic!("no init first")
    };
    let init = cmaf_init(&init, grid).unwrap();
    let info = InitInfo::parse(&init).unwrap();
    validate::video_init(grid, rung, &info).unwrap();
    let mut segments = Vec::new();
    for n in run_of.clone() {
        let Some(Part::Fragment(fragment)) = splitter.next_part().unwrap() else {
            panic!("segment {n} is missing")
        };
        let segment = restamp(&fragment, &info, n + 1, grid.boundary_ticks(n)).unwrap();
        let found = FragmentInfo::parse(&segment, &info).unwrap();
        validate::video_segment(grid, grid.segment(n).unwrap(), &found).unwrap();
        assert_eq!(found.later_syncs, 0);
        segments.push(segment);
    }
    assert_eq!(splitter.next_part().unwrap(), None);
    splitter.finish().unwrap();
    (init, segments)
}

fn packets(file: &Path) -> Vec<(i64, i64)> {
    let shown = run(
        "ffprobe",
        &[
            "-show_entries",
            "packet=pts,dts",
            "-of",
            "csv=p=0",
            file.to_str().unwrap(),
        ],
    );
    let text = String::from_utf8(shown).unwrap();
    let number = |field: Option<&str>| field.unwrap().parse::<i64>().unwrap();
    text.lines()
        .map(|line| {
            let mut fields = line.split(',');
            (number(fields.next()), number(fields.next()))
        })
        .collect()
}

/// A line for each decoded picture.
fn pictures(file: &Path) -> Vec<String> {
    let sums = run(
        "ffmpeg",
        &["-i", file.to_str().unwrap(), "-f", "framemd5", "-"],
    );
    let text = String::from_utf8(sums).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// Encodes the lowest rung in two chunks and asserts that no joint can be seen.
fn assert_chunks_join(film: &Path, frames: i64, ticks: i64) {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(film);
    let end = plan.grid.segment_count;
    let rung = &plan.rungs[0];
    let (init, first) = encode(film, &plan, rung, 0..1);
    let (other_init, second) = encode(film, &plan, rung, 1..end);
    assert_eq!(init, other_init, "chunks of a rung share one init segment");

    let track = folder.path().join("track.mp4");
    std::fs::write(&track, [vec![init], first, second].concat().concat()).unwrap();
    let mut packets = packets(&track);
    let planned: Vec<i64> = (0..frames).map(|frame| frame * ticks).collect();
    let decode: Vec<i64> = packets.iter().map(|(_, dts)| *dts).collect();
    let early: Vec<i64> = planned.iter().map(|time| time - 2 * ticks).collect();
    assert_eq!(decode, early, "decode times run on over the joints");
    packets.sort_unstable();
    let shown: Vec<i64> = packets.iter().map(|(pts, _)| *pts).collect();
    assert_eq!(
        shown, planned,
        "the first frame is shown at zero and none is twice"
    );
    let mut pictures = pictures(&track);
    assert_eq!(pictures.len(), planned.len());
    pictures.sort_unstable();
    pictures.dedup();
    assert_eq!(
        pictures.len(),
        planned.len(),
        "every picture of these films is another"
    );
}

#[test]
fn chunks_of_the_clip_make_one_film_with_exactly_its_frames() {
    assert_chunks_join(&clip(), 132, 1);
}

#[test]
fn chunks_at_a_broken_rate_make_one_film_with_exactly_its_frames() {
    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("ntsc.mkv");
    run(
        "ffmpeg",
        &[
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=426x240:r=30000/1001",
            "-frames:v",
            "437",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-bf",
            "2",
            film.to_str().unwrap(),
        ],
    );
    assert_chunks_join(&film, 437, 1001);
}

fn encode_audio(file: &Path, channels: u32, piece: &AudioPiece) -> Vec<u8> {
    let end = piece.first_sample + piece.samples;
    let filter = format!(
        "aresample=48000:async=1:first_pts=0,apad=whole_len={end},\
         atrim=start_sample={}:end_sample={end},asetpts=N/SR/TB",
        piece.first_sample
    );
    let channels = channels.to_string();
    run(
        "ffmpeg",
        &[
            "-i",
            file.to_str().unwrap(),
            "-map",
            "0:a:0",
            "-af",
            &filter,
            "-ac",
            &channels,
            "-c:a",
            "aac",
            "-b:a",
            "128k",
            "-f",
            "adts",
            "pipe:1",
        ],
    )
}

#[test]
fn pieces_of_sound_are_packet_for_packet_on_one_grid() {
    let folder = tempfile::tempdir().unwrap();
    let film = film(folder.path(), 2);
    let plan = plan(&film);
    let (grid, track) = (&plan.grid, &plan.audio[0]);
    let whole = AudioPiece::new(grid, 0..grid.segment_count).unwrap();
    let whole_stream = encode_audio(&film, track.channels, &whole);
    let continuous = Adts::parse(&whole_stream).unwrap();

    let init = audio_init(continuous.config, track.bitrate_kbps).unwrap();
    let info = InitInfo::parse(&init).unwrap();
    validate::audio_init(track, &info).unwrap();
    let mut stored = init;
    for run_of in [0..1, 1..3, 3..4] {
        let piece = AudioPiece::new(grid, run_of.clone()).unwrap();
        let stream = encode_audio(&film, track.channels, &piece);
        let packets = Adts::parse(&stream).unwrap();
        for segment_number in run_of {
            let frames = &packets.frames[piece.packets_of(grid, segment_number).unwrap()];
            let first = grid.audio_boundary(segment_number);
            let segment = audio_segment(segment_number + 1, first, frames).unwrap();
            let found = FragmentInfo::parse(&segment, &info).unwrap();
            validate::audio_segment(grid, segment_number, &found).unwrap();
            stored.extend_from_slice(&segment);
        }
    }
    let pieced = folder.path().join("pieced.mp4");
    std::fs::write(&pieced, stored).unwrap();

    let mut stored = audio_init(continuous.config, track.bitrate_kbps).unwrap();
    let skip = usize::try_from(whole.skip_packets).unwrap();
    let keep = usize::try_from(whole.keep_packets()).unwrap();
    stored.extend(audio_segment(1, 0, &continuous.frames[skip..skip + keep]).unwrap());
    let reference = folder.path().join("continuous.mp4");
    std::fs::write(&reference, stored).unwrap();

    let (pieced, reference) = (samples(&pieced), samples(&reference));
    assert_eq!(pieced.len(), reference.len());
    assert_eq!(pieced.len(), keep * 1024);
    let everywhere = rms(&pieced, &reference, 0..pieced.len());
    for n in 1..grid.segment_count {
        let joint = usize::try_from(grid.audio_boundary(n)).unwrap() * 1024;
        let there = rms(&pieced, &reference, joint - 2048..joint + 2048);
        assert!(
            there <= 1.5 * everywhere + 4.0,
            "joint {n}: {there}, elsewhere {everywhere}"
        );
    }
}

/// Decoded sound as one channel of 16-bit samples.
fn samples(file: &Path) -> Vec<i16> {
    let bytes = run(
        "ffmpeg",
        &[
            "-i",
            file.to_str().unwrap(),
            "-ac",
            "1",
            "-f",
            "s16le",
            "pipe:1",
        ],
    );
    bytes
        .chunks_exact(2)
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
        .collect()
}

fn rms(one: &[i16], other: &[i16], range: Range<usize>) -> f64 {
    let count = u32::try_from(range.len()).unwrap();
    let squares: f64 = one[range.clone()]
        .iter()
        .zip(&other[range])
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
        .sum();
    (squares / f64::from(count)).sqrt()
}

fn index_of(file: &[u8]) -> Mp4Index {
    let slice = |range: &Range<u64>| {
        &file[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()]
    };
    let mut finder = Finder::new(file.len() as u64);
    let mut bytes = slice(&finder.wanted());
    loop {
        match finder.next(bytes) {
            Search::Fetch(range) => bytes = slice(&range),
            Search::Moov(range) => return finder.index(slice(&range)).unwrap(),
            Search::Unusable => panic!("no index"),
        }
    }
}

#[test]
fn a_sparse_copy_of_the_ranges_decodes_like_the_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    // Long enough, and with keyframes and reordering of its own.
    let whole = folder.path().join("whole.mp4");
    run(
        "ffmpeg",
        &[
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=640x360:r=30000/1001:d=90",
            "-f",
            "lavfi",
            "-i",
            "sine=f=440:d=90",
            "-vf",
            "noise=alls=20:allf=t",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-bf",
            "2",
            "-g",
            "150",
            "-b:v",
            "2M",
            "-c:a",
            "aac",
            "-shortest",
            whole.to_str().unwrap(),
        ],
    );
    let bytes = std::fs::read(&whole).unwrap();
    let index = index_of(&bytes);
    let (from, to) = (Micros::from_secs(47), Micros::from_secs(51));
    let ranges = index.ranges(&[0, 1], from, to).unwrap();
    let staged: u64 = ranges.iter().map(|range| range.end - range.start).sum();
    assert!(
        staged * 4 < bytes.len() as u64,
        "{staged} of {} bytes",
        bytes.len()
    );

    let mut sparse = vec![0; bytes.len()];
    for range in ranges {
        let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        sparse[range.clone()].copy_from_slice(&bytes[range]);
    }
    let staged = folder.path().join("staged.mp4");
    std::fs::write(&staged, sparse).unwrap();

    let decode = |file: &Path, map: &str, from: &str| {
        run(
            "ffmpeg",
            &[
                "-ss",
                from,
                "-i",
                file.to_str().unwrap(),
                "-map",
                map,
                "-t",
                "4",
                "-f",
                "framemd5",
                "pipe:1",
            ],
        )
    };
    for map in ["0:v", "0:a"] {
        assert_eq!(
            decode(&staged, map, "47"),
            decode(&whole, map, "47"),
            "{map}"
        );
    }
    assert_eq!(probe(&staged), probe(&whole));
}
