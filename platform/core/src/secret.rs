//! Secrets that processes of one machine share through a file.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rand::Rng as _;
use rand::distr::Alphanumeric;

use crate::Redacted;

/// Characters of a secret: 190 random bits.
const LENGTH: usize = 32;

/// A secret that is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It can be neither read nor made.
    #[error("the secret {file} cannot be read or made: check that its folder is writable")]
    Own {
        /// Where it is kept.
        file: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It was configured, and cannot be read.
    #[error("the secret {file} cannot be read: check the path, and that this user may read it")]
    Configured {
        /// Where it should be.
        file: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Reads the secret that an operator put into `file`, without the white space around it.
pub fn read_configured(file: &Path) -> Result<Redacted, SecretError> {
    read(file).map_err(|source| SecretError::Configured {
        file: file.display().to_string(),
        source,
    })
}

/// Reads the secret in `file`, which only its owner can read, and makes it when there is none.
/// Processes that start at the same moment agree on one.
pub fn read_or_create(file: &Path) -> Result<Redacted, SecretError> {
    read(file)
        .or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => create(file).and_then(|()| read(file)),
            _ => Err(error),
        })
        .map_err(|source| SecretError::Own {
            file: file.display().to_string(),
            source,
        })
}

fn read(file: &Path) -> io::Result<Redacted> {
    let text = fs::read_to_string(file)?;
    match text.trim() {
        "" => Err(io::Error::new(io::ErrorKind::InvalidData, "it is empty")),
        secret => Ok(Redacted::new(secret)),
    }
}

/// Makes the secret whole under another name first: linking it fails when somebody was quicker.
fn create(file: &Path) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let random = || rand::rng().sample_iter(Alphanumeric).map(char::from);
    let suffix: String = random().take(8).collect();
    let secret: String = random().take(LENGTH).collect();
    let fresh = file.with_extension(suffix);
    let mut writer = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)?;
    writer.write_all(secret.as_bytes())?;
    writer.sync_all()?;
    let linked = fs::hard_link(&fresh, file);
    fs::remove_file(&fresh)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run/seed.key");
        let secret = read_or_create(&file).unwrap();
        assert_eq!(secret.expose().len(), LENGTH);
        create(&file).unwrap();
        assert_eq!(read_or_create(&file).unwrap(), secret);
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(fs::read_dir(folder.path().join("run")).unwrap().count(), 1);
    }
}
