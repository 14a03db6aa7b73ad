//! Names from strangers are text for people: no file, object, argument or header is called by them.
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ingress::Config;
use schemas::v1::event::Payload;
use serde_json::{Value, json};

use crate::common::{Service, address};

/// What a shell, a file system, ffmpeg, SQL, a web page, a log or a reader might take for more
/// than a name.
const NAMES: [&str; 60] = [
    "-i",
    "-y.mp4",
    "--help",
    "-protocol_whitelist all.mp4",
    "-filter_complex [0]null",
    "@/etc/passwd",
    "concat:/etc/passwd|/etc/hosts",
    "concat:a.mp4",
    "http://127.0.0.1:9/a.mp4",
    "https://example.invalid/a.m3u8",
    "file:///etc/passwd",
    "file:/in/source",
    "pipe:0",
    "subfile,,start,0,end,9,,:/etc/passwd",
    "crypto:/etc/passwd",
    "data:video/mp4;base64,AAAA",
    "tcp://127.0.0.1:1",
    "lavfi:testsrc",
    "movie=/etc/passwd",
    "%03d.jpg",
    "%s%s%s%n",
    "{}{0}{name}",
    "${jndi:ldap://127.0.0.1/a}",
    "*.mp4",
    "[a-z]?.mp4",
    "~/.ssh/id_rsa",
    "a|b.mp4",
    "a;id.mp4",
    "a && touch pwned.mp4",
    "`touch pwned`.mp4",
    "$(touch pwned).mp4",
    "> pwned",
    "../pwned",
    "../../../../../../tmp/pwned.mp4",
    "..",
    ".",
    "/etc/passwd",
    "/",
    "//server/share/a.mp4",
    "..\\..\\pwned.mp4",
    "C:\\Windows\\a.mp4",
    "%2e%2e%2fpwned",
    "..%c0%afpwned",
    "CON",
    "NUL.mp4",
    "a.mp4:stream",
    "a\nb.mp4",
    "a\r\nSet-Cookie: a=b.mp4",
    "a\0.mp4",
    "\u{1b}[31mred\u{1b}]0;title\u{7}.mp4",
    "film\u{202e}4pm.exe",
    "\u{2066}film\u{2069}\u{200f}.mp4",
    "a\u{2028}b\u{2029}c.mp4",
    "\u{feff}film.mp4",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}.mp4",
    "<script>alert(1)</script>.mp4",
    "\"><img src=x onerror=alert(1)>",
    "'; DROP TABLE ingress_upload; --",
    "a.mp4\u{0}.php",
    "\u{202e}",
];

/// Names and kinds of everything in `folder`.
fn everything(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(everything(&path));
        }
        found.insert(path);
    }
    found
}

fn is_harmless(text: &str) -> bool {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = |c: char| matches!(c, '\u{2028}' | '\u{2029}');
    !text.trim().is_empty()
        && !text
            .chars()
            .any(|c| c.is_control() || turns(c) || breaks(c))
}

/// Uploads one byte as `wish` says; the upload, when that was taken.
async fn uploaded(service: &Service, wish: &Value) -> Option<Value> {
    let byte = Bytes::from_static(b"x");
    let (status, upload) = service.post("/api/uploads", wish).await;
    if status == 400 {
        let said = upload["detail"].as_str().unwrap();
        assert!(said.len() > 20 && is_harmless(said), "{wish}: {upload}");
        return None;
    }
    assert_eq!(status, 201, "{wish}: {upload}");
    let at = address(&upload);
    let signed = service.sign(&at, 1, &byte).await;
    assert_eq!(service.put(&signed, byte).await, 200);
    let (status, done) = service.complete(&at).await;
    assert_eq!(status, 200, "{wish}: {done}");
    Some(upload)
}

#[tokio::test]
async fn a_name_is_never_more_than_a_name() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("a/b/c/d/e/f");
    std::fs::create_dir_all(&home).unwrap();
    let here = everything(Path::new("."));
    let service = Service::start(&home, Config::default()).await;
    let long = ["ä".repeat(127) + "x", "x".repeat(255), "x".repeat(5000)];
    let names: Vec<&str> = NAMES
        .into_iter()
        .chain(long.iter().map(String::as_str))
        .collect();
    let mut sources = BTreeSet::new();
    for (number, name) in names.iter().enumerate() {
        let as_file =
            json!({"file_name": name, "size_bytes": 1, "fingerprint": format!("f{number}")});
        let as_title = json!({
            "file_name": "a", "size_bytes": 1, "fingerprint": format!("t{number}"), "title": name,
        });
        for wish in [as_file, as_title] {
            let Some(upload) = uploaded(&service, &wish).await else {
                continue;
            };
            for key in ["title", "file_name"] {
                let shown = upload[key].as_str().unwrap();
                assert!(is_harmless(shown), "{name:?}: {shown:?}");
            }
            assert!(upload["title"].as_str().unwrap().chars().count() <= 200);
            let video = upload["video_id"].as_str().unwrap();
            assert!(video.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            sources.insert(format!("raw/{video}/source"));
        }
    }
    assert!(sources.len() > names.len(), "{}", sources.len());

    // What the encoder is told of is found by our own names alone.
    let told = service.told("transcode", sources.len()).await;
    let told = told.into_iter().map(|event| match event.payload {
        Some(Payload::VideoUploaded(uploaded)) => uploaded.source_key,
        other => panic!("not VideoUploaded: {other:?}"),
    });
    assert_eq!(told.collect::<BTreeSet<_>>(), sources);
    // Nothing was made beside our own files, and none is called as a stranger wished.
    assert_eq!(everything(Path::new(".")), here);
    let made = everything(dir.path());
    let strange = |path: &&PathBuf| !path.starts_with(&home) && !home.starts_with(path);
    assert_eq!(made.iter().find(strange), None);
    let pwned = |path: &&PathBuf| path.to_string_lossy().contains("pwned");
    assert_eq!(made.iter().find(pwned), None);
    service.stop().await;
}

#[tokio::test]
async fn settings_are_chosen_from_a_list() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), Config::default()).await;
    let wishes = [
        json!({"publish_policy": "-vf movie=/etc/passwd"}),
        json!({"publish_policy": ["complete"]}),
        json!({"publish_policy": 7}),
        json!({"video_id": "mine"}),
        json!({"source_key": "../../etc/passwd"}),
        json!({"codec": "libx264 -f null"}),
        json!({"bitrate": "1k;id"}),
        json!({"part_size_bytes": 1}),
    ];
    for wish in wishes {
        let mut body = json!({"file_name": "a", "size_bytes": 1, "fingerprint": wish.to_string()});
        let fields = body.as_object_mut().unwrap();
        fields.extend(wish.as_object().unwrap().clone());
        let (status, answer) = service.post("/api/uploads", &body).await;
        // Refused, or not listened to.
        let text = answer.to_string();
        let ignored = status == 201 && !text.contains("passwd") && !text.contains("libx264");
        assert!(status == 400 || ignored, "{wish}: {status} {answer}");
        if wish.get("publish_policy").is_some() {
            assert_eq!(status, 400, "{wish}: {answer}");
        }
    }
    service.stop().await;
}
