//! Real servers, for the suites that claim them.
//!
//! `script/test --real` starts them and names them in the environment; a test that needs one is
//! ignored otherwise, and fails when it is run without, so that nothing is skipped in silence.
#![expect(clippy::panic, reason = "a test without its server is a failed test")]

/// Brokers of a Kafka, `HOST:PORT,…`.
pub fn kafka() -> String {
    server("MARQUEE_TEST_KAFKA", "127.0.0.1:9092")
}

/// A superuser's address of a PostgreSQL, in which every test makes a database of its own.
pub fn postgres() -> String {
    let example = "postgres://postgres@127.0.0.1:5432/postgres";
    server("MARQUEE_TEST_POSTGRES", example)
}

/// Whether the suites that need rows get them from PostgreSQL.
#[expect(
    clippy::disallowed_methods,
    clippy::missing_panics_doc,
    reason = "which rows the tests run on is for whoever runs them to say"
)]
pub fn rows_are_postgres() -> bool {
    match std::env::var("MARQUEE_TEST_ROWS").as_deref() {
        Err(_) | Ok("sqlite") => false,
        Ok("postgres") => true,
        Ok(other) => panic!("MARQUEE_TEST_ROWS is {other}: set it to sqlite or postgres"),
    }
}

/// Address of an Elasticsearch.
pub fn elasticsearch() -> String {
    server("MARQUEE_TEST_ELASTICSEARCH", "http://127.0.0.1:9200")
}

/// Address of an S3 store, and the key to it: id and secret.
pub fn s3() -> (String, String, String) {
    (
        server("MARQUEE_TEST_S3", "http://127.0.0.1:9000"),
        server("MARQUEE_TEST_S3_KEY", "minioadmin"),
        server("MARQUEE_TEST_S3_SECRET", "minioadmin"),
    )
}

/// Folder of `kafka.sh` and its like, by which a test starts a server of its own to stop it.
pub fn stack() -> std::path::PathBuf {
    server("MARQUEE_STACK", "the folder that kafka.sh is in").into()
}

/// The nginx to run.
pub fn nginx() -> String {
    server("MARQUEE_TEST_NGINX", "/usr/sbin/nginx")
}

/// A folder whose `node_modules` have oidc-provider, an OpenID provider.
pub fn openid() -> String {
    server("MARQUEE_TEST_OPENID", "/usr/lib/node")
}

/// A Python that has aiosmtpd, a mail server.
pub fn smtp() -> String {
    server("MARQUEE_TEST_SMTP", "/usr/bin/python3")
}

/// The program schemathesis, which makes requests from an OpenAPI document.
pub fn schemathesis() -> String {
    server("MARQUEE_TEST_SCHEMATHESIS", "/usr/bin/schemathesis")
}

#[expect(
    clippy::disallowed_methods,
    reason = "which servers there are is for whoever runs the tests to say"
)]
fn server(variable: &str, example: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!(
            "{variable} is not set: run script/test --real, or set it, for instance to {example}"
        )
    })
}
