//! A PostgreSQL of a test's own, to be stopped and started, from the packages of the system.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::disallowed_methods,
    reason = "a failed step is a failed test, and tests may start servers"
)]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::ports;
use crate::servers;

/// The superuser's password.
pub const PASSWORD: &str = "correct%20horse battery+staple";

/// A server that asks for [`PASSWORD`], and ends with this.
#[derive(Debug)]
pub struct Server {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
}

impl Server {
    /// Makes a server with nothing in it. It does not run yet.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [port] = ports::lasting();
        let server = Self {
            port,
            programs: programs(),
            folder,
        };
        std::fs::write(server.password_file(), format!("{PASSWORD}\n")).unwrap();
        if is_root() {
            run(Command::new("chown")
                .args(["-R", "postgres"])
                .arg(server.folder.path()));
        }
        let password = format!("--pwfile={}", server.password_file().display());
        run(server
            .command("initdb")
            .args(["--auth=scram-sha-256", "--username=postgres", "--no-sync"])
            .args([&password, "--encoding=UTF8"])
            .arg(server.data()));
        server
    }

    /// Address of the superuser's database.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// A file that has [`PASSWORD`] in it.
    #[must_use]
    pub fn password_file(&self) -> PathBuf {
        self.folder.path().join("password")
    }

    /// Runs it such that it takes encrypted connections, and returns its certificate.
    pub fn start_encrypted(&self) -> PathBuf {
        let certificate = self.data().join("server.crt");
        run(self
            .in_folder("openssl")
            .args([
                "req",
                "-x509",
                "-nodes",
                "-subj",
                "/CN=postgres",
                "-days",
                "2",
            ])
            .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
            .args(["-addext", "subjectAltName=IP:127.0.0.1"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .arg("-keyout")
            .arg(self.data().join("server.key"))
            .arg("-out")
            .arg(&certificate));
        self.start_with("-c ssl=on");
        let copy = self.folder.path().join("roots.pem");
        std::fs::copy(certificate, &copy).unwrap();
        copy
    }

    fn start_with(&self, more: &str) {
        let options = format!(
            "-c port={} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=400 \
             -c unix_socket_directories='{}' {more}",
            self.port,
            self.folder.path().display()
        );
        run(self
            .control()
            .args(["--wait", "--options", &options])
            .arg(format!(
                "--log={}",
                self.folder.path().join("log").display()
            ))
            .arg("start"));
    }

    /// Ends it as a loss of power would.
    pub fn kill(&self) {
        run(self.control().args(["--mode=immediate", "stop"]));
    }

    fn control(&self) -> Command {
        let mut command = self.command("pg_ctl");
        command.arg("--pgdata").arg(self.data());
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        self.in_folder(self.programs.join(program))
    }

    /// PostgreSQL refuses to run as root.
    fn in_folder(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder.path());
        command
    }
}

impl servers::Server for Server {
    fn start(&self) {
        self.start_with("");
    }

    fn stop(&self) {
        self.kill();
    }

    /// The one that all others were started by comes first: no more are, then.
    fn processes(&self) -> Vec<u32> {
        let file = std::fs::read_to_string(self.data().join("postmaster.pid"));
        let first = file
            .iter()
            .filter_map(|text| text.lines().next()?.parse().ok());
        let first: Vec<u32> = first.collect();
        let children = first.iter().flat_map(|parent| children(*parent));
        let children: Vec<u32> = children.collect();
        [first, children].concat()
    }
}

/// Processes that `parent` started.
fn children(parent: u32) -> Vec<u32> {
    let is_child = |process: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        // `PID (NAME) STATE PARENT …`
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        after_name.split_whitespace().nth(1) == Some(&parent.to_string())
    };
    let all = std::fs::read_dir("/proc").unwrap();
    let all = all.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    all.filter(is_child).collect()
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be stopped already, or stand still.
        servers::Server::thaw(self);
        drop(quiet(self.control().args(["--mode=immediate", "stop"])).status());
    }
}

fn quiet(command: &mut Command) -> &mut Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
}

fn run(command: &mut Command) {
    let status = quiet(command).status().unwrap();
    assert!(status.success(), "{command:?} failed: {status}");
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// The newest that is installed.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let programs = versions.map(|version| version.unwrap().path().join("bin"));
    programs
        .filter(|folder| folder.join("postgres").exists())
        .max_by_key(|folder| version(folder))
        .unwrap_or_else(|| panic!("PostgreSQL is not installed: run script/test --real"))
}

fn version(programs: &Path) -> Option<u32> {
    programs.parent()?.file_name()?.to_str()?.parse().ok()
}
