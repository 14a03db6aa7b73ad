//! Refuses what the protocol layer would let through.

use hyper::{HeaderMap, Uri, header::AUTHORIZATION};
use s3s::{S3Result, s3_error};
use url::form_urlencoded;

/// Headers that say nothing about what is asked for, and that clients add to presigned requests.
const HARMLESS: [&str; 3] = ["x-amz-content-sha256", "x-amz-date", "x-amz-user-agent"];

/// Checks a request before anything else does.
pub(crate) fn check(uri: &Uri, headers: &HeaderMap) -> S3Result<()> {
    // Decoded, as the protocol layer does: another spelling must not get around this.
    let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let parameter = |name: &str| {
        let mut pairs = query;
        pairs.find(|(key, _)| key == name).map(|(_, value)| value)
    };
    let authorization = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    // Version 2 signs with SHA-1 and leaves most of the request unsigned.
    if parameter("Signature").is_some()
        || authorization.is_some_and(|value| value.starts_with("AWS "))
    {
        return Err(s3_error!(InvalidRequest, "sign with AWS4-HMAC-SHA256"));
    }
    // Whoever was given an address for one thing must not make another of it by a header, as
    // with x-amz-copy-source, which reads a second object.
    if let Some(signed) = parameter("X-Amz-SignedHeaders") {
        let signed = signed.to_ascii_lowercase();
        let is_signed = |name: &str| signed.split(';').any(|signed| signed == name);
        let stray = headers
            .keys()
            .map(hyper::header::HeaderName::as_str)
            .find(|name| {
                name.starts_with("x-amz-") && !HARMLESS.contains(name) && !is_signed(name)
            });
        if let Some(name) = stray {
            return Err(s3_error!(
                AccessDenied,
                "the header {name} was sent but not signed"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn verdict(uri: &str, name: &'static str, value: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        check(&uri.parse().unwrap(), &headers).is_ok()
    }

    #[test]
    fn presigned_requests_have_no_headers_of_their_own() {
        let uri = "/b/k?X-Amz-SignedHeaders=host%3Bx-amz-checksum-crc32c&X-Amz-Signature=00";
        assert!(verdict(uri, "x-amz-checksum-crc32c", "AAAAAA=="));
        assert!(verdict(uri, "accept", "*/*"));
        assert!(!verdict(uri, "x-amz-copy-source", "b/secret"));
        let respelt = uri.replace("SignedHeaders", "Signed%48eaders");
        assert!(!verdict(&respelt, "x-amz-copy-source", "b/secret"));
    }

    #[test]
    fn the_old_signature_is_refused() {
        assert!(!verdict(
            "/b/k?AWSAccessKeyId=a&Signature=b&Expires=9",
            "accept",
            "*/*"
        ));
        assert!(!verdict("/b/k", "authorization", "AWS id:signature"));
        assert!(verdict(
            "/b/k",
            "authorization",
            "AWS4-HMAC-SHA256 Credential=id"
        ));
    }
}
