//! The mail server that an operator names.

use std::net::IpAddr;
use std::path::PathBuf;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use platform_core::secret;
use serde::{Deserialize, Serialize};

use super::MailError;

/// How the connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// From the first byte (RFC 8314, section 3.3).
    Tls,
    /// Before anything is said (RFC 3207); a server that does not offer it gets nothing.
    Starttls,
    /// Not at all.
    None,
}

impl Encryption {
    /// The port that servers listen on for it.
    fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::Starttls => 587,
            Self::None => 25,
        }
    }
}

/// The server that brings mail to people (SMTP, RFC 5321).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Smtp {
    /// Its name, which its certificate has to have.
    pub host: String,
    /// Its port. Default: 587 for `starttls`, 465 for `tls`, 25 for `none`.
    pub port: Option<u16>,
    /// How the connection is encrypted: `starttls`, `tls`, or `none`, which reaches only this
    /// machine.
    pub tls: Encryption,
    /// Whether `none` is meant for another machine too: everybody on the way can read the links.
    pub allow_plain_text: bool,
    /// File with the certificates (PEM) of an authority to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Who sends, where the server asks for it.
    pub username: Option<String>,
    /// File with the password of `username`.
    pub password_file: Option<PathBuf>,
    /// Whom letters come from: `noreply@example.org`, or `Films <noreply@example.org>`.
    pub from: String,
}

impl Default for Smtp {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: None,
            tls: Encryption::Starttls,
            allow_plain_text: false,
            ca_file: None,
            username: None,
            password_file: None,
            from: String::new(),
        }
    }
}

impl Smtp {
    /// Whom letters come from.
    pub(super) fn sender(&self) -> Result<Mailbox, MailError> {
        self.from.parse().map_err(|_error| {
            MailError::Mistake(
                "accounts.smtp.from: write an address, such as noreply@example.org, or Films \
                 <noreply@example.org>",
            )
        })
    }

    /// What talks to the server, which it greets as `own_name`.
    pub(super) fn transport(
        &self,
        own_name: ClientId,
    ) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailError> {
        if self.host.is_empty() {
            return Err(MailError::Mistake(
                "accounts.smtp.host: name the mail server",
            ));
        }
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.host)
            .port(self.port.unwrap_or_else(|| self.tls.port()))
            .hello_name(own_name)
            .timeout(Some(super::ANSWER_WITHIN))
            .tls(self.encryption()?);
        match (&self.username, &self.password_file) {
            (Some(username), Some(file)) => {
                let password = secret::read_configured(file)?;
                let password = password.expose().to_owned();
                builder = builder.credentials(Credentials::new(username.clone(), password));
            }
            (None, None) => {}
            _ => {
                return Err(MailError::Mistake(
                    "accounts.smtp.username and accounts.smtp.password_file go together: set both \
                     or neither",
                ));
            }
        }
        Ok(builder.build())
    }

    fn encryption(&self) -> Result<Tls, MailError> {
        match self.tls {
            Encryption::Tls => Ok(Tls::Wrapper(self.parameters()?)),
            Encryption::Starttls => Ok(Tls::Required(self.parameters()?)),
            Encryption::None if self.allow_plain_text || self.is_this_machine() => Ok(Tls::None),
            Encryption::None => Err(MailError::Mistake(
                "accounts.smtp.tls = \"none\" sends links and the password readable over the \
                 network: use \"starttls\" or \"tls\", or set allow_plain_text if you mean it",
            )),
        }
    }

    fn parameters(&self) -> Result<TlsParameters, MailError> {
        let mut builder = TlsParameters::builder(self.host.clone());
        if let Some(file) = &self.ca_file {
            let pem = std::fs::read(file).map_err(|source| MailError::Authority {
                file: file.display().to_string(),
                source: Box::new(source),
            })?;
            let certificate = Certificate::from_pem(&pem);
            let certificate = certificate.map_err(|source| MailError::Authority {
                file: file.display().to_string(),
                source: Box::new(source),
            })?;
            builder = builder.add_root_certificate(certificate);
        }
        builder.build_rustls().map_err(MailError::Tls)
    }

    fn is_this_machine(&self) -> bool {
        let address: Result<IpAddr, _> = self.host.parse();
        address.map_or(self.host == "localhost", |address| address.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smtp(host: &str, tls: Encryption) -> Smtp {
        Smtp {
            host: host.to_owned(),
            tls,
            from: "Films <noreply@example.org>".to_owned(),
            ..Smtp::default()
        }
    }

    #[tokio::test]
    async fn links_go_readable_to_this_machine_only_unless_said_so() {
        for (host, allowed) in [
            ("localhost", true),
            ("127.0.0.1", true),
            ("::1", true),
            ("192.0.2.1", false),
            ("mail.example.org", false),
        ] {
            let mut smtp = smtp(host, Encryption::None);
            assert_eq!(
                smtp.transport(ClientId::default()).is_ok(),
                allowed,
                "{host}"
            );
            smtp.allow_plain_text = true;
            assert!(smtp.transport(ClientId::default()).is_ok(), "{host}");
        }
    }

    #[tokio::test]
    async fn mistakes_are_told_when_it_starts() {
        let mut half = smtp("mail.example.org", Encryption::Starttls);
        assert!(half.transport(ClientId::default()).is_ok());
        half.username = Some("films".to_owned());
        let told = half.transport(ClientId::default()).unwrap_err().to_string();
        assert!(told.contains("password_file"), "{told}");
        for from in ["", "films", "a@b\r\nBcc: c@d"] {
            half.from = from.to_owned();
            assert!(half.sender().is_err(), "{from}");
        }
        assert!(
            smtp("", Encryption::Tls)
                .transport(ClientId::default())
                .is_err()
        );
    }
}
