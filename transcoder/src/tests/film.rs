//! From the news of an upload to a complete film.

use std::time::Duration;

use media::plan::ObjectRef;
use platform_bus::{Topic, publish_event};
use schemas::v1::EncodeTask;
use schemas::v1::event::Payload;
use schemas::{NewEvent, OwnerId};

use super::studio::{Behaviour, FakeStudio};
use super::town::{BOTH, Town, end};
use crate::domain::{FilmState, Track};

#[tokio::test(flavor = "multi_thread")]
async fn an_uploaded_film_ends_as_exactly_the_planned_objects() {
    let town = Town::new().await;
    let studio = FakeStudio::new(Behaviour::Encode);
    let life = town.process(&studio, BOTH).await;
    let key = town.upload(48).await;
    town.reaches(&key, FilmState::Transcoded).await;
    assert_eq!(town.objects(&key).await, town.planned(&key).await);
    let master = format!("{}{}", key.folder(), ObjectRef::HlsMaster);
    let master = town.blobs.get(&master).await.unwrap();
    let master = String::from_utf8(master.to_vec()).unwrap();
    // Measured by now: a handful of bytes a segment.
    let peak = master.split("BANDWIDTH=").nth(1).unwrap();
    let peak: u64 = peak.split(',').next().unwrap().parse().unwrap();
    assert!(peak < 1_000, "{master}");
    end(life, Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_does_not_wait_behind_wide_encodes_nor_ask_twice() {
    let town = Town::new().await;
    let studio = FakeStudio::with_gate(Behaviour::Encode, 0);
    let life = town.process(&studio, BOTH).await;
    let key = town.upload(800).await;
    // Both bulk slots stand still, and no wide encode will ever end.
    town.until(async || {
        studio
            .shots
            .lock()
            .unwrap()
            .iter()
            .filter(|shot| shot.segments.len() > 1)
            .count()
            == 2
    })
    .await;
    for _ in 0..100 {
        let wish = EncodeTask {
            video_id: key.video.to_string(),
            revision: 1,
            path: "v/360p/150.m4s".to_owned(),
        };
        let event = NewEvent::new(OwnerId::local(), Payload::EncodeTask(wish));
        let event = event.stamp(0, &mut rand::rng());
        publish_event(
            &town.bus,
            Topic::TranscodeUrgent,
            key.video.as_str(),
            &event,
        )
        .await
        .unwrap();
    }
    town.until(async || {
        let ready = town.store.ready(&key).await.unwrap();
        let rung = Track::Video("360p".to_owned());
        ready.get(&rung).is_some_and(|set| set.contains(150))
            && ready[&Track::Audio(0)].contains(150)
    })
    .await;
    let shots = studio.shots.lock().unwrap().clone();
    let same = shots.iter().filter(|shot| shot.segments == (150..151));
    assert_eq!(same.count(), 1);
    end(life, Duration::ZERO).await;
}
