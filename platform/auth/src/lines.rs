//! Secrets of several lines: the first one is used, all are accepted, so that a secret can be changed
//! while the processes that share it run.

use aws_lc_rs::hmac;
use platform_core::Redacted;

/// The lines. Empty ones are none: anybody could use nothing.
pub(crate) fn lines(secret: &Redacted) -> impl Iterator<Item = &str> {
    let lines = secret.expose().lines().map(str::trim);
    lines.filter(|line| !line.is_empty())
}

/// The key that signs, and all that are accepted: none where there is no line.
pub(crate) fn hmac_keys(secret: &Redacted) -> (hmac::Key, Vec<hmac::Key>) {
    let key = |line: &str| hmac::Key::new(hmac::HMAC_SHA256, line.as_bytes());
    let accepted: Vec<_> = lines(secret).map(key).collect();
    let signs = accepted.first().cloned().unwrap_or_else(|| key(""));
    (signs, accepted)
}
