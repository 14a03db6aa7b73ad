//! What can be done with an upload, whoever asks.

mod abandon;
mod begin;
mod complete;
mod discard;
mod parts;
mod progress;
mod quota;
mod replace;

use std::sync::Arc;

use platform_blob::Blobs;
use platform_core::Clock;
use schemas::v1::Event;
use schemas::v1::event::Payload;
use schemas::{NewEvent, OwnerId, UploadId};
use url::Url;

use crate::domain::Upload;
use crate::error::UploadError;
use crate::store::Store;
use crate::{Config, Deps};

pub(crate) use begin::{Begun, NewUpload};
pub(crate) use parts::Signed;

/// The uploads of all owners.
#[derive(Clone)]
pub(crate) struct Uploads {
    pub(crate) store: Store,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Where clients reach the object store, unless it is where they sent their request.
    pub(crate) public_objects: Option<Url>,
    config: Arc<Config>,
}

impl Uploads {
    pub(crate) fn new(deps: &Deps, config: Arc<Config>) -> Self {
        Self {
            store: Store::new(deps.db.about("ingress")),
            blobs: Arc::clone(&deps.blobs),
            clock: Arc::clone(&deps.clock),
            public_objects: deps.public_objects.clone(),
            config,
        }
    }

    /// The owner's upload of this id.
    pub(crate) async fn get(&self, id: &UploadId, owner: &OwnerId) -> Result<Upload, UploadError> {
        let found = self.store.get(id, owner).await?;
        found.ok_or(UploadError::NotFound)
    }

    fn event(&self, upload: &Upload, payload: Payload) -> Event {
        NewEvent::new(upload.owner.clone(), payload).stamp(self.clock.now_ms(), &mut rand::rng())
    }
}
