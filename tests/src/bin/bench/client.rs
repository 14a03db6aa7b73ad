//! An uploader and player that notes times.

use std::path::Path;
use std::time::Duration;

use platform_blob::crc32c_base64;
use serde_json::{Value, json};
use system_tests::playlist;
use tokio::time::Instant;

/// How often to ask for what is not there yet.
const ASK_EVERY: Duration = Duration::from_millis(5);

/// A client of one Marquee.
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
}

/// An upload of which every part is stored.
pub(crate) struct Sent {
    upload_id: String,
    video_id: String,
}

/// A film that was uploaded.
pub(crate) struct Uploaded {
    pub(crate) video_id: String,
    /// When `complete` was sent.
    pub(crate) completed: Instant,
    /// How long its answer took.
    pub(crate) answered: Duration,
}

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        Self {
            http: reqwest::Client::new(),
            url: url.to_owned(),
        }
    }

    /// Uploads a file and closes the upload.
    pub(crate) async fn upload(&self, file: &Path) -> Uploaded {
        self.close(self.send(file).await).await
    }

    /// Sends every part of a file.
    pub(crate) async fn send(&self, file: &Path) -> Sent {
        let body = tokio::fs::read(file).await.expect("a readable file");
        // An upload of a file that is known goes on with it.
        let fingerprint = format!("bench-{:016x}", rand::random::<u64>());
        let announced = json!({
            "file_name": "film.mp4",
            "size_bytes": body.len(),
            "fingerprint": fingerprint,
        });
        let created = self.post("/api/uploads", &announced).await;
        let id = text(&created, "upload_id");
        let size = created["part_size_bytes"].as_u64().expect("a size");
        for (number, part) in (1..).zip(body.chunks(usize::try_from(size).expect("small"))) {
            let wish = json!({ "number": number, "size_bytes": part.len(), "crc32c": crc32c_base64(part) });
            let signed = self
                .post(
                    &format!("/api/uploads/{id}/parts"),
                    &json!({ "parts": [wish] }),
                )
                .await;
            let signed = &signed["parts"][0];
            let mut request = self.http.put(text(signed, "url")).body(part.to_vec());
            for (name, value) in signed["headers"].as_object().expect("headers") {
                request = request.header(name, value.as_str().expect("text"));
            }
            let stored = request.send().await.expect("an answer");
            assert!(
                stored.status().is_success(),
                "part {number}: {}",
                stored.status()
            );
        }
        Sent {
            upload_id: id,
            video_id: text(&created, "video_id"),
        }
    }

    /// Closes an upload.
    pub(crate) async fn close(&self, sent: Sent) -> Uploaded {
        let completed = Instant::now();
        self.post(
            &format!("/api/uploads/{}/complete", sent.upload_id),
            &json!({}),
        )
        .await;
        Uploaded {
            video_id: sent.video_id,
            completed,
            answered: completed.elapsed(),
        }
    }

    /// Waits for the manifest as the watch page does, then fetches what a player needs for its
    /// first frame and sound: init and first segment of the lowest rung and of the audio track.
    /// Returns both as files' contents.
    pub(crate) async fn first_segments(&self, video: &str) -> (Vec<u8>, Vec<u8>) {
        let manifest = self.manifest(video).await;
        let base = manifest.rsplit_once('/').expect("a folder").0.to_owned();
        let master = self.patiently(&manifest).await;
        let master = String::from_utf8(master).expect("text");
        let variants = playlist::variants(&master);
        let lowest = variants
            .iter()
            .min_by_key(|v| v.attributes["BANDWIDTH"].parse::<u64>().expect("a number"))
            .expect("a variant");
        let folder = lowest.uri.rsplit_once('/').expect("a folder").0;
        tokio::join!(
            self.beginning(format!("{base}/{folder}")),
            self.beginning(format!("{base}/a/0")),
        )
    }

    /// Where the manifest is, as soon as the watch page is told.
    async fn manifest(&self, video: &str) -> String {
        loop {
            let watch = self.get(&format!("/api/watch/{video}")).await;
            let watch = watch.unwrap_or_default();
            if let Some(manifest) = watch["playback"]["hls_url"].as_str() {
                return if manifest.starts_with('/') {
                    format!("{}{manifest}", self.url)
                } else {
                    manifest.to_owned()
                };
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    async fn beginning(&self, track: String) -> Vec<u8> {
        let (init, segment) = (format!("{track}/init.mp4"), format!("{track}/0.m4s"));
        let (mut init, segment) = tokio::join!(self.patiently(&init), self.patiently(&segment));
        init.extend(segment);
        init
    }

    /// Waits until every planned segment exists.
    pub(crate) async fn complete(&self, id: &str) {
        self.until(id, |video| video["complete"] == true).await;
    }

    /// Waits until nothing is left to be done for a film.
    pub(crate) async fn settled(&self, id: &str) {
        let settled = |video: &Value| video["complete"] == true && video["state"] == "live";
        self.until(id, settled).await;
    }

    async fn until(&self, id: &str, is_so: impl Fn(&Value) -> bool) {
        loop {
            let video = self.get(&format!("/api/videos/{id}")).await;
            let video = video.unwrap_or_default();
            if is_so(&video) {
                return;
            }
            assert_ne!(video["state"], "failed", "{video}");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Asks until there is an answer: the plan is made while we wait.
    async fn patiently(&self, url: &str) -> Vec<u8> {
        loop {
            let answer = self.http.get(url).send().await.expect("an answer");
            if answer.status().is_success() {
                return answer.bytes().await.expect("a body").to_vec();
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    async fn get(&self, path: &str) -> Option<Value> {
        let asked = self.http.get(format!("{}{path}", self.url)).send();
        asked.await.ok()?.json().await.ok()
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let sent = self
            .http
            .post(format!("{}{path}", self.url))
            .json(body)
            .send()
            .await;
        let answer = sent.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.expect("JSON")
    }
}

fn text(value: &Value, key: &str) -> String {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key} in {value}"))
        .to_owned()
}
