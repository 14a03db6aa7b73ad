//! The configuration: one typed file, environment, flags.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use platform_auth::{PlaybackKey, ServiceKey};
use platform_core::config::ConfigError;
use platform_core::secret::{self, SecretError};
use platform_core::{Redacted, SystemClock};
use platform_http::{Addresses, Replicas, Trust};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::cli::{ConfigArguments, Failure};

/// The file that is read from the working folder when none is named.
const DEFAULT_FILE: &str = "marquee.toml";

/// Everything that can be configured, section by section.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Where everything is kept.
    pub(crate) data: PathBuf,
    /// Seconds that work under way gets to finish when the process is told to end.
    pub(crate) grace_s: u64,
    /// File with the key by which services know each other, the same for all processes; each of
    /// its lines is accepted and the first signs, so that it can be changed while they run. Default:
    /// made in the data folder.
    pub(crate) service_key_file: Option<PathBuf>,
    /// File with the key of playback tokens, the same for the catalogue, the post-processor and all
    /// edges; lines as in `service_key_file`. Default: made in the data folder.
    pub(crate) playback_key_file: Option<PathBuf>,
    /// Logs, traces and metrics.
    pub(crate) telemetry: platform_telemetry::Config,
    /// Addresses of services that run elsewhere, by name: one, or a list of replicas.
    pub(crate) services: HashMap<String, Replicas>,
    /// Where the services of this process listen for one another, by name. Default: on loopback
    /// ports that processes of one data folder find.
    pub(crate) listen: HashMap<String, SocketAddr>,
    /// The database.
    pub(crate) database: platform_db::DatabaseConfig,
    /// The event bus: in the database, or on Kafka.
    pub(crate) events: platform_bus::Config,
    /// The object store.
    pub(crate) objects: Objects,
    /// The public address.
    pub(crate) gateway: proxy::Config,
    /// Users, sessions and API tokens.
    pub(crate) accounts: accounts::Config,
    /// Uploads.
    pub(crate) ingress: ingress::Config,
    /// Planning and encoding.
    pub(crate) transcoder: transcoder::Config,
    /// Search: the embedded index, or an Elasticsearch.
    pub(crate) search: metadata::Config,
    /// What becomes of videos that their owners remove.
    pub(crate) retention: metadata::Retention,
    /// The embedded edge.
    pub(crate) edge: edge::Config,
    /// What edges are brought films with.
    pub(crate) edges: Edges,
    /// Edge registry and origin.
    pub(crate) edge_provider: edge_provider::Config,
    /// Seeding and going live.
    pub(crate) post_processor: post_processor::Config,
}

/// Name of the credential of edges that give no other. It is made in the data folder, unless one is
/// configured.
const DEFAULT_CREDENTIAL: &str = "default";

/// The credentials of edges: whoever shows one may seed the edge, and the edge may pull.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Edges {
    /// By the names that `[edge_provider] edges` give: for the environment, a file should not hold
    /// them.
    pub(crate) credentials: HashMap<String, Redacted>,
    /// Files with them, by the same names.
    pub(crate) credential_files: HashMap<String, PathBuf>,
}

impl Edges {
    /// All credentials by name, where data is kept in `data`.
    pub(crate) fn all(&self, data: &Path) -> Result<HashMap<String, Redacted>, SecretError> {
        let mut all = self.credentials.clone();
        for (name, file) in &self.credential_files {
            all.insert(name.clone(), secret::read_configured(file)?);
        }
        self.own(data).map(|own| {
            all.insert(DEFAULT_CREDENTIAL.to_owned(), own);
            all
        })
    }

    /// The credential of edges that give no other, such as the embedded one.
    pub(crate) fn own(&self, data: &Path) -> Result<Redacted, SecretError> {
        let file = self.credential_files.get(DEFAULT_CREDENTIAL);
        let given = self.credentials.get(DEFAULT_CREDENTIAL);
        match (file, given) {
            (Some(file), _) => secret::read_configured(file),
            (None, Some(given)) => Ok(given.clone()),
            (None, None) => secret::read_or_create(&data.join("run/seed.key")),
        }
    }
}

/// The object store.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Objects {
    /// Name of the bucket.
    pub(crate) bucket: String,
    /// Address of an S3 store, as the services reach it. Default: the embedded store.
    pub(crate) endpoint: Option<Url>,
    /// Its address as browsers and `marquee upload` reach it. Default: `endpoint`.
    pub(crate) public_endpoint: Option<Url>,
    /// The region that requests are signed for; most stores other than Amazon's take any.
    pub(crate) region: String,
    /// Access key id.
    pub(crate) access_key: String,
    /// File with the secret access key.
    pub(crate) secret_key_file: Option<PathBuf>,
    /// The secret access key itself: for the environment, a file should not hold it.
    pub(crate) secret_key: Option<Redacted>,
    /// The bucket stands in the path (works everywhere) rather than in the host name.
    pub(crate) path_style: bool,
}

impl Default for Objects {
    fn default() -> Self {
        Self {
            bucket: "marquee".to_owned(),
            endpoint: None,
            public_endpoint: None,
            region: "us-east-1".to_owned(),
            access_key: String::new(),
            secret_key_file: None,
            secret_key: None,
            path_style: true,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("data"),
            grace_s: 20,
            service_key_file: None,
            playback_key_file: None,
            telemetry: platform_telemetry::Config::default(),
            services: HashMap::new(),
            listen: HashMap::new(),
            database: platform_db::DatabaseConfig::default(),
            events: platform_bus::Config::default(),
            objects: Objects::default(),
            gateway: proxy::Config::default(),
            accounts: accounts::Config::default(),
            ingress: ingress::Config::default(),
            transcoder: transcoder::Config::default(),
            search: metadata::Config::default(),
            retention: metadata::Retention::default(),
            edge: edge::Config::default(),
            edges: Edges::default(),
            edge_provider: edge_provider::Config::default(),
            post_processor: post_processor::Config::default(),
        }
    }
}

impl Config {
    /// What the services of this Marquee know each other by, where data is kept in `data`.
    pub(crate) fn trust(&self, data: &Path) -> Result<Trust, SecretError> {
        let secret = self.service_secret(data)?;
        Ok(Trust::new(ServiceKey::new(&secret), Arc::new(SystemClock)))
    }

    /// What playback tokens are made and checked with, where data is kept in `data`.
    pub(crate) fn playback(&self, data: &Path) -> Result<PlaybackKey, SecretError> {
        let secret = match &self.playback_key_file {
            Some(file) => secret::read_configured(file)?,
            None => secret::read_or_create(&data.join("run/playback.key"))?,
        };
        Ok(PlaybackKey::new(&secret))
    }

    /// What all services of this Marquee share, where data is kept in `data`.
    pub(crate) fn service_secret(&self, data: &Path) -> Result<Redacted, SecretError> {
        match &self.service_key_file {
            Some(file) => secret::read_configured(file),
            None => secret::read_or_create(&data.join("run/service.key")),
        }
    }

    /// Refuses what each section by itself would take.
    pub(crate) fn sensible(&self) -> Result<(), Failure> {
        if self.gateway.confuses_media() {
            return Err("gateway.media_url: films need another host than the pages have".into());
        }
        Ok(())
    }

    /// Where services are that run elsewhere, and where those of this process listen.
    pub(crate) fn addresses(&self) -> Addresses {
        Addresses {
            services: self.services.clone(),
            listen: self.listen.clone(),
        }
    }
}

/// The configuration that `arguments` lead to.
pub(crate) fn load(arguments: &ConfigArguments) -> Result<Config, ConfigError> {
    let default = Path::new(DEFAULT_FILE);
    let file = match &arguments.config {
        Some(path) => Some(path.as_path()),
        None => default.is_file().then_some(default),
    };
    platform_core::config::load(file, flags(arguments))
}

/// The flags in the shape of the file, so that they win over it key by key.
fn flags(arguments: &ConfigArguments) -> serde_json::Value {
    let mut flags = serde_json::Map::new();
    if let Some(data) = &arguments.data {
        flags.insert("data".to_owned(), data.display().to_string().into());
    }
    if let Some(listen) = arguments.listen {
        flags.insert(
            "gateway".to_owned(),
            serde_json::json!({ "listen": listen }),
        );
    }
    flags.into()
}

/// Prints the configuration, or fails with every mistake in it.
pub(crate) fn check(arguments: &ConfigArguments) -> Result<bool, Failure> {
    let config = load(arguments)?;
    config.sensible()?;
    writeln!(
        std::io::stdout(),
        "{}",
        serde_json::to_string_pretty(&config)?
    )?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_defaults_and_leave_the_rest() {
        let arguments = ConfigArguments {
            data: Some("elsewhere".into()),
            listen: Some(([127, 0, 0, 1], 0).into()),
            config: None,
        };
        let config: Config = platform_core::config::load(None, flags(&arguments)).unwrap();
        assert_eq!(config.data, Path::new("elsewhere"));
        assert_eq!(config.gateway.listen.port(), 0);
        assert_eq!(config.gateway.workers, proxy::Config::default().workers);
    }
}
