//! Which edits of a video somebody has seen (RFC 9110, section 8.8.3). It speaks of what owners write
//! alone: how far a video has come changes all the time, and is in nobody's way.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};
use platform_http::Problem;

use crate::domain::Video;
use crate::http::failure;

/// The header that names the edits of `video`.
pub(super) fn of(video: &Video) -> (HeaderName, String) {
    (header::ETAG, format!("\"{}\"", video.edits))
}

/// The edits that who sent `request` has seen, by its `If-Match`; nothing if they do not care.
pub(super) fn seen(request: &HttpRequest) -> Result<Option<i64>, Problem> {
    let Some(value) = request.headers().get(header::IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let quoted = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    match quoted.and_then(|edits| edits.parse().ok()) {
        Some(edits) => Ok(Some(edits)),
        // A tag that we never gave out.
        None => Err(failure::changed_meanwhile()),
    }
}
