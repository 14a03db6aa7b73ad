//! Edges of nginx, started as `deploy/nginx/` says.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a failed step is a failed test"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "only what ships is forbidden to start processes"
)]

use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use tempfile::TempDir;
use url::Url;

use crate::stage::eventually;
use crate::{ports, real};

/// The user that an edge runs as when tests run as root, which it refuses.
const NOBODY: u32 = 65534;

/// The key that it checks playback tokens with, at first; as in the suite of edges.
pub const PLAYBACK_KEY: &str = "the-playback-key-of-tests";

/// A running nginx edge, and its folder. It ends with this.
#[derive(Debug)]
pub struct NginxEdge {
    child: Child,
    /// Where it serves.
    pub base: Url,
    folder: Arc<TempDir>,
    settings: Vec<(String, String)>,
}

impl NginxEdge {
    /// An edge that pulls from `origin`, is seeded by `seed_key` and serves on a free port.
    /// Its playback key is `PLAYBACK_KEY` until another is written to its file. `settings` are further variables of `edge.sh`, without `MARQUEE_EDGE_`.
    pub async fn start(origin: &Url, seed_key: &str, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        std::fs::write(folder.path().join("seed.key"), seed_key).expect("it is writable");
        let playback = folder.path().join("playback.key");
        std::fs::write(playback, PLAYBACK_KEY).expect("it is writable");
        give_away(folder.path());
        let port = ports::free();
        let own = [
            ("ORIGIN", origin.as_str().trim_end_matches('/').to_owned()),
            ("LISTEN", format!("127.0.0.1:{port}")),
        ];
        let given = settings.iter().map(|(n, v)| (*n, (*v).to_owned()));
        let settings = own.into_iter().chain(given);
        let settings = settings.map(|(name, value)| (name.to_owned(), value));
        Self::start_on(Arc::new(folder), settings.collect()).await
    }

    async fn start_on(folder: Arc<TempDir>, settings: Vec<(String, String)>) -> Self {
        let listen = settings.iter().find(|(name, _)| name == "LISTEN");
        let (_, listen) = listen.expect("an edge listens");
        let scheme = if settings.iter().any(|(name, _)| name == "TLS_KEY") {
            "https"
        } else {
            "http"
        };
        let base = Url::parse(&format!("{scheme}://{listen}")).expect("an address");
        let log = std::fs::File::create(folder.path().join("error.log"));
        let mut command = edge_sh(folder.path(), &settings);
        // A group of its own, so that all of it can be killed at once.
        command
            .process_group(0)
            .stderr(log.expect("it is writable"));
        let mut child = command.spawn().expect("there is a shell");
        let mut ended = || child.try_wait().expect("a child can be asked");
        let log = folder.path().join("error.log");
        eventually("nginx listens", async || {
            if let Some(status) = ended() {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                assert!(status.success(), "the edge ended by {status}: {said}");
            }
            TcpStream::connect(listen).is_ok()
        })
        .await;
        Self {
            child,
            base,
            folder,
            settings,
        }
    }

    /// What it keeps: `films/` and what `edge.sh` lists.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("edge")
    }

    /// Ends all its processes without a word, as a power failure does.
    pub fn kill(&mut self) {
        signal("-KILL", self.child.id());
        self.child.wait().expect("a child can be waited for");
    }

    /// Starts it anew on its folder and address, `settings` changed.
    pub async fn start_again(self, changed: &[(&str, &str)]) -> Self {
        let folder = Arc::clone(&self.folder);
        let mut settings = self.settings.clone();
        drop(self);
        for (name, value) in changed {
            settings.retain(|(known, _)| known != name);
            settings.push(((*name).to_owned(), (*value).to_owned()));
        }
        Self::start_on(folder, settings).await
    }

    /// Gives it another seeding key, as an operator would.
    pub fn reload_with(&self, seed_key: &str) {
        self.reload_with_file("seed.key", seed_key);
    }

    /// Gives it other playback keys, one on each line.
    pub fn reload_with_playback(&self, keys: &str) {
        self.reload_with_file("playback.key", keys);
    }

    fn reload_with_file(&self, name: &str, content: &str) {
        let folder = self.folder.path();
        std::fs::write(folder.join(name), content).expect("it is writable");
        let mut command = edge_sh(folder, &self.settings);
        let status = command.arg("reload").status().expect("there is a shell");
        assert!(status.success(), "reload: {status}");
    }
}

impl Drop for NginxEdge {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill();
        }
    }
}

/// `edge.sh` for the edge in `folder`.
fn edge_sh(folder: &Path, settings: &[(String, String)]) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/nginx/edge.sh");
    let mut command = Command::new("sh");
    command
        .arg(script)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("MARQUEE_EDGE_NGINX", real::nginx())
        .env("MARQUEE_EDGE_FOLDER", folder.join("edge"))
        .env("MARQUEE_EDGE_SEED_KEY_FILE", folder.join("seed.key"))
        .env(
            "MARQUEE_EDGE_PLAYBACK_KEY_FILE",
            folder.join("playback.key"),
        )
        .env("MARQUEE_EDGE_ACCESS_LOG", folder.join("access.log"))
        .stdin(Stdio::null());
    for (name, value) in settings {
        command.env(format!("MARQUEE_EDGE_{name}"), value);
    }
    if is_root(folder) {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn give_away(folder: &Path) {
    let own = std::fs::metadata(folder).expect("it is there").uid();
    if own == 0 {
        let nobody = Some(NOBODY);
        std::os::unix::fs::chown(folder, nobody, nobody).expect("root may");
    }
    let readable = std::fs::Permissions::from_mode(0o644);
    for key in ["seed.key", "playback.key"] {
        let set = std::fs::set_permissions(folder.join(key), readable.clone());
        set.expect("it is ours");
    }
}

/// Whether we are root: then the folder was given away, but what is in it is root's.
fn is_root(folder: &Path) -> bool {
    let key = std::fs::metadata(folder.join("seed.key"));
    key.expect("it is there").uid() == 0
}

/// Signals the whole group that `leader` leads.
fn signal(name: &str, leader: u32) {
    let group = format!("-{leader}");
    let status = Command::new("kill").args([name, "--", &group]).status();
    assert!(status.expect("there is a kill").success(), "kill {group}");
}
