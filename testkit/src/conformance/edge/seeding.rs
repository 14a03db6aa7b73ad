//! Seeding: who may, and what it changes.

use base64::Engine as _;
use reqwest::Method;

use super::{Film, Subject, body, header, pattern, send};

/// Without the credential nothing is stored and nothing is deleted.
pub async fn seeding_takes_the_credential(edge: &Subject) {
    let film = Film::new();
    let (there, missing) = (film.at("v/360p/0.m4s"), film.at("v/360p/1.m4s"));
    edge.seed(&there, "stays").await;
    let almost = edge.seed_key.get(1..).unwrap_or_default();
    for authorization in [
        None,
        Some(format!("Bearer {almost}")),
        Some(format!("Bearer {}x", edge.seed_key)),
        Some("Bearer ".to_owned()),
        Some(format!("Basic {}", edge.seed_key)),
        Some(edge.seed_key.clone()),
    ] {
        for (method, path) in [
            (Method::PUT, &missing),
            (Method::PUT, &there),
            (Method::DELETE, &there),
        ] {
            let mut request = edge.request(method.clone(), path).body("foreign");
            if let Some(value) = &authorization {
                request = request.header("authorization", value);
            }
            let status = send(request).await.status().as_u16();
            assert!(
                matches!(status, 401 | 403),
                "{method} by {authorization:?}: {status}"
            );
        }
    }
    let (there, missing) = (film.path("v/360p/0.m4s"), film.path("v/360p/1.m4s"));
    assert_eq!(body(edge.get(&there).await).await, "stays");
    assert_eq!(edge.get(&missing).await.status(), 404);
}

/// Players cannot change anything, not even with the credential; whoever seeds cannot look.
pub async fn players_and_seeders_have_addresses_of_their_own(edge: &Subject) {
    let film = Film::new();
    edge.seed(&film.at("v/360p/0.m4s"), "stays").await;
    for object in ["v/360p/0.m4s", "v/360p/1.m4s"] {
        let path = film.path(object);
        assert_eq!(edge.put(&path, "foreign").await.status(), 405);
        assert_eq!(edge.delete(&path).await.status(), 405);
        let request = edge.request(Method::GET, &film.at(object));
        let looked = send(request.bearer_auth(&edge.seed_key)).await;
        assert_eq!(looked.status(), 405);
    }
    assert_eq!(
        body(edge.get(&film.path("v/360p/0.m4s")).await).await,
        "stays"
    );
    assert_eq!(edge.get(&film.path("v/360p/1.m4s")).await.status(), 404);
}

/// The second PUT wins, at once, and the last one has another tag than the first.
pub async fn what_is_put_again_is_replaced(edge: &Subject) {
    let film = Film::new();
    let (at, path) = (film.at("master.m3u8"), film.path("master.m3u8"));
    assert_eq!(edge.put(&at, "first").await.status(), 201);
    let first = edge.get(&path).await;
    let etag = header(&first, "etag").to_owned();
    assert_eq!(body(first).await, "first");
    assert_eq!(edge.put(&at, "other").await.status(), 204);
    assert_eq!(body(edge.get(&path).await).await, "other");
    tokio::time::sleep(edge.tags_tell_apart).await;
    assert_eq!(edge.put(&at, "third").await.status(), 204);
    let third = edge.get(&path).await;
    assert_ne!(header(&third, "etag"), etag);
    assert_eq!(body(third).await, "third");
}

/// What arrives is compared with its digest before it counts.
pub async fn a_body_that_is_not_what_was_sent_is_refused(edge: &Subject) {
    if !edge.checks_digests {
        return;
    }
    let film = Film::new();
    let path = film.at("v/360p/0.m4s");
    let digest = base64::engine::general_purpose::STANDARD.encode([7; 32]);
    let request = edge.request(Method::PUT, &path).bearer_auth(&edge.seed_key);
    let request = request.header("content-digest", format!("sha-256=:{digest}:"));
    assert_eq!(send(request.body("broken")).await.status(), 400);
    assert_eq!(edge.get(&film.path("v/360p/0.m4s")).await.status(), 404);
}

/// Whoever seeds sees which films lie there, nobody else does, and no file by its name.
pub async fn what_lies_there_is_listed_to_seeders(edge: &Subject) {
    let (film, other) = (Film::new(), Film::new());
    for path in [film.at("v/360p/0.m4s"), other.at("master.m3u8")] {
        edge.seed(&path, "here").await;
    }
    let listed = async || {
        let request = edge.request(Method::GET, "/films/");
        let answer = send(request.bearer_auth(&edge.seed_key)).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(header(&answer, "cache-control"), "no-store");
        let text = body(answer).await;
        let entries: serde_json::Value = serde_json::from_slice(&text).expect("it is JSON");
        let entries = entries.as_array().expect("it is a list").clone();
        let is_here = |id: &str| {
            let mut entries = entries.iter();
            entries.any(|entry| entry["name"] == id && entry["type"] == "directory")
        };
        (is_here(film.0.as_str()), is_here(other.0.as_str()))
    };
    assert_eq!(listed().await, (true, true));
    let gone = format!("/films/{}/", film.0);
    assert_eq!(edge.delete(&gone).await.status(), 204);
    assert_eq!(listed().await, (false, true));
    let almost = edge.seed_key.get(1..).unwrap_or_default();
    for request in [
        edge.request(Method::GET, "/films/"),
        edge.request(Method::GET, "/films/").bearer_auth(almost),
    ] {
        let answer = send(request).await;
        assert_eq!(answer.status(), 401);
        let text = body(answer).await;
        assert!(!String::from_utf8_lossy(&text).contains(other.0.as_str()));
    }
    for (method, path) in [
        (Method::DELETE, "/films/".to_owned()),
        (Method::PUT, "/films/".to_owned()),
        (Method::GET, format!("/films/{}/", other.0)),
    ] {
        let request = edge.request(method.clone(), &path).body("");
        let status = send(request.bearer_auth(&edge.seed_key)).await.status();
        assert!(
            matches!(status.as_u16(), 404 | 405),
            "{method} {path}: {status}"
        );
    }
    assert_eq!(listed().await, (false, true));
}

/// An object, a revision, a film: what is deleted is gone, and nothing else.
pub async fn deletion_removes_what_it_names(edge: &Subject) {
    let (film, other) = (Film::new(), Film::new());
    let of = |revision: u32, object: &str| format!("/films/{}/{revision}/{object}", film.0);
    let all = [
        of(1, "master.m3u8"),
        of(1, "v/360p/0.m4s"),
        of(2, "v/360p/0.m4s"),
        of(12, "v/360p/0.m4s"),
        other.at("v/360p/0.m4s"),
    ];
    let shown = |at: &str| {
        let id = if at.contains(other.0.as_str()) {
            &other.0
        } else {
            &film.0
        };
        at.replace("/films/", &format!("/v/{}/", super::token(id)))
    };
    for path in &all {
        edge.seed(path, pattern(100)).await;
    }
    for (deleted, left) in [
        (of(1, "master.m3u8"), vec![1, 2, 3, 4]),
        (of(1, ""), vec![2, 3, 4]),
        (format!("/films/{}/", film.0), vec![4]),
    ] {
        assert_eq!(edge.delete(&deleted).await.status(), 204, "{deleted}");
        for (number, path) in all.iter().enumerate() {
            let status = edge.get(&shown(path)).await.status().as_u16();
            let expected = if left.contains(&number) { 200 } else { 404 };
            assert_eq!(status, expected, "{path} after DELETE {deleted}");
        }
    }
    assert_eq!(edge.delete(&all[0]).await.status(), 404);
}
