//! A running `marquee`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::{Uploader, stack};
use testkit::stage::{PATIENCE, eventually};

/// Makes whoever asks the owner.
pub const OPEN: (&str, &str) = ("MARQUEE__GATEWAY__OPEN", "true");

/// The built binary: tests, in `target/<profile>/deps`, and benchmarks, one folder above, use that
/// of their own profile.
pub fn binary() -> PathBuf {
    let this = std::env::current_exe().expect("a test has a path");
    let beside = this
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join("marquee"));
    let mut found = beside.filter(|binary| binary.is_file());
    found
        .next()
        .expect("the binary is missing: build the workspace first")
}

/// A `marquee` process on a data folder.
#[derive(Debug)]
pub struct Marquee {
    data: Data,
    child: Child,
    url: String,
    claim: Option<String>,
    http: reqwest::Client,
    /// Keeps the pipe open: the next line that is printed would end the process otherwise.
    _stdout: Lines<BufReader<ChildStdout>>,
}

#[derive(Debug)]
enum Data {
    Own(TempDir),
    Given(PathBuf),
}

impl Marquee {
    /// `marquee up` on a fresh data folder.
    pub async fn up() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self::start(Data::Own(folder), &[], &[]).await
    }

    /// `marquee up` with environment variables.
    pub async fn up_with(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self::start(Data::Own(folder), &[], variables).await
    }

    /// `marquee up` on a data folder that outlives it.
    pub async fn up_on(data: &Path) -> Self {
        Self::start(Data::Given(data.to_owned()), &[], &[]).await
    }

    /// `marquee up` on a data folder with further arguments.
    pub async fn up_on_with(data: &Path, arguments: &[&str]) -> Self {
        Self::up_on_as(data, arguments, &[]).await
    }

    /// The same with environment variables.
    pub async fn up_on_as(data: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start(Data::Given(data.to_owned()), arguments, variables).await
    }

    /// `marquee up` on a data folder and the engines that environment variables name.
    pub async fn up_on_engines(data: &Path, variables: &[(String, String)]) -> Self {
        let pairs = variables.iter();
        let pairs: Vec<_> = pairs.map(|(key, value)| (&**key, &**value)).collect();
        Self::start(Data::Given(data.to_owned()), &[], &pairs).await
    }

    /// `marquee up` on a fresh data folder, which logs into `log`.
    ///
    /// # Panics
    ///
    /// When it does not start, or the file cannot be written.
    pub async fn up_logging(log: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = std::fs::File::create(log).expect("a file for the log");
        Self::start_logging(Data::Own(folder), arguments, variables, log.into()).await
    }

    async fn start(data: Data, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start_logging(data, arguments, variables, Stdio::inherit()).await
    }

    async fn start_logging(
        data: Data,
        arguments: &[&str],
        variables: &[(&str, &str)],
        log: Stdio,
    ) -> Self {
        let mut command = command(data.path(), ["up"]);
        if !arguments.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command.args(arguments).envs(variables.iter().copied());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("marquee starts");
        let stdout = child.stdout.take().expect("a pipe");
        let mut lines = BufReader::new(stdout).lines();
        let mut claim = None;
        let ready = async {
            while let Some(line) = lines.next_line().await.expect("readable output") {
                if let Some(url) = line.strip_prefix("ready: ") {
                    return url.to_owned();
                }
                if let Some(url) = line.strip_prefix("admin: ") {
                    claim = Some(url.to_owned());
                }
            }
            panic!("marquee ended before it was ready")
        };
        let url = tokio::time::timeout(PATIENCE, ready)
            .await
            .expect("marquee becomes ready");
        Self {
            data,
            child,
            url,
            claim,
            http: reqwest::Client::new(),
            _stdout: lines,
        }
    }

    /// The address of the gateway.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where somebody becomes the first admin, as it was printed.
    pub fn claim(&self) -> Option<&str> {
        self.claim.as_deref()
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// The process's id.
    pub fn process_id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// `GET path` as JSON; `None` unless it succeeded.
    pub async fn get(&self, path: &str) -> Option<Value> {
        let answer = self
            .http
            .get(format!("{}{path}", self.url))
            .send()
            .await
            .ok()?;
        if !answer.status().is_success() {
            return None;
        }
        answer.json().await.ok()
    }

    /// The video once it is in `state`.
    pub async fn video_in(&self, id: &str, state: &str) -> Value {
        eventually(&format!("{id} is {state}"), async || {
            self.get(&format!("/api/videos/{id}"))
                .await
                .filter(|video| video["state"] == state)
        })
        .await
    }

    /// Runs `marquee upload` against this instance. Standard output's JSON, or standard error's
    /// problem.
    pub async fn upload(&self, file: &Path, arguments: &[&str]) -> Result<Value, Value> {
        let output = command_plain(["upload", "--json", "--server", &self.url])
            .args(arguments)
            .arg(file)
            .output()
            .await
            .expect("marquee upload runs");
        let text = if output.status.success() {
            &output.stdout
        } else {
            &output.stderr
        };
        let last = String::from_utf8_lossy(text);
        let last = last.lines().last().unwrap_or_default();
        let json = serde_json::from_str(last).unwrap_or_else(|_| Value::String(last.to_owned()));
        if output.status.success() {
            Ok(json)
        } else {
            Err(json)
        }
    }

    /// Sends a small file past the command line; returns its upload once that is complete.
    ///
    /// # Panics
    ///
    /// When anything is refused.
    pub async fn send(&self, content: &[u8], policy: &str) -> Value {
        let announcement = json!({
            "file_name": "small.mp4",
            "fingerprint": platform_blob::crc32c_base64(content),
            "publish_policy": policy,
        });
        let uploader = Uploader::new(&self.url);
        uploader.upload(announcement, content).await
    }

    /// Kills it, as loss of power would.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// Asks it to end, and waits; returns its exit code.
    pub async fn terminate(&mut self) -> Option<i32> {
        let id = self.process_id().to_string();
        crate::film::run("kill", &["-TERM", &id]);
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        status
            .expect("it ends in time")
            .expect("it can be waited for")
            .code()
    }
}

impl Data {
    fn path(&self) -> &Path {
        match self {
            Self::Own(folder) => folder.path(),
            Self::Given(folder) => folder,
        }
    }
}

/// A `marquee` command on a data folder; its process dies with the test.
pub fn command<I: IntoIterator<Item: AsRef<OsStr>>>(data: &Path, arguments: I) -> Command {
    let mut command = command_plain(arguments);
    command.arg("--data").arg(data);
    command.envs(stack::variables(data));
    command
}

/// A `marquee` command; its process dies with the test. Whoever asks is the owner, unless the story
/// is about people and says otherwise.
pub fn command_plain<I: IntoIterator<Item: AsRef<OsStr>>>(arguments: I) -> Command {
    let mut command = command_of(&binary(), arguments);
    command.envs([OPEN]);
    command
}

#[expect(
    clippy::disallowed_methods,
    reason = "the harness starts the program under test"
)]
/// A command of `program`, which may be of another version; its process dies with the test.
pub fn command_of<I: IntoIterator<Item: AsRef<OsStr>>>(program: &Path, arguments: I) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// The binary of an older version, where whoever runs the tests names one.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the tests says which versions"
)]
pub fn older() -> Option<PathBuf> {
    std::env::var_os("MARQUEE_TEST_OLDER").map(PathBuf::from)
}
