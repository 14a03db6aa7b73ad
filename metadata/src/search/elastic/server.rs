//! Requests to Elasticsearch, and what goes wrong with them in words.

use std::error::Error as _;
use std::time::Duration;

use elasticsearch::auth::Credentials;
use elasticsearch::cert::{Certificate, CertificateValidation};
use elasticsearch::http::headers::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use elasticsearch::http::transport::{SingleNodeConnectionPool, Transport, TransportBuilder};
use elasticsearch::http::{Method, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::search::config::Remote;
use crate::search::{SearchError, SearchErrorKind};

/// An Elasticsearch.
#[derive(Debug)]
pub(super) struct Server {
    transport: Transport,
    /// Without credentials.
    url: Url,
    /// What whoever writes needs rights for.
    rights: String,
}

/// One request.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) body: Option<String>,
    pub(super) within: Duration,
}

/// An answer: what was asked for, or that there is no such thing.
#[derive(Debug)]
pub(super) enum Answer<T> {
    /// 2xx.
    Done(T),
    /// 404.
    Missing,
}

impl<T> Answer<T> {
    pub(super) fn found(self) -> Option<T> {
        match self {
            Self::Done(answer) => Some(answer),
            Self::Missing => None,
        }
    }
}

/// What Elasticsearch says of a failure.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Reason {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(rename = "reason", default)]
    sentence: Option<String>,
    /// Says more, where there is one.
    #[serde(default)]
    root_cause: Vec<Self>,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(root) = self.root_cause.first() {
            return root.fmt(f);
        }
        let sentence = self.sentence.as_deref().unwrap_or("no reason given");
        write!(f, "{}: {sentence}", self.kind)
    }
}

impl Server {
    /// Knows where the server is; asks it nothing yet.
    pub(super) fn new(remote: &Remote, rights: String) -> Result<Self, SearchError> {
        let pool = SingleNodeConnectionPool::new(remote.url.clone());
        let mut builder = TransportBuilder::new(pool)
            .disable_proxy()
            // Answers are small: packing them takes longer than sending them.
            .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(credentials) = credentials(remote)? {
            builder = builder.auth(credentials);
        }
        if let Some(file) = &remote.ca_file {
            let unusable = || {
                let sentence = format!(
                    "search.ca_file: {} cannot be used: name a file with certificates in PEM",
                    file.display()
                );
                SearchError::new(SearchErrorKind::Invalid, sentence)
            };
            let pem = std::fs::read(file).map_err(|error| unusable().with_source(error))?;
            let trusted =
                Certificate::from_pem(&pem).map_err(|error| unusable().with_source(error))?;
            builder = builder.cert_validation(CertificateValidation::Full(trusted));
        }
        let transport = builder.build().map_err(|error| {
            SearchError::new(
                SearchErrorKind::Invalid,
                "the client of Elasticsearch cannot be made: check [search]",
            )
            .with_source(error)
        })?;
        Ok(Self {
            transport,
            url: remote.url.clone(),
            rights,
        })
    }

    /// Sends a request and reads the answer.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        request: Request<'_>,
    ) -> Result<Answer<T>, SearchError> {
        let mut headers = HeaderMap::new();
        let many = request.path.ends_with("_bulk");
        let kind = if many {
            "application/x-ndjson"
        } else {
            "application/json"
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        let answer = self
            .transport
            .send(
                request.method,
                &request.path,
                headers,
                Some(request.query),
                request.body,
                Some(request.within),
            )
            .await
            .map_err(|error| self.no_answer(error, request.within))?;
        let status = answer.status_code().as_u16();
        let body = answer.bytes().await;
        let body = body.map_err(|error| self.no_answer(error, request.within))?;
        match status {
            200..=299 => serde_json::from_slice(&body)
                .map(Answer::Done)
                .map_err(|error| self.somebody_else().with_source(error)),
            404 if serde_json::from_slice::<Value>(&body).is_ok() => Ok(Answer::Missing),
            _ => Err(self.refused(status, &body)),
        }
    }

    /// The same, of something that has to be there.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        request: Request<'_>,
    ) -> Result<T, SearchError> {
        self.send(request).await?.found().ok_or_else(super::gone)
    }

    fn no_answer(&self, error: elasticsearch::Error, within: Duration) -> SearchError {
        let url = &self.url;
        let sentence = if error.is_timeout() {
            let ms = within.as_millis();
            format!("Elasticsearch at {url} gave no answer within {ms} ms")
        } else if mentions(&error, "certificate") {
            format!(
                "Elasticsearch at {url} is not trusted: name the certificate of who signed its \
                 own by search.ca_file, and the name it was made for in search.url"
            )
        } else {
            format!("Elasticsearch at {url} cannot be reached: check search.url, and that it runs")
        };
        SearchError::new(SearchErrorKind::Away, sentence).with_source(error)
    }

    fn somebody_else(&self) -> SearchError {
        let url = &self.url;
        let sentence =
            format!("what answers at {url} does not speak as Elasticsearch does: check search.url");
        SearchError::new(SearchErrorKind::Away, sentence)
    }

    fn refused(&self, status: u16, body: &[u8]) -> SearchError {
        #[derive(Deserialize)]
        struct Refusal {
            error: Reason,
        }
        let url = &self.url;
        let reason = serde_json::from_slice(body).map(|refusal: Refusal| refusal.error);
        match (status, reason) {
            (401, _) => SearchError::new(
                SearchErrorKind::Away,
                format!(
                    "Elasticsearch at {url} refuses the credentials: check search.username and \
                     search.password_file, or search.api_key_file"
                ),
            ),
            (403, reason) => SearchError::new(
                SearchErrorKind::Away,
                format!(
                    "Elasticsearch at {url} does not allow what search needs: grant {} ({})",
                    self.rights,
                    reason.unwrap_or_default()
                ),
            ),
            (_, Err(_)) => self.somebody_else(),
            (429 | 500..=599, Ok(reason)) => SearchError::new(
                SearchErrorKind::Away,
                format!("Elasticsearch at {url} cannot at the moment ({status}): {reason}"),
            ),
            (_, Ok(reason)) => SearchError::new(
                SearchErrorKind::Unavailable,
                format!("Elasticsearch at {url} refuses ({status}): {reason}"),
            ),
        }
    }
}

fn credentials(remote: &Remote) -> Result<Option<Credentials>, SearchError> {
    let sendable = |secret: &str| secret.bytes().all(|byte| byte.is_ascii_graphic());
    if let Some(key) = remote.api_key.as_ref().map(platform_core::Redacted::expose) {
        if !sendable(key) {
            let sentence = "search.api_key_file: an API key has neither spaces nor line ends: \
                            write the \"encoded\" one of Elasticsearch's answer";
            return Err(SearchError::new(SearchErrorKind::Invalid, sentence));
        }
        return Ok(Some(match key.split_once(':') {
            Some((id, key)) => Credentials::ApiKey(id.to_owned(), key.to_owned()),
            None => Credentials::EncodedApiKey(key.to_owned()),
        }));
    }
    Ok(remote.password.as_ref().map(|password| {
        let username = remote.username.clone().unwrap_or_default();
        Credentials::Basic(username, password.expose().to_owned())
    }))
}

fn mentions(error: &elasticsearch::Error, word: &str) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.to_string().to_lowercase().contains(word) {
            return true;
        }
        cause = error.source();
    }
    false
}
