//! What the edge lacks comes from the origin: once, and as it is there.

use bytes::Bytes;
use futures_util::future::join_all;
use reqwest::{Method, header as names};
use tokio::time::Instant;

use super::{Film, Subject, body, header, pattern, send};
use crate::stage::eventually;

/// However many ask, the origin is asked once; afterwards not at all.
pub async fn a_hundred_who_miss_cause_one_pull(edge: &Subject) {
    let (film, content) = (Film::new(), pattern(700_000));
    let (path, pulled) = (film.path("v/360p/3.m4s"), film.origin("v/360p/3.m4s"));
    edge.origin.serve(pulled.clone(), content.clone());
    edge.origin.hold(pulled.clone());
    let ask = |_| async {
        let answer = edge.get(&path).await;
        (answer.status().as_u16(), body(answer).await)
    };
    let release = async {
        eventually("the origin is asked", || async {
            edge.origin.hits(&pulled) > 0
        })
        .await;
        edge.origin.release(&pulled);
    };
    let (answers, ()) = tokio::join!(join_all((0..100).map(ask)), release);
    let expected = (200, Bytes::from(content));
    assert!(answers.iter().all(|answer| *answer == expected));
    assert_eq!(edge.get(&path).await.status(), 200);
    assert_eq!(edge.origin.hits(&pulled), 1);
}

/// A player that seeks away takes nothing from those who stay, nor from the next.
pub async fn a_waiter_who_leaves_stops_nothing(edge: &Subject) {
    let film = Film::new();
    let (path, pulled) = (film.path("v/360p/3.m4s"), film.origin("v/360p/3.m4s"));
    edge.origin.serve(pulled.clone(), "segment");
    edge.origin.hold(pulled.clone());
    tokio::select! {
        answer = edge.get(&path) => panic!("answered too early: {answer:?}"),
        () = eventually("the origin is asked", || async { edge.origin.hits(&pulled) > 0 }) => {}
    }
    edge.origin.release(&pulled);
    assert_eq!(body(edge.get(&path).await).await, "segment");
    assert_eq!(edge.origin.hits(&pulled), 1);
}

/// The origin's "no" and "not yet" reach the player, and are not remembered for long.
pub async fn a_refusal_is_passed_on_and_forgotten(edge: &Subject) {
    for refused in [404, 503] {
        let film = Film::new();
        let (path, pulled) = (film.path("v/360p/3.m4s"), film.origin("v/360p/3.m4s"));
        edge.origin.refuse(pulled.clone(), refused);
        let answer = edge.get(&path).await;
        assert_eq!(answer.status(), refused);
        assert_eq!(header(&answer, "access-control-allow-origin"), "*");
        assert!(!header(&answer, "cache-control").contains("max-age"));
        if refused == 503 {
            assert_eq!(header(&answer, "retry-after"), "2");
        }
        assert!(header(&answer, "content-type").starts_with("application/problem+json"));
        assert!(
            !body(answer).await.is_empty(),
            "the origin's reason is passed on"
        );
        edge.origin.serve(pulled, "here it is");
        let path = path.as_str();
        let served = || async move { edge.get(path).await.status() == 200 };
        let begun = Instant::now();
        eventually("the refusal is forgotten", served).await;
        assert!(
            begun.elapsed().as_secs() < 4,
            "a refusal was remembered for too long"
        );
    }
}

/// A manifest that changes at the origin changes at the edge soon, and one that does not costs the
/// origin no second transfer.
pub async fn a_manifest_is_renewed(edge: &Subject) {
    let film = Film::new();
    let (path, pulled) = (film.path("master.m3u8"), film.origin("master.m3u8"));
    edge.origin.serve(pulled.clone(), "planned");
    assert_eq!(body(edge.get(&path).await).await, "planned");
    let asked = edge.origin.hits(&pulled);
    edge.origin.serve(pulled.clone(), "measured");
    for _ in 0..20 {
        assert!(edge.get(&path).await.status().is_success());
    }
    assert!(
        edge.origin.hits(&pulled) <= asked + 1,
        "a fresh manifest needs no origin"
    );
    let path = path.as_str();
    let renewed = || async move { body(edge.get(path).await).await == "measured" };
    eventually("the manifest is renewed", renewed).await;
}

/// While the origin fails, what is on the edge plays on.
pub async fn a_manifest_outlives_its_origin(edge: &Subject) {
    let film = Film::new();
    let (path, pulled) = (film.path("master.m3u8"), film.origin("master.m3u8"));
    edge.origin.serve(pulled.clone(), "still here");
    assert_eq!(edge.get(&path).await.status(), 200);
    let asked = edge.origin.hits(&pulled);
    edge.origin.refuse(pulled.clone(), 500);
    let (path, pulled) = (path.as_str(), pulled.as_str());
    eventually("the edge asks again", || async move {
        let answer = edge.get(path).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(body(answer).await, "still here");
        edge.origin.hits(pulled) > asked
    })
    .await;
}

/// A transfer that breaks off is seen as one by whoever asked, and is not kept.
pub async fn a_broken_pull_is_never_a_whole_object(edge: &Subject) {
    let (film, content) = (Film::new(), pattern(700_000));
    let (path, pulled) = (film.path("v/360p/3.m4s"), film.origin("v/360p/3.m4s"));
    edge.origin.pause(pulled.clone(), content.clone(), 300_000);
    let ask = async {
        let answer = edge.get(&path).await;
        answer.status() == 200 && answer.bytes().await.is_ok()
    };
    let break_off = async {
        eventually("the origin is asked", || async {
            edge.origin.hits(&pulled) > 0
        })
        .await;
        edge.origin.break_off(&pulled);
    };
    let (seems_whole, ()) = tokio::join!(ask, break_off);
    assert!(!seems_whole, "a torn object seems whole");
    edge.origin.serve(pulled.clone(), content.clone());
    edge.origin.release(&pulled);
    let path = path.as_str();
    eventually("the object is pulled again", || async {
        let answer = edge.get(path).await;
        let status = answer.status();
        match answer.bytes().await {
            Ok(bytes) if status == 200 => {
                assert!(bytes == content, "what broke off was kept");
                true
            }
            _ => false,
        }
    })
    .await;
}

/// A large object arrives whole, and a range of its end without its beginning.
pub async fn a_large_object_streams(edge: &Subject) {
    let (film, content) = (Film::new(), Bytes::from(pattern(48 << 20)));
    let (path, pulled) = (film.path("v/2160p/0.m4s"), film.origin("v/2160p/0.m4s"));
    edge.origin.serve(pulled, content.clone());
    let whole = edge.get(&path).await;
    assert_eq!(header(&whole, "content-length"), content.len().to_string());
    assert!(body(whole).await == content, "the bytes differ");
    let from = content.len() - 3_000_000;
    let request = edge.request(Method::GET, &path);
    let end = send(request.header(names::RANGE, format!("bytes={from}-"))).await;
    assert_eq!(end.status(), 206);
    assert!(
        body(end).await == content[from..],
        "the bytes of the range differ"
    );
}
