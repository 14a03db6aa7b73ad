//! R11: one bad film among good ones.

use std::time::Duration;

use super::studio::{Behaviour, FakeStudio};
use super::town::{BOTH, Town, WORKER, end};
use crate::domain::FilmState;

#[tokio::test(flavor = "multi_thread")]
async fn a_film_that_cannot_be_decoded_fails_and_the_others_do_not_notice() {
    let town = Town::new().await;
    // Only the long film has a segment 11.
    let studio = FakeStudio::new(Behaviour::Undecodable(11));
    let life = town.process(&studio, BOTH).await;
    let bad = town.upload(48).await;
    let mut good = Vec::new();
    for _ in 0..5 {
        good.push(town.upload(12).await);
    }
    for key in &good {
        town.reaches(key, FilmState::Transcoded).await;
    }
    town.reaches(&bad, FilmState::Failed).await;
    town.until(async || town.store.tasks(None).await.unwrap().is_empty())
        .await;
    assert!(town.objects(&bad).await.is_empty(), "nothing is left of it");
    for key in &good {
        assert_eq!(town.objects(key).await, town.planned(key).await);
    }
    end(life, Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_hundred_films_takes_its_workers_down_is_given_up_and_the_others_are_made() {
    let town = Town::new().await;
    let studio = FakeStudio::new(Behaviour::Crash(11));
    let life = town.process(&studio, BOTH).await;
    let helper = town.process(&studio, WORKER).await;
    let bad = town.upload(48).await;
    let mut good = Vec::new();
    for _ in 0..99 {
        good.push(town.upload(4).await);
    }
    for key in &good {
        town.reaches(key, FilmState::Transcoded).await;
    }
    town.reaches(&bad, FilmState::Failed).await;
    let shots = studio.shots.lock().unwrap().clone();
    let tries = shots
        .iter()
        .filter(|shot| shot.segments.contains(&11))
        .count();
    assert_eq!(tries, 5);
    let tasks = town.store.tasks(None).await.unwrap();
    assert_eq!(tasks.len(), 1, "the operator sees which: {tasks:?}");
    assert_eq!(tasks[0].video_id, bad.video.as_str());
    assert!(tasks[0].last_error.contains("panicked"), "{tasks:?}");
    assert!(
        !town.objects(&bad).await.is_empty(),
        "it can be tried again"
    );
    end(helper, Duration::from_secs(10)).await;
    end(life, Duration::from_secs(10)).await;
}
