//! The server, as an uploader sees it.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use platform_core::Redacted;
use platform_core::backoff::Backoff;
use platform_http::ProblemDocument;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use super::UploadError;
use super::source::Source;
use crate::cli::UploadArguments;

/// A server that is restarted comes back within this many tries: about two minutes.
const PATIENCE: Backoff = Backoff {
    first: Duration::from_millis(100),
    limit: Duration::from_secs(3),
    attempts: 50,
};

/// An upload, as the server records it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Upload {
    #[serde(rename = "upload_id")]
    pub(crate) id: String,
    pub(crate) video_id: String,
    /// From 2 on it replaces what the video is.
    #[serde(default)]
    pub(crate) revision: u32,
    pub(crate) part_size_bytes: u64,
    pub(crate) parallel_parts: usize,
    /// Parts that are stored.
    #[serde(default)]
    pub(crate) parts: Vec<Part>,
}

/// A part, by its number and content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) number: u32,
    pub(crate) size_bytes: u64,
    pub(crate) crc32c: String,
}

/// Permission to store one part.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SignedPart {
    method: String,
    url: Url,
    #[serde(default)]
    headers: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct SignedParts {
    parts: Vec<SignedPart>,
}

/// A video, as the server describes it: what a script needs is named, the rest is not repeated.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Video {
    #[serde(rename = "video_id")]
    id: String,
    pub(crate) state: String,
    watch_url: String,
    hls_url: Option<String>,
    dash_url: Option<String>,
    duration_s: Option<f64>,
    #[serde(default)]
    renditions: Vec<Rendition>,
    #[serde(default, skip_serializing)]
    pub(crate) complete: bool,
    #[serde(default, skip_serializing)]
    pub(crate) progress: Option<Progress>,
    #[serde(default, skip_serializing)]
    pub(crate) problem: Option<Value>,
    #[serde(default, skip_serializing)]
    pub(crate) revision: u32,
    #[serde(default, skip_serializing)]
    pub(crate) replacement: Option<Replacement>,
}

/// The newest file that is to replace a video.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Replacement {
    pub(crate) revision: u32,
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) progress: Option<Progress>,
    #[serde(default)]
    pub(crate) problem: Option<Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Rendition {
    width: u32,
    height: u32,
    frame_rate: f64,
    codecs: String,
    bandwidth: u64,
}

/// Segments that exist, of those planned.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Progress {
    #[serde(default)]
    pub(crate) segments_done: u64,
    #[serde(default)]
    pub(crate) segments_total: u64,
}

impl Video {
    /// The same with addresses that work outside of `server`.
    pub(crate) fn absolute(mut self, server: &Url) -> Self {
        let join = |text: String| server.join(&text).map_or(text, Into::into);
        self.hls_url = self.hls_url.map(join);
        self.dash_url = self.dash_url.map(join);
        self.watch_url = join(self.watch_url);
        self
    }
}

/// A problem document, from the server or of our own making.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ProblemReport {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    pub(crate) detail: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
}

/// The server's HTTP API.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    http: reqwest::Client,
    server: Url,
    token: Option<Redacted>,
}

impl Api {
    /// The API of `server`, asked by `token`.
    pub(crate) fn new(server: Url, token: Option<Redacted>) -> Result<Self, UploadError> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(Duration::from_mins(1))
            .build()
            .map_err(|source| UploadError::Unreachable {
                server: server.to_string(),
                source,
            })?;
        Ok(Self {
            http,
            server,
            token,
        })
    }

    /// Where it is.
    pub(crate) fn server(&self) -> &Url {
        &self.server
    }

    /// Begins the upload of `source`, or finds the one that was interrupted.
    pub(crate) async fn create(
        &self,
        source: &Source,
        arguments: &UploadArguments,
    ) -> Result<Upload, UploadError> {
        let mut body = json!({
            "file_name": source.name,
            "size_bytes": source.size,
            "fingerprint": source.fingerprint,
        });
        let wishes = [
            ("title", arguments.title.as_ref().map(|title| json!(title))),
            ("visibility", arguments.visibility.map(|it| json!(it))),
            ("replaces", arguments.replace.as_ref().map(|id| json!(id))),
        ];
        if let Some(body) = body.as_object_mut() {
            let told = wishes
                .into_iter()
                .filter_map(|(name, wish)| Some((name.to_owned(), wish?)));
            body.extend(told);
        }
        self.json(Method::POST, "/api/uploads", Some(body)).await
    }

    /// Asks for permission to store `part`.
    pub(crate) async fn sign(&self, upload: &str, part: &Part) -> Result<SignedPart, UploadError> {
        let path = format!("/api/uploads/{upload}/parts");
        let signed: SignedParts = self
            .json(Method::POST, &path, Some(json!({ "parts": [part] })))
            .await?;
        signed.parts.into_iter().next().ok_or_else(|| {
            UploadError::Problem(ProblemReport {
                kind: "/problems/no-permission".to_owned(),
                title: "No permission to store a part".to_owned(),
                status: None,
                detail: "The server gave no permission to store a part. Try again.".to_owned(),
                request_id: None,
            })
        })
    }

    /// Stores a part. `Ok(false)` when the permission is not valid any more.
    pub(crate) async fn store(
        &self,
        signed: &SignedPart,
        body: Bytes,
    ) -> Result<bool, UploadError> {
        let method = Method::from_bytes(signed.method.as_bytes()).unwrap_or(Method::PUT);
        let mut request = self.http.request(method, signed.url.clone());
        for (name, value) in &signed.headers {
            request = request.header(name, value.as_str().unwrap_or_default());
        }
        let answer = self.send(request.body(body)).await?;
        match answer.status() {
            status if status.is_success() => Ok(true),
            StatusCode::FORBIDDEN => Ok(false),
            _ => Err(problem(answer).await),
        }
    }

    /// Closes the upload.
    pub(crate) async fn complete(&self, upload: &str) -> Result<(), UploadError> {
        let path = format!("/api/uploads/{upload}/complete");
        self.json::<Value>(Method::POST, &path, Some(json!({})))
            .await
            .map(drop)
    }

    /// The upload as it stands.
    pub(crate) async fn upload(&self, upload: &str) -> Result<Upload, UploadError> {
        self.json(Method::GET, &format!("/api/uploads/{upload}"), None)
            .await
    }

    /// The video as it stands.
    pub(crate) async fn video(&self, video: &str) -> Result<Video, UploadError> {
        self.json(Method::GET, &format!("/api/videos/{video}"), None)
            .await
    }

    async fn json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<T, UploadError> {
        let address = format!("{}{path}", self.server.as_str().trim_end_matches('/'));
        let mut request = self.http.request(method, address);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose());
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = self.send(request).await?;
        if !answer.status().is_success() {
            return Err(problem(answer).await);
        }
        answer.json().await.map_err(UploadError::Answer)
    }

    /// Sends, again and again while there is no answer or the server says that it will have one
    /// later. Every call of this API may be repeated.
    async fn send(&self, request: RequestBuilder) -> Result<Response, UploadError> {
        let mut attempt = 1;
        loop {
            let sent = match request.try_clone() {
                Some(copy) => copy.send().await,
                None => return self.unreachable(request.send().await),
            };
            let passing = match &sent {
                Ok(answer) => matches!(answer.status().as_u16(), 429 | 502 | 503 | 504),
                Err(error) => !error.is_builder() && !is_untrusted(error),
            };
            let delay = PATIENCE.delay(attempt, &mut rand::rng());
            match delay {
                Some(delay) if passing => tokio::time::sleep(delay).await,
                _ => return self.unreachable(sent),
            }
            attempt += 1;
        }
    }

    fn unreachable(&self, sent: reqwest::Result<Response>) -> Result<Response, UploadError> {
        let server = self.server.to_string();
        sent.map_err(|source| {
            if is_untrusted(&source) {
                UploadError::Untrusted { server, source }
            } else {
                UploadError::Unreachable { server, source }
            }
        })
    }
}

/// Whether the server's certificate was refused. The errors of TLS are not to be had but as text.
fn is_untrusted(error: &reqwest::Error) -> bool {
    std::iter::successors(error.source(), |error| (*error).source())
        .any(|error| error.to_string().contains("certificate"))
}

async fn problem(answer: Response) -> UploadError {
    let status = answer.status();
    match answer.json::<ProblemDocument>().await {
        Ok(document) => UploadError::Problem(ProblemReport {
            kind: document.kind,
            title: document.title,
            status: Some(document.status),
            detail: document.detail,
            request_id: Some(document.request_id),
        }),
        Err(_) => UploadError::Problem(ProblemReport {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: Some(status.as_u16()),
            detail: format!("The server answered {status} without saying why."),
            request_id: None,
        }),
    }
}

impl fmt::Display for ProblemReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}
