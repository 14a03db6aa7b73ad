//! What an operator can set of search.

use std::path::{Path, PathBuf};
use std::time::Duration;

use platform_core::Redacted;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{SearchError, SearchErrorKind};

/// Configuration of search: the embedded index, or an Elasticsearch where there is a `url`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The folder of the embedded index. It can be deleted: it is built anew.
    pub folder: PathBuf,
    /// Address of an Elasticsearch, for instance `https://search.example:9200`.
    pub url: Option<Url>,
    /// Whom Elasticsearch knows us as.
    pub username: Option<String>,
    /// Their password; better in a file.
    #[serde(skip_serializing)]
    pub password: Option<Redacted>,
    /// The file with their password.
    pub password_file: Option<PathBuf>,
    /// An API key instead, encoded or as `ID:KEY`; better in a file.
    #[serde(skip_serializing)]
    pub api_key: Option<Redacted>,
    /// The file with the API key.
    pub api_key_file: Option<PathBuf>,
    /// Certificates in PEM that are trusted besides the usual ones.
    pub ca_file: Option<PathBuf>,
    /// What the names of our indices begin with.
    pub index_prefix: String,
    /// Milliseconds that a search may take before it is given up.
    pub timeout_ms: u64,
    /// Milliseconds that writing a batch may take.
    pub write_timeout_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("index"),
            url: None,
            username: None,
            password: None,
            password_file: None,
            api_key: None,
            api_key_file: None,
            ca_file: None,
            index_prefix: "marquee".to_owned(),
            timeout_ms: 1000,
            write_timeout_ms: 10_000,
        }
    }
}

/// An Elasticsearch, with what its secrets' files said.
#[derive(Debug, Clone)]
pub(super) struct Remote {
    pub(super) url: Url,
    pub(super) username: Option<String>,
    pub(super) password: Option<Redacted>,
    pub(super) api_key: Option<Redacted>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) index_prefix: String,
    pub(super) search_within: Duration,
    pub(super) write_within: Duration,
}

impl Config {
    /// The Elasticsearch, where one is configured; every mistake is one sentence.
    pub(super) fn remote(&self) -> Result<Option<Remote>, SearchError> {
        let Some(url) = self.url.clone() else {
            return Ok(None);
        };
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() {
            return Err(mistake(
                "search.url: it has to begin with http:// or https://, and the name and password \
                 belong into search.username and search.password_file",
            ));
        }
        let password = secret(
            self.password.as_ref(),
            self.password_file.as_deref(),
            "password",
        )?;
        let api_key = secret(
            self.api_key.as_ref(),
            self.api_key_file.as_deref(),
            "api_key",
        )?;
        if password.is_some() != self.username.is_some() {
            return Err(mistake(
                "search.username and search.password_file go together: set both or neither",
            ));
        }
        if password.is_some() && api_key.is_some() {
            return Err(mistake(
                "search: set either a username and password or an API key, not both",
            ));
        }
        let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !self
            .index_prefix
            .starts_with(|c: char| c.is_ascii_lowercase())
            || !self.index_prefix.chars().all(sound)
            || self.index_prefix.len() > 100
        {
            return Err(mistake(
                "search.index_prefix: it has to begin with a small letter, followed by small \
                 letters, digits and hyphens",
            ));
        }
        Ok(Some(Remote {
            url,
            username: self.username.clone(),
            password,
            api_key,
            ca_file: self.ca_file.clone(),
            index_prefix: self.index_prefix.clone(),
            search_within: Duration::from_millis(self.timeout_ms.max(1)),
            write_within: Duration::from_millis(self.write_timeout_ms.max(1)),
        }))
    }
}

fn secret(
    given: Option<&Redacted>,
    file: Option<&Path>,
    key: &str,
) -> Result<Option<Redacted>, SearchError> {
    let Some(file) = file else {
        return Ok(given.cloned());
    };
    let text = std::fs::read_to_string(file).map_err(|error| {
        let file = file.display();
        mistake(format!(
            "search.{key}_file: {file} cannot be read: check its name and who may read it"
        ))
        .with_source(error)
    })?;
    Ok(Some(Redacted::new(text.trim_end_matches(['\r', '\n']))))
}

fn mistake(sentence: impl Into<String>) -> SearchError {
    SearchError::new(SearchErrorKind::Invalid, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elastic() -> Config {
        Config {
            url: Some(Url::parse("http://search.example:9200").unwrap()),
            ..Config::default()
        }
    }

    #[test]
    fn without_an_address_the_index_is_embedded() {
        assert!(Config::default().remote().unwrap().is_none());
        let remote = elastic().remote().unwrap().unwrap();
        assert_eq!(remote.search_within, Duration::from_secs(1));
    }

    #[test]
    fn a_mistake_names_its_key() {
        let with = |change: fn(&mut Config)| {
            let mut config = elastic();
            change(&mut config);
            config.remote().unwrap_err().to_string()
        };
        let url = with(|it| it.url = Some(Url::parse("http://me:secret@search:9200").unwrap()));
        assert!(
            url.contains("search.url") && !url.contains("secret"),
            "{url}"
        );
        assert!(with(|it| it.username = Some("me".to_owned())).contains("search.password_file"));
        assert!(with(|it| it.index_prefix = "*".to_owned()).contains("search.index_prefix"));
        assert!(with(|it| it.index_prefix = "Films".to_owned()).contains("search.index_prefix"));
        let file = with(|it| it.api_key_file = Some("/nonexistent/key".into()));
        assert!(file.contains("search.api_key_file"), "{file}");
        let both = with(|it| {
            it.username = Some("me".to_owned());
            it.password = Some(Redacted::new("secret"));
            it.api_key = Some(Redacted::new("key"));
        });
        assert!(both.contains("not both"), "{both}");
    }

    #[test]
    fn secrets_come_from_files_and_are_shown_nowhere() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hush hush\n").unwrap();
        let config = Config {
            username: Some("me".to_owned()),
            password_file: Some(file.path().to_owned()),
            ..elastic()
        };
        let remote = config.remote().unwrap().unwrap();
        assert_eq!(remote.password, Some(Redacted::new("hush hush")));
        let config = Config {
            password: Some(Redacted::new("hush")),
            ..config
        };
        let shown = format!(
            "{config:?} {remote:?} {}",
            serde_json::to_string(&config).unwrap()
        );
        assert!(!shown.contains("hush"), "{shown}");
    }
}
