//! From playable to live, and to every edge.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod support;

use media::Bandwidth;
use media::plan::{ObjectRef, SegmentRef};
use platform_bus::Topic;
use schemas::v1::event::Payload;
use schemas::v1::{PublishPolicy, VideoDeleted, VideoErased, VideoFailed, VideoPart};
use testkit::film::Film;
use testkit::stage::{Stage, eventually};

use support::{EdgeStubs, next_live, playable, transcoded, uploaded};

/// Waits until what was told is handled and nothing is left to do.
async fn at_rest(stage: &Stage, edges: &EdgeStubs) {
    eventually("all events are handled", || async {
        let mut lag = 0;
        for topic in [Topic::Transcode, Topic::PostTranscode, Topic::Videos] {
            lag += stage.bus.lag("post-processor", topic.name()).await.unwrap();
        }
        lag == 0
    })
    .await;
    eventually("all work is done", || async { edges.open().await == 0 }).await;
}

#[tokio::test]
async fn a_playable_film_goes_live_once_however_often_it_is_told() {
    let (stage, edges) = (Stage::new().await, EdgeStubs::start(&["a", "b"]));
    edges.build(&stage).await;
    let mut videos = stage.listen("listener", Topic::Videos).await;
    let film = Film::new(60);
    uploaded(&stage, &film, PublishPolicy::Playable).await;
    playable(&stage, &film, 3).await;
    next_live(&mut videos, &film).await;
    at_rest(&stage, &edges).await;
    for edge in ["a", "b"] {
        assert!(
            edges.has(edge, &film, &film.beginning()),
            "the beginning is on {edge}"
        );
        let manifests: Vec<_> = film
            .planned()
            .into_iter()
            .filter(|one| *one != ObjectRef::Plan)
            .collect();
        assert!(
            edges.has(edge, &film, &manifests),
            "the manifests are on {edge}"
        );
        assert_eq!(edges.stored(edge, &film, &ObjectRef::Plan), None);
    }
    playable(&stage, &film, 1).await;
    at_rest(&stage, &edges).await;
    let next = Film::new(8);
    uploaded(&stage, &next, PublishPolicy::Unspecified).await;
    playable(&stage, &next, 1).await;
    next_live(&mut videos, &next).await;
}

#[tokio::test]
async fn one_edge_is_enough_and_the_other_catches_up() {
    let (stage, edges) = (Stage::new().await, EdgeStubs::start(&["a", "b"]));
    edges.take_down("a");
    edges.build(&stage).await;
    let mut videos = stage.listen("listener", Topic::Videos).await;
    let film = Film::new(60);
    uploaded(&stage, &film, PublishPolicy::Playable).await;
    playable(&stage, &film, 1).await;
    assert_eq!(next_live(&mut videos, &film).await, ["b"]);
    assert!(!edges.has_any("a", &film));
    edges.bring_up();
    at_rest(&stage, &edges).await;
    assert!(edges.has("a", &film, &film.beginning()));
}

#[tokio::test]
async fn a_film_moves_on_when_its_edge_is_taken_out_of_service() {
    let (stage, edges) = (Stage::new().await, EdgeStubs::start(&["a", "b"]));
    edges.take_down("a");
    edges.take_down("b");
    edges.build(&stage).await;
    let mut videos = stage.listen("listener", Topic::Videos).await;
    let film = Film::new(60);
    uploaded(&stage, &film, PublishPolicy::Playable).await;
    playable(&stage, &film, 1).await;
    eventually("seeding fails", || async {
        edges.reasons(&film).await.len() == 2
    })
    .await;
    edges.unregister("a");
    edges.bring_up();
    assert_eq!(next_live(&mut videos, &film).await, ["b"]);
    at_rest(&stage, &edges).await;
    assert!(!edges.has_any("a", &film));
}

#[tokio::test]
async fn a_film_without_an_edge_goes_live_when_one_is_back_even_after_a_restart() {
    let (stage, edges) = (Stage::new().await, EdgeStubs::start(&["a"]));
    edges.take_down("a");
    edges.build(&stage).await;
    let film = Film::new(60);
    uploaded(&stage, &film, PublishPolicy::Playable).await;
    playable(&stage, &film, 1).await;
    eventually("seeding fails", || async {
        !edges.reasons(&film).await.is_empty()
    })
    .await;
    let stage = stage.restart().await;
    edges.build(&stage).await;
    edges.bring_up();
    let mut videos = stage.listen("listener", Topic::Videos).await;
    assert_eq!(next_live(&mut videos, &film).await, ["a"]);
}

#[tokio::test]
async fn what_does_not_play_from_its_edge_is_not_live() {
    let (stage, edges) = (Stage::new().await, EdgeStubs::start(&["a"]));
    edges.let_lie("a");
    edges.build(&stage).await;
    let mut videos = stage.listen("listener", Topic::Videos).await;
    let film = Film::new(60);
    uploaded(&stage, &film, PublishPolicy::Playable).await;
    playable(&stage, &film, 1).await;
    eventually("the lie is noticed", || async {
        let reasons = edges.reasons(&film).await;
        let noticed = |reason: &String| reason.contains("not what the object store has");
        reasons.iter().any(noticed)
    })
    .await;
    let last = Payload::VideoDeleted(VideoDeleted::default());
    stage.tell(Topic::Videos, "x", last.clone()).await;
    assert_eq!(videos.until(|told| *told == last).await, []);
}

#[tokio::test]
async fn a_film_waits_for_the_wish_of_its_uploader() {
    let (stage, edges) = (Stage::new().await, EdgeStubs::start(&["a"]));
    edges.build(&stage).await;
    let mut videos = stage.listen("listener", Topic::Videos).await;
    let (unknown, complete) = (Film::new(60), Film::new(60));
    uploaded(&stage, &complete, PublishPolicy::Complete).await;
    for film in [&unknown, &complete] {
        playable(&stage, film, 1).await;
        eventually("the beginning is there", || async {
            edges.has("a", film, &film.beginning())
        })
        .await;
    }
    uploaded(&stage, &unknown, PublishPolicy::Playable).await;
    next_live(&mut videos, &unknown).await;
    transcoded(&stage, &complete).await;
    next_live(&mut videos, &complete).await;
}

#[tokio::test]
async fn a_film_waits_for_its_lowest_rung() {
    let (stage, edges) = (Stage::new().await, EdgeStubs::start(&["a"]));
    edges.build(&stage).await;
    let mut videos = stage.listen("listener", Topic::Videos).await;
    let film = Film::new(20);
    uploaded(&stage, &film, PublishPolicy::LowestRung).await;
    playable(&stage, &film, 1).await;
    eventually("the beginning is there", || async {
        edges.has("a", &film, &film.beginning())
    })
    .await;
    let lowest = film.plan.rungs.first().unwrap().name.clone();
    let rung = (0..film.plan.grid.segment_count).flat_map(|n| {
        let rung = lowest.clone();
        [
            SegmentRef::Video { rung, n },
            SegmentRef::Audio { track: 0, n },
        ]
    });
    film.store(&*stage.blobs, rung.map(ObjectRef::from)).await;
    next_live(&mut videos, &film).await;
}

#[tokio::test]
async fn a_complete_film_is_brought_to_its_edges_with_its_new_manifests() {
    let (stage, edges) = (Stage::new().await, EdgeStubs::start(&["a"]));
    edges.build(&stage).await;
    let mut videos = stage.listen("listener", Topic::Videos).await;
    let mut film = Film::new(300);
    uploaded(&stage, &film, PublishPolicy::Playable).await;
    playable(&stage, &film, 1).await;
    next_live(&mut videos, &film).await;
    let planned = edges.stored("a", &film, &ObjectRef::HlsMaster).unwrap();
    let bandwidth = Bandwidth {
        peak: 4711,
        average: 4710,
    };
    let rung = film.plan.rungs.first().unwrap().name.clone();
    film.measured.video.insert(rung, bandwidth);
    transcoded(&stage, &film).await;
    at_rest(&stage, &edges).await;
    assert!(edges.has("a", &film, &film.everything()));
    assert_ne!(
        edges.stored("a", &film, &ObjectRef::HlsMaster),
        Some(planned)
    );
}

#[tokio::test]
async fn a_deleted_film_leaves_its_edges_and_never_goes_live() {
    let (stage, edges) = (Stage::new().await, EdgeStubs::start(&["a"]));
    edges.build(&stage).await;
    let mut videos = stage.listen("listener", Topic::Videos).await;
    let film = Film::new(60);
    uploaded(&stage, &film, PublishPolicy::Complete).await;
    playable(&stage, &film, 1).await;
    eventually("the beginning is there", || async {
        edges.has("a", &film, &film.beginning())
    })
    .await;
    let deleted = Payload::VideoDeleted(VideoDeleted {
        video_id: film.id.to_string(),
        ..VideoDeleted::default()
    });
    stage
        .tell(Topic::Videos, film.id.as_str(), deleted.clone())
        .await;
    eventually("the edge is empty", || async { !edges.has_any("a", &film) }).await;
    transcoded(&stage, &film).await;
    eventually("the late event is handled", || async {
        let lag = stage
            .bus
            .lag("post-processor", Topic::PostTranscode.name())
            .await;
        lag.unwrap() == 0
    })
    .await;
    let parts: Vec<String> = sqlx::query_scalar("SELECT DISTINCT part FROM post_task")
        .fetch_all(stage.db.reader())
        .await
        .unwrap();
    assert_eq!(parts, ["purge"]);

    // Now that nothing can be pulled any more, all edges are looked at again.
    let erased = |part: VideoPart| {
        Payload::VideoErased(VideoErased {
            video_id: film.id.to_string(),
            part: part.into(),
            revision: 0,
        })
    };
    let media = erased(VideoPart::Media);
    stage
        .tell(Topic::Videos, film.id.as_str(), media.clone())
        .await;
    let edges_too = erased(VideoPart::Edges);
    let told = videos.until(|told| *told == edges_too).await;
    assert_eq!(told, [deleted, media]);
}

#[tokio::test]
async fn a_refused_film_leaves_its_edges_and_one_that_failed_by_our_fault_stays() {
    let (stage, edges) = (Stage::new().await, EdgeStubs::start(&["a"]));
    edges.build(&stage).await;
    let (refused, failed) = (Film::new(60), Film::new(60));
    for film in [&refused, &failed] {
        uploaded(&stage, film, PublishPolicy::Complete).await;
        playable(&stage, film, 1).await;
    }
    for film in [&refused, &failed] {
        eventually("the beginning is there", || async {
            edges.has("a", film, &film.beginning())
        })
        .await;
    }
    for (film, source_refused) in [(&failed, false), (&refused, true)] {
        let failure = Payload::VideoFailed(VideoFailed {
            video_id: film.id.to_string(),
            source_refused,
            ..VideoFailed::default()
        });
        for _ in 0..2 {
            stage
                .tell(Topic::Videos, film.id.as_str(), failure.clone())
                .await;
        }
    }
    eventually("the edge has nothing of it", || async {
        !edges.has_any("a", &refused)
    })
    .await;
    eventually("all is heard", || async {
        let lag = stage.bus.lag("post-processor", Topic::Videos.name()).await;
        lag.unwrap() == 0
    })
    .await;
    assert!(edges.has("a", &failed, &failed.beginning()));
}

#[tokio::test]
async fn a_manifest_that_is_written_anew_while_it_is_checked_is_no_failure() {
    let (stage, edges) = (Stage::new().await, EdgeStubs::start(&["a"]));
    edges.build(&stage).await;
    let mut videos = stage.listen("listener", Topic::Videos).await;
    let film = Film::new(60);
    let mut measured = film.clone();
    let rung = film.plan.rungs.first().unwrap().name.clone();
    let bandwidth = Bandwidth {
        peak: 77_777,
        average: 55_555,
    };
    measured.measured.video.insert(rung, bandwidth);
    edges.rewrite(&stage, &measured, &ObjectRef::HlsMaster);
    uploaded(&stage, &film, PublishPolicy::Playable).await;
    playable(&stage, &film, 1).await;
    next_live(&mut videos, &film).await;
    let key = film.plan.object_key(&ObjectRef::HlsMaster);
    let stored = stage.blobs.get(&key).await.unwrap();
    assert_eq!(stored, measured.content(&ObjectRef::HlsMaster));
    assert_ne!(stored, film.content(&ObjectRef::HlsMaster));
    assert_eq!(
        edges.times_brought(&film, &ObjectRef::HlsMaster),
        1,
        "it was right the first time"
    );
}
