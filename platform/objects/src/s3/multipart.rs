use s3s::{
    S3Request, S3Response, S3Result,
    dto::{
        AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumAlgorithm, ChecksumType,
        CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CopyPartResult,
        CreateMultipartUploadInput, CreateMultipartUploadOutput, ListMultipartUploadsInput,
        ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput, MultipartUpload, Part, Range,
        StreamingBlob, UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput,
        UploadPartOutput,
    },
    s3_error,
};

use super::{
    convert::{
        self, etag, headers_of, incoming_of, kept_sums, length, listed_key, source_conditions_of,
        sum_kind, sums_of, timestamp, with_sums,
    },
    objects::{check_source, source},
};
use crate::{
    blob_id::BlobId,
    digest::{Algorithm, Claims, SumKind},
    download,
    index::UploadRow,
    multipart::{Expected, ListedPart},
    store::{Incoming, Store},
};

const PAGE: i32 = 1000;

pub(super) async fn create(
    store: &Store,
    request: S3Request<CreateMultipartUploadInput>,
) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
    let mut input = request.input;
    let (sum_algorithm, sum_kind) = sums_wanted(&input)?;
    let announced = input.checksum_algorithm.take();
    let row = UploadRow {
        id: BlobId::random().to_string(),
        bucket: input.bucket.clone(),
        key: input.key.clone(),
        created_ms: store.now_ms(),
        slots_blob: BlobId::random(),
        slot_size: None,
        sum_algorithm,
        sum_kind,
        headers: headers_of!(input),
    };
    let upload_id = Some(row.id.clone());
    store.create_upload(row).await?;
    Ok(S3Response::new(CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id,
        checksum_type: announced.is_some().then(|| convert::sum_kind(sum_kind)),
        checksum_algorithm: announced,
        ..CreateMultipartUploadOutput::default()
    }))
}

/// Which checksum the object is to have, and of what. As the protocol has it: of the parts'
/// checksums by default, except for the one that is always of the bytes.
fn sums_wanted(input: &CreateMultipartUploadInput) -> S3Result<(Algorithm, SumKind)> {
    let unknown = || s3_error!(InvalidRequest, "this checksum algorithm is not known");
    let algorithm = match &input.checksum_algorithm {
        Some(name) => Algorithm::parse(name.as_str()).ok_or_else(unknown)?,
        None => Algorithm::Crc64Nvme,
    };
    let kind = match input.checksum_type.as_ref().map(ChecksumType::as_str) {
        None if algorithm == Algorithm::Crc64Nvme => SumKind::Full,
        None => SumKind::Composite,
        Some(name) if name == SumKind::Full.name() => SumKind::Full,
        Some(name) if name == SumKind::Composite.name() => SumKind::Composite,
        Some(_) => return Err(unknown()),
    };
    match (algorithm, kind) {
        (Algorithm::Sha1 | Algorithm::Sha256, SumKind::Full)
        | (Algorithm::Crc64Nvme, SumKind::Composite) => Err(s3_error!(
            InvalidRequest,
            "this algorithm and this checksum type do not go together"
        )),
        pair => Ok(pair),
    }
}

pub(super) async fn put_part(
    store: &Store,
    mut request: S3Request<UploadPartInput>,
) -> S3Result<S3Response<UploadPartOutput>> {
    let input = &request.input;
    let (number, id) = (input.part_number, &input.upload_id);
    let upload = store.upload(&input.bucket, &input.key, id).await?;
    let incoming = incoming_of!(request)?;
    let part = store.put_part(&upload, number, incoming).await?;
    let output = UploadPartOutput {
        e_tag: Some(etag(&part.etag)),
        ..UploadPartOutput::default()
    };
    Ok(S3Response::new(with_sums!(output, part.sums)))
}

pub(super) async fn copy_part(
    store: &Store,
    request: S3Request<UploadPartCopyInput>,
) -> S3Result<S3Response<UploadPartCopyOutput>> {
    let input = request.input;
    let upload = store
        .upload(&input.bucket, &input.key, &input.upload_id)
        .await?;
    let (bucket, key) = source(&input.copy_source)?;
    let (from, file) = store.open_object(bucket, key).await?;
    check_source(&source_conditions_of!(input), &from)?;
    let wanted = input
        .copy_source_range
        .as_deref()
        .map(Range::parse)
        .transpose();
    let wanted = wanted.map_err(|error| s3_error!(error, InvalidArgument))?;
    let (range, _) = convert::range(wanted, from.size)?;
    let incoming = Incoming {
        size: Some(range.end - range.start),
        body: convert::body(Some(StreamingBlob::wrap(download::stream(file, range)))),
        claims: Claims::default(),
        trailers: Box::new(|_| Ok(())),
    };
    let part = store.put_part(&upload, input.part_number, incoming).await?;
    let result = CopyPartResult {
        e_tag: Some(etag(&part.etag)),
        last_modified: Some(timestamp(part.modified_ms)),
        ..CopyPartResult::default()
    };
    Ok(S3Response::new(UploadPartCopyOutput {
        copy_part_result: Some(with_sums!(result, part.sums)),
        ..UploadPartCopyOutput::default()
    }))
}

pub(super) async fn complete(
    store: &Store,
    request: S3Request<CompleteMultipartUploadInput>,
) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
    let input = request.input;
    let condition = convert::condition(input.if_match.as_ref(), input.if_none_match.as_ref())?;
    let expected = Expected {
        size: input
            .mpu_object_size
            .and_then(|size| u64::try_from(size).ok()),
        sums: sums_of!(input),
    };
    let parts = input
        .multipart_upload
        .and_then(|upload| upload.parts)
        .unwrap_or_default();
    let parts: Vec<ListedPart> = parts
        .into_iter()
        .map(|part| ListedPart {
            number: part.part_number.unwrap_or(0),
            sums: sums_of!(part),
            etag: part
                .e_tag
                .map(s3s::dto::ETag::into_value)
                .unwrap_or_default(),
        })
        .collect();
    let (bucket, key) = (&input.bucket, &input.key);
    let row = store
        .complete(bucket, key, &input.upload_id, &parts, expected, condition)
        .await?;
    let output = CompleteMultipartUploadOutput {
        location: Some(format!("/{bucket}/{key}")),
        bucket: Some(bucket.clone()),
        key: Some(key.clone()),
        e_tag: Some(etag(&row.etag)),
        checksum_type: Some(sum_kind(row.sum_kind)),
        ..CompleteMultipartUploadOutput::default()
    };
    Ok(S3Response::new(with_sums!(output, kept_sums(&row))))
}

pub(super) async fn abort(
    store: &Store,
    request: S3Request<AbortMultipartUploadInput>,
) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
    let input = request.input;
    store
        .abort(&input.bucket, &input.key, &input.upload_id)
        .await?;
    Ok(S3Response::new(AbortMultipartUploadOutput::default()))
}

pub(super) async fn list_parts(
    store: &Store,
    request: S3Request<ListPartsInput>,
) -> S3Result<S3Response<ListPartsOutput>> {
    let input = request.input;
    let upload = store
        .upload(&input.bucket, &input.key, &input.upload_id)
        .await?;
    let limit = input.max_parts.unwrap_or(PAGE).clamp(0, PAGE);
    let after = input.part_number_marker.unwrap_or(0);
    let mut rows = store
        .index
        .parts(&upload.id, after, i64::from(limit) + 1)
        .await?;
    let limit_rows = usize::try_from(limit).unwrap_or(0);
    let more = rows.len() > limit_rows;
    rows.truncate(limit_rows);
    let next = rows.last().map(|row| row.number).filter(|_| more);
    let parts = rows.into_iter().map(|row| {
        let part = Part {
            e_tag: Some(etag(&row.etag)),
            last_modified: Some(timestamp(row.modified_ms)),
            part_number: Some(row.number),
            size: Some(length(row.size)),
            ..Part::default()
        };
        with_sums!(part, row.sums)
    });
    Ok(S3Response::new(ListPartsOutput {
        parts: Some(parts.collect()),
        bucket: Some(upload.bucket),
        key: Some(upload.key),
        upload_id: Some(upload.id),
        is_truncated: Some(more),
        max_parts: Some(limit),
        part_number_marker: Some(after),
        next_part_number_marker: next,
        checksum_algorithm: Some(ChecksumAlgorithm::from_static(upload.sum_algorithm.name())),
        checksum_type: Some(sum_kind(upload.sum_kind)),
        ..ListPartsOutput::default()
    }))
}

pub(super) async fn list_uploads(
    store: &Store,
    request: S3Request<ListMultipartUploadsInput>,
) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
    let input = request.input;
    if input
        .delimiter
        .as_deref()
        .is_some_and(|delimiter| !delimiter.is_empty())
    {
        return Err(s3_error!(
            NotImplemented,
            "listing uploads by delimiter is not implemented"
        ));
    }
    convert::encoding(input.encoding_type.as_ref())?;
    store.bucket(&input.bucket).await?;
    let limit = input.max_uploads.unwrap_or(PAGE).clamp(1, PAGE);
    let id_marker = input.upload_id_marker.as_deref();
    let marker = input.key_marker.as_deref().filter(|key| !key.is_empty());
    let after = marker.map(|key| (key, id_marker));
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let page = i64::from(limit) + 1;
    let mut rows = store
        .index
        .uploads(&input.bucket, prefix, after, page)
        .await?;
    let limit_rows = usize::try_from(limit).unwrap_or(0);
    let more = rows.len() > limit_rows;
    rows.truncate(limit_rows);
    let encoding = input.encoding_type.as_ref();
    let next = rows.last().filter(|_| more);
    Ok(S3Response::new(ListMultipartUploadsOutput {
        next_key_marker: next.map(|row| listed_key(&row.key, encoding)),
        next_upload_id_marker: next.map(|row| row.id.clone()),
        uploads: Some(rows.iter().map(|row| listed(row, encoding)).collect()),
        is_truncated: Some(more),
        max_uploads: Some(limit),
        bucket: Some(input.bucket),
        key_marker: input.key_marker,
        upload_id_marker: input.upload_id_marker,
        prefix: input.prefix,
        encoding_type: input.encoding_type,
        ..ListMultipartUploadsOutput::default()
    }))
}

fn listed(row: &UploadRow, encoding: Option<&s3s::dto::EncodingType>) -> MultipartUpload {
    MultipartUpload {
        key: Some(listed_key(&row.key, encoding)),
        upload_id: Some(row.id.clone()),
        initiated: Some(timestamp(row.created_ms)),
        checksum_algorithm: Some(ChecksumAlgorithm::from_static(row.sum_algorithm.name())),
        checksum_type: Some(sum_kind(row.sum_kind)),
        ..MultipartUpload::default()
    }
}
