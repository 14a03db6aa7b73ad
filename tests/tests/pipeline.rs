//! A film in, watched: through the command line and HTTP, as a user and a player would.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a failed step is a failed test"
)]

use std::collections::BTreeSet;

use serde_json::Value;
use system_tests::{Marquee, film, playlist};
use testkit::stage::eventually;

/// What the store holds of a video, through the edge: every path that its manifests name.
async fn everything_named(url: &str, hls: &str) -> BTreeSet<String> {
    let base = hls.rsplit_once('/').unwrap().0;
    let text = async |path: &str| {
        let answer = reqwest::get(format!("{url}{base}/{path}")).await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.text().await.unwrap()
    };
    let master = text("master.m3u8").await;
    let mut lists: Vec<String> = playlist::variants(&master)
        .into_iter()
        .map(|v| v.uri)
        .collect();
    for line in master
        .lines()
        .filter_map(|line| line.strip_prefix("#EXT-X-MEDIA:"))
    {
        lists.extend(playlist::attributes(line).remove("URI"));
    }
    let mut named = BTreeSet::new();
    for list in lists {
        let folder = list.rsplit_once('/').unwrap().0;
        for (_, segment) in playlist::segments(&text(&list).await) {
            named.insert(format!("{base}/{folder}/{segment}"));
        }
    }
    named
}

#[tokio::test]
async fn a_real_film_is_uploaded_found_and_watched() {
    let marquee = Marquee::up().await;
    let folder = tempfile::tempdir().unwrap();
    let source = film::reencoded_clip(folder.path(), "bunny.mp4", 5);

    let told = marquee
        .upload(
            &source,
            &["--title", "The Big Buck Bunny", "--wait", "complete"],
        )
        .await
        .unwrap();
    assert_eq!(told["state"], "live");
    assert!(
        (told["duration_s"].as_f64().unwrap() - 26.5).abs() < 0.5,
        "{told}"
    );
    let heights: Vec<_> = told["renditions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["height"].clone())
        .collect();
    assert_eq!(heights, [240, 360, 480, 720]);

    let id = told["video_id"].as_str().unwrap();
    let video = marquee.get(&format!("/api/videos/{id}")).await.unwrap();
    assert_eq!(video["complete"], true);
    let hls = video["hls_url"].as_str().unwrap();

    // Every rung has exactly the source's frames, and everything decodes.
    let frames = |streams: &[Value], kind: &str| -> Vec<u64> {
        let of_kind = streams.iter().filter(|s| s["codec_type"] == kind);
        of_kind
            .map(|s| s["nb_read_packets"].as_str().unwrap().parse().unwrap())
            .collect()
    };
    let of_source = frames(&film::streams(source.to_str().unwrap()), "video");
    let address = format!("{}{hls}", marquee.url());
    let of_rungs = frames(&film::streams(&address), "video");
    assert_eq!(of_rungs, vec![of_source[0]; 4]);
    film::decode(&address);
    film::decode(&format!(
        "{}{}",
        marquee.url(),
        video["dash_url"].as_str().unwrap()
    ));

    // It is found by a misspelt title, and listed.
    let found = eventually("the film is found", async || {
        let found = marquee.get("/api/search?q=big%20buk%20buny").await?;
        found["items"].get(0).cloned()
    })
    .await;
    assert_eq!(found["video_id"], id);
    let listed = marquee.get("/api/videos").await.unwrap();
    assert_eq!(listed["items"][0]["video_id"], id);

    let watch = marquee.get(&format!("/api/watch/{id}")).await.unwrap();
    assert_eq!(watch["playback"]["hls_url"], hls);
    let poster = watch["playback"]["poster_url"].as_str().unwrap();
    let poster = reqwest::get(format!("{}{poster}", marquee.url()))
        .await
        .unwrap();
    assert_eq!(poster.headers()["content-type"], "image/jpeg");
}

#[tokio::test]
async fn a_seek_far_ahead_is_encoded_next_and_once() {
    let marquee = Marquee::up().await;
    let folder = tempfile::tempdir().unwrap();
    let source = film::looped_clip(folder.path(), "long.mp4", 60);
    let told = marquee
        .upload(&source, &["--wait", "playable"])
        .await
        .unwrap();
    let id = told["video_id"].as_str().unwrap();
    let video = marquee.get(&format!("/api/videos/{id}")).await.unwrap();
    assert_eq!(video["complete"], false);

    let hls = video["hls_url"].as_str().unwrap().to_owned();
    let named = everything_named(marquee.url(), &hls).await;
    let last = named
        .iter()
        .filter(|path| path.contains("/v/360p/"))
        .max_by_key(|path| {
            path.rsplit_once('/')
                .unwrap()
                .1
                .trim_end_matches(".m4s")
                .parse::<u32>()
                .unwrap()
        });
    let address = format!("{}{}", marquee.url(), last.unwrap());
    let asked: Vec<_> = (0..20)
        .map(|_| tokio::spawn(reqwest::get(address.clone())))
        .collect();
    let mut bodies = BTreeSet::new();
    for one in asked {
        let answer = one.await.unwrap().unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
        bodies.insert(answer.bytes().await.unwrap());
    }
    assert_eq!(bodies.len(), 1, "all players get the same segment");
    let video = marquee.get(&format!("/api/videos/{id}")).await.unwrap();
    assert_eq!(video["complete"], false, "the end came before the middle");
}

#[tokio::test]
async fn it_ends_in_order_when_asked() {
    let mut marquee = Marquee::up().await;
    assert_eq!(marquee.terminate().await, Some(0));
}
