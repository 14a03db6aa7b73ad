//! A broker of the test's own, which it may stop, with a user.
#![expect(clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::path::Path;
use std::process::Command;

use testkit::ports;
use testkit::servers::{Scripted, Server as _};

/// Where it listens for other brokers, and for whom else, by the protocol.
const CONTROLLER: &str = "CONTROLLER";
const PLAINTEXT: &str = "PLAINTEXT";
const SASL_PLAINTEXT: &str = "SASL_PLAINTEXT";
const SSL: &str = "SSL";
const SASL_SSL: &str = "SASL_SSL";

/// One that is stopped with the test.
pub(super) struct Broker {
    server: Scripted,
    ports: Ports,
}

impl Broker {
    /// One that anybody may enter, or the user `marquee` with the password `right`.
    pub(super) fn start() -> Self {
        let module = "org.apache.kafka.common.security.plain.PlainLoginModule";
        let properties = format!(
            "sasl.enabled.mechanisms=PLAIN\n\
             listener.name.sasl_plaintext.plain.sasl.jaas.config={module} required \
             user_marquee=\"right\";\n"
        );
        Self::start_with(&[SASL_PLAINTEXT], &properties)
    }

    /// One that is entered by TLS: with a certificate, or as the user `marquee` with the password
    /// `right`, proved by SCRAM. `keys` is its key with its certificates, `authority` that of its
    /// clients.
    pub(super) fn start_secured(keys: &Path, authority: &Path) -> Self {
        let module = "org.apache.kafka.common.security.scram.ScramLoginModule";
        let properties = format!(
            "ssl.keystore.type=PEM\n\
             ssl.keystore.location={}\n\
             ssl.truststore.type=PEM\n\
             ssl.truststore.location={}\n\
             listener.name.ssl.ssl.client.auth=required\n\
             sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512\n\
             listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config={module} required;\n\
             listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={module} required;\n",
            keys.display(),
            authority.display(),
        );
        let broker = Self::start_with(&[SSL, SASL_SSL], &properties);
        for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
            broker.add_user(&format!("{mechanism}=[iterations=4096,password=right]"));
        }
        broker
    }

    fn start_with(protocols: &[&'static str], own: &str) -> Self {
        let protocols = [PLAINTEXT, CONTROLLER].iter().chain(protocols).copied();
        let ports = Ports(protocols.zip(ports::lasting::<4>()).collect());
        let listeners = ports.list(|(name, port)| Some(format!("{name}://127.0.0.1:{port}")));
        let advertised = ports.list(|(name, port)| {
            (name != CONTROLLER).then(|| format!("{name}://127.0.0.1:{port}"))
        });
        let protocols = ports.list(|(name, _port)| match name {
            CONTROLLER => Some(format!("{CONTROLLER}:{PLAINTEXT}")),
            name => Some(format!("{name}:{name}")),
        });
        let properties = format!(
            "listeners={listeners}\n\
             advertised.listeners={advertised}\n\
             listener.security.protocol.map={protocols}\n\
             broker.session.timeout.ms=1000\n\
             broker.heartbeat.interval.ms=200\n\
             {own}"
        );
        let variables = vec![
            ("KAFKA_CONTROLLER_PORT", ports.of(CONTROLLER).to_string()),
            ("KAFKA_EXTRA_PROPS", properties),
        ];
        let server = Scripted::new("kafka", ports.of(PLAINTEXT), variables);
        server.start();
        Self { server, ports }
    }

    /// Starts it again.
    pub(super) fn begin(&self) {
        self.server.start();
    }

    /// Stops it as if its machine had failed.
    pub(super) fn kill(&self) {
        self.server.kill();
    }

    /// Takes everything from it that it has stored, as a failed disk would.
    pub(super) fn wipe(&self) {
        self.kill();
        std::fs::remove_dir_all(self.server.folder().join("data")).unwrap();
        self.begin();
    }

    /// Lets the user `marquee` prove himself by `credential`, with a tool that comes with Kafka.
    fn add_user(&self, credential: &str) {
        let process = self.server.processes()[0];
        let command = std::fs::read_to_string(format!("/proc/{process}/cmdline"));
        let command = command.unwrap();
        let words: Vec<&str> = command.split('\0').collect();
        let path = words.iter().skip_while(|word| **word != "-cp").nth(1);
        let added = Command::new(words[0])
            .args(["-cp", path.unwrap(), "kafka.admin.ConfigCommand"])
            .args(["--bootstrap-server", &self.address()])
            .args([
                "--alter",
                "--entity-type",
                "users",
                "--entity-name",
                "marquee",
            ])
            .args(["--add-config", credential])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&added.stderr);
        assert!(added.status.success(), "{said}");
    }

    fn at(&self, name: &str) -> String {
        format!("127.0.0.1:{}", self.ports.of(name))
    }

    pub(super) fn address(&self) -> String {
        self.at(PLAINTEXT)
    }

    /// Where the user is let in by a password that anybody can read on the way.
    pub(super) fn sasl_address(&self) -> String {
        self.at(SASL_PLAINTEXT)
    }

    /// Where clients with a certificate are let in.
    pub(super) fn tls_address(&self) -> String {
        self.at(SSL)
    }

    /// Where the user is let in by TLS.
    pub(super) fn sasl_tls_address(&self) -> String {
        self.at(SASL_SSL)
    }
}

/// Where it listens, by the protocol.
struct Ports(Vec<(&'static str, u16)>);

impl Ports {
    fn list(&self, one: impl Fn((&str, u16)) -> Option<String>) -> String {
        let ports = self.0.iter().copied();
        ports.filter_map(one).collect::<Vec<_>>().join(",")
    }

    fn of(&self, name: &str) -> u16 {
        let mut ports = self.0.iter();
        ports.find(|(known, _port)| *known == name).unwrap().1
    }
}
