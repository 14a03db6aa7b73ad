//! Playing the beginning of a film from an edge, as a player does.

use bytes::Bytes;
use platform_auth::Grant;
use url::Url;

use super::begin::Brought;
use super::{WorkError, Workshop};
use crate::domain::boxes::{self, BoxesError};
use crate::domain::playlist::{self, PlaylistError};
use crate::edges::{Place, without_token};
use crate::store::Job;
use media::plan::folder;

/// What an edge serves is not the film.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifyError {
    /// A playlist is none.
    #[error("the playlist {} leads nowhere", without_token(url))]
    Playlist {
        /// Where.
        url: Url,
        /// Why.
        #[source]
        source: PlaylistError,
    },
    /// A segment is none.
    #[error("{} is no fragmented MP4", without_token(url))]
    Boxes {
        /// Where.
        url: Url,
        /// Why.
        #[source]
        source: BoxesError,
    },
    /// Other bytes than the edge was brought, and than the object store has.
    #[error("{} is not what the object store has", without_token(url))]
    Differs {
        /// Where.
        url: Url,
    },
    /// An address leads out of the film.
    #[error("the address {0:?} in a playlist leads out of the film")]
    Outside(String),
}

/// The generation of access that no film reaches, so that none of it is denied: what plays the film
/// to see whether it does is nobody whom its owner lets or does not let see it.
const NEWEST: u32 = u32::MAX;

type Check = fn(&[u8]) -> Result<(), BoxesError>;

impl Workshop {
    /// Plays what was just `brought` to `place`.
    pub(super) async fn verify(
        &self,
        job: &Job,
        place: &Place,
        brought: &Brought,
    ) -> Result<(), WorkError> {
        let grant = Grant::anyone(job.video.clone(), NEWEST);
        let token = self.playback.sign(&grant, self.clock.now_ms());
        let edge = Played {
            job,
            film: place.played(&token)?,
            brought,
        };
        let film = &edge.film;
        let master = within(film, film, "master.m3u8")?;
        let text = self.fetch(&edge, &master).await?;
        let choice = playlist::choose(&text.lossy()).map_err(wrong_playlist(&master))?;
        for uri in [Some(choice.variant), choice.sound].into_iter().flatten() {
            let url = within(film, &master, &uri)?;
            let text = self.fetch(&edge, &url).await?;
            let beginning = playlist::begin(&text.lossy()).map_err(wrong_playlist(&url))?;
            let checks: [(String, Check); 2] = [
                (beginning.init, boxes::init),
                (beginning.first, boxes::segment),
            ];
            for (uri, check) in checks {
                let url = within(film, &url, &uri)?;
                let bytes = self.fetch(&edge, &url).await?;
                check(&bytes.0).map_err(|source| VerifyError::Boxes { url, source })?;
            }
        }
        Ok(())
    }

    /// Fetches from the edge, and compares with what it was brought. Manifests are written anew when
    /// a film is complete, so that the object store may have a newer one by now: an edge that serves
    /// that is right too.
    async fn fetch(&self, edge: &Played<'_>, url: &Url) -> Result<Fetched, WorkError> {
        let Played { job, film, brought } = edge;
        let served = self.edges.get(url.clone()).await?;
        let path = url.as_str().strip_prefix(film.as_str());
        let path = path.ok_or_else(|| VerifyError::Outside(without_token(url)))?;
        if brought.get(path).is_some_and(|bytes| *bytes == served) {
            return Ok(Fetched(served));
        }
        let key = format!("{}{path}", folder(job.video.as_str(), job.revision));
        let stored = self.blobs.get(&key).await;
        let stored = stored.map_err(|source| WorkError::Object { key, source })?;
        if served == stored {
            Ok(Fetched(served))
        } else {
            Err(VerifyError::Differs { url: url.clone() }.into())
        }
    }
}

/// An edge that a film is played from.
struct Played<'a> {
    job: &'a Job,
    /// Ends with a slash.
    film: Url,
    brought: &'a Brought,
}

struct Fetched(Bytes);

impl Fetched {
    fn lossy(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

/// What `uri` means in the playlist at `base`, if that lies within `film`.
fn within(film: &Url, base: &Url, uri: &str) -> Result<Url, VerifyError> {
    let outside = || VerifyError::Outside(uri.to_owned());
    let url = base.join(uri).map_err(|_e| outside())?;
    let inside = url.as_str().starts_with(film.as_str());
    inside.then_some(url).ok_or_else(outside)
}

fn wrong_playlist(url: &Url) -> impl FnOnce(PlaylistError) -> VerifyError + use<> {
    let url = url.clone();
    move |source| VerifyError::Playlist { url, source }
}
