//! Servers of a test's own, to be stopped, made to stand still and started again.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::disallowed_methods,
    reason = "a failed step is a failed test, and tests may start servers"
)]

use std::fmt::Debug;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::ports;

/// A server that may fail. All of these block.
pub trait Server: Debug + Send + Sync {
    /// Runs it until it answers, on what it stored before.
    fn start(&self);

    /// Ends it.
    fn stop(&self);

    /// Its processes.
    fn processes(&self) -> Vec<u32>;

    /// Keeps it from doing anything, as a machine does that has no time for it: connections stay.
    fn freeze(&self) {
        for process in self.processes() {
            signal("-STOP", process);
        }
    }

    /// Lets it go on.
    fn thaw(&self) {
        for process in self.processes().into_iter().rev() {
            signal("-CONT", process);
        }
    }
}

/// Sends a signal to a process, which may have ended.
fn signal(name: &str, process: u32) {
    let mut kill = Command::new("kill");
    kill.args([name, &process.to_string()]);
    kill.stderr(std::process::Stdio::null()).status().unwrap();
}

/// A server of a script in the folder that `MARQUEE_STACK` names. It ends with this.
#[derive(Debug)]
pub struct Scripted {
    name: &'static str,
    folder: TempDir,
    port: u16,
    variables: Vec<(&'static str, String)>,
}

impl Scripted {
    /// The server of `NAME.sh` on `port`, told `variables`. It does not run yet.
    pub fn new(name: &'static str, port: u16, variables: Vec<(&'static str, String)>) -> Self {
        Self {
            name,
            folder: tempfile::tempdir().unwrap(),
            port,
            variables,
        }
    }

    /// A Kafka.
    pub fn kafka() -> Self {
        let [port, controller] = ports::lasting();
        let controller = ("KAFKA_CONTROLLER_PORT", controller.to_string());
        Self::new("kafka", port, vec![controller])
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where it keeps all it has.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends it as if its machine had failed.
    pub fn kill(&self) {
        for process in self.processes() {
            signal("-KILL", process);
        }
        self.stop();
    }

    fn run(&self, verb: &str, more: &[String]) {
        let script = crate::real::stack().join(format!("{}.sh", self.name));
        let mut command = Command::new(script);
        command.arg(verb).arg(self.folder.path()).args(more);
        let variables = self.variables.iter();
        command.envs(variables.map(|(name, value)| (name, value)));
        let ended = command.output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{}.sh {verb}: {said}", self.name);
    }

    fn process_file(&self) -> PathBuf {
        self.folder.path().join(format!("{}.pid", self.name))
    }
}

impl Server for Scripted {
    fn start(&self) {
        self.run("start", &[self.port.to_string()]);
    }

    fn stop(&self) {
        self.run("stop", &[]);
        // A process that was killed holds its port for a moment longer.
        while TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn processes(&self) -> Vec<u32> {
        let number = std::fs::read_to_string(self.process_file());
        number
            .into_iter()
            .filter_map(|n| n.trim().parse().ok())
            .collect()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        // One that stands still does not hear that it is to end.
        self.thaw();
        self.stop();
    }
}
