//! The object store, embedded or elsewhere, and the way to it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use platform_blob::{S3Blobs, S3Config};
use platform_core::{Clock, Lifecycle, Redacted, SystemClock, secret};
use platform_http::{Discovery, DiscoveryError, Service};
use platform_objects::LocalFolder;
use url::Url;

use crate::cli::Failure;
use crate::config::{Config, Objects};

/// Access key id of the embedded store; its secret is made at first start.
const ACCESS_KEY: &str = "marquee";

/// Connects to the configured store, or to the embedded one, which this process serves if it is to.
pub(crate) async fn open(
    config: &Config,
    data: &Path,
    serve_here: bool,
    discovery: &Discovery,
    ground: &Lifecycle,
) -> Result<S3Blobs, Failure> {
    match &config.objects.endpoint {
        Some(endpoint) => Ok(S3Blobs::new(&elsewhere(&config.objects, endpoint.clone())?)),
        None => embedded(config, data, serve_here, discovery, ground).await,
    }
}

/// Where this process reaches the store, once it is open.
pub(crate) fn endpoint(config: &Config, discovery: &Discovery) -> Result<Url, DiscoveryError> {
    match &config.objects.endpoint {
        Some(endpoint) => Ok(endpoint.clone()),
        None => discovery.resolve(Service::Objects),
    }
}

/// Where clients reach the store; `None`: through the gateway.
pub(crate) fn public_endpoint(config: &Config) -> Option<Url> {
    let objects = &config.objects;
    let public = objects.public_endpoint.as_ref();
    public.or(objects.endpoint.as_ref()).cloned()
}

fn elsewhere(objects: &Objects, endpoint: Url) -> Result<S3Config, Failure> {
    let secret_key = match (&objects.secret_key_file, &objects.secret_key) {
        (Some(file), _) => secret::read_configured(file)?,
        (None, Some(secret)) => secret.clone(),
        (None, None) => {
            return Err(
                "objects.endpoint is set, and no key to it: set objects.access_key and \
                        objects.secret_key_file"
                    .into(),
            );
        }
    };
    Ok(S3Config {
        endpoint,
        region: objects.region.clone(),
        bucket: objects.bucket.clone(),
        access_key: objects.access_key.clone(),
        secret_key,
        path_style: objects.path_style,
    })
}

async fn embedded(
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
