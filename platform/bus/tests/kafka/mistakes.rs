//! An operator's mistakes are told in a sentence that says what to do.

use std::net::TcpListener;

use platform_bus::{Config, KafkaBus, Security};
use platform_core::Lifecycle;

async fn told(config: Config) -> String {
    let config = Config {
        start_wait_s: 0,
        ..config
    };
    let opened = KafkaBus::open(&config, &Lifecycle::new()).await;
    opened.unwrap_err().to_string()
}

#[tokio::test]
async fn nobody_answers_at_a_wrong_address() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap().to_string();
    drop(closed);
    let told = told(Config {
        brokers: Some(address.clone()),
        ..Config::default()
    })
    .await;
    assert!(told.contains(&address), "{told}");
    assert!(told.contains("check events.brokers"), "{told}");
}

#[tokio::test]
async fn a_missing_file_and_a_missing_user_are_named() {
    let brokers = Some("127.0.0.1:1".to_owned());
    let file = told(Config {
        brokers: brokers.clone(),
        security: Security::Tls,
        ca_file: Some("/nowhere/ca.pem".into()),
        ..Config::default()
    })
    .await;
    assert!(file.contains("events.ca_file, /nowhere/ca.pem"), "{file}");
    let user = told(Config {
        brokers,
        security: Security::SaslPlaintext,
        ..Config::default()
    })
    .await;
    assert!(user.contains("events.username"), "{user}");
}

#[tokio::test]
#[ignore = "needs a real Kafka: script/test --real"]
async fn tls_where_there_is_none_is_told() {
    let told = told(Config {
        brokers: Some(testkit::real::kafka()),
        security: Security::Tls,
        ..Config::default()
    })
    .await;
    assert!(told.contains("events."), "{told}");
    assert!(
        told.contains("security") || told.contains("secured"),
        "{told}"
    );
}
