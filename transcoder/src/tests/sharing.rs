//! Several processes share a film, and survive each other.

use std::time::Duration;

use super::studio::{Behaviour, FakeStudio};
use super::town::{BOTH, Town, WORKER, end};
use crate::domain::FilmState;

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stops_hands_its_tasks_to_the_next_untried() {
    let town = Town::new().await;
    let stuck = FakeStudio::with_gate(Behaviour::Encode, 0);
    let first = town.process(&stuck, BOTH).await;
    let key = town.upload(48).await;
    town.until(async || stuck.encodes() >= 4).await;
    end(first, Duration::ZERO).await;
    let tasks = town.store.tasks(None).await.unwrap();
    assert!(!tasks.is_empty());
    for task in &tasks {
        assert_eq!(
            (task.state.as_str(), task.attempts),
            ("waiting", 0),
            "{task:?}"
        );
    }

    let studio = FakeStudio::new(Behaviour::Encode);
    let second = town.process(&studio, WORKER).await;
    town.reaches(&key, FilmState::Transcoded).await;
    assert_eq!(town.objects(&key).await, town.planned(&key).await);
    end(second, Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_process_finishes_what_it_holds_and_takes_nothing_new() {
    let town = Town::new().await;
    let studio = FakeStudio::with_gate(Behaviour::Encode, 0);
    let life = town.process(&studio, BOTH).await;
    let key = town.upload(48).await;
    town.until(async || studio.shots.lock().unwrap().len() >= 3)
        .await;
    life.drain();
    let before = studio.encodes();
    studio.gate.add_permits(2);
    end(life, Duration::from_secs(30)).await;
    assert_eq!(studio.encodes(), before);
    let tasks = town.store.tasks(None).await.unwrap();
    assert!(
        tasks.iter().all(|task| task.state == "waiting"),
        "{tasks:?}"
    );
    let ready = town.store.ready(&key).await.unwrap();
    let wide = &ready[&crate::domain::Track::Video("360p".to_owned())];
    assert!(
        wide.runs(12)
            .iter()
            .map(ExactSizeIterator::len)
            .sum::<usize>()
            >= 5
    );
}
