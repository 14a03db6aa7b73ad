//! Where denials come from: films of which somebody must see no more, and credentials that ended.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use platform_auth::{Denied, PLAYBACK_LIFETIME_S};
use platform_bus::{Failure, Handler, Topic};
use platform_core::{Clock, Lifecycle};
use platform_db::DbError;
use platform_http::{CallError, Client, Service};
use schemas::VideoId;
use schemas::v1::{Event, event::Payload};
use serde::Deserialize;
use tokio::sync::Notify;

use super::Denials;

/// Between two looks at what was revoked. With [`PATIENCE`] and telling it stays below the five
/// seconds after which nothing revoked is accepted.
const EVERY: Duration = Duration::from_secs(2);

/// How long accounts may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Between two looks for what can be forgotten.
const SWEEP: Duration = Duration::from_mins(10);

/// Writes down what must not be let through any more. Clones share it.
#[derive(Clone)]
pub(crate) struct News {
    pub(crate) denials: Denials,
    pub(crate) clock: Arc<dyn Clock>,
    /// Wakes the teller.
    pub(crate) told: Arc<Notify>,
}

impl News {
    async fn add(&self, names: &[Denied]) -> Result<(), DbError> {
        if self.denials.add(names, self.clock.now_ms()).await? {
            self.told.notify_one();
        }
        Ok(())
    }
}

/// What an event denies: of a film that changed the generation before, since each step is told; of
/// one that is gone the last, since those before were denied when it began.
fn denied_by(payload: &Payload) -> Result<Option<Denied>, schemas::IdError> {
    let (video, generation) = match payload {
        Payload::VideoChanged(told) => (&told.video_id, told.access_generation.checked_sub(1)),
        Payload::VideoDeleted(told) => (&told.video_id, Some(told.access_generation)),
        _ => return Ok(None),
    };
    let Some(generation) = generation else {
        return Ok(None);
    };
    let video: VideoId = video.parse()?;
    Ok(Some(Denied::generation(&video, generation)))
}

#[async_trait]
impl Handler for News {
    fn group(&self) -> &'static str {
        "edge-provider"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::Videos]
    }

    async fn handle(&self, _key: &str, event: Event) -> Result<(), Failure> {
        let Some(payload) = event.payload else {
            return Ok(());
        };
        let Some(name) = denied_by(&payload).map_err(Failure::poison)? else {
            return Ok(());
        };
        let added = self.add(&[name]).await;
        added.map_err(|error| {
            if error.retryable() {
                Failure::away(error)
            } else {
                Failure::poison(error)
            }
        })
    }
}

#[derive(Debug, Deserialize)]
struct Revocations {
    credentials: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
enum Deaf {
    #[error("accounts gave no answer")]
    Call(#[from] CallError),
    #[error("accounts gave no answer of use")]
    Answer(#[from] reqwest::Error),
    #[error("the rows cannot be written")]
    Rows(#[from] DbError),
}

/// Hears from accounts which credentials ended, and forgets what is of no more use, until
/// `lifecycle` drains.
pub(crate) async fn listen(news: News, client: Client, lifecycle: Lifecycle) {
    let mut known = HashSet::new();
    let mut heard = true;
    let mut swept = None;
    loop {
        let told = hear(&news, &client, &mut known).await;
        if let Err(error) = &told
            && heard
        {
            let error: &dyn std::error::Error = error;
            tracing::warn!(error, "edges learn later who was signed out");
        }
        heard = told.is_ok();
        if swept.is_none_or(|at: tokio::time::Instant| at.elapsed() >= SWEEP) {
            swept = Some(tokio::time::Instant::now());
            if let Err(error) = news.denials.forget(news.clock.now_ms()).await {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "what edges need not know any more stays");
            }
        }
        tokio::select! {
            () = lifecycle.draining() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Denies what is not `known`, and then knows what is revoked now.
async fn hear(news: &News, client: &Client, known: &mut HashSet<String>) -> Result<(), Deaf> {
    // At first all that tokens may still be about for: some of it may have ended unheard.
    let path = if known.is_empty() {
        let since = news.clock.now_ms() - PLAYBACK_LIFETIME_S * 1000;
        format!("/internal/accounts/revocations?since_ms={since}")
    } else {
        "/internal/accounts/revocations".to_owned()
    };
    let asked = client.get(Service::Accounts, &path, |request| {
        request.timeout(PATIENCE)
    });
    let told: Revocations = asked.await?.error_for_status()?.json().await?;
    let new = told.credentials.iter().filter(|one| !known.contains(*one));
    let names: Vec<_> = new.map(|one| Denied::credential(one)).collect();
    if !names.is_empty() {
        news.add(&names).await?;
    }
    *known = told.credentials.into_iter().collect();
    Ok(())
}

#[cfg(test)]
mod tests {
    use schemas::v1::{VideoChanged, VideoDeleted, VideoLive};

    use super::*;

    #[test]
    fn each_step_of_a_film_denies_the_one_before_and_its_end_the_last() {
        let video = "a".repeat(26);
        let changed = |access_generation| {
            Payload::VideoChanged(VideoChanged {
                video_id: video.clone(),
                access_generation,
                ..VideoChanged::default()
            })
        };
        let deleted = Payload::VideoDeleted(VideoDeleted {
            video_id: video.clone(),
            access_generation: 3,
        });
        let live = Payload::VideoLive(VideoLive::default());
        for (payload, denied) in [
            (changed(0), None),
            (changed(1), Some(0)),
            (changed(3), Some(2)),
            (deleted, Some(3)),
            (live, None),
        ] {
            let name = denied_by(&payload).unwrap();
            let name = name.map(|name| name.to_string());
            assert_eq!(name, denied.map(|it: u32| format!("{video}.{it}")));
        }
        let nameless = Payload::VideoDeleted(VideoDeleted::default());
        assert!(denied_by(&nameless).is_err());
    }
}
