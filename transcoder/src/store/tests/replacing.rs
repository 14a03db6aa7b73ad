//! A revision takes the place of another, of which nothing stays.

use platform_bus::Topic;
use schemas::v1::VideoPart;
use schemas::v1::event::Payload;

use crate::domain::{FilmKey, FilmState, Work};
use crate::testing::{PLANS, World, upload};

#[tokio::test]
async fn what_was_replaced_is_removed_and_what_replaced_it_stays() {
    let world = World::new().await;
    let first = upload("ada");
    let (key, _) = world.planned_as(first.clone(), 8).await;
    let mut second = first.clone();
    second.key.revision = 2;
    world.planned_as(second.clone(), 8).await;
    let video = &key.video;
    for _ in 0..2 {
        world.store.replace(video, 2).await.unwrap();
    }
    let clear = world.claim_from(PLANS).await.unwrap();
    assert_eq!(
        (&clear.film, &clear.work),
        (&key, &Work::Clear { again: false })
    );
    world.store.record_cleared(&clear, false).await.unwrap();
    let told = world.told(Topic::Videos).await;
    let [Payload::VideoErased(erased)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!((erased.part(), erased.revision), (VideoPart::Media, 1));
    assert!(world.store.ready(&key).await.unwrap().is_empty());
    assert!(!world.store.take_in(&first).await.unwrap());
    let film = world.store.film(&second.key).await.unwrap().unwrap();
    assert_eq!(film.state, FilmState::Planned);
    assert!(
        !world
            .store
            .open_tasks(&second.key)
            .await
            .unwrap()
            .is_empty()
    );

    // One that is taken in when a newer one is live already is of no use to anybody.
    world.store.replace(video, 4).await.unwrap();
    let mut third = first.clone();
    third.key = FilmKey::told(video.clone(), 3);
    assert!(!world.store.take_in(&third).await.unwrap());
}

#[tokio::test]
async fn nothing_replaces_a_film_that_was_deleted() {
    let world = World::new().await;
    let first = upload("ada");
    world.store.take_in(&first).await.unwrap();
    world.store.delete(&first.key.video).await.unwrap();
    let mut second = first;
    second.key.revision = 2;
    assert!(!world.store.take_in(&second).await.unwrap());
}
