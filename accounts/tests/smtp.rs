//! Links reach people by a real mail server.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a failed step is a failed test, and tests may start servers"
)]

#[expect(dead_code, reason = "most of it is for the other suite")]
mod common;

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use accounts::{Config, Encryption, Mailer, Smtp};
use platform_core::backoff::Backoff;
use platform_core::clock::ManualClock;
use platform_core::{Clock as _, SystemClock};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::ports;
use testkit::stage::eventually;
use testkit::tls::{Authority, Signed};

use common::{Answer, PASSWORD, Service, open};

const SOON: Backoff = Backoff {
    first: Duration::from_millis(20),
    limit: Duration::from_millis(100),
    attempts: 100,
};

/// Everything that is logged in this process.
static LOG: LazyLock<Arc<Mutex<Vec<u8>>>> = LazyLock::new(|| {
    let log = Arc::new(Mutex::new(Vec::new()));
    let writer = Arc::clone(&log);
    tracing_subscriber::fmt()
        .with_writer(move || Lines(Arc::clone(&writer)))
        .init();
    log
});

struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn logged() -> String {
    String::from_utf8(LOG.lock().unwrap().clone()).unwrap()
}

/// A mail server's machine: its certificate, and the letters that it has taken.
struct PostOffice {
    folder: TempDir,
    authority: Authority,
    signed: Signed,
    mode: &'static str,
    process: Option<Child>,
}

impl PostOffice {
    fn new(mode: &'static str) -> Self {
        LazyLock::force(&LOG);
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new(folder.path(), "authority");
        Self {
            signed: authority.sign("mail", "DNS:localhost"),
            folder,
            authority,
            mode,
            process: None,
        }
    }

    /// Opens at `port`, or at any, and puts off the first letters. Returns the port.
    async fn open(&mut self, port: u16, put_off: u32) -> u16 {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/smtp.py");
        let child = Command::new(testkit::real::smtp())
            .arg(script)
            .arg(self.folder.path())
            .arg(port.to_string())
            .arg(&self.signed.certificate)
            .arg(&self.signed.key)
            .args([self.mode, &put_off.to_string()])
            .spawn()
            .unwrap();
        self.process = Some(child);
        let file = self.folder.path().join("port");
        let port = eventually("the mail server listens", async || {
            std::fs::read_to_string(&file).ok()
        });
        port.await.parse().unwrap()
    }

    async fn letter(&self, number: u32) -> Value {
        let file = self.folder.path().join(format!("{number}.json"));
        let text = eventually("a letter has arrived", async || {
            std::fs::read_to_string(&file).ok()
        });
        serde_json::from_str(&text.await).unwrap()
    }

    fn config(&self, port: u16) -> Smtp {
        let password = self.folder.path().join("password");
        std::fs::write(&password, "a secret\n").unwrap();
        Smtp {
            host: "localhost".to_owned(),
            port: Some(port),
            tls: if self.mode == "tls" {
                Encryption::Tls
            } else {
                Encryption::Starttls
            },
            ca_file: Some(self.authority.certificate()),
            username: Some("films".to_owned()),
            password_file: Some(password),
            from: "Films <noreply@films.example>".to_owned(),
            ..Smtp::default()
        }
    }
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

/// A site that sends mail by `smtp`.
async fn site(dir: &Path, smtp: Smtp) -> Service {
    let config = Config {
        smtp: Some(smtp.clone()),
        ..open()
    };
    let clock = ManualClock::at(SystemClock.now_ms());
    Service::start_with(dir, config, clock, |_letters, life| {
        let mailer = Mailer::new(&smtp, "https://films.example".to_owned(), life);
        Arc::new(mailer.unwrap().with_patience(SOON))
    })
    .await
}

async fn sign_up(service: &Service, name: &str, email: &str) {
    let body = json!({"name": name, "password": PASSWORD, "email": email});
    let mut browser = service.browser("192.0.2.1");
    let answer = browser.post("/api/accounts/sign-up", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

async fn forget(service: &Service, name: &str) -> Answer {
    let mut browser = service.browser("192.0.2.2");
    let path = "/api/accounts/password/forgotten";
    browser.post(path, &json!({"name": name})).await
}

/// The secret of the link in `letter`.
fn secret(letter: &Value, before: &str) -> String {
    let text = letter["text"].as_str().unwrap();
    let (_, rest) = text.split_once(before).unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

#[tokio::test]
#[ignore = "needs a mail server: script/test --real"]
async fn a_new_password_comes_by_mail_over_starttls_and_the_answer_does_not_tell() {
    let dir = tempfile::tempdir().unwrap();
    let mut office = PostOffice::new("starttls");
    let port = office.open(0, 0).await;
    let service = site(dir.path(), office.config(port)).await;
    sign_up(&service, "ada", "Ada@example.org").await;
    let (known, unknown) = (
        forget(&service, "ada").await,
        forget(&service, "bob@example.org").await,
    );
    assert_eq!((known.status, unknown.status), (202, 202));
    assert_eq!((known.headers, known.text), (unknown.headers, unknown.text));

    let letter = office.letter(0).await;
    assert_eq!(letter["from"], "noreply@films.example");
    assert_eq!(letter["to"], json!(["Ada@example.org"]));
    assert_eq!(
        (letter["tls"].as_bool(), letter["hello"].as_str()),
        (Some(true), Some("films.example"))
    );
    let text = letter["text"].as_str().unwrap();
    assert!(
        text.contains("From: Films <noreply@films.example>\r\n"),
        "{text}"
    );
    let token = secret(&letter, "https://films.example/reset-password?token=");
    let body = json!({"token": token, "password": "battery staple"});
    let mut browser = service.browser("192.0.2.2");
    let reset = browser.post("/api/accounts/password/reset", &body).await;
    assert_eq!(reset.status, 204, "{}", reset.text);
    service.stop().await;
}

#[tokio::test]
#[ignore = "needs a mail server: script/test --real"]
async fn an_invitation_comes_by_mail_over_tls() {
    let dir = tempfile::tempdir().unwrap();
    let mut office = PostOffice::new("tls");
    let port = office.open(0, 0).await;
    let service = site(dir.path(), office.config(port)).await;
    let mut admin = service.admin().await;
    let path = "/api/admin/invitations";
    for odd in ["grace", "grace@example.org\r\nBcc: mallory@example.org"] {
        let body = json!({"role": "uploader", "email": odd});
        assert_eq!(admin.post(path, &body).await.status, 400, "{odd}");
    }
    let body = json!({"role": "uploader", "email": "grace@example.org"});
    assert_eq!(admin.post(path, &body).await.status, 201);
    let letter = office.letter(0).await;
    assert_eq!(letter["to"], json!(["grace@example.org"]));
    let invitation = secret(&letter, "https://films.example/sign-up?invitation=");
    let body = json!({"name": "grace", "password": PASSWORD, "invitation": invitation});
    let mut grace = service.browser("192.0.2.3");
    let joined = grace.post("/api/accounts/sign-up", &body).await;
    assert_eq!(joined.status, 201, "{}", joined.text);
    service.stop().await;
}

#[tokio::test]
#[ignore = "needs a mail server: script/test --real"]
async fn a_letter_waits_for_a_server_that_is_away_or_puts_it_off() {
    let dir = tempfile::tempdir().unwrap();
    let mut office = PostOffice::new("starttls");
    let [port] = ports::lasting();
    let service = site(dir.path(), office.config(port)).await;
    sign_up(&service, "tess", "tess@example.org").await;
    forget(&service, "tess").await;
    eventually("it was tried", async || {
        logged().contains("could not be sent").then_some(())
    })
    .await;
    office.open(port, 2).await;
    let letter = office.letter(0).await;
    assert_eq!(letter["to"], json!(["tess@example.org"]));
    eventually("it was put off", async || {
        logged().contains("answered 451").then_some(())
    })
    .await;
    let token = secret(&letter, "https://films.example/reset-password?token=");
    let log = logged();
    assert!(!log.contains(&token) && !log.contains("tess@"), "{log}");
    service.stop().await;
}

#[tokio::test]
#[ignore = "needs a mail server: script/test --real"]
async fn a_letter_that_is_refused_is_given_up_without_telling_whose_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let mut office = PostOffice::new("starttls");
    let port = office.open(0, 0).await;
    let service = site(dir.path(), office.config(port)).await;
    sign_up(&service, "rob", "refused@example.org").await;
    forget(&service, "rob").await;
    eventually("it was given up", async || {
        logged().contains("answered 550").then_some(())
    })
    .await;
    let log = logged();
    assert!(!log.contains("refused@"), "{log}");
    assert!(!log.contains("reset-password?token"), "{log}");
    service.stop().await;
}

#[tokio::test]
#[ignore = "needs a mail server: script/test --real"]
async fn a_server_that_cannot_prove_who_it_is_gets_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut office = PostOffice::new("starttls");
    let port = office.open(0, 0).await;
    let stranger = Authority::new(office.folder.path(), "stranger");
    let smtp = Smtp {
        ca_file: Some(stranger.certificate()),
        ..office.config(port)
    };
    let service = site(dir.path(), smtp).await;
    sign_up(&service, "eve", "eve@example.org").await;
    forget(&service, "eve").await;
    eventually("its certificate was looked at", async || {
        logged().contains("certificate").then_some(())
    })
    .await;
    assert!(!office.folder.path().join("0.json").exists());
    service.stop().await;
}
