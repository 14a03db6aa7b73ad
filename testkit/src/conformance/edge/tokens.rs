//! What lets players have a film, and what takes it from them.

use platform_auth::{Denied, Grant, PLAYBACK_LIFETIME_S};
use platform_core::{Clock as _, SystemClock};
use reqwest::{Method, Response};

use super::{Film, Subject, body, header, send, sign, sign_at};

/// Everything of a film is the same to whoever has no token for it: what is there, what the origin
/// has, and what is nowhere.
pub async fn without_a_token_all_of_a_film_is_the_same(edge: &Subject) {
    let (film, other) = (Film::new(), Film::new());
    edge.seed(&film.at("v/360p/0.m4s"), "secret").await;
    edge.origin.serve(film.origin("v/360p/1.m4s"), "secret");
    let expired = SystemClock.now_ms() - (PLAYBACK_LIFETIME_S + 1) * 1000;
    let good = super::token(&film.0);
    for token in [
        "public".to_owned(),
        "-".to_owned(),
        good.replacen("1.", "2.", 1),
        good.to_uppercase(),
        format!("{good}x"),
        super::token(&other.0),
        sign_at(&Grant::anyone(film.0.clone(), 0), expired),
    ] {
        let mut told = Vec::new();
        for object in ["v/360p/0.m4s", "v/360p/1.m4s", "v/360p/2.m4s"] {
            let path = film.path_by(&token, object);
            let answer = edge.get(&path).await;
            assert_refused(&answer, &token);
            told.push(problem(answer).await);
            let head = send(edge.request(Method::HEAD, &path)).await;
            assert_refused(&head, &token);
        }
        assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
    }
    assert_eq!(
        edge.origin.hits_with(film.0.as_str()),
        0,
        "nothing is pulled"
    );
    let answer = edge.get(&film.path("v/360p/1.m4s")).await;
    assert_eq!(body(answer).await, "secret");
}

fn assert_refused(answer: &Response, token: &str) {
    assert_eq!(answer.status(), 403, "{token}");
    for (name, expected) in [
        ("cache-control", "no-store"),
        ("access-control-allow-origin", "*"),
        ("content-type", "application/problem+json"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(header(answer, name), expected, "{name}");
    }
    for name in ["etag", "last-modified", "content-range"] {
        assert_eq!(header(answer, name), "", "{name}");
    }
}

/// The problem that is told, without what names the request.
async fn problem(answer: Response) -> String {
    let told = body(answer).await;
    let told: serde_json::Value = serde_json::from_slice(&told).expect("a problem is JSON");
    assert_eq!(told["type"], "/problems/playback-refused");
    assert_eq!(told["status"], 403);
    let detail = "This address is not valid any more: load the page of the film again.";
    assert_eq!(told["detail"], detail);
    format!("{} {} {}", told["type"], told["title"], told["detail"])
}

/// What is denied is refused from then on, from a warm cache too, whatever the address; the rest is
/// served.
pub async fn what_is_denied_is_refused_at_once(edge: &Subject) {
    let film = Film::new();
    let objects = ["v/360p/0.m4s", "v/360p/1.m4s", "master.m3u8"];
    edge.seed(&film.at(objects[0]), "seeded").await;
    for object in &objects[1..] {
        edge.origin.serve(film.origin(object), "pulled");
    }
    let one = sign(&Grant::to(film.0.clone(), 3, "session-1"));
    let other = sign(&Grant::to(film.0.clone(), 3, "session-2"));
    let newer = sign(&Grant::anyone(film.0.clone(), 4));
    let are = async |token: &str, status: u16| {
        for object in objects {
            let answer = edge.get(&film.path_by(token, object)).await;
            assert_eq!(answer.status(), status, "{object}");
        }
    };
    for token in [&one, &other, &newer] {
        are(token, 200).await;
    }
    edge.deny(&Denied::credential("session-1"), 201).await;
    are(&one, 403).await;
    are(&other, 200).await;
    edge.deny(&Denied::generation(&film.0, 3), 201).await;
    are(&other, 403).await;
    are(&newer, 200).await;
    edge.deny(&Denied::generation(&film.0, 3), 204).await;
}

/// Only who may seed can say what is denied, in its only spelling; a mark tells how far that went.
pub async fn denials_take_the_credential(edge: &Subject) {
    let film = Film::new();
    let name = Denied::generation(&film.0, 0);
    edge.seed(&film.at("v/360p/0.m4s"), "there").await;
    let path = format!("/denied/{name}");
    for request in [
        edge.request(Method::PUT, &path),
        edge.request(Method::PUT, &path).bearer_auth("another key"),
        edge.request(Method::PUT, "/denied/mark").body("9"),
        edge.request(Method::GET, "/denied/mark"),
    ] {
        assert_eq!(send(request.body("")).await.status(), 401);
    }
    for wrong in [
        format!("/denied/{}.00", film.0),
        format!("/denied/{}", film.0),
        format!("/denied/{}.0/", film.0),
        "/denied/viewer.x".to_owned(),
        "/denied/".to_owned(),
    ] {
        assert_eq!(edge.put(&wrong, "").await.status(), 404, "{wrong}");
    }
    let looked = send(edge.request(Method::GET, &path).bearer_auth(&edge.seed_key)).await;
    assert_eq!(looked.status(), 405, "what is denied is nobody's to read");
    assert_eq!(edge.get(&film.path("v/360p/0.m4s")).await.status(), 200);

    let mark = || {
        let request = edge.request(Method::GET, "/denied/mark");
        send(request.bearer_auth(&edge.seed_key))
    };
    assert_eq!(mark().await.status(), 404);
    assert_eq!(edge.put("/denied/mark", "12").await.status(), 201);
    assert_eq!(body(mark().await).await, "12");
    assert_eq!(edge.put("/denied/mark", "345").await.status(), 204);
    let told = mark().await;
    assert_eq!(header(&told, "cache-control"), "no-store");
    assert_eq!(body(told).await, "345");
}
