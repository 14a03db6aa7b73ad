//! What came out of a film, and whether it is what must.

use std::path::{Path, PathBuf};

use serde_json::Value;
use system_tests::{Marquee, film};

use crate::rows::{Expect, Row, make};
use Expect::*;

/// What came out of a film.
pub(crate) struct Outcome {
    source: PathBuf,
    told: Result<Value, Value>,
    url: String,
    streams: Vec<Value>,
    poster: bool,
    /// As the catalogue tells it.
    video: Value,
    hls: String,
    dash: String,
    /// Subtitles by the path below the film's folder.
    subtitles: Vec<(String, String)>,
}

/// Whether the picture at `url` is not all of one colour.
fn shows_something(url: &str) -> bool {
    let grey = "-v error -f rawvideo -pix_fmt gray -".split(' ');
    let arguments: Vec<_> = ["-i", url].into_iter().chain(grey).collect();
    let pixels = film::run("ffmpeg", &arguments);
    let (darkest, brightest) = (pixels.iter().min().unwrap(), pixels.iter().max().unwrap());
    brightest - darkest > 64
}

async fn text(url: &str) -> String {
    let answer = reqwest::get(url).await.unwrap();
    answer.error_for_status().unwrap().text().await.unwrap()
}

impl Outcome {
    pub(crate) async fn of(row: &Row, folder: &Path, marquee: &Marquee) -> Self {
        let source = make(row, folder);
        let told = marquee.upload(&source, &["--wait", "complete"]).await;
        let mut outcome = Self {
            source,
            told,
            url: String::new(),
            streams: Vec::new(),
            poster: false,
            video: Value::Null,
            hls: String::new(),
            dash: String::new(),
            subtitles: Vec::new(),
        };
        if let Ok(told) = outcome.told.clone() {
            outcome.look(&told, marquee).await;
        }
        outcome
    }

    async fn look(&mut self, told: &Value, marquee: &Marquee) {
        told["hls_url"].as_str().unwrap().clone_into(&mut self.url);
        let dash_url = told["dash_url"].as_str().unwrap();
        self.streams = film::streams(&self.url);
        film::decode(&self.url);
        film::decode(dash_url);
        self.hls = text(&self.url).await;
        self.dash = text(dash_url).await;
        let path = format!("/api/videos/{}", told["video_id"].as_str().unwrap());
        self.video = marquee.get(&path).await.unwrap();
        if let Some(path) = self.video["poster_url"].as_str() {
            self.poster = shows_something(&format!("{}{path}", marquee.url()));
        }
        let folder = self.url.strip_suffix("master.m3u8").unwrap();
        for path in self.hls.split('"').filter(|part| part.starts_with("s/")) {
            let playlist = text(&format!("{folder}{path}")).await;
            let file = playlist
                .lines()
                .find(|line| !line.starts_with('#'))
                .unwrap();
            let content = text(&format!("{folder}s/{file}")).await;
            self.subtitles.push((format!("s/{file}"), content));
        }
    }

    fn of_kind(&self, kind: &str) -> Vec<&Value> {
        let found = self.streams.iter().filter(|s| s["codec_type"] == kind);
        found.collect()
    }

    /// The best quality.
    fn best(&self) -> &Value {
        let videos = self.of_kind("video").into_iter();
        videos.max_by_key(|s| s["height"].as_u64()).unwrap()
    }

    /// Every picture is one that every browser shows.
    pub(crate) fn is_plain(&self) {
        for stream in self.of_kind("video") {
            assert_eq!(stream["codec_name"], "h264", "{stream}");
            assert_eq!(stream["pix_fmt"], "yuv420p", "{stream}");
            assert_ne!(stream["color_range"], "pc", "{stream}");
            assert!(
                matches!(stream["sample_aspect_ratio"].as_str(), None | Some("1:1")),
                "{stream}"
            );
            assert_eq!(stream["side_data_list"], Value::Null, "{stream}");
            let side = |name: &str| stream[name].as_u64().unwrap();
            assert_eq!((side("width") % 2, side("height") % 2), (0, 0), "{stream}");
        }
    }

    pub(crate) fn check(&self, expect: Expect) {
        if let Refused(sentence) = expect {
            let problem = self.told.as_ref().unwrap_err();
            let detail = problem["detail"].as_str().unwrap_or_default();
            assert!(detail.len() > 20 && detail.contains(sentence), "{problem}");
            return;
        }
        let told = self.told.as_ref().unwrap();
        match expect {
            Size(width, height) => {
                let side = |name: &str| self.best()[name].as_u64().unwrap();
                let (w, h) = (side("width"), side("height"));
                assert!(w.abs_diff(width) <= 1 && h.abs_diff(height) <= 1, "{w}x{h}");
            }
            Frames(frames, rate) => {
                let best = self.best();
                assert_eq!(best["nb_read_packets"], frames.to_string(), "{best}");
                assert_eq!(best["r_frame_rate"], rate, "{best}");
            }
            SameFrames => {
                let source = film::streams(self.source.to_str().unwrap());
                let video = source.iter().find(|s| s["codec_type"] == "video").unwrap();
                let best = self.best();
                assert_eq!(best["nb_read_packets"], video["nb_read_packets"]);
            }
            Lasts(seconds) => {
                let lasts = told["duration_s"].as_f64().unwrap();
                assert!((lasts - seconds).abs() <= 0.1, "{lasts} s");
            }
            Sounds(tracks) => {
                let sounds = self.of_kind("audio");
                assert_eq!(sounds.len(), tracks, "{sounds:?}");
                let plain = |sound: &&Value| sound["channels"].as_u64() <= Some(2);
                assert!(sounds.iter().all(plain), "{sounds:?}");
            }
            Stereo => assert_eq!(self.of_kind("audio")[0]["channels"], 2),
            Heard(from, to) => {
                let script = format!(
                    "ffmpeg -i '{}' -vn -af atrim={from}:{to},silencedetect=d=0.05 -f null - 2>&1",
                    self.url
                );
                let said = String::from_utf8(film::run("sh", &["-c", &script])).unwrap();
                assert!(!said.contains("silence_start"), "{said}");
            }
            Languages(_) | Subtitles(_) | Unsupported(_) | Chapters(_) => self.tracks(expect),
            OnlySound => {
                assert_eq!(self.of_kind("audio").len(), 1);
                assert_eq!(self.of_kind("video").len(), 0);
            }
            Poster(has_one) => assert_eq!(self.poster, has_one, "poster"),
            OrdinaryColours => {
                for name in ["color_space", "color_transfer", "color_primaries"] {
                    assert_eq!(self.best()[name], "bt709");
                }
            }
            Progressive => {
                let script = format!(
                    "ffmpeg -i '{}' -vf idet -an -f null - 2>&1 | grep 'Multi frame'",
                    self.url
                );
                let said = film::run("sh", &["-c", &script]);
                let said = String::from_utf8(said).unwrap();
                let count = |name: &str| -> u64 {
                    let rest = said.split_once(name).unwrap().1;
                    rest.split_whitespace().next().unwrap().parse().unwrap()
                };
                let combed = count("TFF:") + count("BFF:");
                assert!(combed * 5 <= count("Progressive:"), "{said}");
            }
            Refused(_) => {}
        }
    }

    /// What is told of tracks and chapters.
    fn tracks(&self, expect: Expect) {
        match expect {
            Languages(languages) => {
                let sounds = self.hls.lines().filter(|line| line.contains("TYPE=AUDIO"));
                assert_eq!(sounds.count(), languages.len(), "{}", self.hls);
                for language in languages {
                    assert!(self.says("TYPE=AUDIO", "contentType=\"audio\"", language));
                }
            }
            Subtitles(wanted) => {
                assert_eq!(self.subtitles.len(), wanted.len(), "{}", self.hls);
                for ((language, words), (path, content)) in wanted.iter().zip(&self.subtitles) {
                    assert!(self.says("TYPE=SUBTITLES", "contentType=\"text\"", language));
                    assert!(self.dash.contains(path.as_str()), "{}", self.dash);
                    let cue = content.split("00:00.500 --> 00:01.500").nth(1);
                    assert!(cue.is_some_and(|cue| cue.contains(words)), "{content}");
                }
            }
            Unsupported(titles) => {
                let told = self.video["subtitles"].as_array().unwrap();
                let unsupported = told.iter().filter(|track| track["supported"] == false);
                let unsupported: Vec<_> = unsupported.map(|track| &track["title"]).collect();
                assert_eq!(unsupported, *titles, "{told:?}");
            }
            Chapters(chapters) => {
                let told = self.video["chapters"].as_array().unwrap();
                let told = told.iter().map(|chapter| {
                    let title = chapter["title"].as_str().unwrap();
                    (title, chapter["start_s"].as_f64().unwrap())
                });
                assert_eq!(told.collect::<Vec<_>>(), chapters);
            }
            _ => {}
        }
    }

    /// Whether both manifests have a track of that kind in `language`.
    fn says(&self, hls_kind: &str, dash_kind: &str, language: &str) -> bool {
        let hls = format!("LANGUAGE=\"{language}\"");
        let dash = format!("lang=\"{language}\"");
        let has = |text: &str, kind: &str, tag: &str| {
            text.lines()
                .any(|line| line.contains(kind) && line.contains(tag))
        };
        has(&self.hls, hls_kind, &hls) && has(&self.dash, dash_kind, &dash)
    }
}
