//! Whether an object store that somebody else runs can do what Marquee needs: tried once at start,
//! and told in plain words.

use std::time::Duration;

use bytes::Bytes;
use platform_blob::{BlobError, Blobs, PartToSign, PresignedRequest, PutOptions, crc32c_base64};
use reqwest::{Client, Method, header};
use tracing::{info, warn};
use url::Url;

use crate::cli::Failure;

/// How long an address is valid that only this check uses.
const TTL: Duration = Duration::from_mins(1);
/// A store that is slower than this per request is of no use.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tries `blobs`, which clients reach at `public` from pages of `origin`. Fails when the store
/// cannot be used; warns of what would not work well.
pub(crate) async fn check(blobs: &dyn Blobs, public: &Url, origin: &str) -> Result<(), Failure> {
    let key = format!(".check/{:016x}", rand::random::<u64>());
    let tried = rounds(blobs, &key, public, origin).await;
    // Nothing is left of it, whatever came out.
    let removed = blobs.delete(&key).await;
    let shortfalls = tried?;
    removed.map_err(cannot("delete an object"))?;
    if shortfalls.is_empty() {
        info!("the object store does all that is needed");
    }
    for shortfall in shortfalls {
        warn!("the object store: {shortfall}");
    }
    Ok(())
}

fn cannot(what: &str) -> impl FnOnce(BlobError) -> Failure {
    move |error| format!("the object store cannot {what}: {error}").into()
}

/// What the store does not do as it should, of what can be done without.
async fn rounds(
    blobs: &dyn Blobs,
    key: &str,
    public: &Url,
    origin: &str,
) -> Result<Vec<String>, Failure> {
    let mut shortfalls = Vec::new();
    objects(blobs, key, &mut shortfalls).await?;
    let body = Bytes::from_static(b"a part");
    let id = blobs
        .create_multipart(key, "text/plain")
        .await
        .map_err(cannot("begin a multipart upload"))?;
    let part = PartToSign {
        key,
        id: &id,
        number: 1,
        size: 6,
        crc32c: &crc32c_base64(&body),
    };
    let signed = blobs
        .presign_part(part, public, TTL)
        .await
        .map_err(cannot("take presigned uploads"))?;
    let sent = parts(blobs, key, &id, &signed, body, origin, &mut shortfalls).await;
    blobs
        .abort_multipart(key, &id)
        .await
        .map_err(cannot("give up a multipart upload"))?;
    sent?;
    Ok(shortfalls)
}

async fn objects(
    blobs: &dyn Blobs,
    key: &str,
    shortfalls: &mut Vec<String>,
) -> Result<(), Failure> {
    let body = Bytes::from_static(b"0123456789");
    let put = |body| blobs.put(key, body, "text/plain", PutOptions::IF_ABSENT);
    put(body.clone()).await.map_err(cannot("store an object"))?;
    match put(body).await {
        Err(error) if error.is_already_exists() => {}
        Ok(_) => shortfalls.push(
            "it ignores If-None-Match, so that of two workers who make the same segment the later \
             one wins; use a store with conditional writes"
                .to_owned(),
        ),
        Err(error) => return Err(cannot("refuse to overwrite an object")(error)),
    }
    let range = blobs
        .get_range(key, 2..5)
        .await
        .map_err(cannot("read a part of an object"))?;
    if range.as_ref() != b"234" {
        return Err("the object store answers another range than was asked for".into());
    }
    let listed = blobs
        .list(key, None)
        .await
        .map_err(cannot("list objects"))?;
    if listed.objects.len() != 1 {
        return Err(
            "the object store does not list an object that was just stored: it needs read-after-\
             write consistency"
                .into(),
        );
    }
    Ok(())
}

/// Sends a part as a browser does, and looks for it.
async fn parts(
    blobs: &dyn Blobs,
    key: &str,
    id: &platform_blob::MultipartId,
    signed: &PresignedRequest,
    body: Bytes,
    origin: &str,
    shortfalls: &mut Vec<String>,
) -> Result<(), Failure> {
    let client = Client::builder().timeout(PATIENCE).no_proxy().build()?;
    let names: Vec<&str> = signed
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let asked = client
        .request(Method::OPTIONS, signed.url.clone())
        .header(header::ORIGIN, origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "PUT")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, names.join(","))
        .send()
        .await;
    let preflight = match asked {
        Ok(answer) => answer,
        Err(error) => {
            // Its address is signed: nothing for a log.
            let error = error.without_url();
            shortfalls.push(format!(
                "its public address {} cannot be reached from here ({error}); if browsers cannot \
                 either, set objects.public_endpoint",
                origin_of(&signed.url)
            ));
            return Ok(());
        }
    };
    let allowed = preflight.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    if !allowed.is_some_and(|allowed| allowed == "*" || allowed == origin) {
        shortfalls.push(format!(
            "it does not let pages of {origin} upload; allow in its CORS rules: origin {origin}, \
             methods GET and PUT, headers {}",
            names.join(", ")
        ));
    }
    let send = signed
        .headers
        .iter()
        .fold(client.put(signed.url.clone()), |send, (name, value)| {
            send.header(name, value)
        });
    let answer = send.body(body).send().await;
    let answer = answer.map_err(reqwest::Error::without_url)?;
    if !answer.status().is_success() {
        return Err(format!(
            "the object store refused a presigned upload to {} with {}: check that \
             objects.public_endpoint is the address that it knows itself by, and its clock",
            origin_of(&signed.url),
            answer.status()
        )
        .into());
    }
    let stored = blobs
        .list_parts(key, id)
        .await
        .map_err(cannot("list the parts of an upload"))?;
    match stored.first() {
        Some(part) if part.crc32c.is_some() => {}
        Some(_) => shortfalls.push(
            "it keeps no checksums of parts (CRC-32C), so that what is damaged on its disks is \
             noticed late"
                .to_owned(),
        ),
        None => return Err("the object store lost a part that it had taken".into()),
    }
    Ok(())
}

fn origin_of(url: &Url) -> String {
    url.origin().ascii_serialization()
}
