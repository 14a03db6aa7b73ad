//! Which database, and how to reach it.

use std::fmt;
use std::path::{Path, PathBuf};

use platform_core::Redacted;
use serde::{Deserialize, Serialize};
use url::Url;

/// Connections that a process needs at least: for reading, writing and listening.
pub(crate) const LEAST_CONNECTIONS: u32 = 3;

/// Which database the rows are in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseConfig {
    /// Address of a PostgreSQL database, `postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full`,
    /// without a password. Default: SQLite in the data folder.
    pub url: Option<PostgresUrl>,
    /// The user's password.
    #[serde(skip_serializing)]
    pub password: Option<Redacted>,
    /// File that has the user's password and nothing else.
    pub password_file: Option<PathBuf>,
    /// File of the certificates (PEM) that the server's is checked against, for an `sslmode` of
    /// `verify-ca` or `verify-full`. Default: the public ones.
    pub root_certificate_file: Option<PathBuf>,
    /// Most connections of a process, at least 3.
    pub max_connections: u32,
    /// Seconds to wait at start for a server that does not answer.
    pub wait_s: u64,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self {
            url: None,
            password: None,
            password_file: None,
            root_certificate_file: None,
            max_connections: 10,
            wait_s: 60,
        }
    }
}

/// Address of a PostgreSQL database, without a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PostgresUrl(Url);

/// What an address may say after its `?`.
const PARAMETERS: &[&str] = &["sslmode", "sslcert", "sslkey", "host", "port", "options"];

const SSL_MODES: &[&str] = &[
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];

/// An address that is none. It is not shown: a password may be in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is not an address, or of something else.
    #[error("must be like postgres://USER@HOST:5432/DATABASE")]
    Form,
    /// It has a password.
    #[error("must not have a password in it: set database.password_file instead")]
    Password,
    /// It has a parameter that means nothing here.
    #[error("has a parameter that is none of {}", PARAMETERS.join(", "))]
    Parameter,
    /// Its `sslmode` is none.
    #[error("has an sslmode that is none of {}", SSL_MODES.join(", "))]
    SslMode,
}

impl TryFrom<String> for PostgresUrl {
    type Error = UrlError;

    fn try_from(text: String) -> Result<Self, UrlError> {
        let url = Url::parse(&text).map_err(|_shown| UrlError::Form)?;
        let query = |name| url.query_pairs().find(|(key, _)| key == name);
        if url.password().is_some() || query("password").is_some() {
            return Err(UrlError::Password);
        }
        let hosted = url.host_str().is_some_and(|host| !host.is_empty());
        let complete = !url.username().is_empty() && url.path().len() > 1;
        let ours = matches!(url.scheme(), "postgres" | "postgresql");
        if !ours || !complete || !(hosted || query("host").is_some()) {
            return Err(UrlError::Form);
        }
        if url.query_pairs().any(|(key, _)| !is_known(&key)) {
            return Err(UrlError::Parameter);
        }
        match query("sslmode") {
            Some((_, mode)) if !SSL_MODES.contains(&mode.as_ref()) => Err(UrlError::SslMode),
            _ => Ok(Self(url)),
        }
    }
}

fn is_known(parameter: &str) -> bool {
    PARAMETERS.contains(&parameter) || parameter.starts_with("options[")
}

impl From<PostgresUrl> for String {
    fn from(url: PostgresUrl) -> Self {
        url.0.into()
    }
}

impl std::str::FromStr for PostgresUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        text.to_owned().try_into()
    }
}

/// For messages: `HOST:PORT/DATABASE`.
impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asked = |name| self.0.query_pairs().find(|(key, _)| key == name);
        let host = match asked("host") {
            Some((_, host)) => host.into_owned(),
            None => self.0.host_str().unwrap_or_default().to_owned(),
        };
        let port = self.0.port().unwrap_or(5432);
        write!(f, "{host}:{port}{}", self.0.path())
    }
}

impl PostgresUrl {
    /// The user.
    pub(crate) fn user(&self) -> &str {
        self.0.username()
    }

    /// The database.
    pub(crate) fn database(&self) -> &str {
        self.0.path().trim_start_matches('/')
    }

    /// The same server's database `name`.
    #[must_use]
    pub fn with_database(&self, name: &str) -> Self {
        let mut url = self.0.clone();
        url.set_path(name);
        Self(url)
    }

    /// As PostgreSQL's own programs take it, which get the password in another way.
    pub(crate) fn address(&self) -> &str {
        self.0.as_str()
    }

    /// With all that a connection is made from. Not to be shown.
    pub(crate) fn complete(&self, password: Option<&Redacted>, roots: Option<&Path>) -> Url {
        let mut url = self.0.clone();
        // As a parameter: what is put before the host does not keep a percent sign.
        url.query_pairs_mut()
            .append_pair("application_name", "marquee")
            .extend_pairs(password.map(|password| ("password", password.expose())))
            .extend_pairs(roots.map(|roots| ("sslrootcert", roots.to_string_lossy())));
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<PostgresUrl, UrlError> {
        text.parse()
    }

    #[test]
    fn an_address_names_user_host_and_database() {
        let url = parse("postgres://marquee@db.example/films?sslmode=verify-full").unwrap();
        assert_eq!(url.to_string(), "db.example:5432/films");
        assert_eq!((url.user(), url.database()), ("marquee", "films"));
        let socket = parse("postgresql://m@%2Frun%2Fpostgresql/films").unwrap();
        assert_eq!(socket.database(), "films");
        for wrong in [
            "films",
            "mysql://a@b/c",
            "postgres://db/films",
            "postgres://a@db",
            "postgres://a@db/",
            "postgres://a@/films",
        ] {
            assert_eq!(parse(wrong), Err(UrlError::Form), "{wrong}");
        }
    }

    #[test]
    fn mistakes_after_the_question_mark_are_told() {
        assert_eq!(parse("postgres://a@b/c?sslmode=on"), Err(UrlError::SslMode));
        assert_eq!(parse("postgres://a@b/c?ssl=1"), Err(UrlError::Parameter));
    }

    #[test]
    fn a_password_is_refused_in_the_address_and_never_shown() {
        for text in [
            "postgres://a:hunter2@b/c",
            "postgres://a@b/c?password=hunter2",
        ] {
            let json = serde_json::json!({ "url": text });
            let error = serde_json::from_value::<DatabaseConfig>(json).unwrap_err();
            assert!(error.to_string().contains("password_file"), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        let config = DatabaseConfig {
            password: Some(Redacted::new("hunter2")),
            ..DatabaseConfig::default()
        };
        let shown = format!("{config:?}{}", serde_json::to_string(&config).unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn any_password_reaches_the_driver_as_it_is() {
        let url = parse("postgres://a@b/c").unwrap();
        let secret = Redacted::new("50%25 + ö&x=#?/@:");
        let complete = url.complete(Some(&secret), None);
        let (_, sent) = complete
            .query_pairs()
            .find(|(key, _)| key == "password")
            .unwrap();
        assert_eq!(sent, secret.expose());
    }
}
