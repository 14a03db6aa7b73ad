//! Users.

use platform_auth::{Identity, Role, Scope};
use platform_core::Redacted;
use platform_core::text::is_not_for_reading;
use schemas::OwnerId;

/// Longest name that is shown, in characters.
const LONGEST_DISPLAY_NAME: usize = 60;

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) id: String,
    /// What they sign in with, as they wrote it.
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    /// What others see.
    pub(crate) display_name: String,
    /// The password's hash, a PHC string.
    pub(crate) password_hash: Redacted,
    pub(crate) role: Role,
    pub(crate) suspended: bool,
    pub(crate) created_at_ms: i64,
}

impl User {
    /// Who asks in the session `session`: it may be used for everything that the role allows.
    pub(crate) fn in_session(&self, session: &str) -> Identity {
        Identity {
            user: OwnerId::new(&self.id),
            role: self.role,
            scopes: Scope::ALL.into(),
            credential: session.to_owned(),
        }
    }
}

/// Checks the name that others are to see; without one it is `name`.
pub(crate) fn display_name(text: Option<&str>, name: &str) -> Result<String, String> {
    let text = text
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .unwrap_or(name);
    if text.chars().count() > LONGEST_DISPLAY_NAME || text.chars().any(is_not_for_reading) {
        return Err(format!(
            "The display name has to be one line of at most {LONGEST_DISPLAY_NAME} characters."
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_see_a_readable_name() {
        assert_eq!(display_name(None, "ada"), Ok("ada".to_owned()));
        assert_eq!(display_name(Some(" Ada Ä "), "ada"), Ok("Ada Ä".to_owned()));
        for text in ["two\nlines", "turned \u{202E}", &"x".repeat(61)] {
            assert!(display_name(Some(text), "ada").is_err(), "{text}");
        }
    }

    #[test]
    fn a_session_may_be_used_for_what_the_role_allows() {
        let user = User {
            id: "u".to_owned(),
            name: "ada".to_owned(),
            email: None,
            display_name: "Ada".to_owned(),
            password_hash: Redacted::new("hash"),
            role: Role::Uploader,
            suspended: false,
            created_at_ms: 0,
        };
        let identity = user.in_session("s");
        assert!(identity.may(Role::Uploader, Scope::Account));
        assert!(!identity.may(Role::Admin, Scope::Admin));
        assert_eq!(identity.credential, "s");
    }
}
