//! Certificates by an authority that nobody but the tests trusts.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::disallowed_methods,
    reason = "a failed step is a failed test, and only what ships is forbidden to start processes"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Two days, on the curve that everybody has, without a password on the key.
const NEW: [&str; 9] = [
    "req",
    "-x509",
    "-noenc",
    "-days",
    "2",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
];

/// An authority and what it has signed: a folder of files in PEM (RFC 7468).
#[derive(Debug)]
pub struct Authority(PathBuf);

/// A certificate that an authority has signed, and its key: files that everybody may read.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Authority {
    /// Makes one in a folder of its own in `folder`.
    pub fn new(folder: &Path, name: &str) -> Self {
        let authority = Self(folder.join(name));
        std::fs::create_dir(&authority.0).expect("the folder is ours");
        authority.issue("authority", &[]);
        authority
    }

    /// What those who trust it are given.
    pub fn certificate(&self) -> PathBuf {
        self.0.join("authority.pem")
    }

    /// Signs a certificate that is good for `places`, as in `IP:127.0.0.1,DNS:localhost`.
    pub fn sign(&self, name: &str, places: &str) -> Signed {
        let own = self.signed("authority");
        let [ca, key] = [&own.certificate, &own.key].map(|path| path.display().to_string());
        let places = format!("subjectAltName={places}");
        let leaf = "basicConstraints=critical,CA:FALSE";
        let arguments = [
            "-CA", &ca, "-CAkey", &key, "-addext", leaf, "-addext", &places,
        ];
        self.issue(name, &arguments)
    }

    fn issue(&self, name: &str, arguments: &[&str]) -> Signed {
        let signed = self.signed(name);
        let made = Command::new("openssl")
            .args(NEW)
            .args(["-subj", &format!("/CN={name}")])
            .args(arguments)
            .arg("-out")
            .arg(&signed.certificate)
            .arg("-keyout")
            .arg(&signed.key)
            .output()
            .expect("openssl is installed");
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "openssl: {said}");
        readable(&signed.key);
        signed
    }

    fn signed(&self, name: &str) -> Signed {
        Signed {
            certificate: self.0.join(format!("{name}.pem")),
            key: self.0.join(format!("{name}.key")),
        }
    }
}

/// A server may run as another user.
fn readable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(path, mode).expect("it is ours");
}
