//! `PUT`: the seeder brings an object.

use std::io;
use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
use platform_http::Problem;
use sha2::{Digest as _, Sha256};

use super::{State, disk_failed, nothing_here};
use crate::address::Address;

/// RFC 9530: the digest of the content as it is sent.
const CONTENT_DIGEST: &str = "content-digest";

pub(super) async fn handle(
    request: &HttpRequest,
    mut payload: web::Payload,
    state: &State,
) -> Result<HttpResponse, Problem> {
    state.seeder(request)?;
    let address = Address::parse(request.uri().path()).ok_or_else(nothing_here)?;
    let expected = expected_digest(request)?;
    let store = state.library.store();
    let failed = |error: io::Error| {
        store.make_room_if_full(&error);
        disk_failed(error, StatusCode::INSUFFICIENT_STORAGE)
    };
    let existed = store.has(&address).await.map_err(failed)?;
    let mut incoming = store.create().await.map_err(failed)?;
    let mut digest = expected.is_some().then(Sha256::new);
    let mut size = 0;
    while let Some(bytes) = payload.next().await {
        let bytes = bytes.map_err(|error| {
            Problem::bad_request("The body broke off: send the object again.")
                .caused_by(Broken(error.to_string().into()))
        })?;
        size += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if size > state.max_object_bytes {
            return Err(too_large(state.max_object_bytes));
        }
        if let Some(digest) = &mut digest {
            digest.update(&bytes);
        }
        incoming.write(bytes).await.map_err(failed)?;
    }
    let actual = digest.map(|digest| <[u8; 32]>::from(digest.finalize()));
    if actual != expected {
        return Err(Problem::bad_request(
            "The content does not have the digest that was sent with it: send the object again.",
        ));
    }
    incoming.finish().await.map_err(failed)?;
    let placed = store.place(incoming, size, &address, None);
    placed.await.map_err(failed)?;
    state.library.seeded(&address);
    Ok(if existed {
        HttpResponse::NoContent().finish()
    } else {
        HttpResponse::Created()
            .insert_header((header::CONTENT_LENGTH, "0"))
            .finish()
    })
}

/// The SHA-256 that the sender says the content has; other algorithms are not looked at.
fn expected_digest(request: &HttpRequest) -> Result<Option<[u8; 32]>, Problem> {
    let Some(value) = request.headers().get(CONTENT_DIGEST) else {
        return Ok(None);
    };
    let wrong = || Problem::bad_request("The header Content-Digest is not readable.");
    let list = value.to_str().map_err(|error| wrong().caused_by(error))?;
    let Some(text) = list
        .split(',')
        .find_map(|one| one.trim().strip_prefix("sha-256="))
    else {
        return Ok(None);
    };
    let text = text.strip_prefix(':').and_then(|t| t.strip_suffix(':'));
    let bytes = STANDARD
        .decode(text.ok_or_else(wrong)?)
        .map_err(|error| wrong().caused_by(error))?;
    Ok(Some(*bytes.as_array().ok_or_else(wrong)?))
}

fn too_large(limit: u64) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        "The object is too large",
        format!("This edge takes objects of at most {limit} bytes."),
    )
}

/// A payload error is bound to its thread; its words are not.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Broken(Arc<str>);
