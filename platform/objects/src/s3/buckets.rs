use s3s::{
    S3Request, S3Response, S3Result,
    dto::{
        Bucket, CreateBucketInput, CreateBucketOutput, DeleteBucketInput, DeleteBucketOutput,
        GetBucketLocationInput, GetBucketLocationOutput, HeadBucketInput, HeadBucketOutput,
        ListBucketsInput, ListBucketsOutput,
    },
    s3_error,
};

use super::convert::timestamp;
use crate::{index::Change, store::Store};

pub(super) async fn create(
    store: &Store,
    request: S3Request<CreateBucketInput>,
) -> S3Result<S3Response<CreateBucketOutput>> {
    let name = request.input.bucket;
    let location = Some(format!("/{name}"));
    let made = store
        .apply(Change::CreateBucket {
            name,
            now_ms: store.now_ms(),
        })
        .await?;
    if made.existed {
        return Err(s3_error!(
            BucketAlreadyOwnedByYou,
            "the bucket exists already"
        ));
    }
    Ok(S3Response::new(CreateBucketOutput { location }))
}

pub(super) async fn delete(
    store: &Store,
    request: S3Request<DeleteBucketInput>,
) -> S3Result<S3Response<DeleteBucketOutput>> {
    store
        .apply(Change::DeleteBucket {
            name: request.input.bucket,
        })
        .await?;
    Ok(S3Response::new(DeleteBucketOutput {}))
}

pub(super) async fn head(
    store: &Store,
    request: S3Request<HeadBucketInput>,
) -> S3Result<S3Response<HeadBucketOutput>> {
    store.bucket(&request.input.bucket).await?;
    Ok(S3Response::new(HeadBucketOutput::default()))
}

pub(super) async fn location(
    store: &Store,
    request: S3Request<GetBucketLocationInput>,
) -> S3Result<S3Response<GetBucketLocationOutput>> {
    store.bucket(&request.input.bucket).await?;
    Ok(S3Response::new(GetBucketLocationOutput::default()))
}

pub(super) async fn list(
    store: &Store,
    _request: S3Request<ListBucketsInput>,
) -> S3Result<S3Response<ListBucketsOutput>> {
    let buckets = store
        .index
        .buckets()
        .await?
        .into_iter()
        .map(|(name, created_ms)| Bucket {
            name: Some(name),
            creation_date: Some(timestamp(created_ms)),
            ..Bucket::default()
        });
    let buckets = Some(buckets.collect());
    Ok(S3Response::new(ListBucketsOutput {
        buckets,
        ..ListBucketsOutput::default()
    }))
}
