//! What an edge is told over HTTP: `/denied/…`, see `testkit::conformance::edge`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use platform_core::Redacted;
use platform_http::Client;
use reqwest::{Method, StatusCode, header};

use crate::health::{NoAddress, address};
use crate::store::Edge;

/// How long an edge may take for one answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// An edge that was not told.
#[derive(Debug, thiserror::Error)]
pub(super) enum Untold {
    /// It has no address at the moment.
    #[error(transparent)]
    NoAddress(#[from] NoAddress),
    /// Its address leads nowhere.
    #[error("its address cannot be read")]
    Address(#[from] url::ParseError),
    /// It gives no answer.
    #[error("no answer")]
    NoAnswer(#[from] reqwest::Error),
    /// It does not want to be told.
    #[error("it answered {0}")]
    Refused(StatusCode),
    /// What it takes is not known.
    #[error("the credential {0:?} is not configured under [edges.credential_files]")]
    NoCredential(String),
}

/// Calls edges by their credentials. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Voice {
    client: Client,
    credentials: Arc<HashMap<String, Redacted>>,
}

impl Voice {
    pub(super) fn new(client: Client, credentials: HashMap<String, Redacted>) -> Self {
        Self {
            client,
            credentials: Arc::new(credentials),
        }
    }

    async fn ask(
        &self,
        edge: &Edge,
        method: Method,
        name: &str,
        body: String,
    ) -> Result<reqwest::Response, Untold> {
        let base = address(&self.client, edge)?;
        let base = base.as_str().trim_end_matches('/');
        let url = format!("{base}/denied/{name}").parse()?;
        let key = self.credentials.get(&edge.credential);
        let key = key.ok_or_else(|| Untold::NoCredential(edge.credential.clone()))?;
        let request = self.client.request_url(method, url).timeout(PATIENCE);
        // Said also of nothing (RFC 9110, section 8.6): nginx stores no body of unknown length.
        let request = request
            .bearer_auth(key.expose())
            .header(header::CONTENT_LENGTH, body.len())
            .body(body);
        Ok(request.send().await?)
    }

    /// How far `edge` was told; 0 when it knows nothing.
    pub(super) async fn mark(&self, edge: &Edge) -> Result<i64, Untold> {
        let answer = self.ask(edge, Method::GET, "mark", String::new()).await?;
        match answer.status() {
            StatusCode::OK => Ok(answer.text().await?.trim().parse().unwrap_or_default()),
            StatusCode::NOT_FOUND => Ok(0),
            status => Err(Untold::Refused(status)),
        }
    }

    /// Puts `body` at `name`.
    pub(super) async fn tell(&self, edge: &Edge, name: &str, body: String) -> Result<(), Untold> {
        let answer = self.ask(edge, Method::PUT, name, body).await?;
        match answer.status() {
            StatusCode::CREATED | StatusCode::NO_CONTENT => Ok(()),
            status => Err(Untold::Refused(status)),
        }
    }
}
