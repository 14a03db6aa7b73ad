//! R11: what cannot be done ends, is told, and leaves the others alone.

use std::time::Duration;

use platform_bus::Topic;
use schemas::v1::event::Payload;

use super::made;
use crate::domain::{FilmState, Work};
use crate::store::failing::{Problem, Verdict};
use crate::store::{Claim, StoreError};
use crate::testing::{PLANS, World, upload};

fn never(of_source: bool) -> Verdict {
    Verdict::Never(Problem {
        kind: "undecodable".to_owned(),
        title: "The film cannot be decoded".to_owned(),
        detail: "Export it anew.".to_owned(),
        of_source,
    })
}

async fn fail(world: &World, claim: &Claim, verdict: &Verdict) {
    world.store.fail(claim, "no frame", verdict).await.unwrap();
}

#[tokio::test]
async fn a_failed_attempt_is_repeated_after_its_pause() {
    let world = World::new().await;
    world.planned("ada", 8).await;
    let first = world.claim().await.unwrap();
    fail(&world, &first, &Verdict::Again(Duration::from_secs(2))).await;
    let other = world.claim().await.unwrap();
    assert_ne!(other.id, first.id, "meanwhile others go on");
    world.clock.advance_ms(2_000);
    let again = world.claim().await.unwrap();
    assert_eq!((again.id, again.attempt), (first.id, 2));
    assert_eq!(again.last_error, "no frame");
}

#[tokio::test]
async fn a_film_fails_once_with_a_sentence_and_its_other_tasks_go() {
    let world = World::new().await;
    let (key, plan) = world.planned("ada", 40).await;
    let (bad, running) = (world.claim().await.unwrap(), world.claim().await.unwrap());
    fail(&world, &bad, &never(false)).await;
    let late = world
        .store
        .record(&running, &plan, &made(&running), &[])
        .await;
    assert!(matches!(late, Err(StoreError::Stale)));
    assert!(world.claim().await.is_none());
    let film = world.store.film(&key).await.unwrap().unwrap();
    assert_eq!(film.state, FilmState::Failed);

    let told = world.told(Topic::Videos).await;
    let [Payload::VideoFailed(event)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(event.problem_type, "undecodable");
    assert_eq!(event.detail, "Export it anew.");
    assert!(!event.source_refused, "it can be tried again");
    let progress = world.told(Topic::TranscodeProgress).await;
    let last = progress.iter().filter_map(|told| match told {
        Payload::TaskFailed(failed) => Some(failed.r#final),
        _ => None,
    });
    assert_eq!(last.collect::<Vec<_>>(), [true]);

    let tasks = world.store.tasks(None).await.unwrap();
    assert_eq!(tasks.len(), 1, "the operator sees which");
    assert_eq!(tasks[0].state, "failed");
    assert_eq!(tasks[0].last_error, "no frame");
}

#[tokio::test]
async fn an_operator_can_have_a_failed_film_tried_again() {
    let world = World::new().await;
    let (key, plan) = world.planned("ada", 40).await;
    let good = world.claim().await.unwrap();
    world
        .store
        .record(&good, &plan, &made(&good), &[])
        .await
        .unwrap();
    let bad = world.claim().await.unwrap();
    fail(&world, &bad, &never(false)).await;
    assert!(world.store.retry(&bad.id).await.unwrap());
    assert!(!world.store.retry(&bad.id).await.unwrap());
    let mut complete = 0;
    while let Some(claim) = world.claim().await {
        if claim.work == Work::Finish {
            break;
        }
        let done = world.store.record(&claim, &plan, &made(&claim), &[]).await;
        complete += u32::from(done.unwrap().complete);
    }
    assert_eq!(complete, 1);
    let film = world.store.film(&key).await.unwrap().unwrap();
    assert_eq!(film.state, FilmState::Planned);
}

#[tokio::test]
async fn of_a_refused_film_all_is_removed_before_it_is_told_and_again_when_the_last_lease_ends() {
    let world = World::new().await;
    let upload = upload("ada");
    let (key, plan) = world.planned_as(upload.clone(), 40).await;
    let (bad, running) = (world.claim().await.unwrap(), world.claim().await.unwrap());
    fail(&world, &bad, &never(true)).await;
    assert!(world.claim().await.is_none(), "nothing more is encoded");
    let late = world
        .store
        .record(&running, &plan, &made(&running), &[])
        .await;
    assert!(matches!(late, Err(StoreError::Stale)));

    let clear = world.claim_from(PLANS).await.unwrap();
    assert_eq!(clear.work, Work::Clear { again: false });
    assert!(world.told(Topic::Videos).await.is_empty());
    world.store.record_cleared(&clear, false).await.unwrap();
    let twice = world.store.record_cleared(&clear, false).await;
    assert!(matches!(twice, Err(StoreError::Stale)));
    let told = world.told(Topic::Videos).await;
    let [Payload::VideoFailed(event)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert!(event.source_refused);
    assert_eq!(event.detail, "Export it anew.");

    // Whoever held a task may have been writing until now.
    assert!(world.claim_from(PLANS).await.is_none());
    world.clock.advance_ms(15_000);
    let clear = world.claim_from(PLANS).await.unwrap();
    assert_eq!(clear.work, Work::Clear { again: true });
    world.store.record_cleared(&clear, true).await.unwrap();
    assert_eq!(world.told(Topic::Videos).await.len(), 1, "told once");
    assert!(world.store.tasks(None).await.unwrap().is_empty());
    assert!(world.store.ready(&key).await.unwrap().is_empty());
    let availability = world.store.availability(&key).await.unwrap();
    assert_eq!(availability, None);
    assert!(
        !world.store.take_in(&upload).await.unwrap(),
        "news of its upload that comes late does not bring it back"
    );
}
