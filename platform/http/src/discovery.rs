//! Where the other services are.
//!
//! On a cluster their addresses are configuration. On one machine each process writes the
//! addresses of what it serves into the data folder's `run/`, where the others read them.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use url::Url;

/// A service that others call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the services of docs/architecture.md")]
pub enum Service {
    Ingress,
    Transcoder,
    PostProcessor,
    Metadata,
    EdgeProvider,
    Edge,
    Gateway,
    Objects,
}

impl Service {
    /// The service's name in configuration and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Transcoder => "transcoder",
            Self::PostProcessor => "post-processor",
            Self::Metadata => "metadata",
            Self::EdgeProvider => "edge-provider",
            Self::Edge => "edge",
            Self::Gateway => "gateway",
            Self::Objects => "objects",
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

/// Finds services. Clones share what they know.
#[derive(Debug, Clone)]
pub struct Discovery {
    configured: Arc<HashMap<String, Url>>,
    here: Arc<RwLock<HashMap<Service, Url>>>,
    run_folder: Option<PathBuf>,
}

impl Discovery {
    /// `configured` addresses by service name win; `run_folder` is where processes of one machine
    /// meet.
    pub fn new(configured: HashMap<String, Url>, run_folder: Option<PathBuf>) -> Self {
        Self {
            configured: Arc::new(configured),
            here: Arc::default(),
            run_folder,
        }
    }

    /// The base address of `service`, without a trailing slash in its path.
    pub fn resolve(&self, service: Service) -> Result<Url, DiscoveryError> {
        if let Some(url) = self.configured.get(service.name()) {
            return Ok(url.clone());
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
        let mine = Discovery::new(HashMap::new(), run.clone());
        let other = Discovery::new(HashMap::new(), run.clone());
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
        let told = Discovery::new(HashMap::from([("edge".to_owned(), url.clone())]), run);
        assert_eq!(told.resolve(Service::Edge).unwrap(), url);
    }
}
