//! A broker that is reached by TLS, with certificates of an authority of our own, and a user whose
//! password is proved by SCRAM.

use std::path::{Path, PathBuf};
use std::process::Command;

use platform_bus::{Bus as _, Config, KafkaBus, Mechanism, Outgoing, Security};
use platform_core::{Lifecycle, Redacted};

use super::brokers::Broker;

const TOPIC: &str = "t";

/// An authority, and what it has signed.
struct Authority(PathBuf);

impl Authority {
    fn new(folder: &Path, name: &str) -> Self {
        let authority = Self(folder.join(name));
        std::fs::create_dir(&authority.0).unwrap();
        authority.make("ca", &[]);
        authority
    }

    /// Signs a certificate that is good for `place`.
    fn sign(&self, name: &str, place: &str) {
        let (ca, key) = (self.file("ca.pem"), self.file("ca.key"));
        let (ca, key) = (ca.to_str().unwrap(), key.to_str().unwrap());
        let place = format!("subjectAltName={place}");
        self.make(name, &["-CA", ca, "-CAkey", key, "-addext", &place]);
    }

    fn make(&self, name: &str, arguments: &[&str]) {
        let made = Command::new("openssl")
            .args([
                "req", "-x509", "-nodes", "-days", "2", "-newkey", "rsa:2048",
            ])
            .args(["-subj", &format!("/CN={name}")])
            .arg("-keyout")
            .arg(self.file(&format!("{name}.key")))
            .arg("-out")
            .arg(self.file(&format!("{name}.pem")))
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "openssl: {said}");
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A broker with a certificate of this authority that is good for `place`.
    fn broker(&self, place: &str) -> Broker {
        self.sign("broker", place);
        let read = |name| std::fs::read_to_string(self.file(name)).unwrap();
        let keys = self.file("broker-keys.pem");
        std::fs::write(&keys, read("broker.key") + &read("broker.pem")).unwrap();
        Broker::start_secured(&keys, &self.file("ca.pem"))
    }

    /// How the user who trusts this authority enters a broker.
    fn user(&self, broker: &Broker) -> Config {
        Config {
            brokers: Some(broker.sasl_tls_address()),
            security: Security::SaslTls,
            ca_file: Some(self.file("ca.pem")),
            sasl_mechanism: Mechanism::ScramSha512,
            username: Some("marquee".to_owned()),
            password: Some(Redacted::new("right")),
            ..Config::default()
        }
    }
}

/// Publishes, which takes a connection in order.
async fn publish(config: &Config) -> Result<(), String> {
    let life = Lifecycle::new();
    let config = Config {
        start_wait_s: 5,
        ..config.clone()
    };
    let bus = KafkaBus::open_with(&config, &[TOPIC.to_owned()], &life).await;
    let bus = bus.map_err(|error| error.to_string())?;
    let message = Outgoing {
        topic: TOPIC.to_owned(),
        key: "k".to_owned(),
        payload: "p".into(),
        headers: Vec::new(),
    };
    bus.publish(vec![message]).await.unwrap();
    life.drain();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real Kafka: script/test --real"]
async fn tls_and_scram_let_in_who_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "ours");
    let stranger = Authority::new(folder.path(), "another");
    let broker = authority.broker("IP:127.0.0.1");
    authority.sign("client", "DNS:marquee");

    let user = authority.user(&broker);
    publish(&user).await.unwrap();
    let told = async |config: Config| publish(&config).await.unwrap_err();
    for mechanism in [Mechanism::ScramSha256, Mechanism::ScramSha512] {
        let sha = Config {
            sasl_mechanism: mechanism,
            ..user.clone()
        };
        publish(&sha).await.unwrap();
        let wrong = Config {
            password: Some(Redacted::new("wrong")),
            ..sha
        };
        let said = told(wrong).await;
        assert!(said.contains("check events.username"), "{said}");
        assert!(!said.contains("wrong"), "{said}");
    }
    let distrust = Config {
        ca_file: Some(stranger.file("ca.pem")),
        ..user.clone()
    };
    let said = told(distrust).await;
    assert!(said.contains("check events.ca_file"), "{said}");

    let certified = Config {
        brokers: Some(broker.tls_address()),
        security: Security::Tls,
        certificate_file: Some(authority.file("client.pem")),
        key_file: Some(authority.file("client.key")),
        ..user
    };
    publish(&certified).await.unwrap();
    let without = Config {
        certificate_file: None,
        key_file: None,
        ..certified
    };
    let said = told(without).await;
    // TLS 1.3 tells a client without a certificate nothing but that the connection ends.
    assert!(said.contains("events.security"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real Kafka: script/test --real"]
async fn a_certificate_for_another_name_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "ours");
    let broker = authority.broker("DNS:elsewhere.example");
    let config = authority.user(&broker);
    let told = publish(&config).await.unwrap_err();
    assert!(told.contains("the names in events.brokers"), "{told}");
}
