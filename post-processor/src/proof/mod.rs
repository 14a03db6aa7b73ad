//! Whether all parts of Marquee agree about what there is, and mending where they do not.
//!
//! Everything is [looked at](look), film by film [compared](mod@compare), and what is found is looked at
//! once more: what was under way is over by then. What is left of films that are gone is removed by
//! the deletion itself, which is begun again.

mod compare;
mod look;
mod mend;
mod report;
mod rounds;
mod seen;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use platform_blob::Blobs;
use platform_core::Clock;
use platform_core::clock::rfc3339;
use platform_http::Client;
use schemas::VideoId;
use tokio::sync::Mutex;

use crate::edges::Edges;
use crate::store::{Films, Tasks};
use compare::{Circumstances, Found, Kind, Mend, compare};
use look::{Eyes, Picture, Tell};
use report::{Finding, Repair};

pub(crate) use look::{LookError, causes};
pub(crate) use report::Report;
pub(crate) use rounds::run;
pub(crate) use seen::Seeding;

/// What is younger may be under way, milliseconds.
const GRACE_MS: i64 = 60_000;

/// Findings in a report.
const TOLD: usize = 1000;

/// Films that are looked at once more at a time.
const AGAIN: usize = 200;

/// Looks at everything. Clones share it.
#[derive(Clone)]
pub(crate) struct Prover {
    pub(crate) client: Client,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) edges: Edges,
    pub(crate) films: Films,
    pub(crate) tasks: Tasks,
    pub(crate) clock: Arc<dyn Clock>,
    /// What stands still for longer is stuck, milliseconds.
    pub(crate) stuck_ms: i64,
    /// One look at a time is enough.
    pub(crate) looking: Arc<Mutex<()>>,
}

/// What is mended of what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mending {
    /// Nothing.
    No,
    /// What nobody can want otherwise.
    Safe,
    /// Everything.
    All,
}

impl Mending {
    fn covers(self, mend: &Mend) -> bool {
        match (self, mend) {
            (_, Mend::Nothing)
            | (Self::No, _)
            | (Self::Safe, Mend::EraseUnknown | Mend::Remove(_)) => false,
            (Self::Safe | Self::All, _) => true,
        }
    }
}

/// Something that is wrong, and of which film.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    film: Option<VideoId>,
    found: Found,
}

impl Prover {
    /// Looks at everything, and mends what `mending` says. What was found is kept.
    pub(crate) async fn prove(
        &self,
        mending: Mending,
        tell: Tell<'_>,
    ) -> Result<Report, LookError> {
        let began = self.clock.now_ms();
        let eyes = self.eyes(tell);
        let mut first = eyes.look(None).await?;
        let mut wrong = Vec::new();
        let suspects: Vec<VideoId> = self.compared(&first).into_keys().collect();
        eyes.multiparts(Some(&suspects), &mut first).await?;
        for films in suspects.chunks(AGAIN) {
            wrong.extend(self.look_again(&first, films, tell).await?);
        }
        for key in &first.strays {
            match self.blobs.head(key).await {
                Ok(_) => wrong.push(stray(key)),
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error.into()),
            }
        }
        wrong.sort_by(|a, b| (a.found.kind, &a.film).cmp(&(b.found.kind, &b.film)));
        let mut findings = Vec::new();
        for wrong in &wrong {
            let repair = self.mend(wrong, mending).await;
            if findings.len() < TOLD {
                findings.push(finding(wrong, repair));
            }
        }
        let report = Report {
            at: rfc3339(began),
            took_ms: u64::try_from(self.clock.now_ms() - began).unwrap_or_default(),
            compared: first.compared,
            findings,
            found: u64::try_from(wrong.len()).unwrap_or(u64::MAX),
            unseen: first.unseen,
        };
        self.keep(&report).await?;
        Ok(report)
    }

    fn eyes<'a>(&'a self, tell: Tell<'a>) -> Eyes<'a> {
        Eyes {
            client: &self.client,
            blobs: &*self.blobs,
            edges: &self.edges,
            films: &self.films,
            tell,
        }
    }

    /// What is wrong as far as `picture` shows it.
    fn compared(&self, picture: &Picture) -> std::collections::BTreeMap<VideoId, Vec<Found>> {
        let now = Circumstances {
            now_ms: self.clock.now_ms(),
            grace_ms: GRACE_MS,
            stuck_ms: self.stuck_ms,
            edges: picture.edges.clone(),
        };
        let films = picture.films.iter();
        let wrong = films.map(|(film, seen)| (film.clone(), compare(seen, &now)));
        wrong.filter(|(_, found)| !found.is_empty()).collect()
    }

    /// What is wrong with these films both at first and now.
    async fn look_again(
        &self,
        first: &Picture,
        films: &[VideoId],
        tell: Tell<'_>,
    ) -> Result<Vec<Wrong>, LookError> {
        let again = self.eyes(tell).look(Some(films)).await?;
        let mut before = self.compared(first);
        let mut wrong = Vec::new();
        for (film, found) in self.compared(&again) {
            let known: BTreeSet<Kind> = before
                .remove(&film)
                .into_iter()
                .flatten()
                .map(|found| found.kind)
                .collect();
            let both = found
                .into_iter()
                .filter(|found| known.contains(&found.kind));
            wrong.extend(both.map(|found| Wrong {
                film: Some(film.clone()),
                found,
            }));
        }
        Ok(wrong)
    }

    async fn keep(&self, report: &Report) -> Result<(), LookError> {
        if let Ok(text) = serde_json::to_string(report) {
            self.tasks.keep_report(&text).await?;
        }
        Ok(())
    }

    /// What was found last.
    pub(crate) async fn last(&self) -> Result<Option<Report>, LookError> {
        let text = self.tasks.report().await?;
        Ok(serde_json::from_str(&text).ok())
    }
}

fn stray(key: &str) -> Wrong {
    Wrong {
        film: None,
        found: Found {
            kind: Kind::OrphanObjects,
            what: format!("the object {key} is of no film"),
            mend: Mend::Remove(key.to_owned()),
        },
    }
}

fn finding(wrong: &Wrong, repair: Repair) -> Finding {
    let advice = (repair == Repair::Impossible).then(|| report::advice(wrong.found.kind));
    Finding {
        kind: wrong.found.kind,
        video_id: wrong.film.as_ref().map(ToString::to_string),
        what: wrong.found.what.clone(),
        repair,
        advice: advice.flatten().map(str::to_owned),
    }
}
