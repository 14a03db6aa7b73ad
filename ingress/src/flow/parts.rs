//! Announcing parts and seeing which are stored.

use futures_util::TryFutureExt as _;
use futures_util::future::try_join;
use platform_blob::{MultipartId, Part, PartToSign, PresignedRequest};
use platform_db::DbError;
use url::Url;

use super::Uploads;
use crate::domain::{KnownPart, State, Upload, check_announced, verified};
use crate::error::UploadError;
use crate::store::{self, Transition};

/// Most parts that one request may announce.
const MOST_AT_ONCE: usize = 100;

/// A part and the request that stores it.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) number: u32,
    pub(crate) request: PresignedRequest,
}

impl Uploads {
    /// Records what the parts will be and signs their upload for a client that reaches the object
    /// store at `endpoint`.
    pub(crate) async fn sign_parts(
        &self,
        upload: &Upload,
        parts: &[KnownPart],
        endpoint: &Url,
    ) -> Result<Vec<Signed>, UploadError> {
        if parts.is_empty() || parts.len() > MOST_AT_ONCE {
            return Err(UploadError::Invalid(format!(
                "Announce 1 to {MOST_AT_ONCE} parts at a time."
            )));
        }
        for part in parts {
            check_announced(part, &upload.plan).map_err(UploadError::Invalid)?;
        }
        let (State::Open, Some(multipart)) = (upload.state, &upload.multipart) else {
            return Err(UploadError::Closed(upload.state));
        };
        self.record(upload, parts).await?;
        let key = upload.key();
        let mut signed = Vec::with_capacity(parts.len());
        for part in parts {
            let request = PartToSign {
                key: &key,
                id: multipart,
                number: part.number,
                size: part.size,
                crc32c: &part.crc32c,
            };
            let ttl = self.config.presign_ttl();
            let request = self.blobs.presign_part(request, endpoint, ttl).await?;
            signed.push(Signed {
                number: part.number,
                request,
            });
        }
        Ok(signed)
    }

    async fn record(&self, upload: &Upload, parts: &[KnownPart]) -> Result<(), UploadError> {
        let recorded = self
            .store
            .write(|mut tx| async move {
                let still_open = Transition::new(upload, State::Open, self.clock.now_ms());
                if !still_open.apply(tx.conn()).await? {
                    return Ok(false);
                }
                store::put_parts(tx.conn(), &upload.id, parts).await?;
                tx.commit().await?;
                Ok::<_, DbError>(true)
            })
            .await?;
        if recorded {
            return Ok(());
        }
        let now = self.get(&upload.id, &upload.owner).await?;
        Err(match now.state {
            State::Open => UploadError::Restarted,
            state => UploadError::Closed(state),
        })
    }

    /// The parts that are stored as they were announced, as far as the upload is open.
    pub(crate) async fn stored_parts(&self, upload: &Upload) -> Result<Vec<Part>, UploadError> {
        let (State::Open | State::Completing, Some(multipart)) = (upload.state, &upload.multipart)
        else {
            return Ok(Vec::new());
        };
        match self.verified_parts(upload, multipart).await {
            Err(UploadError::Blob(error)) if error.is_not_found() => {
                // Being assembled at this moment, or lost.
                if upload.state == State::Open {
                    self.restart(upload).await?;
                }
                Ok(Vec::new())
            }
            parts => parts,
        }
    }

    pub(super) async fn verified_parts(
        &self,
        upload: &Upload,
        multipart: &MultipartId,
    ) -> Result<Vec<Part>, UploadError> {
        let key = upload.key();
        let stored = self.blobs.list_parts(&key, multipart);
        let announced = self.store.parts(&upload.id);
        let (stored, announced) =
            try_join(stored.err_into::<UploadError>(), announced.err_into()).await?;
        Ok(verified(&announced, stored))
    }
}
