//! An uploader and player that notes times.

use std::path::Path;
use std::time::Duration;

use platform_blob::crc32c_base64;
use serde_json::{Value, json};
use system_tests::playlist;
use tokio::time::Instant;

/// A client of one Marquee.
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
}

/// A film that was uploaded.
pub(crate) struct Uploaded {
    pub(crate) video_id: String,
    /// When `complete` was sent.
    pub(crate) completed: Instant,
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
        let body = tokio::fs::read(file).await.expect("a readable file");
        let created = self
            .post(
                "/api/uploads",
                &json!({ "file_name": "film.mp4", "size_bytes": body.len(), "fingerprint": "bench" }),
            )
            .await;
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
        let completed = Instant::now();
        self.post(&format!("/api/uploads/{id}/complete"), &json!({}))
            .await;
        Uploaded {
            video_id: text(&created, "video_id"),
            completed,
        }
    }

    /// Waits for the manifest, then fetches what a player needs for its first frame and sound:
    /// init and first segment of the lowest rung and of the audio track. Returns both as files'
    /// contents.
    pub(crate) async fn first_segments(&self, video: &str) -> (Vec<u8>, Vec<u8>) {
        let base = format!("{}/v/public/{video}/1", self.url);
        let master = self.patiently(&format!("{base}/master.m3u8")).await;
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

    async fn beginning(&self, track: String) -> Vec<u8> {
        let (init, segment) = (format!("{track}/init.mp4"), format!("{track}/0.m4s"));
        let (mut init, segment) = tokio::join!(self.patiently(&init), self.patiently(&segment));
        init.extend(segment);
        init
    }

    /// The video as the API describes it.
    pub(crate) async fn video(&self, id: &str) -> Option<Value> {
        let answer = self
            .http
            .get(format!("{}/api/videos/{id}", self.url))
            .send()
            .await
            .ok()?;
        answer.json().await.ok()
    }

    /// Waits until every planned segment exists.
    pub(crate) async fn complete(&self, id: &str) {
        loop {
            let video = self.video(id).await.unwrap_or_default();
            if video["complete"] == true {
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
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
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
