//! `marquee admin backup` and `restore`: everything in one folder, and back from it.
//!
//! Rows are copied first, as they are at one moment, and objects after them: what a row names is
//! there. Of objects that rows do not know yet nobody takes notice. The search index, what edges
//! have and what is on a broker are made anew from rows and objects.

mod fill;
mod folder;
mod objects;
mod tell;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::pending;
use platform_blob::{Blobs, Retrying};
use platform_core::backoff::Backoff;
use platform_core::{Clock as _, Lifecycle, SystemClock};
use platform_db::{Db, Engine};
use platform_http::{Client, Discovery};
use platform_objects::StartError;
use tokio::time::Instant;

use crate::cli::{BackupArguments, Failure};
use crate::compose;
use crate::config::{self, Config};

use folder::{FORMAT, Folder, Manifest};
use tell::{amount, say};

/// Writes a backup of the Marquee that the arguments name.
pub(crate) async fn back_up(arguments: &BackupArguments) -> Result<bool, Failure> {
    let config = config::load(&arguments.config)?;
    let place = Place::of(config)?;
    let outcome = place.back_up(&arguments.folder).await;
    place.leave().await;
    outcome.map(|()| true)
}

/// Puts a backup where the arguments say.
pub(crate) async fn restore(arguments: &BackupArguments) -> Result<bool, Failure> {
    let config = config::load(&arguments.config)?;
    let place = Place::of(config)?;
    let outcome = place.restore(&arguments.folder).await;
    place.leave().await;
    outcome.map(|()| true)
}

/// Reads all of a backup and compares it with its checksums.
pub(crate) async fn check(folder: &Path) -> Result<bool, Failure> {
    let (folder, manifest) = Folder::open(folder).await?;
    folder.check_objects(&manifest).await?;
    say(&format!(
        "the backup is whole: the rows, and {}",
        amount(manifest.objects, manifest.bytes)
    ))?;
    Ok(true)
}

/// The engines that the configuration names.
struct Place {
    config: Config,
    data: PathBuf,
    discovery: Discovery,
    ground: Lifecycle,
}

impl Place {
    fn of(config: Config) -> Result<Self, Failure> {
        let data = std::path::absolute(&config.data)?;
        Ok(Self {
            discovery: Discovery::new(config.addresses(), Some(data.join("run"))),
            config,
            data,
            ground: Lifecycle::new(),
        })
    }

    /// Ends what was opened.
    async fn leave(self) {
        self.ground.finish(Duration::from_secs(5), pending()).await;
    }

    async fn back_up(&self, to: &Path) -> Result<(), Failure> {
        let begin = Instant::now();
        let folder = Folder::create(to).await?;
        let database = &self.config.database;
        let rows_at_ms = SystemClock.now_ms();
        database.copy_rows(&self.data, &folder.rows()).await?;
        let blobs = self.objects().await?;
        let copied = objects::copy_out(&*blobs, &folder).await?;
        let manifest = Manifest {
            format: FORMAT,
            marquee: env!("CARGO_PKG_VERSION").to_owned(),
            rows_at_ms,
            engine: database.engine(),
            rows: folder::piece(&folder.rows()).await?,
            list: folder::piece(&folder.list()).await?,
            objects: copied.objects,
            bytes: copied.bytes,
        };
        folder.check_objects(&manifest).await?;
        folder.finish(&manifest).await?;
        if copied.gone > 0 {
            say(&format!("{} objects were removed meanwhile", copied.gone))?;
        }
        say(&format!(
            "the backup is whole: the rows, and {}, in {:.1} s",
            amount(copied.objects, copied.bytes),
            begin.elapsed().as_secs_f64()
        ))
    }

    async fn restore(&self, from: &Path) -> Result<(), Failure> {
        let begin = Instant::now();
        let (folder, manifest) = Folder::open(from).await?;
        let database = &self.config.database;
        if manifest.engine != database.engine() {
            return Err(of_another_engine(manifest.engine).into());
        }
        database.expect_no_rows(&self.data).await?;
        let blobs = self.objects().await?;
        blobs.ensure_bucket().await?;
        if !blobs.list("", None).await?.objects.is_empty() {
            return Err(format!(
                "the bucket {} has objects already: restore into an empty one, named in \
                 objects.bucket",
                self.config.objects.bucket
            )
            .into());
        }
        let filler = fill::Filler {
            blobs,
            client: Client::new(
                self.discovery.clone(),
                self.config.trust(&self.data)?,
                "operator",
            )?,
            endpoint: compose::objects::endpoint(&self.config, &self.discovery)?,
        };
        filler.put_all(&folder, &manifest).await?;
        // Last: before there are rows, nobody takes it for a Marquee.
        database.put_rows(&self.data, &folder.rows()).await?;
        if self.config.events.brokers.is_some() {
            let db = Db::open(database, &self.data, &self.ground).await?;
            let again = platform_bus::outbox::publish_again(&db).await;
            db.close().await;
            say(&format!("{} events are published again", again?))?;
        }
        say(&format!(
            "restored: the rows, and {}, in {:.1} s; start Marquee now",
            amount(manifest.objects, manifest.bytes),
            begin.elapsed().as_secs_f64()
        ))
    }

    /// The object store. The embedded one is served here unless a Marquee that runs does.
    async fn objects(&self) -> Result<Arc<dyn Blobs>, Failure> {
        let open = async |serve_here| {
            compose::objects::open(
                &self.config,
                &self.data,
                serve_here,
                &self.discovery,
                &self.ground,
            )
            .await
        };
        let store = match open(true).await {
            Err(error) if is_in_use(&error) => open(false).await,
            store => store,
        };
        Ok(Arc::new(Retrying::new(store?, Backoff::standard())))
    }
}

fn is_in_use(error: &Failure) -> bool {
    matches!(error.downcast_ref(), Some(StartError::InUse(_)))
}

fn of_another_engine(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "the backup's rows are of SQLite: restore it without database.url; rows do not move \
             from one engine to another"
        }
        Engine::Postgres => {
            "the backup's rows are of PostgreSQL: name an empty database in database.url; rows do \
             not move from one engine to another"
        }
    }
}
