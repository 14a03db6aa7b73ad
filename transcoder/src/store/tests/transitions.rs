//! What becomes of a film is told exactly once, however many workers commit at the same moment.

use platform_bus::Topic;
use schemas::v1::event::Payload;

use super::{made, video};
use crate::domain::{FilmState, Track, Work};
use crate::store::Made;
use crate::testing::{World, facts, upload};

#[tokio::test]
async fn a_film_is_taken_in_once_however_often_it_is_told() {
    let world = World::new().await;
    let upload = upload("ada");
    assert!(world.store.take_in(&upload).await.unwrap());
    assert!(!world.store.take_in(&upload).await.unwrap());
    let works = world.store.open_tasks(&upload.key).await.unwrap();
    assert_eq!(works, [Work::Plan]);
}

#[tokio::test]
async fn playable_and_transcoded_happen_once_under_concurrent_commits() {
    let world = World::new().await;
    let (key, plan) = world.planned("ada", 400).await;
    let mut claims = Vec::new();
    while let Some(claim) = world.claim().await {
        claims.push(claim);
    }
    let outputs: Vec<Vec<Made>> = claims.iter().map(made).collect();
    let commits = claims
        .iter()
        .zip(&outputs)
        .map(|(claim, made)| world.store.record(claim, &plan, made, &[]));
    let outcomes: Vec<_> = futures_util::future::join_all(commits)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.playable).count(),
        1
    );
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.complete).count(),
        1
    );
    let fresh: u64 = outcomes
        .iter()
        .map(|outcome| u64::from(outcome.fresh))
        .sum();
    assert_eq!(fresh, plan.segment_total());

    let finish = world.claim().await.unwrap();
    assert_eq!(finish.work, Work::Finish);
    assert!(world.claim().await.is_none());
    let film = world.store.film(&key).await.unwrap().unwrap();
    let measured = world.store.measured(&film).await.unwrap();
    // 1,000 bytes for every 4 s.
    assert_eq!(measured.video["360p"].average, 2_000);
    assert_eq!(measured.video["360p"].peak, 2_000);
    let renditions = facts(&plan).renditions;
    world
        .store
        .record_finished(&finish, &plan, renditions)
        .await
        .unwrap();

    let told = world.told(Topic::PostTranscode).await;
    let playable = told
        .iter()
        .filter(|told| matches!(told, Payload::VideoPlayable(_)));
    assert_eq!(playable.count(), 1);
    let complete = told
        .iter()
        .filter(|told| matches!(told, Payload::VideoTranscoded(_)));
    assert_eq!(complete.count(), 1);
    let progress = world.told(Topic::TranscodeProgress).await;
    let most = progress.iter().filter_map(|told| match told {
        Payload::ChunkEncoded(chunk) => Some(chunk.segments_done),
        _ => None,
    });
    assert_eq!(most.max().map(u64::from), Some(plan.segment_total()));
    let film = world.store.film(&key).await.unwrap().unwrap();
    assert_eq!(film.state, FilmState::Transcoded);
    assert!(world.store.open_tasks(&key).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_film_can_be_played_when_its_first_picture_and_sound_are_there() {
    let world = World::new().await;
    let (_, plan) = world.planned("ada", 40).await;
    let sound = world.claim().await.unwrap();
    let picture = world.claim().await.unwrap();
    let store = &world.store;
    let outcome = store
        .record(&sound, &plan, &made(&sound), &[])
        .await
        .unwrap();
    assert!(!outcome.playable);
    let outcome = store
        .record(&picture, &plan, &made(&picture), &[])
        .await
        .unwrap();
    assert!(outcome.playable);
    let told = world.told(Topic::PostTranscode).await;
    let [Payload::VideoPlayable(event)] = told.as_slice() else {
        panic!("{told:?}");
    };
    let paths = [
        "v/240p/init.mp4",
        "v/240p/0.m4s",
        "a/0/init.mp4",
        "a/0/0.m4s",
    ];
    assert_eq!(event.paths, paths);
}

#[tokio::test]
async fn a_segment_made_twice_counts_once_with_the_size_that_was_first() {
    let world = World::new().await;
    let (key, plan) = world.planned("ada", 40).await;
    let mut wide = None;
    while let Some(claim) = world.claim().await {
        if claim.work == video(&["240p"], 0..1) {
            let made = [Made {
                track: Track::Video("240p".to_owned()),
                n: 0,
                bytes: 5_000,
            }];
            let outcome = world.store.record(&claim, &plan, &made, &[]).await.unwrap();
            assert_eq!(outcome.fresh, 1);
        } else if claim.work == video(&["240p", "360p"], 0..5) {
            wide = Some(claim);
        }
    }
    let wide = wide.unwrap();
    let outcome = world
        .store
        .record(&wide, &plan, &made(&wide), &[])
        .await
        .unwrap();
    assert_eq!(outcome.fresh, 9);
    let film = world.store.film(&key).await.unwrap().unwrap();
    let measured = world.store.measured(&film).await.unwrap();
    // 5,000 + 4 × 1,000 bytes in 40 s; the first segment took 5,000 in 4 s.
    assert_eq!(measured.video["240p"].average, 1_800);
    assert_eq!(measured.video["240p"].peak, 10_000);
}

#[tokio::test]
async fn availability_tells_what_can_be_watched() {
    let world = World::new().await;
    let (key, plan) = world.planned("ada", 10).await;
    let claim = world.claim().await.unwrap();
    world
        .store
        .record(&claim, &plan, &made(&claim), &[])
        .await
        .unwrap();
    let there = world.store.availability(&key).await.unwrap().unwrap();
    assert_eq!(there.segment_starts_s, [0.0, 4.0, 8.0]);
    assert!((there.duration_s - 10.0).abs() < 1e-9);
    let tracks: Vec<_> = there
        .tracks
        .iter()
        .map(|track| (track.name.as_str(), track.ready.clone()))
        .collect();
    let nothing = Vec::new;
    let expected = [
        ("v/240p", nothing()),
        ("v/360p", nothing()),
        ("a/0", vec![[0.0, 4.0]]),
    ];
    assert_eq!(tracks, expected);
}
