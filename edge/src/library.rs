//! What the edge can serve: its disk, filled from the origin once however many ask.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use platform_core::Lifecycle;
use platform_http::Client;
use reqwest::Response;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::address::{Address, Scope};
use crate::freshness::Freshness;
use crate::origin::{self, Answer, Refusal};
use crate::store::{Store, Stored};

/// How long a refusal of the origin answers others who ask for the same.
const REFUSED_FOR: Duration = Duration::from_secs(1);

type Outcome = Result<Stored, Refusal>;

/// A pull that everybody who asks waits for.
type Flight = watch::Receiver<Option<Outcome>>;

/// Disk and origin together. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Library(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    client: Client,
    freshness: Freshness,
    flights: Mutex<HashMap<Address, Flight>>,
    lifecycle: Lifecycle,
    /// Pulls outlive the request, and the server thread, that began them.
    runtime: Handle,
}

impl Library {
    pub(crate) fn new(store: Store, client: Client, lifecycle: Lifecycle, runtime: Handle) -> Self {
        Self(Arc::new(Inner {
            store,
            client,
            freshness: Freshness::default(),
            flights: Mutex::default(),
            lifecycle,
            runtime,
        }))
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// What lies at `address` was put there by the seeder just now.
    pub(crate) fn seeded(&self, address: &Address) {
        if address.is_manifest() {
            self.0.freshness.renewed(address, None);
        }
    }

    /// The object at `address`, from the disk or from the origin.
    pub(crate) async fn get(&self, address: &Address) -> Outcome {
        let stored = self.0.store.get(address).await.map_err(Refusal::disk)?;
        let Some(stored) = stored else {
            return self.pull(address, false).await;
        };
        if !address.is_manifest() || self.0.freshness.is_fresh(address) {
            return Ok(stored);
        }
        match self.pull(address, true).await {
            Err(refusal) if refusal.is_not_found() => {
                let scope = Scope::Object(address.clone());
                self.0.store.remove(&scope).await.map_err(Refusal::disk)?;
                Err(refusal)
            }
            Err(refusal) => {
                let error: &dyn std::error::Error = &refusal;
                tracing::warn!(error, %address, "an older manifest is served");
                self.0.freshness.postponed(address);
                Ok(stored)
            }
            renewed => renewed,
        }
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<Address, Flight>> {
        self.0
            .flights
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins the pull of `address` that is under way, or begins one.
    async fn pull(&self, address: &Address, have_older: bool) -> Outcome {
        let mut flight = {
            let mut flights = self.flights();
            let begin = || self.begin(address.clone(), have_older);
            flights.entry(address.clone()).or_insert_with(begin).clone()
        };
        match flight.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(outcome)) => outcome.clone(),
            Ok(None) | Err(_) => Err(Refusal::unreachable(BrokenOff)),
        }
    }

    fn begin(&self, address: Address, have_older: bool) -> Flight {
        let (landed, flight) = watch::channel(None);
        let library = self.clone();
        let _context = self.0.runtime.enter();
        self.0.lifecycle.spawn(async move {
            let refused = tokio::select! {
                () = library.0.lifecycle.stopping() => false,
                refused = library.fly(&address, have_older, &landed) => refused,
            };
            if refused {
                tokio::select! {
                    () = library.0.lifecycle.draining() => {}
                    () = tokio::time::sleep(REFUSED_FOR) => {}
                }
            }
            library.flights().remove(&address);
        });
        flight
    }

    /// Pulls the object, tells those who wait as soon as it can be read, and then makes it durable.
    /// Returns whether there is none.
    async fn fly(
        &self,
        address: &Address,
        have_older: bool,
        landed: &watch::Sender<Option<Outcome>>,
    ) -> bool {
        let known = self.0.freshness.etag(address).filter(|_| have_older);
        let client = &self.0.client;
        let answer = match origin::ask(client, address, known.as_deref(), have_older).await {
            Ok(Answer::Object(answer)) => answer,
            Ok(Answer::Unchanged) => {
                self.0.freshness.postponed(address);
                let again = self.0.store.get(address).await.map_err(Refusal::disk);
                let outcome =
                    again.and_then(|stored| stored.ok_or_else(|| Refusal::unreachable(BrokenOff)));
                landed.send_replace(Some(outcome));
                return false;
            }
            Err(refusal) => {
                landed.send_replace(Some(Err(refusal)));
                return true;
            }
        };
        match self.receive(address, answer, landed).await {
            Ok(()) => false,
            Err(refusal) => {
                let error: &dyn std::error::Error = &refusal;
                tracing::warn!(error, %address, "a pull from the origin failed");
                // Those who were answered already stay answered.
                landed.send_if_modified(|outcome| {
                    let waiting = outcome.is_none();
                    outcome.get_or_insert(Err(refusal));
                    waiting
                });
                true
            }
        }
    }

    async fn receive(
        &self,
        address: &Address,
        mut answer: Response,
        landed: &watch::Sender<Option<Outcome>>,
    ) -> Result<(), Refusal> {
        let begun = self.0.store.moment();
        let (etag, promised) = (origin::etag(&answer), answer.content_length());
        let mut incoming = self.0.store.create().await.map_err(Refusal::disk)?;
        while let Some(bytes) = answer.chunk().await.map_err(Refusal::unreachable)? {
            incoming.write(bytes).await.map_err(Refusal::disk)?;
        }
        let stored = incoming.finish().await.map_err(Refusal::disk)?;
        let size = stored.size;
        if promised.is_some_and(|promised| promised != size) {
            return Err(Refusal::unreachable(BrokenOff));
        }
        landed.send_replace(Some(Ok(stored)));
        let placed = self.0.store.place(incoming, size, address, Some(begun));
        if placed.await.map_err(Refusal::disk)? && address.is_manifest() {
            self.0.freshness.renewed(address, etag);
        }
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the transfer from the origin broke off")]
struct BrokenOff;
