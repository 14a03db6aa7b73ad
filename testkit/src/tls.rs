//! Certificates by an authority that nobody but the tests trusts.
#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a failed step is a failed test, and only what ships is forbidden to start processes"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

const CURVE: [&str; 4] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];

/// Files of an authority and of one server on this machine, in PEM (RFC 7468).
#[derive(Debug)]
pub struct Certificates {
    /// The authority's certificate: what clients are to trust.
    pub authority: PathBuf,
    /// The server's certificate, for `127.0.0.1` and `localhost`.
    pub server: PathBuf,
    /// Its key, readable by everybody.
    pub key: PathBuf,
}

impl Certificates {
    /// Makes them in `folder`.
    pub fn new(folder: &Path) -> Self {
        let made = Self {
            authority: folder.join("authority.pem"),
            server: folder.join("server.pem"),
            key: folder.join("server.key"),
        };
        let authority_key = folder.join("authority.key");
        issue(
            &made.authority,
            &authority_key,
            &["-subj", "/CN=authority of the tests"],
        );
        let authority = [&made.authority, &authority_key].map(|path| path.display().to_string());
        issue(
            &made.server,
            &made.key,
            &[
                "-subj",
                "/CN=localhost",
                "-CA",
                &authority[0],
                "-CAkey",
                &authority[1],
                "-addext",
                "basicConstraints=critical,CA:FALSE",
                "-addext",
                "extendedKeyUsage=serverAuth",
                "-addext",
                "subjectAltName=IP:127.0.0.1,DNS:localhost",
            ],
        );
        for path in [&made.server, &made.key] {
            readable(path);
        }
        made
    }
}

fn issue(certificate: &Path, key: &Path, arguments: &[&str]) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-noenc", "-days", "2"])
        .args(CURVE)
        .args(arguments)
        .arg("-out")
        .arg(certificate)
        .arg("-keyout")
        .arg(key)
        .output()
        .expect("openssl is installed");
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "openssl: {said}");
}

/// An edge is another user.
fn readable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(path, mode).expect("it is ours");
}
