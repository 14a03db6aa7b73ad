//! Links by mail.

mod config;
mod letter;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::transport::smtp::{self, extension::ClientId};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use platform_core::Lifecycle;
use platform_core::backoff::Backoff;
use platform_core::secret::SecretError;
use tokio::sync::Semaphore;
use tracing::{info, warn};

use crate::links::{Link, LinkSender, OperatorLinks};

pub use config::{Encryption, Smtp};

/// How long the server may take for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Most letters that wait at a time: more is an attack, or a server that is away for long.
const MOST_WAITING: usize = 100;
/// Most letters that are on their way at a time.
const AT_A_TIME: usize = 2;
/// A quarter of an hour or so, since servers put off strangers for minutes (RFC 6647). The links
/// live for an hour.
const PATIENCE: Backoff = Backoff {
    first: Duration::from_secs(2),
    limit: Duration::from_mins(5),
    attempts: 12,
};

/// Mail that cannot be sent as configured.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// A key is wrong.
    #[error("{0}")]
    Mistake(&'static str),
    /// The password cannot be read.
    #[error("accounts.smtp.password_file")]
    Password(#[from] SecretError),
    /// The authority's certificates cannot be read.
    #[error("accounts.smtp.ca_file: {file} cannot be read as certificates in PEM: check the path")]
    Authority {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Connections cannot be encrypted.
    #[error("connections to the mail server cannot be encrypted")]
    Tls(#[source] smtp::Error),
}

/// Sends links to people's addresses, and those of people without one to the operator.
///
/// Letters wait in memory: after a restart people ask again.
#[derive(Debug, Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// Scheme, host and port of the site.
    origin: String,
    patience: Backoff,
    waiting: Arc<Semaphore>,
    sending: Arc<Semaphore>,
    lifecycle: Lifecycle,
}

impl Mailer {
    /// Sends by the server `config` links to the site at `origin`, until `lifecycle` drains.
    pub fn new(config: &Smtp, origin: String, lifecycle: &Lifecycle) -> Result<Self, MailError> {
        Ok(Self {
            transport: config.transport(own_name(&origin))?,
            from: config.sender()?,
            origin,
            patience: PATIENCE,
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
            sending: Arc::new(Semaphore::new(AT_A_TIME)),
            lifecycle: lifecycle.clone(),
        })
    }

    /// The same, with other patience for a server that is away.
    #[must_use]
    pub fn with_patience(self, patience: Backoff) -> Self {
        Self { patience, ..self }
    }

    /// Brings `letter` to the server, which may take a while.
    fn post(&self, letter: Message) {
        let Ok(place) = Arc::clone(&self.waiting).try_acquire_owned() else {
            warn!("a letter was not sent: {MOST_WAITING} are waiting for the mail server already");
            return;
        };
        let mailer = self.clone();
        self.lifecycle.spawn(async move {
            tokio::select! {
                () = mailer.deliver(letter) => {}
                () = mailer.lifecycle.draining() => warn!("a letter was not sent: this process ends"),
            }
            drop(place);
        });
    }

    async fn deliver(&self, letter: Message) {
        let mut attempt = 0;
        loop {
            let Err(error) = self.try_once(&letter).await else {
                info!("a letter was sent");
                return;
            };
            attempt += 1;
            let pause = self.patience.delay(attempt, &mut super::flow::fresh());
            let pause = pause.filter(|_| !error.is_permanent());
            // What the server says may name the address, so only its code is told (RFC 5321,
            // section 4.2.1).
            let reason = error.status().map_or_else(
                || chain(&error),
                |code| format!("the mail server answered {code}"),
            );
            let Some(pause) = pause else {
                warn!(reason, attempt, "a letter was not sent");
                return;
            };
            warn!(
                reason,
                attempt,
                ?pause,
                "a letter could not be sent; will try again"
            );
            tokio::time::sleep(pause).await;
        }
    }

    async fn try_once(&self, letter: &Message) -> Result<(), smtp::Error> {
        let _turn = self.sending.acquire().await;
        self.transport.send(letter.clone()).await.map(drop)
    }
}

#[async_trait]
impl LinkSender for Mailer {
    fn is_mail(&self) -> bool {
        true
    }

    async fn send(&self, link: &Link) {
        let Some(email) = &link.email else {
            OperatorLinks.send(link).await;
            return;
        };
        let letter = email.parse::<Address>().map(|address| {
            letter::write(&self.from, Mailbox::new(None, address), link, &self.origin)
        });
        match letter {
            Ok(Ok(letter)) => self.post(letter),
            Ok(Err(error)) => {
                let error: &dyn std::error::Error = &error;
                warn!(error, "a letter could not be written");
            }
            // Not an address of RFC 5321, which sign-up takes less strictly.
            Err(_) => OperatorLinks.send(link).await,
        }
    }
}

/// The error with its causes, none of which comes from the other side.
fn chain(error: &smtp::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Whether an address can be written to.
pub(crate) fn is_mailable(email: &str) -> bool {
    email.parse::<Address>().is_ok()
}

/// What the site at `origin` calls itself when it greets a server (RFC 5321, section 4.1.3).
fn own_name(origin: &str) -> ClientId {
    let host = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    let bare = |text: &str| {
        text.trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned()
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => bare(name),
        _ => bare(host),
    };
    match name.parse() {
        Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
        Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
        Err(_) => ClientId::Domain(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_greets_by_its_name_or_its_address() {
        for (origin, greeting) in [
            ("https://films.example", "films.example"),
            ("http://films.example:8080", "films.example"),
            ("http://127.0.0.1:8080", "[127.0.0.1]"),
            ("http://[::1]:8080", "[IPv6:::1]"),
        ] {
            assert_eq!(own_name(origin).to_string(), greeting);
        }
    }
}
