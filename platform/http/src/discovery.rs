//! Where the other services are.
//!
//! On a cluster their addresses are configuration. On one machine each process writes the
//! addresses of what it serves into the data folder's `run/`, where the others read them.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use url::Url;

/// A service that others call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the services of docs/architecture.md")]
pub enum Service {
    Accounts,
    Ingress,
    Transcoder,
    PostProcessor,
    Metadata,
    EdgeProvider,
    Edge,
    Gateway,
    Objects,
    Worker,
}

impl Service {
    /// The service's name in configuration and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Ingress => "ingress",
            Self::Transcoder => "transcoder",
            Self::PostProcessor => "post-processor",
            Self::Metadata => "metadata",
            Self::EdgeProvider => "edge-provider",
            Self::Edge => "edge",
            Self::Gateway => "gateway",
            Self::Objects => "objects",
            Self::Worker => "worker",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A service that cannot be found.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// Nobody has said where it is.
    #[error(
        "the address of {0} is not known: it is not running, or not configured under [services]"
    )]
    Unknown(Service),
    /// The run folder cannot be written.
    #[error("the address of {service} cannot be written to the data folder")]
    Write {
        /// Whose address.
        service: Service,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// One address, or those of several replicas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Replicas {
    /// One, or a name behind which there are several.
    One(Url),
    /// Each by its own address.
    Several(Vec<Url>),
}

impl Replicas {
    fn as_slice(&self) -> &[Url] {
        match self {
            Self::One(url) => std::slice::from_ref(url),
            Self::Several(urls) => urls,
        }
    }
}

/// What configuration says of addresses, by service name.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    /// Where services are that run elsewhere.
    pub services: HashMap<String, Replicas>,
    /// Where the services of this process listen; the others on a loopback port.
    pub listen: HashMap<String, SocketAddr>,
}

/// How long a replica that could not be reached is left alone.
const SHUNNED: Duration = Duration::from_secs(2);

/// Finds services. Clones share what they know.
#[derive(Debug, Clone)]
pub struct Discovery {
    configured: Arc<Addresses>,
    here: Arc<RwLock<HashMap<Service, Url>>>,
    /// Replicas that could not be reached, and when.
    shunned: Arc<RwLock<HashMap<Url, Instant>>>,
    turn: Arc<AtomicUsize>,
    run_folder: Option<PathBuf>,
}

impl Discovery {
    /// `configured` addresses by service name win; `run_folder` is where processes of one machine
    /// meet.
    pub fn new(configured: Addresses, run_folder: Option<PathBuf>) -> Self {
        Self {
            configured: Arc::new(configured),
            here: Arc::default(),
            shunned: Arc::default(),
            turn: Arc::default(),
            run_folder,
        }
    }

    /// The base address of `service`, without a trailing slash in its path. Replicas take turns;
    /// one that was shunned a moment ago is left out while there is another.
    pub fn resolve(&self, service: Service) -> Result<Url, DiscoveryError> {
        if let Some(replicas) = self.configured.services.get(service.name()) {
            return self
                .pick(replicas.as_slice())
                .ok_or(DiscoveryError::Unknown(service));
        }
        let here = self
            .here
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&service)
            .cloned();
        here.or_else(|| self.written(service))
            .ok_or(DiscoveryError::Unknown(service))
    }

    /// How many replicas of `service` there may be.
    pub fn replicas(&self, service: Service) -> usize {
        let configured = self.configured.services.get(service.name());
        configured.map_or(1, |replicas| replicas.as_slice().len())
    }

    /// Leaves the replica at `base` out for a moment: it could not be reached.
    pub fn shun(&self, base: &Url) {
        self.shunned
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(base.clone(), Instant::now());
    }

    fn pick(&self, replicas: &[Url]) -> Option<Url> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let in_turn = || replicas.iter().cycle().skip(turn % replicas.len().max(1));
        let shunned = self.shunned.read().unwrap_or_else(PoisonError::into_inner);
        let is_well = |url: &&Url| {
            let since = shunned.get(*url);
            since.is_none_or(|since| since.elapsed() >= SHUNNED)
        };
        let well = in_turn().take(replicas.len()).find(is_well);
        well.or_else(|| in_turn().next()).cloned()
    }

    /// Where `service` is to listen in this process, where that is configured.
    pub fn listen(&self, service: Service) -> Option<SocketAddr> {
        self.configured.listen.get(service.name()).copied()
    }

    /// Makes known that this process serves `service` at `addr`.
    pub fn announce(&self, service: Service, addr: SocketAddr) -> Result<(), DiscoveryError> {
        let Ok(url) = Url::parse(&format!("http://{addr}")) else {
            return Err(DiscoveryError::Unknown(service));
        };
        if let Some(file) = self.file(service) {
            let write = || {
                if let Some(folder) = file.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                let fresh = file.with_extension("new");
                std::fs::write(&fresh, url.as_str())?;
                std::fs::rename(&fresh, &file)
            };
            write().map_err(|source| DiscoveryError::Write { service, source })?;
        }
        self.here
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(service, url);
        Ok(())
    }

    /// The port that `service` had when it last ran here. Taking it again spares other processes
    /// of the machine from looking for it.
    pub fn previous_port(&self, service: Service) -> Option<u16> {
        self.written(service)?.port()
    }

    fn written(&self, service: Service) -> Option<Url> {
        let text = std::fs::read_to_string(self.file(service)?).ok()?;
        Url::parse(text.trim()).ok()
    }

    fn file(&self, service: Service) -> Option<PathBuf> {
        Some(self.run_folder.as_ref()?.join(format!("{service}.url")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_of_one_machine_find_each_other_and_configuration_wins() {
        let dir = tempfile::tempdir().unwrap();
        let run = Some(dir.path().join("run"));
        let mine = Discovery::new(Addresses::default(), run.clone());
        let other = Discovery::new(Addresses::default(), run.clone());
        assert!(matches!(
            other.resolve(Service::Edge),
            Err(DiscoveryError::Unknown(_))
        ));
        mine.announce(Service::Edge, ([127, 0, 0, 1], 4711).into())
            .unwrap();
        assert_eq!(
            other.resolve(Service::Edge).unwrap().as_str(),
            "http://127.0.0.1:4711/"
        );
        assert_eq!(other.previous_port(Service::Edge), Some(4711));

        let url = Url::parse("http://edge.example/").unwrap();
        let told = Discovery::new(edges(Replicas::One(url.clone())), run);
        assert_eq!(told.resolve(Service::Edge).unwrap(), url);
    }

    fn edges(replicas: Replicas) -> Addresses {
        Addresses {
            services: HashMap::from([("edge".to_owned(), replicas)]),
            ..Addresses::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn replicas_take_turns_and_one_that_is_away_is_left_out_for_a_moment() {
        let urls = ["http://a/", "http://b/", "http://c/"].map(|url| Url::parse(url).unwrap());
        let known = Discovery::new(edges(Replicas::Several(urls.to_vec())), None);
        let next = || known.resolve(Service::Edge).unwrap();
        let three = [next(), next(), next()];
        assert!(urls.iter().all(|url| three.contains(url)), "{three:?}");
        known.shun(&urls[1]);
        assert!((0..6).all(|_| next() != urls[1]));
        tokio::time::advance(SHUNNED).await;
        assert!((0..3).any(|_| next() == urls[1]));
        // Better one that may be back than none.
        for url in &urls {
            known.shun(url);
        }
        assert!(urls.contains(&next()));
    }

    #[test]
    fn one_address_or_several_are_configured() {
        let read = |text| {
            serde_json::from_str::<Replicas>(text)
                .unwrap()
                .as_slice()
                .len()
        };
        assert_eq!(read(r#""http://a""#), 1);
        assert_eq!(read(r#"["http://a", "http://b"]"#), 2);
    }
}
