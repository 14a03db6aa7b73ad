//! Addresses of people, checked loosely: whether one is right only a letter tells.

/// Longest address in octets (RFC 5321, section 4.5.3.1.3).
const LONGEST: usize = 254;

/// An address that looks like one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Email(String);

impl Email {
    /// Checks what somebody wrote; the refusal is a sentence for them.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let refused =
            || Err("The e-mail address is not valid: write it as name@example.org.".to_owned());
        let Some((local, domain)) = text.rsplit_once('@') else {
            return refused();
        };
        let is_odd = |c: char| {
            c.is_whitespace() || c.is_control() || platform_core::text::is_not_for_reading(c)
        };
        if local.is_empty() || domain.is_empty() || domain.starts_with('.') || domain.ends_with('.')
        {
            return refused();
        }
        if text.len() > LONGEST || text.chars().any(is_odd) || local.contains('@') {
            return refused();
        }
        Ok(Self(text.to_owned()))
    }

    /// As it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is found by: nobody has two mailboxes that differ in case only.
    pub(crate) fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_looks_like_one() {
        assert_eq!(
            Email::new(" Ada@Example.org ").unwrap().key(),
            "ada@example.org"
        );
        assert_eq!(
            Email::new("ada@localhost").unwrap().as_str(),
            "ada@localhost"
        );
        for text in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "a@b@c",
            "a d@example.org",
            "a@.org",
            "a@b\r\nBcc: c",
        ] {
            assert!(Email::new(text).is_err(), "{text}");
        }
        assert!(Email::new(&format!("{}@example.org", "x".repeat(250))).is_err());
    }
}
