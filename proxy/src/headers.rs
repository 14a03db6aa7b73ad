//! Headers of every answer of the gateway, also of those that it passes on or refuses.

use actix_web::http::header::{self, HeaderMap, HeaderValue};

use crate::Config;

/// Scripts only of our own origin, no plugins, no framing by others; media and images may come from
/// edges, and parts of uploads go to the object store, whose addresses others know.
/// `data:` media are the empty tracks to which the player adds captions.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; img-src 'self' data: blob: http: https:; \
     media-src 'self' data: blob: http: https:; connect-src 'self' http: https:; worker-src 'self' blob:; \
     style-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'self'";

/// A year: browsers that were here by TLS come back by nothing else (RFC 6797).
const STRICT_TRANSPORT_SECURITY: &str = "max-age=31536000";

/// What an answer has unless it says something else itself.
pub(crate) fn always(config: &Config) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut insert = |name, value| headers.insert(name, HeaderValue::from_static(value));
    insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    insert(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    insert(header::REFERRER_POLICY, "strict-origin-when-cross-origin");
    let public = config.public_url.as_ref();
    if public.is_some_and(|url| url.scheme() == "https") {
        insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT_SECURITY);
    }
    headers
}
