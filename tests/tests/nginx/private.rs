//! A film that is not for everybody any more.

use std::time::{Duration, Instant};

use serde_json::json;
use testkit::stage::eventually;

use crate::town::Town;

/// How long those who were there may go on.
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test]
#[ignore = "needs a real nginx: script/test --real"]
async fn a_film_that_becomes_private_leaves_warm_caches_too() {
    let town = Town::new().await;
    let id = town.upload(8).await;
    let bases = town.bases(&id, 2).await;
    let playback = town.playback(&id).await;
    let master = playback["hls_url"].as_str().unwrap();
    let master = master.strip_prefix(&bases[0]).unwrap();
    let film = master.strip_suffix("master.m3u8").unwrap();
    let segment = format!("{film}v/240p/0.m4s");
    let status = async |base: &str, path: &str| {
        let answer = reqwest::get(format!("{base}{path}")).await.unwrap();
        answer.status().as_u16()
    };
    for base in &bases {
        for path in [master, &segment] {
            assert_eq!(status(base, path).await, 200, "{base}{path}");
        }
    }

    let video = format!("{}/api/videos/{id}", town.marquee.url());
    let change = reqwest::Client::new().patch(video);
    let change = change.json(&json!({ "visibility": "private" }));
    let answer = change.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    let begun = Instant::now();
    for base in &bases {
        for path in [master, &segment] {
            eventually("the edge refuses", async || status(base, path).await == 403).await;
        }
    }
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    println!("edges refuse after {:?}", begun.elapsed());

    // Its owner goes on with an address of their own.
    let playback = town.playback(&id).await;
    let theirs = playback["hls_url"].as_str().unwrap();
    assert!(!theirs.ends_with(master));
    assert_eq!(reqwest::get(theirs).await.unwrap().status(), 200);
}
