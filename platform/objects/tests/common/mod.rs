use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use platform_blob::{Blobs, S3Blobs, S3Config};
use platform_core::{Lifecycle, Redacted, SystemClock};
use platform_objects::{Config, LocalFolder, Running, StartError};
use url::Url;

/// An embedded store on a folder.
pub(crate) struct Server {
    life: Lifecycle,
    running: Running,
    dir: PathBuf,
}

impl Server {
    pub(crate) async fn try_start(dir: &Path) -> Result<Self, StartError> {
        let life = Lifecycle::new();
        let config = Config {
            dir: dir.to_owned(),
            listen: ([127, 0, 0, 1], 0).into(),
            access_key: "test".to_owned(),
            secret_key: Redacted::new("secret"),
        };
        let running = platform_objects::serve(&config, Arc::new(SystemClock), &life).await?;
        Ok(Self {
            life,
            running,
            dir: dir.to_owned(),
        })
    }

    pub(crate) async fn start(dir: &Path) -> Self {
        Self::try_start(dir).await.unwrap()
    }

    pub(crate) fn s3_config(&self) -> S3Config {
        s3_config(&format!("http://{}", self.running.addr))
    }

    pub(crate) fn blobs(&self) -> Arc<dyn Blobs> {
        blobs(&self.s3_config(), &self.dir)
    }

    pub(crate) async fn stop(self) {
        assert!(
            self.life
                .finish(Duration::from_secs(10), std::future::pending())
                .await
        );
    }
}

pub(crate) fn s3_config(address: &str) -> S3Config {
    S3Config::new(
        Url::parse(address).unwrap(),
        "test",
        Redacted::new("secret"),
    )
}

pub(crate) fn blobs(config: &S3Config, dir: &Path) -> Arc<dyn Blobs> {
    Arc::new(S3Blobs::new(config).with_local(Arc::new(LocalFolder::new(dir))))
}
