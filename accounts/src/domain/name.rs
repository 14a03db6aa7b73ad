//! Names by which people sign in and are found.

/// Fewest and most characters of a name.
const LENGTH: std::ops::RangeInclusive<usize> = 3..=30;

/// Names that would speak for the site, or that programs take for something else.
const RESERVED: [&str; 32] = [
    "about",
    "abuse",
    "account",
    "accounts",
    "admin",
    "administrator",
    "anonymous",
    "api",
    "everyone",
    "guest",
    "help",
    "hostmaster",
    "info",
    "local",
    "login",
    "mail",
    "marquee",
    "me",
    "moderator",
    "nobody",
    "noreply",
    "null",
    "official",
    "operator",
    "postmaster",
    "root",
    "security",
    "staff",
    "support",
    "system",
    "undefined",
    "webmaster",
];

/// A name that is fit to sign in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserName(String);

impl UserName {
    /// Checks what somebody chose; the refusal is a sentence for them.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if !text.bytes().all(is_plain) || !LENGTH.contains(&text.len()) {
            return Err(format!(
                "A name has {} to {} characters: letters a to z, digits, - and _.",
                LENGTH.start(),
                LENGTH.end()
            ));
        }
        let name = Self(text.to_owned());
        if RESERVED.contains(&name.key().as_str()) {
            return Err("This name is reserved: choose another.".to_owned());
        }
        Ok(name)
    }

    /// As it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What two names that are the same to people have in common.
    pub(crate) fn key(&self) -> String {
        key_of(&self.0)
    }
}

/// The key of whatever somebody typed as a name.
pub(super) fn key_of(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_plain_and_nobody_elses() {
        assert_eq!(UserName::new(" Ada_L-1 ").unwrap().as_str(), "Ada_L-1");
        assert_eq!(UserName::new("Ada").unwrap().key(), "ada");
        for text in [
            "",
            "ab",
            "a b c",
            "ädä",
            "a@b.c",
            "admin",
            "ROOT",
            "a/../b",
            &"x".repeat(31),
        ] {
            assert!(UserName::new(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_is_taken_however_it_is_written(text in "[a-zA-Z0-9_-]{3,30}") {
            let upper = UserName::new(&text.to_uppercase()).map(|name| name.key());
            let lower = UserName::new(&text.to_lowercase()).map(|name| name.key());
            prop_assert_eq!(upper, lower);
        }

        #[test]
        fn no_text_breaks_the_check(text in ".*") {
            if let Ok(name) = UserName::new(&text) {
                prop_assert!(LENGTH.contains(&name.as_str().len()));
            }
        }
    }
}
