//! A broker that is reached by TLS, with certificates of an authority of our own, and a user whose
//! password is proved by SCRAM.

use platform_bus::{Bus as _, Config, KafkaBus, Mechanism, Outgoing, Security};
use platform_core::{Lifecycle, Redacted};
use testkit::tls::Authority;

use super::brokers::Broker;

const TOPIC: &str = "t";

/// A broker with a certificate of `authority` that is good for `place`.
fn broker(authority: &Authority, place: &str) -> Broker {
    let signed = authority.sign("broker", place);
    let both =
        [&signed.key, &signed.certificate].map(|path| std::fs::read_to_string(path).unwrap());
    let keys = signed.key.with_extension("both");
    std::fs::write(&keys, both.concat()).unwrap();
    Broker::start_secured(&keys, &authority.certificate())
}

/// How the user who trusts `authority` enters a broker.
fn user(authority: &Authority, broker: &Broker) -> Config {
    Config {
        brokers: Some(broker.sasl_tls_address()),
        security: Security::SaslTls,
        ca_file: Some(authority.certificate()),
        sasl_mechanism: Mechanism::ScramSha512,
        username: Some("marquee".to_owned()),
        password: Some(Redacted::new("right")),
        ..Config::default()
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
    let broker = broker(&authority, "IP:127.0.0.1");
    let client = authority.sign("client", "DNS:marquee");

    let user = user(&authority, &broker);
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
        ca_file: Some(stranger.certificate()),
        ..user.clone()
    };
    let said = told(distrust).await;
    assert!(said.contains("check events.ca_file"), "{said}");

    let certified = Config {
        brokers: Some(broker.tls_address()),
        security: Security::Tls,
        certificate_file: Some(client.certificate),
        key_file: Some(client.key),
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
    assert!(said.contains("events.certificate_file"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real Kafka: script/test --real"]
async fn a_certificate_for_another_name_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "ours");
    let broker = broker(&authority, "DNS:elsewhere.example");
    let config = user(&authority, &broker);
    let told = publish(&config).await.unwrap_err();
    assert!(told.contains("the names in events.brokers"), "{told}");
}
