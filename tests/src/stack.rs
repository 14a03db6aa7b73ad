//! What the stories run on: embedded defaults, or the real servers that `script/test --real` names.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use platform_blob::S3Config;
use platform_core::Redacted;
use testkit::real;

/// `real`: on the servers that testkit knows by name.
const STACK: &str = "MARQUEE_TEST_STACK";

/// Whether the stories run on real servers.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the tests says on what"
)]
pub fn is_real() -> bool {
    std::env::var(STACK).is_ok_and(|stack| stack == "real")
}

/// A name that the servers know nothing by yet, and that the next process on `data` has too.
fn namespace(data: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    format!("t{:016x}", hasher.finish())
}

/// Configuration of a `marquee` on `data` as environment variables, none on embedded defaults.
pub(crate) fn variables(data: &Path) -> Vec<(String, String)> {
    if is_real() {
        Engines::named().variables(data)
    } else {
        Vec::new()
    }
}

/// Real servers.
#[derive(Debug, Clone)]
pub struct Engines {
    /// Brokers of a Kafka.
    pub kafka: String,
    /// A superuser's address of a PostgreSQL.
    pub postgres: String,
    /// File with the superuser's password, where one is asked for.
    pub postgres_password_file: Option<PathBuf>,
    /// Address of an Elasticsearch.
    pub elasticsearch: String,
    /// Address of an S3 store, and the key to it: id and secret.
    pub s3: (String, String, String),
}

impl Engines {
    /// Those that `script/test --real` names.
    pub fn named() -> Self {
        Self {
            kafka: real::kafka(),
            postgres: real::postgres(),
            postgres_password_file: None,
            elasticsearch: real::elasticsearch(),
            s3: real::s3(),
        }
    }

    /// Configuration of a `marquee` on `data` as environment variables, with a database, topics, a
    /// bucket and an index of its own.
    pub fn variables(&self, data: &Path) -> Vec<(String, String)> {
        let name = namespace(data);
        self.make_database(&name);
        let (server, _) = self
            .postgres
            .rsplit_once('/')
            .expect("an address has a path");
        let s3 = self.s3_config(data);
        let pairs = [
            ("DATABASE__URL", format!("{server}/{name}")),
            ("EVENTS__BROKERS", self.kafka.clone()),
            ("EVENTS__TOPIC_PREFIX", format!("{name}.")),
            ("EVENTS__GROUP_PREFIX", format!("{name}.")),
            ("SEARCH__URL", self.elasticsearch.clone()),
            ("SEARCH__INDEX_PREFIX", name),
            ("OBJECTS__ENDPOINT", s3.endpoint.to_string()),
            ("OBJECTS__BUCKET", s3.bucket),
            ("OBJECTS__ACCESS_KEY", s3.access_key),
            ("OBJECTS__SECRET_KEY", s3.secret_key.expose().to_owned()),
        ];
        let password = self.postgres_password_file.iter();
        let password = password.map(|file| ("DATABASE__PASSWORD_FILE", file.display().to_string()));
        let variable = |(key, value)| (format!("MARQUEE__{key}"), value);
        pairs.into_iter().chain(password).map(variable).collect()
    }

    /// The store of a `marquee` on `data`.
    pub(crate) fn s3_config(&self, data: &Path) -> S3Config {
        let (endpoint, key, secret) = &self.s3;
        let endpoint = endpoint.parse().expect("an address");
        S3Config {
            bucket: namespace(data),
            ..S3Config::new(endpoint, key, Redacted::new(secret.as_str()))
        }
    }

    /// The events of a `marquee` on `data`, to be read by somebody else's groups.
    pub fn events(&self, data: &Path) -> platform_bus::Config {
        let name = namespace(data);
        platform_bus::Config {
            brokers: Some(self.kafka.clone()),
            topic_prefix: format!("{name}."),
            group_prefix: format!("{name}."),
            ..platform_bus::Config::default()
        }
    }

    /// Where the search index of a `marquee` on `data` is.
    pub fn search_index(&self, data: &Path) -> String {
        let server = self.elasticsearch.trim_end_matches('/');
        format!("{server}/{}-videos", namespace(data))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the harness runs psql outside of any service"
    )]
    fn make_database(&self, name: &str) {
        let mut command = Command::new("psql");
        if let Some(file) = &self.postgres_password_file {
            let password = std::fs::read_to_string(file).expect("a readable file");
            command.env("PGPASSWORD", password.trim_end());
        }
        let made = command
            .args(["--quiet", "--dbname", &self.postgres, "--command"])
            .arg(format!("CREATE DATABASE {name}"))
            .output()
            .expect("psql runs");
        let said = String::from_utf8_lossy(&made.stderr);
        // A second process on the same data folder finds it there.
        let there = made.status.success() || said.contains("already exists");
        assert!(there, "{said}");
    }
}
