//! Uploads as the web page does: what passes is waited out, and nothing is begun twice.

use std::time::Duration;

use platform_blob::crc32c_base64;
use platform_core::backoff::Backoff;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

/// How patient the page is with one call.
const PATIENCE: Backoff = Backoff {
    first: Duration::from_secs(1),
    limit: Duration::from_secs(30),
    attempts: 12,
};

/// How often it asks what is stored, and sends what is not.
const ROUNDS: u32 = 4;

/// An answer that is not what was hoped for, and will not be.
type Refusal = (StatusCode, Value);

/// Uploads to one Marquee. Clones share connections.
#[derive(Debug, Clone)]
pub struct Uploader {
    http: reqwest::Client,
    server: String,
}

impl Uploader {
    /// Uploads to the Marquee at `server`.
    pub fn new(server: &str) -> Self {
        let http = reqwest::Client::builder().read_timeout(Duration::from_mins(1));
        Self {
            http: http.build().expect("a client"),
            server: server.trim_end_matches('/').to_owned(),
        }
    }

    /// Uploads `content`, announced by what `POST /api/uploads` takes: `file_name`, `fingerprint`
    /// and what else there is to say. Returns the upload as it was when it began.
    ///
    /// # Panics
    ///
    /// When something is refused, or does not come back for some minutes.
    pub async fn upload(&self, announcement: Value, content: &[u8]) -> Value {
        let begun = self.begin(announcement, content).await;
        let at = address_of(&begun);
        let mut known = begun.clone();
        for _ in 0..ROUNDS {
            if known["state"] == "open" {
                self.send_missing(&known, content).await;
            }
            let complete = format!("{at}/complete");
            match self.call(Method::POST, &complete, &json!({})).await {
                Ok(_) => return begun,
                Err((StatusCode::CONFLICT, _)) => {}
                Err(refusal) => panic!("{complete}: {refusal:?}"),
            }
            let now = self.call(Method::GET, &at, &Value::Null).await;
            known = now.unwrap_or_else(|refusal| panic!("{at}: {refusal:?}"));
            if known["state"] == "complete" {
                return begun;
            }
        }
        panic!("parts get lost again and again: {known}")
    }

    /// Begins to upload `content`, or goes on with it; its upload.
    ///
    /// # Panics
    ///
    /// When that is refused.
    pub async fn begin(&self, mut announcement: Value, content: &[u8]) -> Value {
        announcement["size_bytes"] = content.len().into();
        let begun = self.call(Method::POST, "/api/uploads", &announcement).await;
        begun.unwrap_or_else(|refusal| panic!("{announcement}: {refusal:?}"))
    }

    /// Sends the parts of `content` that the upload `known` does not have.
    ///
    /// # Panics
    ///
    /// When one is refused.
    pub async fn send_missing(&self, known: &Value, content: &[u8]) {
        let at = &address_of(known);
        let size = known["part_size_bytes"].as_u64().expect("a size");
        let size = usize::try_from(size).expect("a part fits in memory");
        let stored = known["parts"].as_array().expect("parts");
        for (number, bytes) in (1..).zip(content.chunks(size)) {
            let crc32c = crc32c_base64(bytes);
            let part = json!({ "number": number, "size_bytes": bytes.len(), "crc32c": crc32c });
            if !stored.contains(&part) {
                self.send(at, &part, bytes).await;
            }
        }
    }

    /// Sends a part. A permission may have ended meanwhile: then there is another.
    async fn send(&self, at: &str, part: &Value, bytes: &[u8]) {
        let address = format!("{at}/parts");
        for _ in 0..ROUNDS {
            let wish = json!({ "parts": [part] });
            let signed = match self.call(Method::POST, &address, &wish).await {
                Ok(signed) => signed,
                // It is closed, or has to begin again: `upload` sees to it.
                Err((StatusCode::CONFLICT, _)) => return,
                Err(refusal) => panic!("{address}: {refusal:?}"),
            };
            let permission = &signed["parts"][0];
            let mut put = self.http.put(text(permission, "url")).body(bytes.to_vec());
            for (name, value) in permission["headers"].as_object().expect("headers") {
                put = put.header(name, value.as_str().expect("text"));
            }
            match patiently(put).await {
                Ok(_) => return,
                Err((StatusCode::FORBIDDEN | StatusCode::NOT_FOUND, _)) => {}
                Err(refusal) => panic!("{part}: {refusal:?}"),
            }
        }
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Result<Value, Refusal> {
        let request = self.http.request(method, format!("{}{path}", self.server));
        patiently(if body.is_null() {
            request
        } else {
            request.json(body)
        })
        .await
    }
}

fn address_of(upload: &Value) -> String {
    format!("/api/uploads/{}", text(upload, "upload_id"))
}

/// Sends, again and again while there is no answer or the server is in trouble.
async fn patiently(request: RequestBuilder) -> Result<Value, Refusal> {
    let mut attempt = 1;
    loop {
        let copy = request.try_clone().expect("bodies are in memory");
        let trouble = match read(copy).await {
            Ok((status, body)) if status.is_success() => return Ok(body),
            Ok((status, body)) if !passes(status) => return Err((status, body)),
            Ok((status, body)) => format!("{status} {body}"),
            Err(error) => format!("{error:?}"),
        };
        let Some(pause) = PATIENCE.delay(attempt, &mut rand::rng()) else {
            panic!("{request:?} was tried {attempt} times: {trouble}");
        };
        tokio::time::sleep(pause).await;
        attempt += 1;
    }
}

async fn read(request: RequestBuilder) -> reqwest::Result<(StatusCode, Value)> {
    let answer = request.send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    let otherwise = |_no_json| Value::String(text.clone());
    Ok((
        status,
        serde_json::from_str(&text).unwrap_or_else(otherwise),
    ))
}

fn passes(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    let found = value[key].as_str();
    found.unwrap_or_else(|| panic!("{key} in {value}"))
}
