//! What every request gets: an id, a span that continues the caller's trace, a log line.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web;
use platform_core::Lifecycle;
use tracing::{Instrument, info_span};

use crate::server::Always;

/// Header that carries the request id, in and out.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT_ID: String;
}

/// Id of the request that this task serves.
pub(crate) fn current_id() -> String {
    CURRENT_ID.try_with(Clone::clone).unwrap_or_default()
}

/// The middleware of every server.
pub(crate) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let id = given_id(&request).unwrap_or_else(random_id);
    let span = info_span!(
        "http.request",
        otel.kind = "server",
        http.request.method = %request.method(),
        url.path = without_tokens(request.path()),
        http.route = tracing::field::Empty,
        http.response.status_code = tracing::field::Empty,
        request.id = %id,
    );
    if let Some(traceparent) = request
        .headers()
        .get("traceparent")
        .and_then(|v| v.to_str().ok())
    {
        platform_telemetry::set_parent(&span, traceparent);
    }
    let recorded = span.clone();
    let always = request.app_data::<web::Data<Always>>().cloned();
    let life = request.app_data::<web::Data<Lifecycle>>().cloned();
    let answer = CURRENT_ID
        .scope(id.clone(), async move {
            // An error becomes its response here, while the id is known.
            match next.call(request).await {
                Ok(response) => Ok(response.map_into_boxed_body()),
                Err(error) => Err(error),
            }
        })
        .instrument(span)
        .await;
    let mut response = answer?;
    recorded.record("http.response.status_code", response.status().as_u16());
    if let Some(route) = response.request().match_pattern() {
        recorded.record("http.route", route);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    for (name, value) in always.iter().flat_map(|always| &always.0) {
        if !response.headers().contains_key(name) {
            response.headers_mut().insert(name.clone(), value.clone());
        }
    }
    if life.is_some_and(|life| life.is_draining()) {
        // Whoever keeps this connection is to make its next one elsewhere.
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}

/// Longer than any part of a path that is no secret.
const SECRET_LENGTH: usize = 50;

/// `path` as logs may have it: what plays a film is a part of its path.
fn without_tokens(path: &str) -> String {
    let parts = path.split('/').map(|part| match part.len() {
        ..SECRET_LENGTH => part,
        _ => "-",
    });
    parts.collect::<Vec<_>>().join("/")
}

/// The caller's id, if it is short and plain enough to repeat in a log.
fn given_id(request: &ServiceRequest) -> Option<String> {
    let text = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    (text.len() <= 64 && !text.is_empty() && text.bytes().all(plain)).then(|| text.to_owned())
}

/// A fresh request id, of the same alphabet as all our ids.
fn random_id() -> String {
    schemas::EventId::random(&mut rand::rng()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_have_no_tokens() {
        let token = format!("1.1800000000.0.-.{}", "m".repeat(43));
        let film = "a".repeat(26);
        let path = format!("/v/{token}/{film}/1/master.m3u8");
        assert_eq!(without_tokens(&path), format!("/v/-/{film}/1/master.m3u8"));
        let path = format!("/origin/{film}/1/v/360p/0.m4s");
        assert_eq!(without_tokens(&path), path);
    }
}
