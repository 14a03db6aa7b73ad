//! All rows in one file and back: what a backup is made of.
//!
//! SQLite writes such a file itself. For PostgreSQL its own programs do, `pg_dump` and
//! `pg_restore`. Either way the file has the rows as they were at one moment, while others go on.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use sqlx::{AnyConnection, Connection as _};
use tokio::fs;
use tokio::process::Command;

use crate::config::PostgresUrl;
use crate::engine::Engine;
use crate::open::{FILE, install_drivers};
use crate::{DatabaseConfig, OpenError, postgres, sqlite};

/// Rows that cannot be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// There is no database.
    #[error("there are no rows at {0}: name the data folder by --data, or set database.url")]
    Missing(String),
    /// Rows go only where none are.
    #[error("{0} has rows already: restore into an empty database or data folder")]
    Taken(String),
    /// The database cannot be opened.
    #[error("the database cannot be opened")]
    Open(#[from] OpenError),
    /// A statement failed.
    #[error("the rows of {place} cannot be copied")]
    Statement {
        /// Which database.
        place: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The copy is not what was written.
    #[error("{file} is damaged: {said}")]
    Damaged {
        /// The copy.
        file: String,
        /// What SQLite says of it.
        said: String,
    },
    /// A file cannot be read or written.
    #[error("{file} cannot be read or written")]
    File {
        /// Which.
        file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A program of PostgreSQL is missing.
    #[error(
        "{program} cannot be run: install PostgreSQL's client programs, of the server's version \
         or newer (on Debian: postgresql-client)"
    )]
    NoProgram {
        /// Which.
        program: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A program of PostgreSQL failed.
    #[error("{program} failed: {said}")]
    Program {
        /// Which.
        program: &'static str,
        /// In its words.
        said: String,
    },
}

impl DatabaseConfig {
    /// Which database this is.
    pub fn engine(&self) -> Engine {
        match self.url {
            Some(_) => Engine::Postgres,
            None => Engine::Sqlite,
        }
    }

    /// Writes all rows, as they are at one moment, into the new file `to`, durably. `folder` is
    /// the data folder.
    pub async fn copy_rows(&self, folder: &Path, to: &Path) -> Result<(), CopyError> {
        match &self.url {
            Some(url) => {
                let file = path_text(to)?;
                let arguments = ["--format=custom", "--no-owner", "--no-privileges", "--file"];
                self.run(url, "pg_dump", &arguments, file).await?;
            }
            None => copy_sqlite(&folder.join(FILE), to).await?,
        }
        sync(to).await
    }

    /// Makes sure that there are no rows where [`DatabaseConfig::put_rows`] would put them.
    pub async fn expect_no_rows(&self, folder: &Path) -> Result<(), CopyError> {
        let Some(url) = &self.url else {
            let file = folder.join(FILE);
            let taken = fs::try_exists(&file).await.map_err(wrap(&file))?;
            let place = || file.display().to_string();
            return if taken {
                Err(CopyError::Taken(place()))
            } else {
                Ok(())
            };
        };
        let mut connection = postgres::connect(self, url).await?;
        let tables = sqlx::query_scalar(
            "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema()",
        );
        let tables: i64 = tables
            .fetch_one(&mut connection)
            .await
            .map_err(|source| statement(url, source))?;
        connection
            .close()
            .await
            .map_err(|source| statement(url, source))?;
        match tables {
            0 => Ok(()),
            _ => Err(CopyError::Taken(url.to_string())),
        }
    }

    /// Puts the rows that [`DatabaseConfig::copy_rows`] wrote into `from` where none are: all of
    /// them or none.
    pub async fn put_rows(&self, folder: &Path, from: &Path) -> Result<(), CopyError> {
        self.expect_no_rows(folder).await?;
        match &self.url {
            Some(url) => {
                let arguments = [
                    "--exit-on-error",
                    "--single-transaction",
                    "--no-owner",
                    "--no-privileges",
                ];
                self.run(url, "pg_restore", &arguments, path_text(from)?)
                    .await
            }
            None => put_sqlite(from, folder).await,
        }
    }

    /// Runs a program of PostgreSQL; the password goes by its environment, which nobody else sees.
    async fn run(
        &self,
        url: &PostgresUrl,
        program: &'static str,
        arguments: &[&str],
        file: &str,
    ) -> Result<(), CopyError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "only PostgreSQL's own programs copy all of a database"
        )]
        let mut command = Command::new(program);
        command
            .arg("--dbname")
            .arg(url.address())
            .args(arguments)
            .arg(file)
            .env("PGAPPNAME", "marquee")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        if let Some(password) = postgres::password(self).await? {
            command.env("PGPASSWORD", password.expose());
        }
        if let Some(roots) = &self.root_certificate_file {
            command.env("PGSSLROOTCERT", roots);
        }
        let output = command
            .output()
            .await
            .map_err(|source| CopyError::NoProgram { program, source })?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(CopyError::Program { program, said })
    }
}

async fn copy_sqlite(file: &Path, to: &Path) -> Result<(), CopyError> {
    if !fs::try_exists(file).await.map_err(wrap(file))? {
        return Err(CopyError::Missing(file.display().to_string()));
    }
    let copied = async {
        let mut connection = connect(file).await?;
        // Long transactions of others do not hold this up, nor does it hold up others.
        sqlx::query("VACUUM INTO $1")
            .bind(path_text(to)?)
            .execute(&mut connection)
            .await
            .map_err(|source| statement(file.display(), source))?;
        connection
            .close()
            .await
            .map_err(|source| statement(file.display(), source))
    };
    copied.await?;
    check_sqlite(to).await
}

/// Makes sure that the copy can be read, page by page.
async fn check_sqlite(file: &Path) -> Result<(), CopyError> {
    let mut connection = connect(file).await?;
    let said: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(&mut connection)
        .await
        .map_err(|source| statement(file.display(), source))?;
    connection
        .close()
        .await
        .map_err(|source| statement(file.display(), source))?;
    match said.as_str() {
        "ok" => Ok(()),
        _ => Err(CopyError::Damaged {
            file: file.display().to_string(),
            said,
        }),
    }
}

async fn put_sqlite(from: &Path, folder: &Path) -> Result<(), CopyError> {
    fs::create_dir_all(folder).await.map_err(wrap(folder))?;
    let (file, fresh) = (folder.join(FILE), folder.join(format!("{FILE}.new")));
    fs::copy(from, &fresh).await.map_err(wrap(&fresh))?;
    let own = std::fs::Permissions::from_mode(0o600);
    fs::set_permissions(&fresh, own)
        .await
        .map_err(wrap(&fresh))?;
    check_sqlite(&fresh).await?;
    sync(&fresh).await?;
    fs::rename(&fresh, &file).await.map_err(wrap(&file))?;
    sync(folder).await
}

async fn connect(file: &Path) -> Result<AnyConnection, CopyError> {
    install_drivers();
    let address = sqlite::address(file).map_err(wrap(file))?;
    AnyConnection::connect(&address)
        .await
        .map_err(|source| statement(file.display(), source))
}

async fn sync(path: &Path) -> Result<(), CopyError> {
    let file = fs::File::open(path).await.map_err(wrap(path))?;
    file.sync_all().await.map_err(wrap(path))
}

fn path_text(path: &Path) -> Result<&str, CopyError> {
    let odd = || std::io::Error::new(std::io::ErrorKind::InvalidInput, "its name is not UTF-8");
    path.to_str().ok_or_else(|| wrap(path)(odd()))
}

fn statement(place: impl std::fmt::Display, source: sqlx::Error) -> CopyError {
    CopyError::Statement {
        place: place.to_string(),
        source,
    }
}

fn wrap(path: &Path) -> impl Fn(std::io::Error) -> CopyError + use<> {
    let file: PathBuf = path.to_owned();
    move |source| CopyError::File {
        file: file.display().to_string(),
        source,
    }
}
