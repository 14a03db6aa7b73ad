//! A player waits.

use media::plan::ObjectRef;

use super::{audio, made, video};
use crate::domain::FilmKey;
use crate::store::Store;
use crate::testing::World;

async fn want(store: &Store, key: &FilmKey, path: &str) -> bool {
    let object: ObjectRef = path.parse().unwrap();
    store.want(key, &object).await.unwrap()
}

#[tokio::test]
async fn a_hundred_players_who_wait_for_one_segment_are_one_encode_done_next() {
    let world = World::new().await;
    let (key, _) = world.planned("ada", 800).await;
    let before = world.store.open_tasks(&key).await.unwrap().len();
    let players = (0..100).map(|_| want(&world.store, &key, "v/360p/150.m4s"));
    futures_util::future::join_all(players).await;
    let works = world.store.open_tasks(&key).await.unwrap();
    assert_eq!(works.len(), before + 2);
    // The sound of that moment comes with it.
    assert_eq!(works[..2], [audio(150..151), video(&["360p"], 150..151)]);
    for expected in &works[..2] {
        assert_eq!(world.claim().await.unwrap().work, *expected);
    }
}

#[tokio::test]
async fn who_seeks_plays_on_so_that_what_follows_is_hurried() {
    let world = World::new().await;
    let (key, _) = world.planned("ada", 800).await;
    assert!(want(&world.store, &key, "v/360p/151.m4s").await);
    let mut works = Vec::new();
    for _ in 0..9 {
        works.push(world.claim().await.unwrap().work);
    }
    let both = ["240p", "360p"];
    let ahead = [150..155, 155..160, 160..165, 165..170].map(|run| video(&both, run));
    let elsewhere = video(&both, 0..5);
    for expected in ahead {
        assert!(works.contains(&expected), "{expected:?} in {works:?}");
    }
    assert!(!works.contains(&elsewhere));
}

#[tokio::test]
async fn what_exists_or_never_will_is_not_made() {
    let world = World::new().await;
    let (key, plan) = world.planned("ada", 40).await;
    for path in ["v/360p/10.m4s", "v/720p/0.m4s", "a/1/0.m4s", "plan.json"] {
        assert!(!want(&world.store, &key, path).await, "{path}");
    }
    while let Some(claim) = world.claim().await {
        let done = world.store.record(&claim, &plan, &made(&claim), &[]).await;
        if done.unwrap().complete {
            break;
        }
    }
    for path in ["v/360p/3.m4s", "v/360p/init.mp4", "a/0/0.m4s"] {
        assert!(!want(&world.store, &key, path).await, "{path}");
    }
}

#[tokio::test]
async fn an_init_segment_comes_with_the_first_of_its_rung() {
    let world = World::new().await;
    let (key, _) = world.planned("ada", 40).await;
    assert!(want(&world.store, &key, "v/360p/init.mp4").await);
    let works = world.store.open_tasks(&key).await.unwrap();
    assert!(works.contains(&video(&["360p"], 0..1)));
}
