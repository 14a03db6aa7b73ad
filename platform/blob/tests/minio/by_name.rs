//! The bucket as a part of the host name: a store of the test's own, which is told its names.

use std::path::PathBuf;
use std::process::Command;

use platform_blob::S3Config;
use testkit::conformance::blob;
use testkit::ports;

use super::{EXCEPTIONS, config};

/// What the store is called; the second is the public address of the suite.
const NAMES: &str = "objects.example,videos.example";

/// A MinIO that is stopped with the test.
struct Store {
    script: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
}

impl Store {
    fn start() -> Self {
        let store = Self {
            script: testkit::real::stack().join("minio.sh"),
            folder: tempfile::tempdir().unwrap(),
            port: ports::free(),
        };
        let port = store.port.to_string();
        store.run("start", &[&port]);
        store
    }

    fn run(&self, what: &str, arguments: &[&str]) {
        let ran = Command::new(&self.script)
            .arg(what)
            .arg(self.folder.path())
            .args(arguments)
            .env("MINIO_DOMAIN", NAMES)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "minio.sh {what}: {said}");
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.run("stop", &[]);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real MinIO: script/test --real"]
async fn a_bucket_may_be_a_part_of_the_host_name() {
    let store = Store::start();
    let endpoint = format!("http://objects.example:{}", store.port);
    let config = S3Config {
        endpoint: endpoint.parse().unwrap(),
        access_key: "minioadmin".to_owned(),
        secret_key: platform_core::Redacted::new("minioadmin"),
        path_style: false,
        ..config()
    };
    let target = blob::Target::by_name(config, ([127, 0, 0, 1], store.port).into());
    blob::run(&target, EXCEPTIONS).await;
}
