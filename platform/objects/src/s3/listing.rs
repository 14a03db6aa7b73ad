use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use s3s::{
    S3Request, S3Response, S3Result,
    dto::{
        ChecksumAlgorithm, CommonPrefix, EncodingType, ListObjectsInput, ListObjectsOutput,
        ListObjectsV2Input, ListObjectsV2Output, Object, ObjectStorageClass,
    },
    s3_error,
};

use super::convert::{self, etag, length, listed_key, sum_kind, timestamp};
use crate::{
    index::{Entry, Start},
    store::Store,
};

const PAGE: i32 = 1000;

pub(super) async fn list_v2(
    store: &Store,
    request: S3Request<ListObjectsV2Input>,
) -> S3Result<S3Response<ListObjectsV2Output>> {
    let input = request.input;
    let start = match (&input.continuation_token, &input.start_after) {
        (Some(token), _) => Some(parse_token(token)?),
        (None, Some(after)) => Some(Start::After(after.as_bytes().to_vec())),
        (None, None) => None,
    };
    let page = Wanted {
        bucket: &input.bucket,
        prefix: input.prefix.as_deref(),
        delimiter: input.delimiter.as_deref(),
        limit: input.max_keys,
        encoding: input.encoding_type.as_ref(),
    };
    let found = page.find(store, start).await?;
    let encoded = |text: &Option<String>| {
        text.as_deref()
            .map(|text| listed_key(text, input.encoding_type.as_ref()))
    };
    let output = ListObjectsV2Output {
        key_count: Some(found.count()),
        is_truncated: Some(found.next.is_some()),
        next_continuation_token: found.next.as_ref().map(token),
        contents: Some(found.objects),
        common_prefixes: Some(found.prefixes),
        max_keys: Some(found.limit),
        prefix: encoded(&input.prefix),
        delimiter: encoded(&input.delimiter),
        start_after: encoded(&input.start_after),
        name: Some(input.bucket),
        continuation_token: input.continuation_token,
        encoding_type: input.encoding_type,
        ..ListObjectsV2Output::default()
    };
    Ok(S3Response::new(output))
}

/// The older listing, which old tools still use.
pub(super) async fn list_v1(
    store: &Store,
    request: S3Request<ListObjectsInput>,
) -> S3Result<S3Response<ListObjectsOutput>> {
    let input = request.input;
    let delimiter = input.delimiter.as_deref().unwrap_or_default();
    let marker = input.marker.as_deref().filter(|marker| !marker.is_empty());
    let start = marker.map(|marker| {
        // A marker may be a shared prefix that the last page ended with.
        let prefix = !delimiter.is_empty() && marker.ends_with(delimiter);
        let bytes = marker.as_bytes().to_vec();
        if prefix {
            Start::Behind(bytes)
        } else {
            Start::After(bytes)
        }
    });
    let page = Wanted {
        bucket: &input.bucket,
        prefix: input.prefix.as_deref(),
        delimiter: input.delimiter.as_deref(),
        limit: input.max_keys,
        encoding: input.encoding_type.as_ref(),
    };
    let found = page.find(store, start).await?;
    let next = found
        .next
        .as_ref()
        .map(|(Start::After(bytes) | Start::Behind(bytes))| {
            listed_key(
                &String::from_utf8_lossy(bytes),
                input.encoding_type.as_ref(),
            )
        });
    let output = ListObjectsOutput {
        is_truncated: Some(found.next.is_some()),
        next_marker: next,
        contents: Some(found.objects),
        common_prefixes: Some(found.prefixes),
        max_keys: Some(found.limit),
        name: Some(input.bucket),
        prefix: input.prefix,
        delimiter: input.delimiter,
        marker: input.marker,
        encoding_type: input.encoding_type,
        ..ListObjectsOutput::default()
    };
    Ok(S3Response::new(output))
}

struct Wanted<'a> {
    bucket: &'a str,
    prefix: Option<&'a str>,
    delimiter: Option<&'a str>,
    limit: Option<i32>,
    encoding: Option<&'a EncodingType>,
}

struct Found {
    objects: Vec<Object>,
    prefixes: Vec<CommonPrefix>,
    next: Option<Start>,
    limit: i32,
}

impl Found {
    fn count(&self) -> i32 {
        i32::try_from(self.objects.len() + self.prefixes.len()).unwrap_or(PAGE)
    }
}

impl Wanted<'_> {
    async fn find(&self, store: &Store, start: Option<Start>) -> S3Result<Found> {
        convert::encoding(self.encoding)?;
        store.bucket(self.bucket).await?;
        let limit = self.limit.unwrap_or(PAGE).clamp(0, PAGE);
        let mut found = Found {
            objects: Vec::new(),
            prefixes: Vec::new(),
            next: None,
            limit,
        };
        let count = usize::try_from(limit).unwrap_or(0);
        if count == 0 {
            return Ok(found);
        }
        let prefix = self.prefix.unwrap_or_default();
        let listing = store
            .index
            .list(self.bucket, prefix, self.delimiter, start.as_ref(), count)
            .await?;
        for entry in listing.entries {
            match entry {
                Entry::Object(key, row) => {
                    let algorithm = ChecksumAlgorithm::from_static(row.sum_algorithm.name());
                    found.objects.push(Object {
                        key: Some(listed_key(&key, self.encoding)),
                        size: Some(length(row.size)),
                        e_tag: Some(etag(&row.etag)),
                        last_modified: Some(timestamp(row.modified_ms)),
                        checksum_algorithm: Some(vec![algorithm]),
                        checksum_type: Some(sum_kind(row.sum_kind)),
                        storage_class: Some(ObjectStorageClass::from_static(
                            ObjectStorageClass::STANDARD,
                        )),
                        ..Object::default()
                    });
                }
                Entry::Prefix(prefix) => {
                    let prefix = Some(listed_key(&prefix, self.encoding));
                    found.prefixes.push(CommonPrefix { prefix });
                }
            }
        }
        found.next = listing.next;
        Ok(found)
    }
}

/// Where the next page starts, as text that means nothing to clients.
fn token(start: &Start) -> String {
    let (kind, bytes) = match start {
        Start::After(key) => (b'a', key),
        Start::Behind(prefix) => (b'b', prefix),
    };
    BASE64_URL_SAFE_NO_PAD.encode([&[kind], bytes.as_slice()].concat())
}

fn parse_token(token: &str) -> S3Result<Start> {
    let wrong = || s3_error!(InvalidArgument, "the continuation token is not one of ours");
    let bytes = BASE64_URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_undecodable| wrong())?;
    match bytes.split_first() {
        Some((b'a', key)) => Ok(Start::After(key.to_vec())),
        Some((b'b', prefix)) => Ok(Start::Behind(prefix.to_vec())),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_say_where_to_go_on() {
        for start in [Start::After(b"a/1".to_vec()), Start::Behind(b"a/".to_vec())] {
            assert_eq!(parse_token(&token(&start)).unwrap(), start);
        }
        assert!(parse_token("../..").is_err());
    }
}
