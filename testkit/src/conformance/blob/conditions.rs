use aws_sdk_s3::{error::ProvideErrorMetadata, primitives::ByteStream};
use bytes::Bytes;
use futures_util::future::join_all;
use platform_blob::{BlobErrorKind, PutOptions};

use super::Target;

pub(super) async fn twenty_racers_have_one_winner(t: Target) {
    for round in 0..5 {
        let key = t.key(&format!("prize-{round}"));
        let racers = (0..20).map(|racer| {
            let body = Bytes::from(format!("racer {racer}").repeat(1000));
            t.blobs.put(&key, body, "text/plain", PutOptions::IF_ABSENT)
        });
        let results = join_all(racers).await;
        let winners: Vec<usize> = (0..20).filter(|racer| results[*racer].is_ok()).collect();
        let [winner] = winners.as_slice() else {
            panic!("round {round}: {} winners", winners.len());
        };
        for loser in results.iter().filter_map(|result| result.as_ref().err()) {
            assert_eq!(loser.kind(), BlobErrorKind::AlreadyExists, "{loser:?}");
        }
        let content = t.blobs.get(&key).await.unwrap();
        assert_eq!(content, format!("racer {winner}").repeat(1000));
    }
}

pub(super) async fn a_change_of_what_was_seen_wins_once(t: Target) {
    let key = t.key("counter");
    t.put(&key, b"0").await;
    for round in 1..4 {
        let seen = t.blobs.head(&key).await.unwrap().etag;
        let writes = (0..10).map(|writer| {
            t.client
                .put_object()
                .bucket(t.bucket())
                .key(&key)
                .if_match(&seen)
                .body(ByteStream::from(format!("{round}.{writer}").into_bytes()))
                .send()
        });
        let results = join_all(writes).await;
        let won = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!(won, 1, "round {round}");
        for error in results.iter().filter_map(|result| result.as_ref().err()) {
            assert_eq!(error.code(), Some("PreconditionFailed"));
        }
    }
    let put = t
        .client
        .put_object()
        .bucket(t.bucket())
        .key(t.key("nothing"))
        .if_match("\"0\"");
    assert!(
        put.body(ByteStream::from_static(b"x"))
            .send()
            .await
            .is_err()
    );
    assert!(
        t.blobs
            .head(&t.key("nothing"))
            .await
            .unwrap_err()
            .is_not_found()
    );
}

pub(super) async fn reads_have_conditions(t: Target) {
    let key = t.key("read");
    t.put(&key, b"content").await;
    let etag = t.blobs.head(&key).await.unwrap().etag;
    let get = || t.client.get_object().bucket(t.bucket()).key(&key);
    let status = |error: aws_sdk_s3::error::SdkError<_, aws_sdk_s3::config::http::HttpResponse>| {
        let _: &aws_sdk_s3::operation::get_object::GetObjectError =
            error.as_service_error().unwrap();
        error
            .raw_response()
            .map(|response| response.status().as_u16())
    };
    assert!(get().if_match(&etag).send().await.is_ok());
    assert!(get().if_none_match("\"other\"").send().await.is_ok());
    assert_eq!(
        status(get().if_match("\"other\"").send().await.unwrap_err()),
        Some(412)
    );
    assert_eq!(
        status(get().if_none_match(&etag).send().await.unwrap_err()),
        Some(304)
    );
}
