//! What lets viewers fetch what they were shown.

use platform_auth::{Grant, Identity};

use super::State;
use crate::domain::Video;

/// What `viewer`, who may see `video`, gets to fetch it with. Whoever asks for the same shall get
/// the same, so that what browsers fetched under it stays cached. `None`: nobody is known who may.
fn grant_of(video: &Video, viewer: Option<&Identity>) -> Option<Grant> {
    let (id, generation) = (video.id.clone(), video.access.generation);
    if video.access.visibility.is_open() {
        return Some(Grant::anyone(id, generation));
    }
    viewer.map(|viewer| Grant::to(id, generation, &viewer.credential))
}

impl State {
    /// The token by which `viewer`, who may see `video`, fetches it.
    pub(super) fn token(&self, video: &Video, viewer: Option<&Identity>) -> Option<String> {
        let grant = grant_of(video, viewer)?;
        Some(self.playback.sign(&grant, self.clock.now_ms()))
    }
}
