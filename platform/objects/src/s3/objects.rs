use s3s::{
    S3Request, S3Response, S3Result,
    dto::{
        CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, DeleteObjectInput,
        DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, Error,
        GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, MetadataDirective,
        PutObjectInput, PutObjectOutput, StreamingBlob,
    },
    s3_error,
};

use super::convert::{
    self, ReadConditions, conditions_of, described, etag, headers_of, incoming_of, kept_sums,
    source_conditions_of, sum_kind, timestamp, with_sums,
};
use crate::{
    download,
    error::StoreError,
    index::{Condition, ObjectRow},
    store::Store,
};

/// The protocol's limit for one batch.
const MAX_DELETES: usize = 1000;

pub(super) async fn put(
    store: &Store,
    mut request: S3Request<PutObjectInput>,
) -> S3Result<S3Response<PutObjectOutput>> {
    if request.input.write_offset_bytes.is_some() || request.input.sse_customer_key.is_some() {
        return Err(s3_error!(
            NotImplemented,
            "appending and customer keys are not implemented"
        ));
    }
    let input = &mut request.input;
    let headers = headers_of!(input);
    let condition = convert::condition(input.if_match.as_ref(), input.if_none_match.as_ref())?;
    let incoming = incoming_of!(request)?;
    let (bucket, key) = (&request.input.bucket, &request.input.key);
    let row = store.put(bucket, key, headers, condition, incoming).await?;
    let output = PutObjectOutput {
        e_tag: Some(etag(&row.etag)),
        checksum_type: Some(sum_kind(row.sum_kind)),
        ..PutObjectOutput::default()
    };
    Ok(S3Response::new(with_sums!(output, kept_sums(&row))))
}

pub(super) async fn get(
    store: &Store,
    request: S3Request<GetObjectInput>,
) -> S3Result<S3Response<GetObjectOutput>> {
    let input = request.input;
    if input.part_number.is_some() {
        return Err(s3_error!(
            NotImplemented,
            "reading by part number is not implemented"
        ));
    }
    let (row, file) = store.open_object(&input.bucket, &input.key).await?;
    conditions_of!(input).check(&row)?;
    let range = convert::range(input.range, row.size)?;
    let with_sums = input.checksum_mode.is_some() && range.1.is_none();
    let body = download::stream(file, range.0.clone());
    let output = described!(GetObjectOutput, &row, range, with_sums);
    Ok(S3Response::new(GetObjectOutput {
        body: Some(StreamingBlob::wrap(body)),
        ..output
    }))
}

pub(super) async fn head(
    store: &Store,
    request: S3Request<HeadObjectInput>,
) -> S3Result<S3Response<HeadObjectOutput>> {
    let input = request.input;
    let row = store.object(&input.bucket, &input.key).await?;
    conditions_of!(input).check(&row)?;
    let range = convert::range(input.range, row.size)?;
    let with_sums = input.checksum_mode.is_some() && range.1.is_none();
    let output = described!(HeadObjectOutput, &row, range, with_sums);
    Ok(S3Response::new(output))
}

pub(super) async fn delete(
    store: &Store,
    request: S3Request<DeleteObjectInput>,
) -> S3Result<S3Response<DeleteObjectOutput>> {
    let input = request.input;
    let condition = convert::condition(input.if_match.as_ref(), None)?;
    store.delete(&input.bucket, &input.key, condition).await?;
    Ok(S3Response::new(DeleteObjectOutput::default()))
}

pub(super) async fn delete_many(
    store: &Store,
    request: S3Request<DeleteObjectsInput>,
) -> S3Result<S3Response<DeleteObjectsOutput>> {
    let input = request.input;
    if input.delete.objects.len() > MAX_DELETES {
        return Err(s3_error!(
            MalformedXML,
            "one request deletes up to 1000 objects"
        ));
    }
    store.bucket(&input.bucket).await?;
    let bucket = input.bucket.as_str();
    let outcomes = input.delete.objects.into_iter().map(|object| async move {
        let deleted = store.delete(bucket, &object.key, Condition::None).await;
        (object.key, deleted)
    });
    let quiet = input.delete.quiet == Some(true);
    let mut output = DeleteObjectsOutput::default();
    // All at once, so that one commit takes them all.
    for (key, deleted) in futures_util::future::join_all(outcomes).await {
        match deleted {
            Ok(()) if quiet => {}
            Ok(()) => {
                let deleted = DeletedObject {
                    key: Some(key),
                    ..DeletedObject::default()
                };
                output.deleted.get_or_insert_default().push(deleted);
            }
            Err(error) => output.errors.get_or_insert_default().push(Error {
                key: Some(key),
                code: Some("InternalError".to_owned()),
                message: Some(error.to_string()),
                version_id: None,
            }),
        }
    }
    Ok(S3Response::new(output))
}

pub(super) async fn copy(
    store: &Store,
    request: S3Request<CopyObjectInput>,
) -> S3Result<S3Response<CopyObjectOutput>> {
    let mut input = request.input;
    let (bucket, key) = source(&input.copy_source)?;
    let from = store.object(bucket, key).await?;
    check_source(&source_conditions_of!(input), &from)?;
    let replace = input
        .metadata_directive
        .as_ref()
        .is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE);
    let headers = if replace {
        headers_of!(input)
    } else {
        from.headers.clone()
    };
    let row = store
        .copy(&from, &input.bucket, &input.key, headers)
        .await?;
    let result = CopyObjectResult {
        e_tag: Some(etag(&row.etag)),
        last_modified: Some(timestamp(row.modified_ms)),
        checksum_type: Some(sum_kind(row.sum_kind)),
        ..CopyObjectResult::default()
    };
    let result = with_sums!(result, kept_sums(&row));
    let copy_object_result = Some(result);
    Ok(S3Response::new(CopyObjectOutput {
        copy_object_result,
        ..CopyObjectOutput::default()
    }))
}

/// The bucket and key of what is to be copied.
pub(super) fn source(source: &CopySource) -> S3Result<(&str, &str)> {
    match source {
        CopySource::Bucket {
            bucket,
            key,
            version_id: None,
        } => Ok((bucket, key)),
        _ => Err(s3_error!(
            NotImplemented,
            "a copy's source is BUCKET/KEY, without a version"
        )),
    }
}

/// For a copy, a source that did not change is a condition that does not hold.
pub(super) fn check_source(
    conditions: &ReadConditions<'_>,
    row: &ObjectRow,
) -> Result<(), StoreError> {
    conditions
        .check(row)
        .map_err(|_unmet| StoreError::PreconditionFailed)
}
