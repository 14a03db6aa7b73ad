//! `marquee admin token`: a way in for whoever has the data folder.

use std::io::Write as _;
use std::time::Duration;

use accounts::NewApiToken;
use futures_util::future::pending;
use platform_core::{Lifecycle, Redacted, SystemClock};
use platform_db::Db;

use crate::cli::{Failure, TokenArguments};
use crate::config::{self, Config};

/// Prints a new API token and nothing else, so that a script can take it.
pub(crate) async fn print(arguments: TokenArguments) -> Result<bool, Failure> {
    let config = config::load(&arguments.config)?;
    let ground = Lifecycle::new();
    let made = make(arguments, &config, &ground).await;
    ground.finish(Duration::from_secs(5), pending()).await;
    writeln!(std::io::stdout(), "{}", made?.expose())?;
    Ok(true)
}

async fn make(
    arguments: TokenArguments,
    config: &Config,
    ground: &Lifecycle,
) -> Result<Redacted, Failure> {
    let data = std::path::absolute(&config.data)?;
    // Opening the database would make one.
    if config.database.url.is_none() && !tokio::fs::try_exists(&data).await? {
        return Err(format!(
            "there is no Marquee in {}: name its folder by --data",
            data.display()
        )
        .into());
    }
    let db = Db::open(&config.database, &data, ground).await?;
    let new = NewApiToken {
        user: arguments.user,
        name: arguments.name,
        scopes: arguments.scope.into_iter().collect(),
    };
    let made = accounts::issue_token(&db, &SystemClock, new).await;
    db.close().await;
    Ok(made?)
}
