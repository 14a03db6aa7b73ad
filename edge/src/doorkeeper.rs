//! Whether a player may have what it asks for.

use std::fmt;
use std::sync::Arc;

use platform_auth::{Denied, PlaybackKey, TokenError};
use platform_core::Clock;

use crate::address::Shown;
use crate::denials::Denials;

/// Why a player may not.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// Its token is for another film, too old, or none.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Its token was good until somebody decided otherwise.
    #[error("{0} is denied")]
    Denied(Denied),
}

/// Looks at tokens. Clones share what it knows.
#[derive(Clone)]
pub(crate) struct Doorkeeper {
    key: PlaybackKey,
    denials: Denials,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Doorkeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doorkeeper").finish_non_exhaustive()
    }
}

impl Doorkeeper {
    pub(crate) fn new(key: PlaybackKey, denials: Denials, clock: Arc<dyn Clock>) -> Self {
        Self {
            key,
            denials,
            clock,
        }
    }

    /// Lets whoever shows a good token for the film pass.
    pub(crate) fn admit(&self, shown: &Shown<'_>) -> Result<(), Refused> {
        let now = self.clock.now_ms();
        let grant = self.key.verify(shown.token, &shown.video, now)?;
        let denied = grant.names().find(|name| self.denials.has(name));
        denied.map_or(Ok(()), |name| Err(Refused::Denied(name)))
    }
}
