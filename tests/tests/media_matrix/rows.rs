//! The films, and what must come of each.

use std::path::{Path, PathBuf};

use system_tests::film;

/// What must come out.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expect {
    /// A picture of this size, off by a pixel at most.
    Size(u64, u64),
    /// The best quality has exactly so many frames at this rate.
    Frames(u64, &'static str),
    /// The best quality has exactly the source's frames.
    SameFrames,
    /// Seconds of film, within a tenth.
    Lasts(f64),
    /// So many sound tracks, none of more than two channels.
    Sounds(usize),
    /// Sound of two channels.
    Stereo,
    /// Nowhere between these seconds is the sound silent.
    Heard(f64, f64),
    /// Sound alone.
    OnlySound,
    /// Sound in these languages, in both manifests.
    Languages(&'static [&'static str]),
    /// Text subtitles in these languages with these words in them, in both manifests.
    Subtitles(&'static [(&'static str, &'static str)]),
    /// Titles of subtitle tracks that are told of and not made.
    Unsupported(&'static [&'static str]),
    /// Chapters: title and start.
    Chapters(&'static [(&'static str, f64)]),
    /// Whether there is a poster.
    Poster(bool),
    /// The colours of ordinary screens.
    OrdinaryColours,
    /// No combs.
    Progressive,
    /// Refused with a sentence that has this in it.
    Refused(&'static str),
}
use Expect::*;

/// A film: its file's name, how ffmpeg makes it (`sh` lines as they stand), what must come of it.
pub(crate) struct Row(
    pub(crate) &'static str,
    pub(crate) &'static [&'static str],
    pub(crate) &'static [Expect],
);

/// `V`: two seconds of picture; `A`: of sound; `X`: a quick encoder; `O`: the file; `D/`: a folder
/// of the row's own.
pub(crate) const ROWS: &[Row] = &[
    Row(
        "silent.mp4",
        &["V X O"],
        &[Size(160, 120), Sounds(0), SameFrames],
    ),
    // Sound alone.
    Row(
        "sound.flac",
        &["A O"],
        &[OnlySound, Lasts(2.0), Poster(true)],
    ),
    Row(
        "sound.m4a",
        &["A O"],
        &[OnlySound, Lasts(2.0), Poster(true)],
    ),
    Row(
        "sound.mp3",
        &["A O"],
        &[OnlySound, Lasts(2.0), Poster(true)],
    ),
    Row(
        "sound.wav",
        &["A O"],
        &[OnlySound, Lasts(2.0), Poster(true)],
    ),
    Row(
        "sound.ogg",
        &["A -c:a libvorbis O"],
        &[OnlySound, Lasts(2.0), Poster(true)],
    ),
    // Cover art is never the film.
    Row(
        "cover.mp3",
        &[
            "V -frames:v 1 D/c.jpg",
            "A -i D/c.jpg -map 0 -map 1 -c:v copy -disposition:v attached_pic O",
        ],
        &[OnlySound, Lasts(2.0), Poster(true)],
    ),
    Row(
        "cover.m4a",
        &[
            "V -frames:v 1 D/c.jpg",
            "A -i D/c.jpg -map 0 -map 1 -c:v copy -disposition:v attached_pic O",
        ],
        &[OnlySound, Lasts(2.0), Poster(true)],
    ),
    Row(
        "cover.mp4",
        &[
            "V -vf scale=80:60 -frames:v 1 D/c.jpg",
            "V A -i D/c.jpg -map 2 -map 0 -map 1 -c:v:0 copy -disposition:v:0 attached_pic \
             -c:v:1 libx264 -preset ultrafast O",
        ],
        &[Size(160, 120), Sounds(1), Lasts(2.0), Poster(true)],
    ),
    // Rotation.
    Row(
        "rotated-90.mp4",
        &[
            "V A X D/b.mp4",
            "-i D/b.mp4 -c copy -metadata:s:v rotate=90 O",
        ],
        &[Size(120, 160), SameFrames],
    ),
    Row(
        "rotated-180.mp4",
        &[
            "V A X D/b.mp4",
            "-i D/b.mp4 -c copy -metadata:s:v rotate=180 O",
        ],
        &[Size(160, 120), SameFrames],
    ),
    Row(
        "rotated-270.mov",
        &[
            "V A X D/b.mp4",
            "-i D/b.mp4 -c copy -metadata:s:v rotate=270 O",
        ],
        &[Size(120, 160), SameFrames],
    ),
    // Shapes and sizes.
    Row(
        "portrait.mp4",
        &["V -vf scale=180:320,setsar=1 X O"],
        &[Size(180, 320)],
    ),
    Row(
        "square.mp4",
        &["V -vf scale=160:160,setsar=1 X O"],
        &[Size(160, 160)],
    ),
    Row(
        "odd.mkv",
        &["V -t 1 -vf scale=1164:767,setsar=1,format=yuv444p -c:v libx264 -preset ultrafast O"],
        &[Size(1164, 767)],
    ),
    Row(
        "odder.mkv",
        &["V -t 1 -vf scale=577:324,setsar=1,format=yuv444p -c:v libx264 -preset ultrafast O"],
        &[Size(577, 324)],
    ),
    Row(
        "tiny.mp4",
        &["V -vf scale=64:48,setsar=1 X O"],
        &[Size(64, 48)],
    ),
    Row(
        "between.mp4",
        &["V -t 1 -vf scale=960:528,setsar=1 X O"],
        &[Size(960, 528)],
    ),
    Row(
        "anamorphic.mp4",
        &["V -vf setsar=4/3 X O"],
        &[Size(213, 120)],
    ),
    Row(
        "nearly-square.mp4",
        &["V -vf setsar=100/101 X O"],
        &[Size(160, 120)],
    ),
    // Scanning.
    Row(
        "interlaced.mpg",
        &["-f lavfi -i testsrc2=s=320x240:r=50:d=2 \
           -vf gblur=3,tinterlace=interleave_top,fieldorder=tff -flags +ildct+ilme \
           -c:v mpeg2video -b:v 4M O"],
        &[Progressive, Lasts(2.0)],
    ),
    Row(
        "interlaced.mp4",
        &["-f lavfi -i testsrc2=s=320x240:r=50:d=2 \
           -vf gblur=3,tinterlace=interleave_top,fieldorder=tff -c:v libx264 -preset ultrafast \
           -x264opts tff=1 O"],
        &[Progressive, Lasts(2.0)],
    ),
    // The file says that there are no fields.
    Row(
        "wrongly-progressive.mp4",
        &["-f lavfi -i testsrc2=s=720x576:r=50:d=3 \
           -vf gblur=3,tinterlace=interleave_top,setfield=prog X O"],
        &[Progressive, Frames(75, "25/1")],
    ),
    Row(
        "wrong-order.mpg",
        &["-f lavfi -i testsrc2=s=720x576:r=50:d=3 \
           -vf gblur=3,tinterlace=interleave_bottom,setfield=tff -flags +ildct+ilme \
           -c:v mpeg2video -b:v 4M O"],
        &[Progressive, Lasts(3.0)],
    ),
    Row(
        "telecine.mp4",
        &["-f lavfi -i testsrc2=s=720x480:r=24000/1001:d=6 -vf gblur=3,telecine=pattern=23 X O"],
        &[Progressive, Frames(144, "24000/1001")],
    ),
    // Colours.
    Row(
        "hdr10.mp4",
        &[
            "V -vf format=yuv420p10le -c:v libx264 -preset ultrafast -color_primaries bt2020 \
           -color_trc smpte2084 -colorspace bt2020nc O",
        ],
        &[OrdinaryColours, SameFrames],
    ),
    Row(
        "hlg.mp4",
        &[
            "V -vf format=yuv420p10le -c:v libx264 -preset ultrafast -color_primaries bt2020 \
           -color_trc arib-std-b67 -colorspace bt2020nc O",
        ],
        &[OrdinaryColours, SameFrames],
    ),
    Row(
        "ten-bit.mp4",
        &["V -vf format=yuv420p10le -c:v libx264 -preset ultrafast O"],
        &[SameFrames],
    ),
    Row(
        "422.mov",
        &["V -vf format=yuv422p10le -c:v prores_ks O"],
        &[SameFrames],
    ),
    Row(
        "444.mp4",
        &["V -vf format=yuv444p -c:v libx264 -preset ultrafast O"],
        &[SameFrames],
    ),
    Row(
        "rgb.mkv",
        &["V -c:v libx264rgb -preset ultrafast O"],
        &[SameFrames],
    ),
    Row(
        "full-range.mp4",
        &["V -vf scale=out_range=full,format=yuvj420p -c:v libx264 -preset ultrafast O"],
        &[SameFrames],
    ),
    Row(
        "animated.gif",
        // Its last picture stays for a while.
        &["V -r 10 O"],
        &[Size(160, 120), Sounds(0), Lasts(2.1)],
    ),
    Row(
        "alpha.webm",
        &["V -vf format=yuva420p -c:v libvpx-vp9 -auto-alt-ref 0 -deadline realtime -cpu-used 8 O"],
        &[Size(160, 120)],
    ),
    Row(
        "alpha.mov",
        &["V -vf format=argb -c:v qtrle O"],
        &[Size(160, 120)],
    ),
    // Rates.
    Row(
        "varying.mp4",
        &["V A -vf select=lt(n\\,20)+not(mod(n\\,3)) -vsync vfr X O"],
        &[Lasts(2.0), Sounds(1)],
    ),
    Row(
        "120.mp4",
        &["-f lavfi -i testsrc2=s=160x120:r=120:d=1 X O"],
        &[Frames(60, "60/1")],
    ),
    Row(
        "240.mp4",
        &["-f lavfi -i testsrc2=s=160x120:r=240:d=1 X O"],
        &[Frames(60, "60/1")],
    ),
    Row(
        "50.mp4",
        &["-f lavfi -i testsrc2=s=160x120:r=50:d=2 X O"],
        &[Frames(100, "50/1")],
    ),
    Row(
        "23.976.mp4",
        &["-f lavfi -i testsrc2=s=160x120:r=24000/1001 A -frames:v 150 X O"],
        &[Frames(150, "24000/1001")],
    ),
    Row(
        "29.97.mkv",
        &["-f lavfi -i testsrc2=s=160x120:r=30000/1001 -frames:v 150 X O"],
        &[Frames(150, "30000/1001")],
    ),
    Row(
        "59.94.ts",
        &["-f lavfi -i testsrc2=s=160x120:r=60000/1001 -frames:v 300 X O"],
        &[Frames(300, "60000/1001")],
    ),
    // Groups of pictures.
    Row(
        "long-gop.mp4",
        &["-f lavfi -i testsrc2=s=160x120:r=25:d=14 X -g 1000 O"],
        &[Frames(350, "25/1")],
    ),
    Row(
        "open-gop.mkv",
        &[
            "-f lavfi -i testsrc2=s=160x120:r=25:d=10 -c:v libx264 -bf 3 \
           -x264-params open-gop=1:keyint=30 O",
        ],
        &[Frames(250, "25/1")],
    ),
    Row(
        "no-keyframe-first.ts",
        &[
            "-f lavfi -i testsrc2=s=160x120:r=25:d=6 X -g 50 D/b.ts",
            "sh tail -c +94001 D/b.ts > O",
        ],
        &[Size(160, 120)],
    ),
    // Clocks.
    Row(
        "late-sound.mp4",
        &["V -itsoffset 0.5 -f lavfi -i sine=d=1.5:r=48000 -map 0 -map 1 X O"],
        &[Lasts(2.0), Sounds(1)],
    ),
    Row(
        "early-sound.mkv",
        &["-itsoffset 0.5 -f lavfi -i testsrc2=s=160x120:r=25:d=1.5 A -map 0 -map 1 X O"],
        &[Lasts(2.0), Sounds(1)],
    ),
    Row(
        "edit-list.mp4",
        &[
            "-f lavfi -i testsrc2=s=160x120:r=25:d=4 -f lavfi -i sine=d=4 X -g 50 D/b.mp4",
            "-ss 1 -i D/b.mp4 -c copy O",
        ],
        &[Lasts(3.0), Sounds(1)],
    ),
    Row(
        "from-100-s.ts",
        &["V A X -output_ts_offset 100 O"],
        &[Lasts(2.0), Sounds(1)],
    ),
    Row(
        "long-sound.mp4",
        &["V -f lavfi -i sine=d=4 X O"],
        &[Lasts(4.0), Sounds(1)],
    ),
    Row(
        "short-sound.mp4",
        &["V -f lavfi -i sine=d=1 X O"],
        &[Lasts(2.0), Sounds(1)],
    ),
    // Tracks.
    Row(
        "timecode.mov",
        &["V A X -timecode 00:00:00:00 O"],
        &[SameFrames, Sounds(1)],
    ),
    Row(
        "unknown-sound.mkv",
        &[
            "V A -map 0 -map 1 -map 1 X -c:a aac D/b.mkv",
            "sh LC_ALL=C perl -0777 -pe 's/(A_AAC.*?)A_AAC/$1A_XYZ/s' D/b.mkv > O",
        ],
        &[Size(160, 120), Sounds(1)],
    ),
    Row(
        "surround.mkv",
        &["V -f lavfi -i aevalsrc=0.1*sin(2000*t)|0|0|0|0|0.1*sin(999*t):c=5.1:d=2 -c:a aac X O"],
        &[Sounds(1), Stereo],
    ),
    Row(
        "two-languages.mkv",
        &["V A A -map 0 -map 1 -map 2 -metadata:s:a:0 language=eng \
           -metadata:s:a:1 language=deu X O"],
        &[Sounds(2), Languages(&["en", "de"])],
    ),
    Row(
        "subtitles.mkv",
        &[
            "sh printf '1\\n00:00:00,500 --> 00:00:01,500\\nHello\\n' > D/a.srt",
            "sh printf '1\\n00:00:00,500 --> 00:00:01,500\\nHallo\\n' > D/b.srt",
            "V A -i D/a.srt -i D/b.srt -map 0 -map 1 -map 2 -map 3 -map 2 -c:s:0 srt -c:s:1 ass \
             -c:s:2 ass -metadata:s:s:0 language=eng -metadata:s:s:1 language=deu \
             -metadata:s:s:2 title=Pictures X D/b.mkv",
            "sh LC_ALL=C perl -0777 -pe 's{(.*)S_TEXT/ASS}{$1S_HDMV/PGS}s' D/b.mkv > O",
        ],
        &[
            SameFrames,
            Subtitles(&[("en", "Hello"), ("de", "Hallo")]),
            Unsupported(&["Pictures"]),
        ],
    ),
    Row(
        "chapters.mkv",
        &[
            "sh printf ';FFMETADATA1\\n[CHAPTER]\\nTIMEBASE=1/1\\nSTART=0\\nEND=1\\ntitle=One\\n\
             [CHAPTER]\\nTIMEBASE=1/1\\nSTART=1\\nEND=2\\ntitle=Two\\n' > D/m",
            "V -f ffmetadata -i D/m -map_chapters 1 X O",
        ],
        &[SameFrames, Chapters(&[("One", 0.0), ("Two", 1.0)])],
    ),
    // Containers, whole and broken.
    Row("CAMERA.MOV", &["V A X O"], &[SameFrames, Sounds(1)]),
    Row(
        "fragmented.mp4",
        &["V A X -movflags frag_keyframe+empty_moov O"],
        &[SameFrames, Sounds(1)],
    ),
    Row(
        "vp8.webm",
        &["V A -c:v libvpx -deadline realtime -c:a libvorbis O"],
        &[SameFrames],
    ),
    Row(
        "vp9.webm",
        &["V A -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus O"],
        &[SameFrames, Sounds(1)],
    ),
    Row(
        "hevc.mp4",
        &["V A -c:v libx265 -preset ultrafast -x265-params log-level=none O"],
        &[SameFrames],
    ),
    Row(
        "divx.avi",
        &["V A -c:v mpeg4 -c:a libmp3lame O"],
        &[SameFrames, Sounds(1)],
    ),
    Row(
        "flash.flv",
        &["V A X -c:a aac -ar 44100 O"],
        &[SameFrames, Sounds(1)],
    ),
    Row(
        "theora.ogv",
        &["V A -c:v libtheora -c:a libvorbis O"],
        &[SameFrames, Sounds(1)],
    ),
    Row(
        "dvd.mpg",
        &["V A -c:v mpeg2video -c:a mp2 O"],
        &[Size(160, 120), Sounds(1)],
    ),
    Row("film.txt", &["V A X -f mp4 O"], &[SameFrames, Sounds(1)]),
    Row(
        "truncated.mkv",
        &[
            "-f lavfi -i testsrc2=s=160x120:r=25:d=6 X -g 25 D/b.mkv",
            "sh head -c 100000 D/b.mkv > O",
        ],
        &[Size(160, 120)],
    ),
    Row(
        "truncated.mp4",
        &["V A X D/b.mp4", "sh head -c 20000 D/b.mp4 > O"],
        &[Refused(".")],
    ),
    // Its index promises ten seconds; the file ends after five.
    Row(
        "cut-off.mp4",
        &[
            "-f lavfi -i testsrc2=s=160x120:r=25:d=10 A -af apad -t 10 X -bf 0 -movflags +faststart D/b.mp4",
            "sh ffprobe -v error -select_streams v -show_entries packet=pos -of csv=p=0 D/b.mp4 \
             | sed -n 126p > D/at",
            "sh head -c $(cat D/at) D/b.mp4 > O",
        ],
        &[Frames(125, "25/1"), Sounds(1), Lasts(5.0)],
    ),
    // Short ones.
    Row(
        "one-frame.mp4",
        &["V -frames:v 1 X O"],
        &[Frames(1, "25/1")],
    ),
    Row(
        "half-a-second.mp4",
        &["V A -t 0.5 X O"],
        &[Lasts(0.5), Sounds(1)],
    ),
    // What changes midway.
    Row(
        "sound-changes.ts",
        &[
            "V A X -ac 1 D/a.ts",
            "V A X -ac 2 -ar 44100 -output_ts_offset 2 D/b.ts",
            "sh cat D/a.ts D/b.ts > O",
        ],
        &[Lasts(4.0), Sounds(1), Heard(0.2, 3.8)],
    ),
    Row(
        "growing.ts",
        &[
            "V X D/a.ts",
            "V -vf scale=240:180 -output_ts_offset 2 X D/b.ts",
            "sh cat D/a.ts D/b.ts > O",
        ],
        &[Size(160, 120), Frames(100, "25/1")],
    ),
];

/// Makes the film of `row`.
pub(crate) fn make(row: &Row, folder: &Path) -> PathBuf {
    let own = folder.join(format!("{}.parts", row.0));
    std::fs::create_dir(&own).unwrap();
    let file = folder.join(row.0);
    let word = |word: &str| match word {
        "V" => "-f lavfi -i testsrc2=s=160x120:r=25:d=2".to_owned(),
        "A" => "-f lavfi -i sine=d=2:r=48000".to_owned(),
        "X" => film::QUICK_ENCODER.join(" "),
        "O" => file.display().to_string(),
        other => match other.strip_prefix("D/") {
            Some(name) => own.join(name).display().to_string(),
            None => other.to_owned(),
        },
    };
    for line in row.1 {
        let line: Vec<String> = line.split_whitespace().map(word).collect();
        let line = line.join(" ");
        if let Some(script) = line.strip_prefix("sh ") {
            film::run("sh", &["-c", script]);
        } else {
            let mut arguments = vec!["-v", "error", "-y"];
            arguments.extend(line.split(' '));
            film::run("ffmpeg", &arguments);
        }
    }
    file
}
