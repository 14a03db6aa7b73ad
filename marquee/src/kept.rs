//! API tokens that `marquee login` keeps, by server, in a file that only its user can read.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use etcetera::BaseStrategy as _;
use platform_core::Redacted;
use url::Url;

/// Tokens that cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeptError {
    /// Nobody knows whose they would be.
    #[error("there is no home folder to keep a token in: set HOME, or give it by MARQUEE_TOKEN")]
    Homeless(#[source] etcetera::HomeDirError),
    /// The file is of no use.
    #[error("{file} cannot be used: check that it and its folder are yours, or remove it")]
    File {
        file: String,
        #[source]
        source: io::Error,
    },
}

/// The file of tokens.
#[derive(Debug)]
pub(crate) struct Kept {
    file: PathBuf,
}

impl Kept {
    /// That of whoever runs this: `$XDG_CONFIG_HOME/marquee/tokens.json`, by default below
    /// `~/.config` (XDG Base Directory Specification 0.8).
    pub(crate) fn of_this_user() -> Result<Self, KeptError> {
        let places = etcetera::choose_base_strategy().map_err(KeptError::Homeless)?;
        let file = places.config_dir().join("marquee/tokens.json");
        Ok(Self { file })
    }

    /// The token for `server`.
    pub(crate) fn token(&self, server: &Url) -> Result<Option<Redacted>, KeptError> {
        let mut all = self.read().map_err(|error| self.odd(error))?;
        Ok(all.remove(&key(server)).map(Redacted::new))
    }

    /// Keeps `token` for `server`, or forgets the one that is kept.
    pub(crate) fn keep(&self, server: &Url, token: Option<&Redacted>) -> Result<(), KeptError> {
        self.change(server, token).map_err(|error| self.odd(error))
    }

    fn change(&self, server: &Url, token: Option<&Redacted>) -> io::Result<()> {
        let mut all = self.read()?;
        match token {
            Some(token) => all.insert(key(server), token.expose().to_owned()),
            None => all.remove(&key(server)),
        };
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        // Whole or not at all: another command may read it now.
        let fresh = self
            .file
            .with_extension(format!("{}.new", std::process::id()));
        let mut options = OpenOptions::new();
        let mut writer = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&fresh)?;
        serde_json::to_writer_pretty(&mut writer, &all)?;
        writer.write_all(b"\n")?;
        writer.sync_all()?;
        fs::rename(&fresh, &self.file)
    }

    fn read(&self) -> io::Result<BTreeMap<String, String>> {
        match fs::read(&self.file) {
            Ok(text) => Ok(serde_json::from_slice(&text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(error) => Err(error),
        }
    }

    fn odd(&self, source: io::Error) -> KeptError {
        KeptError::File {
            file: self.file.display().to_string(),
            source,
        }
    }
}

/// Whom a token is shown to: scheme, host and port, never another.
fn key(server: &Url) -> String {
    server.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_token_is_kept_for_its_user_and_its_server_only() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept {
            file: folder.path().join("marquee/tokens.json"),
        };
        let [films, other, plain] = [
            "https://films.example/",
            "https://other.example/",
            "http://films.example/",
        ]
        .map(|url| Url::parse(url).unwrap());
        assert_eq!(kept.token(&films).unwrap(), None);
        kept.keep(&films, Some(&Redacted::new("mqt_1"))).unwrap();
        kept.keep(&other, Some(&Redacted::new("mqt_2"))).unwrap();
        let watch = films.join("/watch/x").unwrap();
        assert_eq!(kept.token(&watch).unwrap(), Some(Redacted::new("mqt_1")));
        assert_eq!(kept.token(&plain).unwrap(), None);
        let mode = fs::metadata(&kept.file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        kept.keep(&films, None).unwrap();
        assert_eq!(kept.token(&films).unwrap(), None);
        assert!(kept.token(&other).unwrap().is_some());
        fs::write(&kept.file, "{").unwrap();
        assert!(kept.token(&other).is_err());
    }
}
