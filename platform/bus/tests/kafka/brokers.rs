//! A broker of the test's own, which it may stop, with a user.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// One that is stopped with the test.
pub(super) struct Broker {
    script: PathBuf,
    dir: tempfile::TempDir,
    port: u16,
    controller: u16,
    sasl: u16,
}

impl Broker {
    pub(super) fn start() -> Self {
        let [port, controller, sasl] = free_ports();
        let broker = Self {
            script: testkit::real::stack().join("kafka.sh"),
            dir: tempfile::tempdir().unwrap(),
            port,
            controller,
            sasl,
        };
        broker.begin();
        broker
    }

    /// Starts it, again too.
    pub(super) fn begin(&self) {
        let Self {
            port,
            controller,
            sasl,
            ..
        } = self;
        let module = "org.apache.kafka.common.security.plain.PlainLoginModule";
        let properties = format!(
            "listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller},\
             SASL_PLAINTEXT://127.0.0.1:{sasl}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{sasl}\n\
             listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,\
             SASL_PLAINTEXT:SASL_PLAINTEXT\n\
             broker.session.timeout.ms=1000\n\
             broker.heartbeat.interval.ms=200\n\
             sasl.enabled.mechanisms=PLAIN\n\
             listener.name.sasl_plaintext.plain.sasl.jaas.config={module} required \
             user_marquee=\"right\";\n"
        );
        let started = Command::new(&self.script)
            .arg("start")
            .arg(self.dir.path())
            .arg(port.to_string())
            .env("KAFKA_CONTROLLER_PORT", controller.to_string())
            .env("KAFKA_EXTRA_PROPS", properties)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&started.stderr);
        assert!(started.status.success(), "{said}");
    }

    fn end(&self) {
        let stop = Command::new(&self.script)
            .arg("stop")
            .arg(self.dir.path())
            .output();
        assert!(stop.unwrap().status.success());
        // A process that was killed holds its port for a moment longer.
        while TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops it as if its machine had failed.
    pub(super) fn kill(&self) {
        let file = self.dir.path().join("kafka.pid");
        let pid = std::fs::read_to_string(file).unwrap();
        let killed = Command::new("kill").args(["-KILL", pid.trim()]).status();
        assert!(killed.unwrap().success());
        self.end();
    }

    /// Takes everything from it that it has stored, as a failed disk would.
    pub(super) fn wipe(&self) {
        self.kill();
        std::fs::remove_dir_all(self.dir.path().join("data")).unwrap();
        self.begin();
    }

    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where the user `marquee` with the password `right` is let in.
    pub(super) fn sasl_address(&self) -> String {
        format!("127.0.0.1:{}", self.sasl)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.end();
    }
}

/// Ports that the system gives nobody: a client that asks for one of its own, while the broker is
/// away, may get the broker's otherwise.
fn free_ports() -> [u16; 3] {
    let mut taken = Vec::new();
    [(); 3].map(|()| {
        loop {
            let port = rand::random_range(20_000..32_000);
            if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
                taken.push(listener);
                return port;
            }
        }
    })
}
