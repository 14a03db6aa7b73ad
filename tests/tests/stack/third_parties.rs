//! What lies on the engines is read by tools that know nothing of us.
#![expect(clippy::panic, reason = "a failed step is a failed test")]

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use system_tests::stack::Engines;
use system_tests::{Cluster, film};
use testkit::real;
use testkit::stage::eventually;

/// The AWS CLI on the cluster's bucket.
fn aws(settings: &HashMap<String, String>, arguments: &[&str]) -> Vec<u8> {
    let of = |key: &str| settings[&format!("MARQUEE__OBJECTS__{key}")].as_str();
    let (service, rest) = arguments.split_first_chunk::<2>().unwrap();
    let output = Command::new("aws")
        .args(["--endpoint-url", of("ENDPOINT"), "--output", "json"])
        .args(service)
        .args(["--bucket", of("BUCKET")])
        .args(rest)
        .env("AWS_ACCESS_KEY_ID", of("ACCESS_KEY"))
        .env("AWS_SECRET_ACCESS_KEY", of("SECRET_KEY"))
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complaint}");
    output.stdout
}

fn read(settings: &HashMap<String, String>, key: &str, into: &Path) -> Vec<u8> {
    let path = into.to_str().unwrap();
    aws(settings, &["s3api", "get-object", "--key", key, path]);
    std::fs::read(into).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: script/test --real"]
async fn the_aws_cli_reads_the_objects_and_curl_the_index() {
    let cluster = Cluster::start(1).await;
    let source = film::lavfi(cluster.folder(), "a quiet harbour.mp4", 8, "25", "320x240");
    let id = cluster.upload(&source).await;
    let video = cluster.complete(&id).await;
    let settings: HashMap<_, _> = Engines::named()
        .variables(cluster.folder())
        .into_iter()
        .collect();

    let listed: Value =
        serde_json::from_slice(&aws(&settings, &["s3api", "list-objects-v2"])).unwrap();
    let objects = listed["Contents"].as_array().unwrap();
    let key_of = |is: &dyn Fn(&str, u64) -> bool| {
        let found = objects.iter().find_map(|object| {
            let key = object["Key"].as_str().unwrap();
            is(key, object["Size"].as_u64().unwrap()).then_some(key)
        });
        found.unwrap_or_else(|| panic!("{listed}"))
    };
    let bytes = std::fs::read(&source).unwrap();
    let original = key_of(&|_, size| size == bytes.len() as u64);
    let copy = cluster.folder().join("copy");
    assert!(read(&settings, original, &copy) == bytes, "the original");
    let manifest = key_of(&|key, _| key.contains(&id) && key.ends_with("/master.m3u8"));
    let stored = read(&settings, manifest, &copy);
    let served = reqwest::get(cluster.hls(&video)).await.unwrap();
    let served = served.text().await.unwrap();
    assert_eq!(String::from_utf8(stored).unwrap(), served);

    let index = &settings["MARQUEE__SEARCH__INDEX_PREFIX"];
    let elastic = real::elasticsearch();
    let question = format!("{elastic}/{index}-videos/_search?q=words.title:harbour");
    eventually("the film is in the index", async || {
        let found = film::run("curl", &["-sS", "-f", &question]);
        let found: Value = serde_json::from_slice(&found).unwrap();
        let ids = found["hits"]["hits"].as_array()?.iter();
        let ids: Vec<_> = ids.map(|hit| hit["_id"].clone()).collect();
        (ids == [id.as_str()]).then_some(())
    })
    .await;
}
