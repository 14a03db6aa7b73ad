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
    let tasks = town.store.tasks().await.unwrap();
    assert_eq!(tasks.len(), 1);
    assert_eq!((tasks[0].state.as_str(), tasks[0].attempts), ("failed", 2));
    assert!(tasks[0].last_error.contains("no frame"), "{tasks:?}");
    end(life, Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_takes_its_workers_down_is_given_up_after_five_attempts() {
    let town = Town::new().await;
    let studio = FakeStudio::new(Behaviour::Crash(11));
    let life = town.process(&studio, BOTH).await;
    let helper = town.process(&studio, WORKER).await;
    let bad = town.upload(48).await;
    let good = town.upload(12).await;
    town.reaches(&good, FilmState::Transcoded).await;
    town.reaches(&bad, FilmState::Failed).await;
    let shots = studio.shots.lock().unwrap().clone();
    let tries = shots
        .iter()
        .filter(|shot| shot.segments.contains(&11))
        .count();
    assert_eq!(tries, 5);
    end(helper, Duration::from_secs(10)).await;
    end(life, Duration::from_secs(10)).await;
}
