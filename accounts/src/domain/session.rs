//! Sessions, and whether a refresh token goes on with one.

use platform_core::Redacted;

use super::secret::digest;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// A session that is not used for so long is over.
const IDLE_MS: i64 = 30 * DAY_MS;
/// A session is over so long after it began, whatever its use (ASVS 7.3.2).
const LONGEST_MS: i64 = 90 * DAY_MS;
/// How long the token before the current one is answered too.
const GRACE_MS: i64 = 10_000;

/// Somebody who is signed in on some machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) created_at_ms: i64,
    /// When it was last refreshed.
    pub(crate) seen_at_ms: i64,
    pub(crate) user_agent: String,
    pub(crate) address: String,
    /// Digest of the refresh token that comes next.
    pub(crate) refresh_hash: String,
    /// Digest of the one before; empty at first.
    pub(crate) previous_hash: String,
    /// Makes the current token from the one before.
    pub(crate) salt: String,
    pub(crate) rotated_at_ms: i64,
    pub(crate) expires_at_ms: i64,
    pub(crate) revoked_at_ms: Option<i64>,
}

/// When a session that began at `created_at_ms` and is used at `now_ms` ends by itself.
pub(crate) fn expiry_ms(created_at_ms: i64, now_ms: i64) -> i64 {
    let longest = created_at_ms.saturating_add(LONGEST_MS);
    now_ms.saturating_add(IDLE_MS).min(longest)
}

/// What a refresh token does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It is the current one: the next takes its place.
    Next,
    /// It was the current one a moment ago: the same next one is answered again. Two tabs that wake
    /// at the same moment both send what they have, and an answer may get lost on its way; neither
    /// is a theft, and ending the session would sign people out for nothing.
    Again,
    /// It was used before, or is made up: somebody has a copy. The session ends, since nobody can
    /// tell who of the two is the thief (RFC 9700, section 4.14.2).
    Reused,
    /// The session is over.
    Over,
}

impl Session {
    /// Whether it is neither revoked nor expired.
    pub(crate) fn is_alive(&self, now_ms: i64) -> bool {
        self.revoked_at_ms.is_none() && now_ms < self.expires_at_ms
    }

    /// What `secret` does at `now_ms`.
    pub(crate) fn turn(&self, secret: &Redacted, now_ms: i64) -> Turn {
        let hash = digest(secret);
        if !self.is_alive(now_ms) {
            Turn::Over
        } else if hash == self.refresh_hash {
            Turn::Next
        } else if hash == self.previous_hash
            && now_ms <= self.rotated_at_ms.saturating_add(GRACE_MS)
        {
            Turn::Again
        } else {
            Turn::Reused
        }
    }
}

/// A refresh token: which session, and the secret that goes on with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefreshToken {
    pub(crate) session: String,
    pub(crate) secret: Redacted,
}

impl RefreshToken {
    /// Reads the value of a cookie.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (session, secret) = text.split_once('.')?;
        let is_short = !session.is_empty() && session.len() <= 64 && secret.len() <= 128;
        is_short.then(|| Self {
            session: session.to_owned(),
            secret: Redacted::new(secret),
        })
    }

    /// The value of a cookie.
    pub(crate) fn write(&self) -> String {
        format!("{}.{}", self.session, self.secret.expose())
    }
}

#[cfg(test)]
mod tests {
    use super::super::secret::successor;
    use super::*;

    fn session() -> (Session, Redacted, Redacted) {
        let old = Redacted::new("old");
        let new = successor(&old, "salt");
        let session = Session {
            id: "s".to_owned(),
            user: "u".to_owned(),
            created_at_ms: 0,
            seen_at_ms: 1000,
            user_agent: String::new(),
            address: String::new(),
            refresh_hash: digest(&new),
            previous_hash: digest(&old),
            salt: "salt".to_owned(),
            rotated_at_ms: 1000,
            expires_at_ms: expiry_ms(0, 1000),
            revoked_at_ms: None,
        };
        (session, old, new)
    }

    #[test]
    fn the_token_before_is_answered_for_a_moment_and_then_betrays_a_thief() {
        let (session, old, new) = session();
        assert_eq!(session.turn(&new, 2000), Turn::Next);
        assert_eq!(session.turn(&old, 11_000), Turn::Again);
        assert_eq!(session.turn(&old, 11_001), Turn::Reused);
        assert_eq!(session.turn(&Redacted::new("older"), 2000), Turn::Reused);
    }

    #[test]
    fn a_session_ends_when_idle_and_after_its_longest_time() {
        let (mut session, _, new) = session();
        assert_eq!(session.turn(&new, 1000 + 30 * DAY_MS), Turn::Over);
        assert_eq!(expiry_ms(0, 80 * DAY_MS), 90 * DAY_MS);
        session.revoked_at_ms = Some(5);
        assert_eq!(session.turn(&new, 2000), Turn::Over);
    }

    #[test]
    fn tokens_are_read_as_they_are_written() {
        let token = RefreshToken::read("abc.def").unwrap();
        assert_eq!(token.write(), "abc.def");
        assert!(!format!("{token:?}").contains("def"));
        assert!(RefreshToken::read("abc").is_none() && RefreshToken::read(".x").is_none());
    }
}
