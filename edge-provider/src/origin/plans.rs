//! Plans, read once: a plan never changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use media::Plan;
use media::plan::{ObjectRef, PlanReadError, folder};
use platform_blob::{BlobError, Blobs};
use schemas::VideoId;

/// Plans kept at most; they are a few kilobytes each.
const LIMIT: usize = 256;

/// A plan that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlansError {
    /// The object store failed.
    #[error("the object store failed")]
    Store(#[source] BlobError),
    /// It is there, but no plan.
    #[error("the stored plan is of no use")]
    Unreadable(#[source] PlanReadError),
}

type Name = (VideoId, u32);

#[derive(Debug)]
struct Kept {
    plan: Arc<Plan>,
    used: u64,
}

#[derive(Debug, Default)]
struct Shelf {
    kept: HashMap<Name, Kept>,
    uses: u64,
}

impl Shelf {
    fn get(&mut self, name: &Name) -> Option<Arc<Plan>> {
        self.uses += 1;
        let kept = self.kept.get_mut(name)?;
        kept.used = self.uses;
        Some(Arc::clone(&kept.plan))
    }

    fn put(&mut self, name: Name, plan: Arc<Plan>) {
        self.uses += 1;
        if self.kept.len() >= LIMIT {
            let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.used);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                self.kept.remove(&oldest);
            }
        }
        let used = self.uses;
        self.kept.insert(name, Kept { plan, used });
    }
}

/// The plans in use.
#[derive(Debug)]
pub(super) struct Plans {
    blobs: Arc<dyn Blobs>,
    shelf: Mutex<Shelf>,
}

impl Plans {
    pub(super) fn new(blobs: Arc<dyn Blobs>) -> Self {
        Self {
            blobs,
            shelf: Mutex::default(),
        }
    }

    fn shelf(&self) -> std::sync::MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The plan of a film's revision, if there is one.
    pub(super) async fn get(
        &self,
        video: &VideoId,
        revision: u32,
    ) -> Result<Option<Arc<Plan>>, PlansError> {
        let name = (video.clone(), revision);
        if let Some(plan) = self.shelf().get(&name) {
            return Ok(Some(plan));
        }
        let key = format!("{}{}", folder(video.as_str(), revision), ObjectRef::Plan);
        let json = match self.blobs.get(&key).await {
            Ok(json) => json,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(PlansError::Store(error)),
        };
        let plan = Arc::new(Plan::from_json(&json).map_err(PlansError::Unreadable)?);
        self.shelf().put(name, Arc::clone(&plan));
        Ok(Some(plan))
    }
}
