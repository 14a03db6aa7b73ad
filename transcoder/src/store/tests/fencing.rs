//! R3: what a worker writes after its time is refused.

use std::time::Duration;

use platform_bus::Topic;
use schemas::v1::event::Payload;

use super::made;
use crate::domain::Work;
use crate::store::failing::{Problem, Verdict};
use crate::store::{Claim, StoreError};
use crate::testing::{LEASE, PLANS, World, upload};

fn stale(result: &Result<impl Sized, StoreError>) -> bool {
    matches!(result, Err(StoreError::Stale))
}

/// Everything that a zombie may try.
async fn refused(world: &World, zombie: &Claim, plan: &media::Plan) -> bool {
    let store = &world.store;
    let never = Verdict::Never(Problem {
        kind: String::new(),
        title: String::new(),
        detail: String::new(),
        of_source: false,
    });
    stale(&store.still_ours(zombie, LEASE).await)
        && stale(&store.renew(zombie, LEASE).await)
        && stale(&store.record(zombie, plan, &made(zombie), &[]).await)
        && stale(&store.fail(zombie, "late", &never).await)
        && stale(&store.release(zombie, Duration::ZERO, "late").await)
}

#[tokio::test]
async fn fifty_zombies_write_nothing_before_and_after_the_task_is_done() {
    let world = World::new().await;
    let (key, plan) = world.planned("ada", 800).await;
    let mut segments = 0;
    for _ in 0..50 {
        let zombie = world.claim().await.unwrap();
        world.clock.advance_ms(15_000);
        let heir = world.claim().await.unwrap();
        assert_eq!(zombie.id, heir.id);
        assert!(refused(&world, &zombie, &plan).await);
        let outcome = world
            .store
            .record(&heir, &plan, &made(&heir), &[])
            .await
            .unwrap();
        segments += outcome.fresh;
        assert!(refused(&world, &zombie, &plan).await);
    }
    let done: i64 = sqlx::query_scalar("SELECT segments_done FROM transcoder_video")
        .fetch_one(world.db.reader())
        .await
        .unwrap();
    assert_eq!(done, i64::from(segments));
    let ready = world.store.ready(&key).await.unwrap();
    let marked: usize = ready
        .values()
        .flat_map(|set| set.runs(plan.grid.segment_count))
        .map(|run| run.len())
        .sum();
    assert_eq!(marked, usize::try_from(segments).unwrap());
    assert!(world.told(Topic::Videos).await.is_empty());
}

#[tokio::test]
async fn a_lease_that_ended_without_an_heir_is_held_again_before_anything_is_written() {
    let world = World::new().await;
    world.planned("ada", 8).await;
    let claim = world.claim().await.unwrap();
    world.clock.advance_ms(20_000);
    world.store.still_ours(&claim, LEASE).await.unwrap();
    let other = world.claim().await.unwrap();
    assert_ne!(other.id, claim.id, "nobody else gets it now");
}

#[tokio::test]
async fn a_film_that_was_deleted_takes_nothing_more() {
    let world = World::new().await;
    let upload = upload("ada");
    let (key, plan) = world.planned_as(upload.clone(), 8).await;
    let claim = world.claim().await.unwrap();
    world.store.delete(&key.video).await.unwrap();
    assert!(refused(&world, &claim, &plan).await);
    assert!(world.claim().await.is_none());

    // What was made of it goes, and once more when nobody can be writing any more.
    let clear = world.claim_from(PLANS).await.unwrap();
    assert_eq!(clear.work, Work::Clear { again: false });
    world.store.record_cleared(&clear, false).await.unwrap();
    assert!(world.told(Topic::Videos).await.is_empty());
    assert!(world.claim_from(PLANS).await.is_none());
    world.clock.advance_ms(20_000);
    let again = world.claim_from(PLANS).await.unwrap();
    assert_eq!(again.work, Work::Clear { again: true });
    world.store.record_cleared(&again, true).await.unwrap();
    let told = world.told(Topic::Videos).await;
    assert!(
        matches!(told.as_slice(), [Payload::VideoErased(_)]),
        "{told:?}"
    );

    // Late news brings nothing back. Told again, it is looked for again: once, however often.
    assert!(!world.store.take_in(&upload).await.unwrap());
    assert!(world.claim_from(PLANS).await.is_none());
    for _ in 0..2 {
        world.store.delete(&key.video).await.unwrap();
    }
    let clear = world.claim_from(PLANS).await.unwrap();
    assert_eq!(clear.work, Work::Clear { again: false });
    world.store.delete(&key.video).await.unwrap();
    world.store.record_cleared(&clear, false).await.unwrap();
    assert_eq!(world.told(Topic::Videos).await.len(), 2);
    assert!(world.claim_from(PLANS).await.is_none());
}

#[tokio::test]
async fn a_film_that_was_deleted_before_it_came_never_comes() {
    let world = World::new().await;
    let upload = upload("ada");
    world.store.delete(&upload.key.video).await.unwrap();
    let clear = world.claim_from(PLANS).await.unwrap();
    world.store.record_cleared(&clear, false).await.unwrap();
    assert_eq!(world.told(Topic::Videos).await.len(), 1);
    assert!(!world.store.take_in(&upload).await.unwrap());
    assert!(world.claim_from(PLANS).await.is_none());
}
