//! Mending what was found. All of it may be done twice.

use platform_http::Service;
use reqwest::Method;

use super::compare::Mend;
use super::look::causes;
use super::report::{self, Repair};
use super::{LookError, Mending, Prover, Wrong};

impl Prover {
    /// Begins what mends `wrong`, if `mending` covers it.
    pub(super) async fn mend(&self, wrong: &Wrong, mending: Mending) -> Repair {
        if !mending.covers(&wrong.found.mend) {
            return report::repair(&wrong.found.mend);
        }
        match self.begin(wrong).await {
            Ok(()) => Repair::Begun,
            Err(error) => {
                let (film, reason) = (&wrong.film, causes(&error));
                tracing::warn!(?film, kind = ?wrong.found.kind, reason, "a repair failed");
                Repair::Failed
            }
        }
    }

    async fn begin(&self, wrong: &Wrong) -> Result<(), LookError> {
        let film = wrong.film.as_ref();
        match (&wrong.found.mend, film) {
            (Mend::Erase | Mend::EraseUnknown, Some(film)) => {
                self.tell_catalogue(&format!("/internal/videos/{film}/erase"))
                    .await
            }
            (Mend::Index(above), Some(film)) => {
                let path = format!("/internal/videos/{film}/reindex?above={above}");
                self.tell_catalogue(&path).await
            }
            (Mend::Seed(edges), Some(film)) => {
                let now = self.clock.now_ms();
                Ok(self.tasks.bring_again(film, edges, now).await?)
            }
            (Mend::Clear(revisions), Some(film)) => {
                for revision in revisions {
                    self.clear(&media::plan::folder(film.as_str(), *revision))
                        .await?;
                }
                Ok(())
            }
            (Mend::Abort(open), _) => {
                for one in open {
                    self.blobs.abort_multipart(&one.key, &one.id).await?;
                }
                Ok(())
            }
            (Mend::Remove(key), _) => Ok(self.blobs.delete(key).await?),
            (
                Mend::Nothing
                | Mend::Clear(_)
                | Mend::Erase
                | Mend::EraseUnknown
                | Mend::Index(_)
                | Mend::Seed(_),
                _,
            ) => Ok(()),
        }
    }

    /// Removes everything in `folder`.
    async fn clear(&self, folder: &str) -> Result<(), LookError> {
        loop {
            let page = self.blobs.list(folder, None).await?;
            if page.objects.is_empty() {
                return Ok(());
            }
            let keys: Vec<String> = page.objects.into_iter().map(|it| it.key).collect();
            self.blobs.delete_many(&keys).await?;
        }
    }

    async fn tell_catalogue(&self, path: &str) -> Result<(), LookError> {
        let service = Service::Metadata;
        let told = self
            .client
            .send(Method::POST, service, path, |request| request);
        let answer = told.await;
        let answer = answer.map_err(|source| LookError::Call { service, source })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        Err(LookError::Refused { service, status })
    }
}
