//! A disk without room. A process of its own, since its limit on files holds for all of it.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::sync::Arc;

use edge::Config;
use reqwest::{Method, header};
use schemas::VideoId;
use testkit::room::FileLimit;
use testkit::stage::eventually;

use common::{SEED_KEY, at, path, start_on};

#[tokio::test]
async fn a_full_disk_is_told_leaves_nothing_torn_and_is_over_when_there_is_room() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let running = start_on(folder, Config::default()).await;
    let film = VideoId::random(&mut rand::rng());
    let content = vec![7; 300_000];
    let pulled = format!("/origin/{film}/1/v/360p/0.m4s");
    running.subject.origin.serve(pulled, content.clone());
    let http = reqwest::Client::new();
    let send = |method: Method, object: &str| {
        let path = match method {
            Method::PUT => at(&film, object),
            _ => path(&film, object),
        };
        let url = running.subject.base.join(&path).unwrap();
        let request = http.request(method, url).bearer_auth(SEED_KEY);
        request.body(content.clone()).send()
    };
    let limit = FileLimit::none_may_grow();
    for (method, object, status) in [
        (Method::GET, "v/360p/0.m4s", 503),
        (Method::PUT, "v/360p/1.m4s", 507),
    ] {
        let answer = send(method, object).await.unwrap();
        assert_eq!(answer.status(), status, "{object}");
        assert_eq!(answer.headers()[header::RETRY_AFTER], "2");
        let problem = answer.text().await.unwrap();
        assert!(problem.contains("/problems/disk-full"), "{problem}");
    }
    drop(limit);
    let refused = send(Method::GET, "v/360p/1.m4s").await.unwrap();
    assert_eq!(refused.status(), 404, "what was not stored is not there");
    let (send, content) = (&send, &content);
    eventually("there is room again", || async move {
        let answer = send(Method::GET, "v/360p/0.m4s").await.unwrap();
        answer.status() == 200 && answer.bytes().await.unwrap() == content[..]
    })
    .await;
    let stored = send(Method::PUT, "v/360p/1.m4s").await.unwrap();
    assert_eq!(stored.status(), 201);
    let folder = running.stop().await;
    let left = std::fs::read_dir(folder.path().join("edge/tmp")).unwrap();
    assert_eq!(left.count(), 0, "nothing is left over");
}
