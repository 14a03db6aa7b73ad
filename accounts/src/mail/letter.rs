//! What letters say. Text only: nothing to follow but the link, nothing to load.

use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, Mailbox, MessageBuilder};

use crate::domain::random_id;
use crate::links::{Link, Purpose};

/// Longest line of a letter, in octets (RFC 5322, section 2.1.1).
const LONGEST_LINE: usize = 998;

/// A letter to `to` with `link`, which leads to the site at `origin`.
///
/// Every header is made of typed parts, which have no line breaks; what a stranger chose is in the
/// body alone.
pub(super) fn write(
    from: &Mailbox,
    to: Mailbox,
    link: &Link,
    origin: &str,
) -> Result<Message, lettre::error::Error> {
    let (subject, body) = match &link.purpose {
        Purpose::Reset { user } => (
            "A new password",
            format!(
                "Hello {user},\n\nsomebody, probably you, wants a new password for your account at \
                 {origin}. Choose one here:\n\n{origin}{path}\n\nThe link works once, until \
                 {expires_at}. If it was not you, do nothing: your password stays as it is.\n",
                path = link.path.expose(),
                expires_at = link.expires_at,
            ),
        ),
        Purpose::Invitation => (
            "An invitation",
            format!(
                "Hello,\n\nyou are invited to {origin}. Sign up here:\n\n{origin}{path}\n\nThe \
                 link works for one person, until {expires_at}.\n",
                path = link.path.expose(),
                expires_at = link.expires_at,
            ),
        ),
    };
    headers(from.clone(), to)
        .subject(subject)
        .header(ContentType::TEXT_PLAIN)
        .body(readable(&body))
}

/// The text as it is, where it is ASCII in lines that fit (RFC 2045, section 2.7): an encoding would
/// break the link for whoever reads the source, or passes it on.
fn readable(text: &str) -> Body {
    let fits = |line: &str| line.len() <= LONGEST_LINE;
    let text = text.replace('\n', "\r\n");
    if text.is_ascii() && text.lines().all(fits) {
        Body::dangerous_pre_encoded(text.into_bytes(), ContentTransferEncoding::SevenBit)
    } else {
        Body::new(text)
    }
}

fn headers(from: Mailbox, to: Mailbox) -> MessageBuilder {
    let id = random_id(&mut rand::rng());
    let id = format!("<{id}@{}>", from.email.domain());
    Message::builder().message_id(Some(id)).from(from).to(to)
}

#[cfg(test)]
mod tests {
    use platform_core::Redacted;

    use super::*;

    #[test]
    fn a_letter_has_the_whole_link_in_one_line() {
        let from = "Films <noreply@example.org>".parse().unwrap();
        let link = Link {
            purpose: Purpose::Reset {
                user: "ada".to_owned(),
            },
            email: None,
            path: Redacted::new(format!("/reset-password?token={}", "x".repeat(52))),
            expires_at: "2026-11-22T06:00:00Z".to_owned(),
        };
        let to = "ada@example.org".parse().unwrap();
        let letter = write(&from, to, &link, "https://films.example").unwrap();
        let text = String::from_utf8(letter.formatted()).unwrap();
        let expected = format!("\r\nhttps://films.example{}\r\n", link.path.expose());
        assert!(text.contains(&expected), "{text}");
        assert!(text.contains("@example.org>\r\nFrom: Films <"), "{text}");
    }
}
