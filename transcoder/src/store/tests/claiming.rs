//! Who gets which task when.

use std::time::Duration;

use super::{audio, video};
use crate::domain::{Priority, Queue};
use crate::store::{Claim, Slots, Store, Upload};
use crate::testing::{ANY, LEASE, World, upload};

#[tokio::test]
async fn the_first_segments_come_first_then_the_film_in_order_sound_before_picture() {
    let world = World::new().await;
    let (_, plan) = world.planned("ada", 48).await;
    assert_eq!(plan.grid.segment_count, 12);
    let mut works = Vec::new();
    while let Some(claim) = world.claim().await {
        works.push(claim.work);
    }
    let both = ["240p", "360p"];
    let expected = [
        audio(0..1),
        video(&["240p"], 0..1),
        video(&both, 0..5),
        audio(1..12),
        video(&both, 5..10),
        video(&both, 10..12),
    ];
    assert_eq!(works, expected);
}

#[tokio::test]
async fn a_film_that_goes_live_with_its_lowest_rung_makes_that_first_and_decodes_twice() {
    let world = World::new().await;
    let upload = Upload {
        lowest_first: true,
        longest_s: 0,
        ..upload("ada")
    };
    let (_, plan) = world.planned_as(upload, 48).await;
    let mut works = Vec::new();
    while let Some(claim) = world.claim().await {
        works.push(claim.work);
    }
    let (low, all) = (["240p"], ["240p", "360p"]);
    let expected = [
        audio(0..1),
        video(&low, 0..1),
        video(&low, 0..5),
        audio(1..12),
        video(&low, 5..10),
        video(&low, 10..12),
        video(&all, 0..5),
        video(&all, 5..10),
        video(&all, 10..12),
    ];
    assert_eq!(plan.grid.segment_count, 12);
    assert_eq!(works, expected);
}

#[tokio::test]
async fn urgent_slots_take_nothing_wide() {
    let world = World::new().await;
    world.planned("ada", 48).await;
    let urgent = Slots {
        queue: Queue::Encode,
        least: Priority::First,
    };
    let mut taken = 0;
    while let Some(claim) = world.claim_from(urgent).await {
        assert!(claim.urgent && claim.work.segments().len() == 1);
        taken += 1;
    }
    assert_eq!(taken, 2);
    assert!(world.claim().await.is_some_and(|claim| !claim.urgent));
}

#[tokio::test]
async fn owners_take_turns_however_long_the_queue_of_one() {
    let world = World::new().await;
    world.planned("ada", 400).await;
    world.planned("ada", 400).await;
    world.planned("bob", 400).await;
    let mut owners = Vec::new();
    while let Some(claim) = world.claim().await {
        let wide = claim.work.segments().start > 1;
        owners.extend(wide.then(|| claim.owner.as_str().to_owned()));
    }
    // All claims run on: after any of Bob's 24 turns Ada is at most one ahead.
    let bobs = owners.iter().filter(|owner| *owner == "bob").count();
    assert!(bobs > 10, "{bobs}");
    for n in 1..bobs {
        let ahead = &owners[..2 * n];
        let bobs = ahead.iter().filter(|owner| *owner == "bob").count();
        assert!(bobs.abs_diff(n) <= 2, "{bobs} of {}", ahead.len());
    }
}

#[tokio::test]
async fn a_silent_worker_is_taken_over_from_when_its_lease_ends_and_not_before() {
    let world = World::new().await;
    world.uploaded("ada").await;
    let plans = crate::testing::PLANS;
    let first = world.claim_from(plans).await.unwrap();
    world.clock.advance_ms(10_000);
    world.store.renew(&first, LEASE).await.unwrap();
    world.clock.advance_ms(14_999);
    assert!(world.claim_from(plans).await.is_none());
    assert_eq!(
        world.store.next_due(Queue::Plan).await.unwrap(),
        Some(Duration::from_millis(1))
    );
    world.clock.advance_ms(1);
    let second = world.store.claim(plans, "b", LEASE).await.unwrap().unwrap();
    assert_eq!(second.id, first.id);
    assert_eq!((second.attempt, second.deaths), (1, 1));
    assert_eq!(second.fence, first.fence + 1);
    assert_eq!(second.last_error, "the worker a stopped answering");
}

#[tokio::test]
async fn a_task_that_is_given_back_is_free_at_once_and_was_not_tried() {
    let world = World::new().await;
    world.uploaded("ada").await;
    let plans = crate::testing::PLANS;
    let first = world.claim_from(plans).await.unwrap();
    let give_back = world
        .store
        .release(&first, Duration::ZERO, "the worker stopped");
    give_back.await.unwrap();
    let second = world.claim_from(plans).await.unwrap();
    assert_eq!((second.id, second.attempt), (first.id, 1));
}

#[tokio::test]
async fn a_hundred_workers_never_get_the_same_task() {
    let world = World::new().await;
    world.planned("ada", 400).await;
    let claims = (0..100).map(|_| world.store.claim(ANY, "a", LEASE));
    let claims = futures_util::future::join_all(claims).await;
    let mut ids: Vec<_> = claims.into_iter().map(Result::unwrap).collect();
    ids.retain(Option::is_some);
    let claimed = ids.len();
    let mut ids: Vec<_> = ids.into_iter().flatten().map(|claim| claim.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), claimed);
    // 2 first ones, 20 of picture, 7 of sound.
    assert_eq!(claimed, 29);
}

async fn claim_all(store: Store) -> Vec<Claim> {
    let mut taken = Vec::new();
    while let Some(claim) = store.claim(ANY, "a", LEASE).await.unwrap() {
        taken.push(claim);
    }
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_of_several_processes_take_every_task_once_and_in_good_time() {
    let world = World::new().await;
    for owner in ["ada", "bob", "eve", "joe"] {
        world.planned(owner, 400).await;
    }
    let mut workers = tokio::task::JoinSet::new();
    for process in [
        world.another().await,
        world.another().await,
        world.another().await,
    ] {
        for _ in 0..8 {
            workers.spawn(claim_all(process.clone()));
        }
    }
    let begun = tokio::time::Instant::now();
    let claims: Vec<_> = workers.join_all().await.into_iter().flatten().collect();
    let took = begun.elapsed();
    let ids: std::collections::BTreeSet<_> = claims.iter().map(|claim| &claim.id).collect();
    assert_eq!((claims.len(), ids.len()), (4 * 29, 4 * 29));
    assert!(claims.iter().all(|claim| claim.attempt == 1));
    // A tenth of a second each, on a machine that is busy with other things.
    assert!(took < Duration::from_secs(12), "{took:?}");
}
