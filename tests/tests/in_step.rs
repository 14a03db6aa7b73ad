//! Sound and picture are in step at the end of a film, whatever its clocks were like.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

use std::path::{Path, PathBuf};

use system_tests::{Marquee, film};

/// A flash and a beep begin at every whole second; the film ends with one of each.
const FLASHES: &str = "color=black:s=160x120:d=5.1,\
                       drawbox=color=white:t=fill:enable='lt(mod(t\\,1)\\,0.1)'";
const BEEPS: &str = "aevalsrc=0.5*sin(6283*t)*lt(mod(t\\,1)\\,0.1):s=48000:d=5.1";

/// A frame of film, in seconds.
const FRAME: f64 = 1001.0 / 24000.0;

/// Makes a film: `F/rate` are flashes, `B` beeps, `X` is a quick encoder.
fn make(folder: &Path, name: &str, how: &str) -> PathBuf {
    let path = folder.join(name);
    let mut arguments = vec!["-v".to_owned(), "error".to_owned(), "-y".to_owned()];
    for word in how.split_whitespace() {
        match word {
            "B" => arguments.extend(["-f", "lavfi", "-i", BEEPS].map(str::to_owned)),
            "X" => arguments.extend(film::QUICK_ENCODER.map(str::to_owned)),
            _ => match word.split_once("F/") {
                Some(("", rate)) => {
                    let flashes = FLASHES.replace("d=5.1", &format!("d=5.1:r={rate}"));
                    arguments.extend(["-f", "lavfi", "-i", &flashes].map(str::to_owned));
                }
                _ => arguments.push(word.replace("D/", &format!("{}/", folder.display()))),
            },
        }
    }
    arguments.push(path.display().to_string());
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    film::run("ffmpeg", &arguments);
    path
}

/// When the last flash and the last beep begin, in seconds.
fn last(input: &str) -> (f64, f64) {
    let script = format!(
        "ffmpeg -nostdin -i '{input}' -map 0:v:0 -map 0:a:0 -vf blackdetect=d=0.3:pix_th=0.2 \
         -af silencedetect=d=0.3:n=0.05 -f null - 2>&1"
    );
    let said = String::from_utf8(film::run("sh", &["-c", &script])).unwrap();
    let last_of = |name: &str| -> f64 {
        let found: Vec<_> = said.split(name).skip(1).collect();
        assert!(found.len() >= 2, "{input}: {name} {said}");
        let value = found[found.len() - 1].split_whitespace().next().unwrap();
        value.parse().unwrap()
    };
    (last_of("black_end:"), last_of("silence_end: "))
}

#[tokio::test]
async fn the_last_beep_comes_with_the_last_flash() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let wrong = make(at, "wrong.mp4", "F/25 -itsoffset 0.1 B X");
    let (flash, beep) = last(wrong.to_str().unwrap());
    assert!(
        (flash - beep).abs() > FRAME,
        "{flash} and {beep}: nothing is measured"
    );
    let marquee = Marquee::up().await;
    make(at, "base.mp4", "F/25 B X -g 50");
    for (name, how) in [
        ("constant.mp4", "F/25 B X"),
        // Only every third picture, those that begin a flash among them.
        (
            "varying.mp4",
            "F/25 B -vf select=lt(n\\,30)+not(mod(n+1\\,3)) -vsync vfr X",
        ),
        (
            "varying.mkv",
            "F/25 B -vf select=lt(n\\,30)+not(mod(n+1\\,3)) -vsync vfr X",
        ),
        ("film.mp4", "F/24000/1001 B X"),
        ("late-sound.mkv", "F/25 B -af atrim=start=2.52 X"),
        ("late-picture.mkv", "F/25 B -vf trim=start=2.52 X"),
        ("edit-list.mp4", "-ss 1.3 -i D/base.mp4 -c copy"),
        ("from-100-s.ts", "F/25 B X -output_ts_offset 100"),
        (
            "fragments.mp4",
            "F/25 B X -movflags frag_keyframe+empty_moov",
        ),
        ("divx.avi", "F/25 B -c:v mpeg4 -c:a libmp3lame"),
    ] {
        let source = make(at, name, how);
        let told = marquee.upload(&source, &["--wait", "complete"]).await;
        let told = told.unwrap_or_else(|problem| panic!("{name}: {problem}"));
        let url = told["hls_url"].as_str().unwrap();
        let (flash, beep) = last(url);
        assert!(
            (flash - beep).abs() <= FRAME,
            "{name}: the last flash is at {flash} s, the last beep at {beep} s"
        );
    }
}
