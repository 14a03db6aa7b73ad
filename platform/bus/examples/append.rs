//! Publishes numbered messages for ever and prints each number once its commit returned.
//! `tests/kill.rs` kills it.
#![expect(clippy::unwrap_used, reason = "a child process of a test")]

use std::io::Write as _;
use std::path::PathBuf;

use platform_bus::{Bus as _, EmbeddedBus, Outgoing};
use platform_core::Lifecycle;
use platform_db::Db;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = PathBuf::from(arguments.next().unwrap());
    let first: u64 = arguments.next().unwrap().parse().unwrap();
    let lifecycle = Lifecycle::new();
    let db = Db::open_sqlite(&path, &lifecycle).await.unwrap();
    let bus = EmbeddedBus::open(db, &lifecycle).await.unwrap();
    let mut out = std::io::stdout();
    let mut number = first;
    while !lifecycle.is_draining() {
        let message = Outgoing {
            topic: "t".to_owned(),
            key: format!("key-{}", number % 5),
            payload: number.to_string().into(),
            headers: Vec::new(),
        };
        bus.publish(vec![message]).await.unwrap();
        writeln!(out, "{number}").unwrap();
        out.flush().unwrap();
        number += 1;
    }
}
