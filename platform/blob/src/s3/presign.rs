use std::time::Duration;

use aws_sdk_s3::{
    Client, Config,
    config::Builder,
    presigning::{self, PresigningConfig},
};
use url::Url;

use super::failure::{What, sdk};
use crate::{BlobError, BlobErrorKind, PartToSign, PresignedRequest};

/// Signs one part: this key, number, length and checksum.
pub(super) async fn part(
    client: &Client,
    bucket: &str,
    part: PartToSign<'_>,
    endpoint: &Url,
    ttl: Duration,
) -> Result<PresignedRequest, BlobError> {
    let (Ok(number), Ok(size)) = (i32::try_from(part.number), i64::try_from(part.size)) else {
        return Err(BlobError::new(
            BlobErrorKind::Invalid,
            format!(
                "part {} of {} bytes is out of bounds",
                part.number, part.size
            ),
        ));
    };
    let request = client
        .upload_part()
        .bucket(bucket)
        .key(part.key)
        .upload_id(part.id.as_str())
        .part_number(number)
        .content_length(size)
        .checksum_crc32_c(part.crc32c)
        .customize()
        .config_override(reached_at(endpoint))
        .presigned(valid_for(ttl)?)
        .await
        .map_err(|error| sdk(What::upload(part.key), error))?;
    presigned(&request)
}

/// Signs the reading of one object.
pub(super) async fn get(
    client: &Client,
    bucket: &str,
    key: &str,
    endpoint: &Url,
    ttl: Duration,
) -> Result<PresignedRequest, BlobError> {
    let request = client
        .get_object()
        .bucket(bucket)
        .key(key)
        .customize()
        .config_override(reached_at(endpoint))
        .presigned(valid_for(ttl)?)
        .await
        .map_err(|error| sdk(What::key(key), error))?;
    presigned(&request)
}

/// The host is part of what is signed, so it has to be the one that the client will use.
fn reached_at(endpoint: &Url) -> Builder {
    Config::builder().endpoint_url(endpoint.as_str())
}

fn valid_for(ttl: Duration) -> Result<PresigningConfig, BlobError> {
    PresigningConfig::expires_in(ttl).map_err(|error| {
        BlobError::new(
            BlobErrorKind::Invalid,
            format!(
                "a presigned URL cannot be valid for {} seconds",
                ttl.as_secs()
            ),
        )
        .with_source(error)
    })
}

fn presigned(request: &presigning::PresignedRequest) -> Result<PresignedRequest, BlobError> {
    let url = Url::parse(request.uri()).map_err(|error| {
        BlobError::new(BlobErrorKind::Invalid, "the endpoint makes no valid URL").with_source(error)
    })?;
    // Clients set these two themselves, from the URL and the body; browsers forbid to name them.
    let headers = request
        .headers()
        .filter(|(name, _)| !matches!(*name, "content-length" | "host"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(PresignedRequest {
        method: request.method().to_owned(),
        url,
        headers: headers.collect(),
    })
}
