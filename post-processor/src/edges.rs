//! Edges, as their seeder sees them.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use media::plan::ObjectRef;
use platform_core::Redacted;
use platform_http::{CallError, Client, Service};
use reqwest::{Method, Response, StatusCode, header};
use schemas::VideoId;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use url::Url;

/// An edge or the edge-provider did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EdgeError {
    /// The edge-provider is not known, or away.
    #[error("the edge-provider cannot be asked")]
    NoProvider(#[from] CallError),
    /// There was no answer.
    #[error("no answer")]
    NoAnswer(#[from] reqwest::Error),
    /// There was another answer than hoped for.
    #[error("{} answered {status}", without_token(url))]
    Refused {
        /// What was asked.
        url: Url,
        /// The answer.
        status: StatusCode,
    },
    /// No edge takes the film at the moment.
    #[error("no healthy edge is registered")]
    NoEdge,
    /// The edge is not registered any more.
    #[error("the edge {0} is not registered any more")]
    Gone(String),
    /// The edge is registered, but has no address at the moment.
    #[error("the edge {0} is not running")]
    NotRunning(String),
    /// The edge takes a credential that is not configured.
    #[error("the credential {0:?} is not configured under [edges.credential_files]")]
    NoCredential(String),
    /// Not an address.
    #[error("the address of an object cannot be made")]
    Address(#[from] url::ParseError),
}

/// An edge that a film belongs on.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Edge {
    pub(crate) id: String,
    url: Option<Url>,
    credential: String,
}

#[derive(Debug, Deserialize)]
struct Registry {
    items: Vec<Edge>,
}

#[derive(Debug, Deserialize)]
struct Placement {
    edges: Vec<Edge>,
}

/// What lies in a folder of an edge.
#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
}

/// Where a film, or a revision of one, lies on one edge.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The edge, without a slash at the end: it may lie below a path of its server.
    base: String,
    /// The film, and its revision where one is meant, with slashes at the ends.
    folder: String,
    key: Redacted,
}

impl Place {
    /// Where it is brought to and taken from.
    fn seeded(&self) -> Result<Url, EdgeError> {
        Ok(format!("{}/films/{}", self.base, self.folder).parse()?)
    }

    /// Where those who show `token` play it.
    pub(crate) fn played(&self, token: &str) -> Result<Url, EdgeError> {
        Ok(format!("{}/v/{token}/{}", self.base, self.folder).parse()?)
    }
}

/// Finds edges and brings them objects. Clones share what they know.
#[derive(Debug, Clone)]
pub(crate) struct Edges {
    client: Client,
    credentials: Arc<HashMap<String, Redacted>>,
}

impl Edges {
    pub(crate) fn new(client: Client, credentials: HashMap<String, Redacted>) -> Self {
        Self {
            client,
            credentials: Arc::new(credentials),
        }
    }

    /// What the edge-provider says at `path`.
    async fn ask<T: DeserializeOwned>(&self, path: &str) -> Result<T, EdgeError> {
        let answer = self
            .client
            .get(Service::EdgeProvider, path, |request| request)
            .await?;
        Ok(good(answer)?.json().await?)
    }

    async fn placement(&self, video: &VideoId) -> Result<Placement, EdgeError> {
        let path = format!("/internal/placement/{video}");
        self.ask(&path).await
    }

    /// An edge that may hold films which do not belong on it at the moment.
    async fn registered(&self, id: &str) -> Result<Edge, EdgeError> {
        let registry: Registry = self.ask("/internal/edges").await?;
        let found = registry.items.into_iter().find(|edge| edge.id == id);
        found.ok_or_else(|| EdgeError::Gone(id.to_owned()))
    }

    /// Ids of all edges.
    pub(crate) async fn all(&self) -> Result<Vec<String>, EdgeError> {
        let registry: Registry = self.ask("/internal/edges").await?;
        Ok(registry.items.into_iter().map(|edge| edge.id).collect())
    }

    /// Ids of the edges that `video` belongs on.
    pub(crate) async fn of(&self, video: &VideoId) -> Result<Vec<String>, EdgeError> {
        let placement = self.placement(video).await?;
        if placement.edges.is_empty() {
            return Err(EdgeError::NoEdge);
        }
        Ok(placement.edges.into_iter().map(|edge| edge.id).collect())
    }

    /// Where `revision` of `video` lies on `edge`, or all of `video` without one.
    pub(crate) async fn place(
        &self,
        edge: &str,
        video: &VideoId,
        revision: Option<u32>,
    ) -> Result<Place, EdgeError> {
        let placement = self.placement(video).await?;
        let found = placement.edges.into_iter().find(|one| one.id == edge);
        let found = match found {
            Some(found) => found,
            None => self.registered(edge).await?,
        };
        let base = found
            .url
            .ok_or_else(|| EdgeError::NotRunning(edge.to_owned()))?;
        let key = self.credentials.get(&found.credential).cloned();
        let folder = match revision {
            Some(revision) => format!("{video}/{revision}/"),
            None => format!("{video}/"),
        };
        Ok(Place {
            base: base.as_str().trim_end_matches('/').to_owned(),
            folder,
            key: key.ok_or(EdgeError::NoCredential(found.credential))?,
        })
    }

    /// The films that `edge` has something of.
    pub(crate) async fn list(&self, edge: &str) -> Result<Vec<VideoId>, EdgeError> {
        let found = self.registered(edge).await?;
        let base = found
            .url
            .ok_or_else(|| EdgeError::NotRunning(edge.to_owned()))?;
        let key = self.credentials.get(&found.credential);
        let key = key.ok_or(EdgeError::NoCredential(found.credential))?;
        let url = format!("{}/films/", base.as_str().trim_end_matches('/')).parse()?;
        let request = self.client.request_url(Method::GET, url);
        let answer = good(request.bearer_auth(key.expose()).send().await?)?;
        let entries: Vec<Entry> = answer.json().await?;
        let names = entries.into_iter().map(|entry| entry.name);
        Ok(names.filter_map(|name| name.parse().ok()).collect())
    }

    /// Brings `object` to `place`.
    pub(crate) async fn put(
        &self,
        place: &Place,
        object: &ObjectRef,
        bytes: Bytes,
    ) -> Result<(), EdgeError> {
        let url = place.seeded()?.join(&object.to_string())?;
        let digest = STANDARD.encode(Sha256::digest(&bytes));
        let request = self
            .client
            .request_url(Method::PUT, url)
            .bearer_auth(place.key.expose())
            .header(header::CONTENT_TYPE, object.content_type())
            .header("content-digest", format!("sha-256=:{digest}:"))
            .body(bytes);
        good(request.send().await?)?;
        Ok(())
    }

    /// Takes everything below `place` away.
    pub(crate) async fn remove(&self, place: &Place) -> Result<bool, EdgeError> {
        let request = self
            .client
            .request_url(Method::DELETE, place.seeded()?)
            .bearer_auth(place.key.expose());
        let answer = request.send().await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(false);
        }
        good(answer)?;
        Ok(true)
    }

    /// Fetches what players fetch.
    pub(crate) async fn get(&self, url: Url) -> Result<Bytes, EdgeError> {
        // Errors would tell the address, and with it the token.
        let request = self.client.request_url(Method::GET, url);
        let answer = request.send().await.map_err(reqwest::Error::without_url)?;
        let bytes = good(answer)?.bytes().await;
        Ok(bytes.map_err(reqwest::Error::without_url)?)
    }
}

/// An address as logs and rows may have it: what plays a film is a secret.
pub(crate) fn without_token(url: &Url) -> String {
    let mut shown = url.clone();
    if let Some((before, played)) = url.path().split_once("/v/")
        && !before.contains("/films/")
        && let Some((_, film)) = played.split_once('/')
    {
        shown.set_path(&format!("{before}/v/-/{film}"));
    }
    shown.into()
}

fn good(answer: Response) -> Result<Response, EdgeError> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    Err(EdgeError::Refused {
        url: answer.url().clone(),
        status: answer.status(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_plays_a_film_is_told_to_nobody() {
        for (url, shown) in [
            (
                "http://a/v/secret/film/1/x.m3u8",
                "http://a/v/-/film/1/x.m3u8",
            ),
            ("http://a/below/v/secret/film/", "http://a/below/v/-/film/"),
            (
                "http://a/films/film/1/v/360p/0.m4s",
                "http://a/films/film/1/v/360p/0.m4s",
            ),
            ("http://a/films/", "http://a/films/"),
        ] {
            assert_eq!(without_token(&url.parse().unwrap()), shown);
        }
    }
}
