//! Playback tokens: who may fetch the objects of one film, checked where bytes leave.
//!
//! `1.{expires}.{generation}.{viewer}.{mac}`, a part of a path: relative addresses in manifests keep
//! it, so that every player works. Nothing in it is random: whoever may see the same gets the same
//! address for an hour, and what was fetched under it stays cached. What ends sooner than it expires
//! is *denied* by name: a [generation](Grant::generation) of a film, or a [viewer](Grant::viewer).

use std::fmt;

use aws_lc_rs::{digest, hmac};
use data_encoding::BASE64URL_NOPAD;
use platform_core::Redacted;
use schemas::VideoId;

use crate::TokenError;
use crate::lines::hmac_keys;

/// Told apart from whatever else a key might sign.
const CONTEXT: &str = "marquee playback token v1";

/// The version that tokens begin with.
const VERSION: &str = "1";

/// Tokens begin to be valid on the hour, so that many share one.
const STEP_S: i64 = 3600;

/// How long a token is valid at most, seconds.
pub const PLAYBACK_LIFETIME_S: i64 = 6 * STEP_S;

/// Octets of the digest that names a viewer.
const VIEWER_BYTES: usize = 12;

/// What stands for nobody in particular.
const ANYONE: &str = "-";

/// What a token lets its bearer do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The film of which everything may be fetched.
    pub video: VideoId,
    /// Who was allowed to: rises whenever somebody must not see the film any longer.
    pub generation: u32,
    /// The credential that was shown, by its digest; absent where anybody with the address may.
    viewer: Option<String>,
}

impl Grant {
    /// Everybody who has the address may fetch `video`.
    pub fn anyone(video: VideoId, generation: u32) -> Self {
        Self {
            video,
            generation,
            viewer: None,
        }
    }

    /// Whoever showed `credential` ([`Identity::credential`](crate::Identity::credential)) may.
    pub fn to(video: VideoId, generation: u32, credential: &str) -> Self {
        Self {
            video,
            generation,
            viewer: Some(viewer(credential)),
        }
    }

    /// By which it is denied: the film's generation and, if it is somebody's, the viewer's.
    pub fn names(&self) -> impl Iterator<Item = Denied> {
        let film = Denied::generation(&self.video, self.generation);
        std::iter::once(film).chain(self.viewer.as_deref().map(Denied::of_viewer))
    }
}

/// The name of what is not let through any more, although tokens for it have not expired:
/// `{video}.{generation}` or `viewer.{digest}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Denied(String);

impl Denied {
    /// All tokens of a film's generation.
    pub fn generation(video: &VideoId, generation: u32) -> Self {
        Self(format!("{video}.{generation}"))
    }

    /// All tokens of whoever showed `credential`.
    pub fn credential(credential: &str) -> Self {
        Self::of_viewer(&viewer(credential))
    }

    fn of_viewer(viewer: &str) -> Self {
        Self(format!("viewer.{viewer}"))
    }

    /// Reads a name in its only spelling.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, second) = text.split_once('.')?;
        let known = match first {
            "viewer" => is_viewer(second),
            video => video.parse::<VideoId>().is_ok() && number::<u32>(second).is_some(),
        };
        known.then(|| Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key that those who know who may watch what share with all edges.
#[derive(Clone)]
pub struct PlaybackKey {
    signs: hmac::Key,
    accepted: Vec<hmac::Key>,
}

impl fmt::Debug for PlaybackKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlaybackKey([redacted])")
    }
}

impl PlaybackKey {
    /// Signs with the first of the lines of `secret` and accepts all of them, so that it can be
    /// changed while edges serve.
    pub fn new(secret: &Redacted) -> Self {
        let (signs, accepted) = hmac_keys(secret);
        Self { signs, accepted }
    }

    /// The token of `grant`, for between five and six hours from `now_ms`.
    pub fn sign(&self, grant: &Grant, now_ms: i64) -> String {
        let hour = now_ms.div_euclid(1000 * STEP_S);
        let expires = hour * STEP_S + PLAYBACK_LIFETIME_S;
        let viewer = grant.viewer.as_deref().unwrap_or(ANYONE);
        let message = message(expires, grant.generation, viewer, &grant.video);
        let mac = hmac::sign(&self.signs, message.as_bytes());
        let mac = BASE64URL_NOPAD.encode(mac.as_ref());
        format!("{VERSION}.{expires}.{}.{viewer}.{mac}", grant.generation)
    }

    /// What `token` lets its bearer do with `video` at `now_ms`, unless it is [denied](Grant::names).
    pub fn verify(&self, token: &str, video: &VideoId, now_ms: i64) -> Result<Grant, TokenError> {
        let parts: Vec<&str> = token.split('.').collect();
        let [VERSION, expires, generation, viewer, mac] = *parts.as_slice() else {
            return Err(TokenError::Invalid);
        };
        let (Some(expires), Some(generation)) = (number::<i64>(expires), number(generation)) else {
            return Err(TokenError::Invalid);
        };
        let known = viewer == ANYONE || is_viewer(viewer);
        let mac = BASE64URL_NOPAD.decode(mac.as_bytes());
        let (true, Ok(mac)) = (known, mac) else {
            return Err(TokenError::Invalid);
        };
        let message = message(expires, generation, viewer, video);
        let is_ours = |key| hmac::verify(key, message.as_bytes(), &mac).is_ok();
        if !self.accepted.iter().any(is_ours) {
            return Err(TokenError::Invalid);
        }
        if now_ms.div_euclid(1000) >= expires {
            return Err(TokenError::Expired);
        }
        Ok(Grant {
            video: video.clone(),
            generation,
            viewer: Some(viewer)
                .filter(|viewer| *viewer != ANYONE)
                .map(str::to_owned),
        })
    }
}

fn message(expires: i64, generation: u32, viewer: &str, video: &VideoId) -> String {
    format!("{CONTEXT}\n{expires}\n{generation}\n{viewer}\n{video}")
}

fn viewer(credential: &str) -> String {
    let digest = digest::digest(&digest::SHA256, credential.as_bytes());
    let octets: Vec<u8> = digest.as_ref().iter().copied().take(VIEWER_BYTES).collect();
    BASE64URL_NOPAD.encode(&octets)
}

fn is_viewer(text: &str) -> bool {
    let octets = BASE64URL_NOPAD.decode(text.as_bytes());
    octets.is_ok_and(|octets| octets.len() == VIEWER_BYTES)
}

/// A number in its only spelling.
fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| canonical && digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;
    const HOUR_MS: i64 = 3_600_000;

    fn key(secret: &str) -> PlaybackKey {
        PlaybackKey::new(&Redacted::new(secret))
    }

    fn film(letter: char) -> VideoId {
        letter.to_string().repeat(26).parse().unwrap()
    }

    #[test]
    fn a_token_is_for_one_film_and_expires() {
        let grant = Grant::to(film('a'), 3, "session-1");
        let token = key("k").sign(&grant, NOW);
        assert_eq!(key("k").verify(&token, &film('a'), NOW).unwrap(), grant);
        let verified = key("k").verify(&token, &film('a'), NOW + 5 * HOUR_MS - 1);
        assert_eq!(verified.unwrap(), grant);
        assert!(key("k").verify(&token, &film('b'), NOW).is_err());
        let late = key("k").verify(&token, &film('a'), NOW + 6 * HOUR_MS);
        assert!(matches!(late, Err(TokenError::Expired)));
    }

    #[test]
    fn who_may_see_the_same_has_the_same_address_for_an_hour() {
        let grant = Grant::anyone(film('a'), 0);
        let on_the_hour = NOW - NOW % HOUR_MS;
        let token = |at| key("k").sign(&grant, at);
        assert_eq!(token(on_the_hour), token(on_the_hour + HOUR_MS - 1));
        assert_ne!(token(on_the_hour), token(on_the_hour + HOUR_MS));
        let other = key("k").sign(&Grant::to(film('a'), 0, "s"), on_the_hour);
        assert_ne!(token(on_the_hour), other);
    }

    #[test]
    fn a_key_is_replaced_while_edges_serve() {
        let token = key("old").sign(&Grant::anyone(film('a'), 0), NOW);
        assert!(key("new\nold").verify(&token, &film('a'), NOW).is_ok());
        assert!(key("new").verify(&token, &film('a'), NOW).is_err());
        let unsigned = key("").sign(&Grant::anyone(film('a'), 0), NOW);
        let spaced = key("new\n\n \nold\n").verify(&unsigned, &film('a'), NOW);
        assert!(spaced.is_err(), "an empty line is no key");
    }

    #[test]
    fn what_others_made_or_changed_is_refused() {
        let token = key("k").sign(&Grant::to(film('a'), 7, "s"), NOW);
        let parts: Vec<&str> = token.split('.').collect();
        let with = |index: usize, text: &str| {
            let mut parts = parts.clone();
            parts[index] = text;
            parts.join(".")
        };
        let later = (NOW / 1000 + 100_000_000).to_string();
        let flipped = parts[4].chars().rev().collect::<String>();
        for forged in [
            String::new(),
            "public".to_owned(),
            "....".to_owned(),
            with(0, "2"),
            with(1, &later),
            with(1, &format!("0{}", parts[1])),
            with(1, &format!("+{}", parts[1])),
            with(2, "8"),
            with(2, "07"),
            with(3, "-"),
            with(3, "AAAAAAAAAAAAAAAA"),
            with(4, ""),
            with(4, &flipped),
            with(4, &format!("{}=", parts[4])),
            format!("{token}."),
            format!("{token}.x"),
            key("other").sign(&Grant::to(film('a'), 7, "s"), NOW),
        ] {
            let verified = key("k").verify(&forged, &film('a'), NOW);
            assert!(verified.is_err(), "{forged}");
        }
    }

    #[test]
    fn denials_have_one_spelling() {
        let video = film('a');
        let of =
            |grant: &Grant| -> Vec<String> { grant.names().map(|name| name.to_string()).collect() };
        assert_eq!(of(&Grant::anyone(video.clone(), 2)), [format!("{video}.2")]);
        let named = of(&Grant::to(video.clone(), 2, "s"));
        assert_eq!(named.len(), 2);
        for name in named {
            assert_eq!(Denied::parse(&name).unwrap().as_str(), name);
        }
        assert!(Denied::parse(Denied::credential("s").as_str()).is_some());
        for other in [
            "",
            ".",
            "viewer.",
            "viewer.x",
            "viewer.../../../../x",
            &format!("{video}."),
            &format!("{video}.02"),
            &format!("{video}.2/"),
            &format!("{}.2", video.to_string().to_uppercase()),
        ] {
            assert_eq!(Denied::parse(other), None, "{other}");
        }
    }
}
