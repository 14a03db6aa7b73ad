//! An edge dies, and films play on.

use std::time::{Duration, Instant};

use system_tests::{film, playlist};
use testkit::stage::eventually;

use crate::town::Town;

/// Failed checks take two seconds each, and two are needed.
const NOTICED: Duration = Duration::from_secs(8);

/// The paths of what a player of the best quality fetches.
async fn played(town: &Town, base: &str, id: &str) -> Vec<String> {
    let playback = town.playback(id).await;
    let master = playback["hls_url"].as_str().unwrap();
    let film = master.strip_prefix(base).unwrap();
    let film = film.strip_suffix("/master.m3u8").unwrap();
    let text = async |path: &str| {
        let answer = reqwest::get(format!("{base}{film}/{path}")).await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.text().await.unwrap()
    };
    let master = text("master.m3u8").await;
    let best = playlist::variants(&master).pop().unwrap().uri;
    let folder = best.rsplit_once('/').unwrap().0.to_owned();
    let segments = playlist::segments(&text(&best).await).into_iter();
    segments
        .map(|(_, name)| format!("{film}/{folder}/{name}"))
        .collect()
}

#[tokio::test]
#[ignore = "needs a real nginx: script/test --real"]
async fn a_film_plays_on_when_an_edge_dies() {
    let mut town = Town::new().await;
    let id = town.upload(24).await;
    let bases = town.bases(&id, 2).await;
    let paths = played(&town, &bases[0], &id).await;
    assert!(paths.len() >= 4, "{paths:?}");
    let last = paths.last().unwrap().rsplit_once(&format!("{id}/"));
    let last = last.unwrap().1.to_owned();
    eventually("both edges have all of the film", async || {
        town.folders(&id)
            .iter()
            .all(|folder| folder.join(&last).exists())
    })
    .await;

    // A player asks the next edge when one gives no answer.
    let mut turn = 0;
    for (number, path) in paths.iter().enumerate() {
        if number == paths.len() / 2 {
            let edge = town.edge_at(&bases[0]);
            town.edges[edge].kill();
        }
        let mut answer = reqwest::get(format!("{}{path}", bases[turn])).await;
        if answer.is_err() {
            turn += 1;
            answer = reqwest::get(format!("{}{path}", bases[turn])).await;
        }
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
        let served = answer.bytes().await.unwrap();
        let stored = reqwest::get(format!("{}{path}", town.marquee.url())).await;
        let stored = stored.unwrap().bytes().await.unwrap();
        assert!(served == stored, "{path} differs");
    }
    assert_eq!(turn, 1, "the first edge died on the way");

    // New viewers, and new films, go to the one that lives.
    let begun = Instant::now();
    assert_eq!(town.bases(&id, 1).await, bases[1..]);
    assert!(begun.elapsed() < NOTICED, "{:?}", begun.elapsed());
    film::decode(town.playback(&id).await["hls_url"].as_str().unwrap());
    let second = town.upload(8).await;
    assert_eq!(town.bases(&second, 1).await, bases[1..]);

    // Back again, it is used.
    let edge = town.edge_at(&bases[0]);
    let edge = town.edges.remove(edge).start_again(&[]).await;
    town.edges.push(edge);
    assert_eq!(town.bases(&id, 2).await, bases);

    assert_eq!(town.marquee.terminate().await, Some(0));
}
