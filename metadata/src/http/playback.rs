//! What lets viewers fetch what they were shown.

use actix_web::HttpRequest;
use platform_auth::{Grant, Identity};
use platform_http::UNLOCK_HEADER;

use super::State;
use crate::domain::Video;

/// What `viewer`, who may see `video`, gets to fetch it with; `unlocked`: they know its password.
/// Whoever asks for the same shall get the same, so that what browsers fetched under it stays
/// cached. `None`: nobody is known who may.
fn grant_of(video: &Video, viewer: Option<&Identity>, unlocked: bool) -> Option<Grant> {
    let (id, generation) = (video.id.clone(), video.access.generation);
    if video.access.visibility.is_open() || (video.is_locked() && unlocked) {
        return Some(Grant::anyone(id, generation));
    }
    viewer.map(|viewer| Grant::to(id, generation, &viewer.credential))
}

impl State {
    /// The token by which `viewer`, who may see `video`, fetches it.
    pub(super) fn token(
        &self,
        video: &Video,
        viewer: Option<&Identity>,
        unlocked: bool,
    ) -> Option<String> {
        let grant = grant_of(video, viewer, unlocked)?;
        Some(self.playback.sign(&grant, self.clock.now_ms()))
    }

    /// Whether `request` shows what [unlocking](super::videos::unlock) `video` gave, since its
    /// password was changed last.
    pub(super) fn is_unlocked(&self, video: &Video, request: &HttpRequest) -> bool {
        let key = request.headers().get(UNLOCK_HEADER);
        let key = key.and_then(|key| key.to_str().ok()).unwrap_or_default();
        let granted = self.playback.verify(key, &video.id, self.clock.now_ms());
        let opens = Grant::anyone(video.id.clone(), video.access.generation);
        video.is_locked() && granted.is_ok_and(|granted| granted == opens)
    }
}
