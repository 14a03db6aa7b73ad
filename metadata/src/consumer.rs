//! Events of all services become rows.

use async_trait::async_trait;
use platform_bus::{Failure, Handler, Topic};
use platform_db::DbError;
use schemas::v1::Event;
use schemas::v1::event::Payload;

use crate::domain::subject;
use crate::store::Store;

/// The consumer that keeps the catalogue.
#[derive(Debug)]
pub(crate) struct Catalogue {
    store: Store,
}

impl Catalogue {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }
}

#[async_trait]
impl Handler for Catalogue {
    fn group(&self) -> &'static str {
        "metadata"
    }

    fn topics(&self) -> &'static [Topic] {
        &[
            Topic::Videos,
            Topic::Transcode,
            Topic::TranscodeProgress,
            Topic::PostTranscode,
            Topic::Accounts,
        ]
    }

    async fn handle(&self, _key: &str, event: Event) -> Result<(), Failure> {
        let applied = match (&event.payload, subject(&event)) {
            (Some(Payload::AccountChanged(it)), _) => {
                self.store.name_user(&it.user, &it.name).await
            }
            (Some(Payload::AccountDeleted(it)), _) => self.store.let_go(&it.user).await,
            (_, Some(video)) => {
                let id = video.parse().map_err(Failure::poison)?;
                self.store.apply(&id, &event).await
            }
            (_, None) => return Ok(()),
        };
        applied.map_err(|error| match error {
            DbError::Broken(_) => Failure::poison(error),
            DbError::Conflict(_) => Failure::retry(error),
            away => Failure::away(away),
        })
    }
}
