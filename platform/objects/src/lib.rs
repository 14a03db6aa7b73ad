//! An S3 server on a local folder: the embedded default of the objects seam.
//!
//! The protocol layer is `s3s`; what lies below is ours. What was acknowledged is on the disk
//! (file, folder and index synced), what failed is never visible, keys are never paths, and
//! conditional writes have one winner. `testkit::conformance::blob` says so in tests, for this
//! store as for any other.
//!
//! ```text
//! DIR/index.db          SQLite: buckets, objects, uploads, parts, files to be removed
//! DIR/blobs/xx/NAME     one file per object, named at random; an upload's parts side by side
//! DIR/incoming/NAME     files that the index does not know yet
//! ```

mod blob_id;
mod digest;
mod download;
mod error;
mod files;
mod guard;
mod http;
mod index;
mod ingest;
mod local;
mod multipart;
mod s3;
mod slots;
mod store;

use std::{
    error::Error,
    fs::{File, TryLockError},
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use platform_core::{Clock, Lifecycle, Redacted};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use tokio::net::TcpListener;

pub use self::local::LocalFolder;

/// What the server needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder that everything lies in; made when missing.
    pub dir: PathBuf,
    /// Where to listen; port 0 takes any.
    pub listen: SocketAddr,
    /// The one access key id there is.
    pub access_key: String,
    /// Its secret.
    pub secret_key: Redacted,
}

/// A server that runs.
#[derive(Debug, Clone, Copy)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
}

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Two servers would remove each other's unfinished files.
    #[error("another process serves the objects in {}; stop it first", .0.display())]
    InUse(PathBuf),
    /// The folder cannot be used.
    #[error("the objects in {} cannot be opened; check that the folder may be written", .0.display())]
    Open(PathBuf, #[source] Box<dyn Error + Send + Sync>),
    /// The address cannot be used.
    #[error("the object store cannot listen on {0}; choose another address")]
    Listen(SocketAddr, #[source] io::Error),
}

/// Opens the store and serves it until `life` drains: then requests under way are finished.
///
/// Services that drain may still need their objects, so give this a life that ends after theirs.
pub async fn serve(
    config: &Config,
    clock: Arc<dyn Clock>,
    life: &Lifecycle,
) -> Result<Running, StartError> {
    let dir = config.dir.as_path();
    let lock = lock(dir)?;
    let open = |error: error::StoreError| StartError::Open(dir.to_owned(), Box::new(error));
    let store = store::Store::open(dir, lock, clock, life)
        .await
        .map_err(open)?;

    let listen = |error| StartError::Listen(config.listen, error);
    let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
    let addr = listener.local_addr().map_err(listen)?;

    let mut service = S3ServiceBuilder::new(s3::Api(store));
    service.set_auth(SimpleAuth::from_single(
        &*config.access_key,
        config.secret_key.expose(),
    ));
    let service = service.build();
    let inner = life.clone();
    life.spawn(http::accept(listener, service, inner));
    Ok(Running { addr })
}

/// Held as long as the server runs; the system lets go of it when the process dies.
fn lock(dir: &Path) -> Result<File, StartError> {
    let failed = |error: io::Error| StartError::Open(dir.to_owned(), Box::new(error));
    std::fs::create_dir_all(dir).map_err(failed)?;
    let file = File::create(dir.join("lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::InUse(dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}
