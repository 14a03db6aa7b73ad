//! Beginning an upload, or going on with one.

use platform_blob::MultipartId;
use platform_bus::{Topic, outbox};
use platform_db::DbError;
use schemas::v1::event::Payload;
use schemas::v1::{PublishPolicy, UploadStarted, Visibility};
use schemas::{OwnerId, UploadId, VideoId};
use tracing::{info, warn};

use super::Uploads;
use crate::domain::{FIRST, Names, PartPlan, State, Upload, clean_file_name};
use crate::error::UploadError;
use crate::store::{self, Transition};

/// Longest fingerprint in bytes.
const LONGEST_FINGERPRINT: usize = 256;

/// What a client wants to upload.
#[derive(Debug)]
pub(crate) struct NewUpload {
    pub(crate) owner: OwnerId,
    pub(crate) file_name: String,
    pub(crate) size: u64,
    pub(crate) fingerprint: String,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    /// None: as soon as it can be watched, or, in the place of another, when it is complete.
    pub(crate) policy: Option<PublishPolicy>,
    pub(crate) visibility: Option<Visibility>,
    /// The video that is to have this file from then on.
    pub(crate) replaces: Option<VideoId>,
}

/// How an upload came to be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begun {
    /// It is new.
    Created,
    /// The same file was begun before.
    Resumed,
}

impl Uploads {
    /// Begins to upload a file, or goes on where the same owner stopped with the same file.
    pub(crate) async fn begin(&self, new: NewUpload) -> Result<(Upload, Begun), UploadError> {
        let replaces = new.replaces.clone();
        let upload = self.check(new)?;
        let find = || {
            let (owner, fingerprint) = (&upload.owner, &upload.fingerprint);
            let replaces = replaces.as_ref();
            self.store
                .resumable(owner, fingerprint, upload.size, replaces)
        };
        if let Some(found) = find().await? {
            return Ok((self.opened(found).await?, Begun::Resumed));
        }
        let inserted = match &replaces {
            Some(video) => self.insert_replacing(&upload, video).await,
            None => self.insert(&upload).await.map(|()| upload.clone()),
        };
        match inserted {
            Ok(upload) => Ok((self.opened(upload).await?, Begun::Created)),
            // The same file from another tab at the same moment.
            Err(UploadError::Db(DbError::Conflict(_))) => {
                let found = find().await?.ok_or(UploadError::Restarted)?;
                Ok((self.opened(found).await?, Begun::Resumed))
            }
            Err(error) => Err(error),
        }
    }

    fn check(&self, new: NewUpload) -> Result<Upload, UploadError> {
        let limit = self.config.max_size_bytes;
        if new.size > limit {
            return Err(UploadError::TooLarge { limit });
        }
        if new.size == 0 {
            return Err(UploadError::Invalid(
                "The file is empty: choose one that has something in it.".to_owned(),
            ));
        }
        let fingerprint = new.fingerprint;
        let fits = (1..=LONGEST_FINGERPRINT).contains(&fingerprint.len());
        if !fits || fingerprint.contains(char::is_control) {
            return Err(UploadError::Invalid(format!(
                "The fingerprint has to have 1 to {LONGEST_FINGERPRINT} bytes, none of them a \
                 control character."
            )));
        }
        let file_name = clean_file_name(&new.file_name).map_err(UploadError::Invalid)?;
        let names = Names::new(&file_name, new.title.as_deref(), new.description.as_deref())
            .map_err(|refusal| UploadError::Invalid(refusal.to_string()))?;
        let mut rng = rand::rng();
        Ok(Upload {
            id: UploadId::random(&mut rng),
            video: VideoId::random(&mut rng),
            revision: FIRST,
            owner: new.owner,
            file_name,
            size: new.size,
            fingerprint,
            names,
            // While it is prepared the other one is watched: there is no hurry, and what fails on
            // the way does no harm.
            policy: new.policy.unwrap_or(if new.replaces.is_some() {
                PublishPolicy::Complete
            } else {
                PublishPolicy::Playable
            }),
            visibility: new
                .visibility
                .unwrap_or_else(|| self.config.visibility.into()),
            plan: PartPlan::for_file(new.size),
            state: State::Opening,
            multipart: None,
            told_bytes: 0,
            created_at_ms: self.clock.now_ms(),
            traceparent: platform_telemetry::current_traceparent().unwrap_or_default(),
        })
    }

    async fn insert(&self, upload: &Upload) -> Result<(), UploadError> {
        self.store
            .write(|mut tx| async move {
                self.make_room(&mut tx, upload).await?;
                store::insert(tx.conn(), upload, self.clock.as_ref()).await?;
                Ok(tx.commit().await?)
            })
            .await
    }

    /// Brings an upload whose record exists to the point where it takes parts. The record came
    /// first, so that a crash in between leaves nothing that nobody knows of.
    async fn opened(&self, upload: Upload) -> Result<Upload, UploadError> {
        if upload.state != State::Opening {
            self.touch(&upload).await?;
            return Ok(upload);
        }
        let multipart = self.new_multipart(&upload).await?;
        if !self.record_open(&upload, &multipart).await? {
            self.discard(&upload, &multipart).await;
            return self.get(&upload.id, &upload.owner).await;
        }
        info!(upload = %upload.id, video = %upload.video, bytes = upload.size, "upload started");
        Ok(Upload {
            state: State::Open,
            multipart: Some(multipart),
            ..upload
        })
    }

    /// Notes that `upload` takes parts as `multipart`, and tells; false when somebody was quicker.
    async fn record_open(&self, upload: &Upload, multipart: &MultipartId) -> Result<bool, DbError> {
        self.store
            .write(|mut tx| async move {
                let opening = Transition {
                    multipart: Some(multipart),
                    ..Transition::new(upload, State::Open, self.clock.now_ms())
                };
                if !opening.apply(tx.conn()).await? {
                    return Ok(false);
                }
                let event = self.event(upload, Payload::UploadStarted(started(upload)));
                outbox::append(&mut tx, Topic::Videos, upload.video.as_str(), &event).await?;
                tx.commit().await?;
                Ok(true)
            })
            .await
    }

    /// Begins again with no parts, because the object store knows nothing of them any more.
    pub(super) async fn restart(&self, upload: &Upload) -> Result<(), UploadError> {
        warn!(upload = %upload.id, "the object store has lost an upload: it begins again");
        let multipart = &self.new_multipart(upload).await?;
        let restarted = self
            .store
            .write(|mut tx| async move {
                let again = Transition {
                    multipart: Some(multipart),
                    ..Transition::new(upload, State::Open, self.clock.now_ms())
                };
                if !again.apply(tx.conn()).await? {
                    return Ok(false);
                }
                store::drop_parts(tx.conn(), &upload.id).await?;
                tx.commit().await?;
                Ok::<_, DbError>(true)
            })
            .await?;
        if !restarted {
            self.discard(upload, multipart).await;
        }
        Ok(())
    }

    /// Notes that somebody cares for the upload.
    async fn touch(&self, upload: &Upload) -> Result<(), UploadError> {
        self.moved(upload, upload.state).await?;
        Ok(())
    }

    async fn new_multipart(&self, upload: &Upload) -> Result<MultipartId, UploadError> {
        let key = upload.key();
        let created = self
            .blobs
            .create_multipart(&key, "application/octet-stream");
        Ok(created.await?)
    }

    /// Frees a multipart upload. If that fails, the sweep finds that nobody knows of it.
    pub(super) async fn discard(&self, upload: &Upload, multipart: &MultipartId) {
        if let Err(error) = self.blobs.abort_multipart(&upload.key(), multipart).await {
            warn!(upload = %upload.id, %error, "parts are left for the sweep to remove");
        }
    }
}

fn started(upload: &Upload) -> UploadStarted {
    UploadStarted {
        video_id: upload.video.to_string(),
        upload_id: upload.id.to_string(),
        owner: upload.owner.to_string(),
        file_name: upload.file_name.clone(),
        size_bytes: upload.size,
        title: upload.names.title.clone(),
        description: upload.names.description.clone(),
        visibility: upload.visibility.into(),
        revision: upload.revision,
    }
}
