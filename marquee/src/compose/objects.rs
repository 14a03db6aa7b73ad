//! The embedded object store, and the way to it.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use platform_blob::{S3Blobs, S3Config};
use platform_core::{Lifecycle, Redacted, SystemClock};
use platform_http::{Discovery, Service};
use platform_objects::LocalFolder;
use rand::RngCore as _;
use serde::{Deserialize, Serialize};

use crate::cli::Failure;
use crate::config::Config;

/// The key to the embedded store, made at first start.
#[derive(Serialize, Deserialize)]
struct Key {
    access_key: String,
    secret_key: Redacted,
}

/// Serves the embedded store if this process is to, and connects to it.
pub(crate) async fn open(
    config: &Config,
    data: &Path,
    serve_here: bool,
    discovery: &Discovery,
    ground: &Lifecycle,
) -> Result<S3Blobs, Failure> {
    let key = key(&data.join("run/objects.key"))?;
    let folder = data.join("objects");
    if serve_here {
        let addr = serve(&folder, &key, discovery, ground).await?;
        discovery.announce(Service::Objects, addr)?;
    }
    let endpoint = discovery.resolve(Service::Objects)?;
    let s3 = S3Config {
        bucket: config.objects.bucket.clone(),
        ..S3Config::new(endpoint, key.access_key, key.secret_key)
    };
    Ok(S3Blobs::new(&s3).with_local(Arc::new(LocalFolder::new(&folder))))
}

/// Takes the port of last time if it is free, which spares other processes from looking for it.
async fn serve(
    folder: &Path,
    key: &Key,
    discovery: &Discovery,
    ground: &Lifecycle,
) -> Result<SocketAddr, Failure> {
    let config = |port| platform_objects::Config {
        dir: folder.to_owned(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        access_key: key.access_key.clone(),
        secret_key: key.secret_key.clone(),
    };
    let clock = Arc::new(SystemClock);
    if let Some(port) = discovery.previous_port(Service::Objects) {
        match platform_objects::serve(&config(port), clock.clone(), ground).await {
            Ok(running) => return Ok(running.addr),
            Err(platform_objects::StartError::Listen(..)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(platform_objects::serve(&config(0), clock, ground)
        .await?
        .addr)
}

/// Reads the key, or makes one that only this user can read.
fn key(path: &Path) -> Result<Key, Failure> {
    match std::fs::read(path) {
        Ok(bytes) => return Ok(serde_json::from_slice(&bytes)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let mut bytes = [0_u8; 40];
    rand::rng().fill_bytes(&mut bytes);
    let (id, secret) = bytes.split_at(10);
    let key = Key {
        access_key: HEXLOWER.encode(id),
        secret_key: Redacted::new(HEXLOWER.encode(secret)),
    };
    let fresh = path.with_extension("new");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)?;
    file.write_all(&serde_json::to_vec(&key)?)?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_key_stays_the_same_and_is_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("objects.key");
        let made = key(&path).unwrap();
        let read = key(&path).unwrap();
        assert_eq!(made.secret_key, read.secret_key);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
