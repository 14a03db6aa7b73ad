//! Between the protocol's types and the store's.

use std::time::{Duration, UNIX_EPOCH};

use futures_util::StreamExt;
use s3s::{
    S3Error, S3Request, S3Result, TrailingHeaders,
    dto::{self, ETag, ETagCondition, Range, StreamingBlob, Timestamp},
    s3_error,
};

use crate::{
    digest::{Algorithm, Claims, SumKind, Sums},
    error::StoreError,
    index::{Condition, Headers, ObjectRow},
    ingest::Body,
    store::{Incoming, Trailers},
};

/// The checksums of an input, whatever its type.
macro_rules! sums_of {
    ($input:expr) => {{
        let mut sums = $crate::digest::Sums::default();
        sums.set(
            $crate::digest::Algorithm::Crc32,
            $input.checksum_crc32.clone(),
        );
        sums.set(
            $crate::digest::Algorithm::Crc32c,
            $input.checksum_crc32c.clone(),
        );
        sums.set(
            $crate::digest::Algorithm::Crc64Nvme,
            $input.checksum_crc64nvme.clone(),
        );
        sums.set(
            $crate::digest::Algorithm::Sha1,
            $input.checksum_sha1.clone(),
        );
        sums.set(
            $crate::digest::Algorithm::Sha256,
            $input.checksum_sha256.clone(),
        );
        sums
    }};
}

/// The same output with these checksums, whatever its type.
macro_rules! with_sums {
    ($output:expr, $sums:expr) => {{
        let (mut output, sums) = ($output, $sums);
        let get = |algorithm| sums.get(algorithm).map(str::to_owned);
        output.checksum_crc32 = get($crate::digest::Algorithm::Crc32);
        output.checksum_crc32c = get($crate::digest::Algorithm::Crc32c);
        output.checksum_crc64nvme = get($crate::digest::Algorithm::Crc64Nvme);
        output.checksum_sha1 = get($crate::digest::Algorithm::Sha1);
        output.checksum_sha256 = get($crate::digest::Algorithm::Sha256);
        output
    }};
}

/// What a client wants back with an object, from any input that can say so.
macro_rules! headers_of {
    ($input:expr) => {
        $crate::index::Headers {
            content_type: $input.content_type.take(),
            content_encoding: $input.content_encoding.take(),
            content_disposition: $input.content_disposition.take(),
            content_language: $input.content_language.take(),
            cache_control: $input.cache_control.take(),
            metadata: $input
                .metadata
                .take()
                .unwrap_or_default()
                .into_iter()
                .collect(),
        }
    };
}

/// The content of a put, of an object or a part, with everything that is known about it.
macro_rules! incoming_of {
    ($request:expr) => {{
        let sums = $crate::s3::convert::sums_of!($request.input);
        let body = $request.input.body.take();
        let size = $request.input.content_length;
        let md5 = $request.input.content_md5.take();
        $crate::s3::convert::incoming(&mut $request, body, size, sums, md5)
    }};
}

/// The conditions of reading an object.
macro_rules! conditions_of {
    ($input:expr) => {
        $crate::s3::convert::ReadConditions {
            matches: $input.if_match.as_ref(),
            differs: $input.if_none_match.as_ref(),
            modified_since: $input.if_modified_since.as_ref(),
            unmodified_since: $input.if_unmodified_since.as_ref(),
        }
    };
}

/// The conditions of reading the source of a copy.
macro_rules! source_conditions_of {
    ($input:expr) => {
        $crate::s3::convert::ReadConditions {
            matches: $input.copy_source_if_match.as_ref(),
            differs: $input.copy_source_if_none_match.as_ref(),
            modified_since: $input.copy_source_if_modified_since.as_ref(),
            unmodified_since: $input.copy_source_if_unmodified_since.as_ref(),
        }
    };
}

/// The headers of these bytes of an object, with its checksum if that was asked for and is of
/// these bytes; for the output of GET and of HEAD.
macro_rules! described {
    ($output:ident, $row:expr, $range:expr, $with_sums:expr) => {{
        let (row, (bytes, content_range), with_sums) = ($row, $range, $with_sums);
        let output = $output {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some($crate::s3::convert::length(bytes.end - bytes.start)),
            cache_control: row.headers.cache_control.clone(),
            content_disposition: row.headers.content_disposition.clone(),
            content_encoding: row.headers.content_encoding.clone(),
            content_language: row.headers.content_language.clone(),
            content_range,
            content_type: row.headers.content_type.clone(),
            e_tag: Some($crate::s3::convert::etag(&row.etag)),
            last_modified: Some($crate::s3::convert::timestamp(row.modified_ms)),
            metadata: $crate::s3::convert::metadata(&row.headers),
            checksum_type: with_sums.then(|| $crate::s3::convert::sum_kind(row.sum_kind)),
            ..$output::default()
        };
        let sums = with_sums.then(|| $crate::s3::convert::kept_sums(row));
        $crate::s3::convert::with_sums!(output, sums.unwrap_or_default())
    }};
}

pub(super) use {
    conditions_of, described, headers_of, incoming_of, source_conditions_of, sums_of, with_sums,
};

/// The parts of a put; [`incoming_of`] takes them from its input.
pub(super) fn incoming<T>(
    request: &mut S3Request<T>,
    body: Option<StreamingBlob>,
    size: Option<i64>,
    sums: Sums,
    md5: Option<String>,
) -> S3Result<Incoming> {
    let trailing = announced_trailers(request)?;
    let trailers = read_trailers(request.trailing_headers.take());
    Ok(Incoming {
        body: self::body(body),
        size: size.and_then(|size| u64::try_from(size).ok()),
        claims: Claims {
            sums,
            md5,
            trailing,
        },
        trailers,
    })
}

pub(super) fn body(body: Option<StreamingBlob>) -> Body {
    match body {
        Some(body) => body.boxed(),
        None => futures_util::stream::empty().boxed(),
    }
}

fn announced_trailers<T>(request: &S3Request<T>) -> S3Result<Vec<Algorithm>> {
    let Some(names) = request.headers.get("x-amz-trailer") else {
        return Ok(Vec::new());
    };
    let names = names
        .to_str()
        .map_err(|error| s3_error!(error, InvalidRequest))?;
    let known = |name: &str| {
        let mut all = Algorithm::ALL.into_iter();
        all.find(|algorithm| algorithm.header().eq_ignore_ascii_case(name.trim()))
    };
    Ok(names.split(',').filter_map(known).collect())
}

fn read_trailers(trailers: Option<TrailingHeaders>) -> Trailers {
    Box::new(move |claims| {
        let headers = trailers
            .and_then(|trailers| trailers.take())
            .unwrap_or_default();
        for algorithm in claims.trailing.clone() {
            let value = headers
                .get(algorithm.header())
                .and_then(|value| value.to_str().ok());
            let value = value.ok_or(StoreError::BadDigest(algorithm.name()))?;
            claims.sums.set(algorithm, Some(value.trim().to_owned()));
        }
        Ok(())
    })
}

/// The condition of a write.
pub(super) fn condition(
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<Condition> {
    match (if_match, if_none_match) {
        (None, None) => Ok(Condition::None),
        (None, Some(ETagCondition::Any)) => Ok(Condition::Absent),
        (Some(ETagCondition::Any), None) => Ok(Condition::Present),
        (Some(ETagCondition::ETag(etag)), None) => Ok(Condition::Matches(etag.value().to_owned())),
        _ => Err(s3_error!(
            NotImplemented,
            "writes know If-None-Match: * or If-Match, one of them"
        )),
    }
}

/// The conditions of a read.
#[derive(Debug)]
pub(super) struct ReadConditions<'a> {
    pub(super) matches: Option<&'a ETagCondition>,
    pub(super) differs: Option<&'a ETagCondition>,
    pub(super) modified_since: Option<&'a Timestamp>,
    pub(super) unmodified_since: Option<&'a Timestamp>,
}

impl ReadConditions<'_> {
    /// As RFC 9110 orders them: an `ETag` counts more than a time.
    pub(super) fn check(&self, row: &ObjectRow) -> Result<(), StoreError> {
        // HTTP tells whole seconds.
        let modified = timestamp(row.modified_ms.div_euclid(1000) * 1000);
        let same = |condition: &ETagCondition| match condition {
            ETagCondition::Any => true,
            ETagCondition::ETag(etag) => etag.value() == row.etag,
        };
        match (self.matches, self.unmodified_since) {
            (Some(wanted), _) if !same(wanted) => return Err(StoreError::PreconditionFailed),
            (None, Some(since)) if modified > *since => {
                return Err(StoreError::PreconditionFailed);
            }
            _ => {}
        }
        match (self.differs, self.modified_since) {
            (Some(known), _) if same(known) => Err(StoreError::NotModified),
            (None, Some(since)) if modified <= *since => Err(StoreError::NotModified),
            _ => Ok(()),
        }
    }
}

pub(super) fn timestamp(unix_ms: i64) -> Timestamp {
    let since = Duration::from_millis(u64::try_from(unix_ms).unwrap_or(0));
    Timestamp::from(UNIX_EPOCH + since)
}

pub(super) fn etag(etag: &str) -> ETag {
    ETag::Strong(etag.to_owned())
}

/// The wanted bytes of an object, and the header that says which.
pub(super) fn range(
    wanted: Option<Range>,
    size: u64,
) -> Result<(std::ops::Range<u64>, Option<String>), StoreError> {
    let Some(wanted) = wanted else {
        return Ok((0..size, None));
    };
    let range = wanted
        .check(size)
        .map_err(|_unsatisfiable| StoreError::InvalidRange)?;
    if range.is_empty() {
        return Err(StoreError::InvalidRange);
    }
    let header = format!("bytes {}-{}/{size}", range.start, range.end - 1);
    Ok((range, Some(header)))
}

pub(super) fn length(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// The checksums that an object is kept with.
pub(super) fn kept_sums(row: &ObjectRow) -> Sums {
    let mut sums = Sums::default();
    sums.set(row.sum_algorithm, Some(row.sum.clone()));
    sums
}

pub(super) fn sum_kind(kind: SumKind) -> dto::ChecksumType {
    dto::ChecksumType::from_static(kind.name())
}

pub(super) fn metadata(headers: &Headers) -> Option<dto::Metadata> {
    let metadata = headers
        .metadata
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()));
    (!headers.metadata.is_empty()).then(|| metadata.collect())
}

/// A key as a listing says it: XML cannot carry every key, so clients may ask for it encoded.
pub(super) fn listed_key(key: &str, encoding: Option<&dto::EncodingType>) -> String {
    if encoding.is_none() {
        return key.to_owned();
    }
    key.bytes()
        .fold(String::with_capacity(key.len()), |mut encoded, byte| {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                    encoded.push(char::from(byte));
                }
                _ => {
                    encoded.push('%');
                    encoded.push_str(&hex::encode_upper([byte]));
                }
            }
            encoded
        })
}

pub(super) fn encoding(wanted: Option<&dto::EncodingType>) -> S3Result<()> {
    match wanted {
        Some(encoding) if encoding.as_str() != dto::EncodingType::URL => Err(
            S3Error::with_message(s3s::S3ErrorCode::InvalidArgument, "EncodingType is url"),
        ),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_encoded_byte_by_byte() {
        let url = dto::EncodingType::from_static(dto::EncodingType::URL);
        assert_eq!(listed_key("a b/\u{1}ü", Some(&url)), "a%20b/%01%C3%BC");
        assert_eq!(listed_key("a b", None), "a b");
    }

    #[test]
    fn ranges_are_cut_to_the_object() {
        let parse = |text| Some(Range::parse(text).unwrap());
        assert_eq!(range(parse("bytes=2-99"), 10).unwrap().0, 2..10);
        assert_eq!(range(parse("bytes=-3"), 10).unwrap().0, 7..10);
        assert_eq!(
            range(parse("bytes=4-4"), 10).unwrap().1.unwrap(),
            "bytes 4-4/10"
        );
        assert!(range(parse("bytes=10-"), 10).is_err());
        assert!(range(parse("bytes=-5"), 0).is_err());
    }

    #[test]
    fn a_write_has_one_condition() {
        let some = ETagCondition::ETag(etag("x"));
        assert_eq!(
            condition(None, Some(&ETagCondition::Any)).unwrap(),
            Condition::Absent
        );
        assert!(condition(Some(&some), Some(&ETagCondition::Any)).is_err());
        assert!(condition(None, Some(&some)).is_err());
    }
}
