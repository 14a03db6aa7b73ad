//! Hostile files: nothing is fetched, nothing foreign is read, and each is refused with a sentence.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed test should panic"
)]

mod clips;

use std::net::TcpListener;
use std::path::Path;

use clips::{counting_film, ffmpeg, tools};
use media::sniff::{self, Demuxer};
use tokio_util::sync::CancellationToken;
use transcoder::staging::StagedSource;
use transcoder::toolbox::Toolbox;

/// Playlists, scripts and pictures that name other files. `{url}` is the canary's address,
/// `{file}` a stranger's film on this disk.
const NAMING_OTHERS: [(&str, &str); 20] = [
    (
        "hls segment",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{url}/a.ts\n#EXT-X-ENDLIST\n",
    ),
    (
        "hls local",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{file}\n#EXT-X-ENDLIST\n",
    ),
    (
        "hls key",
        "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"{url}/k\"\n#EXTINF:9,\n{file}\n",
    ),
    (
        "hls map",
        "#EXTM3U\n#EXT-X-MAP:URI=\"{url}/i.mp4\"\n#EXTINF:9,\n{file}\n#EXT-X-ENDLIST\n",
    ),
    (
        "hls master",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{url}/v.m3u8\n",
    ),
    (
        "hls media",
        "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"a\",URI=\"{url}/a.m3u8\"\n",
    ),
    (
        "hls concat",
        "#EXTM3U\n#EXTINF:9,\nconcat:{url}/head|file://{file}\n#EXT-X-ENDLIST\n",
    ),
    (
        "hls subfile",
        "#EXTM3U\n#EXTINF:9,\nsubfile,,start,0,end,9,,:{file}\n#EXT-X-ENDLIST\n",
    ),
    (
        "hls behind id3",
        "ID3\u{3}\0\0\0\0\0\0#EXTM3U\n#EXTINF:9,\n{url}/a.ts\n#EXT-X-ENDLIST\n",
    ),
    (
        "dash base",
        "<?xml version=\"1.0\"?><MPD><BaseURL>{url}/</BaseURL><Period/></MPD>",
    ),
    (
        "dash xlink",
        "<MPD xmlns:xlink=\"x\"><Period xlink:href=\"{url}/p\" xlink:actuate=\"onLoad\"/></MPD>",
    ),
    ("ffconcat", "ffconcat version 1.0\nfile '{file}'\n"),
    ("ffconcat url", "ffconcat version 1.0\nfile '{url}/a.mp4'\n"),
    (
        "sdp",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
    ),
    (
        "svg",
        "<svg xmlns=\"http://www.w3.org/2000/svg\"><image href=\"{url}/x.png\"/></svg>",
    ),
    (
        "imf",
        "<?xml version=\"1.0\"?><CompositionPlaylist><AssetList>{url}</AssetList></CompositionPlaylist>",
    ),
    (
        "smooth",
        "<SmoothStreamingMedia><StreamIndex Url=\"{url}\"/></SmoothStreamingMedia>",
    ),
    (
        "asx",
        "<asx version=\"3.0\"><entry><ref href=\"{url}/a.asf\"/></entry></asx>",
    ),
    ("pls", "[playlist]\nFile1={url}/a.mp3\nNumberOfEntries=1\n"),
    ("zip", "PK\u{3}\u{4}\u{14}\0\0\0\0\0#EXTM3U\n{url}/a.ts\n"),
];

/// Containers that are let in, with something in them that names others.
fn boxed_hostiles(folder: &Path, text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let playlist = text.as_bytes();
    // A playlist where an AVI has its subtitles (GAB2).
    let mut gab2 = b"RIFF\xff\xff\0\0AVI LIST\x14\0\0\0movi00tx\x80\0\0\0GAB2\0".to_vec();
    gab2.extend_from_slice(playlist);
    // A film whose frames lie in another file.
    ffmpeg(
        folder,
        "-f lavfi -i testsrc=s=64x64:d=1 -c:v libx264 -f mov dref.mov",
    );
    let mut dref = std::fs::read(folder.join("dref.mov")).unwrap();
    for at in 0..dref.len() - 16 {
        if dref[at..].starts_with(b"url \0\0\0\x01") {
            // No longer "in this file".
            dref.splice(at + 4..at + 8, [0, 0, 0, 0]);
            break;
        }
    }
    let mut after_ftyp = b"\0\0\0\x14ftypisom\0\0\0\0isom".to_vec();
    after_ftyp.extend_from_slice(playlist);
    let mut behind_sync = vec![0x47];
    behind_sync.extend_from_slice(playlist);
    behind_sync.resize(188, 0);
    let transport = behind_sync.repeat(8);
    vec![
        ("gab2", gab2),
        ("dref", dref),
        ("after ftyp", after_ftyp),
        ("in ts", transport),
    ]
}

/// What becomes of a file: the sentence it is refused with, or nothing.
async fn refusal(tools: &Toolbox, path: &Path) -> Option<String> {
    let bytes = std::fs::read(path).unwrap();
    // The way of every upload: our own look at the first bytes comes first.
    let Some(demuxer) = sniff::demuxer(&bytes) else {
        return Some("this file is not a video or sound file".to_owned());
    };
    forced(tools, path, demuxer).await
}

async fn forced(tools: &Toolbox, path: &Path, demuxer: Demuxer) -> Option<String> {
    let source = StagedSource::local(path.to_owned(), demuxer, 1);
    let failure = tools
        .probe(&source, &CancellationToken::new())
        .await
        .err()?;
    Some(failure.to_string())
}

#[tokio::test]
async fn files_that_name_others_get_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let tools = tools(folder.path()).await;
    let canary = TcpListener::bind("127.0.0.1:0").unwrap();
    canary.set_nonblocking(true).unwrap();
    let url = format!("http://{}", canary.local_addr().unwrap());
    let stranger = counting_film(folder.path(), "stranger.mp4", "25", 1);
    let fill = |text: &str| {
        text.replace("{url}", &url)
            .replace("{file}", &stranger.display().to_string())
    };
    let mut corpus: Vec<(&str, Vec<u8>)> = NAMING_OTHERS
        .iter()
        .map(|(name, text)| (*name, fill(text).into_bytes()))
        .collect();
    corpus.extend(boxed_hostiles(folder.path(), &fill(NAMING_OTHERS[0].1)));
    assert!(corpus.len() >= 20);
    let hostile = folder.path().join("hostile");
    for (name, bytes) in corpus {
        std::fs::write(&hostile, bytes).unwrap();
        let said = refusal(&tools, &hostile).await;
        assert!(
            said.is_some_and(|said| said.len() > 20) || name == "dref",
            "{name} was let in"
        );
        // Had our look been fooled: no demuxer that may be forced follows the name either.
        for demuxer in [
            Demuxer::Mov,
            Demuxer::Matroska,
            Demuxer::Avi,
            Demuxer::MpegTs,
            Demuxer::Mp3,
        ] {
            if let Some(said) = forced(&tools, &hostile, demuxer).await {
                assert!(!said.contains("stranger"), "{name}: {said}");
            } else {
                assert_eq!(name, "dref", "{name} was let in as {demuxer:?}");
            }
        }
    }
    assert!(canary.accept().is_err(), "the canary was reached");
}

#[tokio::test]
async fn formats_off_the_list_are_refused_before_they_are_decoded() {
    let folder = tempfile::tempdir().unwrap();
    let tools = tools(folder.path()).await;
    ffmpeg(
        folder.path(),
        "-f lavfi -i testsrc=s=64x64:d=1 -c:v magicyuv off.mkv",
    );
    let said = refusal(&tools, &folder.path().join("off.mkv"))
        .await
        .unwrap();
    assert!(said.contains("not accepted here (magicyuv)"), "{said}");
}

#[tokio::test]
async fn what_is_broken_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let tools = tools(folder.path()).await;
    let film = counting_film(folder.path(), "film.mp4", "25", 2);
    let whole = std::fs::read(&film).unwrap();
    let moov = whole.windows(4).position(|kind| kind == b"moov").unwrap();
    let cut = folder.path().join("cut.mp4");
    std::fs::write(&cut, &whole[..moov - 100]).unwrap();
    let said = refusal(&tools, &cut).await.unwrap();
    assert!(said.contains("cut off"), "{said}");
    let text = folder.path().join("text.mp4");
    std::fs::write(&text, "this is no film").unwrap();
    assert!(refusal(&tools, &text).await.is_some());
}
