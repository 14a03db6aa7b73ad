//! What the stories run on: embedded defaults, or the real servers that `script/test --real` names.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::path::Path;
use std::process::Command;

use platform_blob::S3Config;
use platform_core::Redacted;
use testkit::real;

/// `real`: on the servers that testkit knows by name.
const STACK: &str = "MARQUEE_TEST_STACK";

/// Whether the stories run on real servers.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the tests says on what"
)]
pub fn is_real() -> bool {
    std::env::var(STACK).is_ok_and(|stack| stack == "real")
}

/// A name that the servers know nothing by yet, and that the next process on `data` has too.
fn namespace(data: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    format!("t{:016x}", hasher.finish())
}

/// Configuration of a `marquee` on `data` as environment variables, none on embedded defaults.
pub(crate) fn variables(data: &Path) -> Vec<(String, String)> {
    if is_real() {
        real_variables(data)
    } else {
        Vec::new()
    }
}

/// The same on real servers, with a database, topics, a bucket and an index of its own.
pub fn real_variables(data: &Path) -> Vec<(String, String)> {
    let name = namespace(data);
    let postgres = real::postgres();
    let (server, _) = postgres.rsplit_once('/').expect("an address has a path");
    make_database(&postgres, &name);
    let s3 = s3_config(data);
    let pairs = [
        ("DATABASE__URL", format!("{server}/{name}")),
        ("EVENTS__BROKERS", real::kafka()),
        ("EVENTS__TOPIC_PREFIX", format!("{name}.")),
        ("EVENTS__GROUP_PREFIX", format!("{name}.")),
        ("SEARCH__URL", real::elasticsearch()),
        ("SEARCH__INDEX_PREFIX", name),
        ("OBJECTS__ENDPOINT", s3.endpoint.to_string()),
        ("OBJECTS__BUCKET", s3.bucket),
        ("OBJECTS__ACCESS_KEY", s3.access_key),
        ("OBJECTS__SECRET_KEY", s3.secret_key.expose().to_owned()),
    ];
    let variable = |(key, value)| (format!("MARQUEE__{key}"), value);
    pairs.into_iter().map(variable).collect()
}

/// The store of a `marquee` on `data` that uses real servers.
pub(crate) fn s3_config(data: &Path) -> S3Config {
    let (endpoint, key, secret) = real::s3();
    let endpoint = endpoint.parse().expect("an address");
    S3Config {
        bucket: namespace(data),
        ..S3Config::new(endpoint, key, Redacted::new(secret))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the harness runs psql outside of any service"
)]
fn make_database(server: &str, name: &str) {
    let made = Command::new("psql")
        .args(["--quiet", "--dbname", server, "--command"])
        .arg(format!("CREATE DATABASE {name}"))
        .output()
        .expect("psql runs");
    let said = String::from_utf8_lossy(&made.stderr);
    // A second process on the same data folder finds it there.
    let there = made.status.success() || said.contains("already exists");
    assert!(there, "{said}");
}
