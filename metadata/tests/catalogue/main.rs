//! The catalogue's stories, over a real database, bus and index.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

#[path = "../common/mod.rs"]
mod common;
mod life;
mod password;
mod removal;
mod visibility;

use std::path::Path;

use common::Service;
use metadata::Config;

fn config(dir: &Path) -> Config {
    Config {
        folder: dir.join("index"),
        ..Config::default()
    }
}

async fn start(dir: &Path) -> Service {
    Service::start(config(dir), dir).await
}
