//! The embedded object store, and the way to it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use platform_blob::{S3Blobs, S3Config};
use platform_core::{Clock, Lifecycle, Redacted, SystemClock, secret};
use platform_http::{Discovery, Service};
use platform_objects::LocalFolder;

use crate::cli::Failure;
use crate::config::Config;

/// Access key id of the embedded store; its secret is made at first start.
const ACCESS_KEY: &str = "marquee";

/// Serves the embedded store if this process is to, and connects to it.
pub(crate) async fn open(
    config: &Config,
    data: &Path,
    serve_here: bool,
    discovery: &Discovery,
    ground: &Lifecycle,
) -> Result<S3Blobs, Failure> {
    let secret = secret::read_or_create(&data.join("run/objects.key"))?;
    let folder = data.join("objects");
    if serve_here {
        let addr = serve(&folder, &secret, discovery, ground).await?;
        discovery.announce(Service::Objects, addr)?;
    }
    let endpoint = discovery.resolve(Service::Objects)?;
    let s3 = S3Config {
        bucket: config.objects.bucket.clone(),
        ..S3Config::new(endpoint, ACCESS_KEY, secret)
    };
    Ok(S3Blobs::new(&s3).with_local(Arc::new(LocalFolder::new(&folder))))
}

/// Takes the port of last time if it is free, which spares other processes from looking for it.
async fn serve(
    folder: &Path,
    secret: &Redacted,
    discovery: &Discovery,
    ground: &Lifecycle,
) -> Result<SocketAddr, Failure> {
    let config = |port| platform_objects::Config {
        dir: folder.to_owned(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        access_key: ACCESS_KEY.to_owned(),
        secret_key: secret.clone(),
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    if let Some(port) = discovery.previous_port(Service::Objects) {
        match platform_objects::serve(&config(port), Arc::clone(&clock), ground).await {
            Ok(running) => return Ok(running.addr),
            Err(platform_objects::StartError::Listen(..)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(platform_objects::serve(&config(0), clock, ground)
        .await?
        .addr)
}
