//! What is on the edge is served as players and caches expect.

use reqwest::{Method, header as names};

use super::{Film, Subject, body, header, pattern, raw, send};

const IMMUTABLE: &str = "private, max-age=31536000, immutable";
const SHORT: &str = "private, max-age=4";

/// Type and lifetime of each kind of object; every answer can be read by pages of any origin.
pub async fn every_kind_has_its_headers(edge: &Subject) {
    let film = Film::new();
    for (object, content_type, cache) in [
        ("master.m3u8", "application/vnd.apple.mpegurl", SHORT),
        ("manifest.mpd", "application/dash+xml", SHORT),
        (
            "v/360p/playlist.m3u8",
            "application/vnd.apple.mpegurl",
            SHORT,
        ),
        ("a/0/playlist.m3u8", "application/vnd.apple.mpegurl", SHORT),
        ("v/360p/init.mp4", "video/mp4", IMMUTABLE),
        ("v/360p/0.m4s", "video/mp4", IMMUTABLE),
        ("v/2160p/4711.m4s", "video/mp4", IMMUTABLE),
        ("a/0/init.mp4", "audio/mp4", IMMUTABLE),
        ("a/12/7.m4s", "audio/mp4", IMMUTABLE),
        ("images/poster.jpg", "image/jpeg", IMMUTABLE),
        ("images/hover-3.jpg", "image/jpeg", IMMUTABLE),
    ] {
        let path = film.path(object);
        edge.seed(&film.at(object), object).await;
        let answer = edge.get(&path).await;
        assert_eq!(answer.status(), 200, "{object}");
        for (name, expected) in [
            ("content-type", content_type),
            ("cache-control", cache),
            ("content-length", object.len().to_string().as_str()),
            ("accept-ranges", "bytes"),
            ("access-control-allow-origin", "*"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(header(&answer, name), expected, "{name} of {object}");
        }
        let exposed = header(&answer, "access-control-expose-headers").to_ascii_lowercase();
        for name in ["content-length", "content-range", "etag"] {
            assert!(exposed.contains(name), "{name} is not exposed");
        }
        assert!(header(&answer, "etag").starts_with('"'), "a strong ETag");
        assert_eq!(body(answer).await, object.as_bytes());
    }
    assert_eq!(
        edge.origin.hits_with(film.0.as_str()),
        0,
        "seeded objects need no origin"
    );
}

/// One range, in all its spellings, of a small and of a large file.
pub async fn a_range_is_answered(edge: &Subject) {
    for size in [1000, 1_000_003] {
        let film = Film::new();
        let (path, content) = (film.path("v/360p/0.m4s"), pattern(size));
        edge.seed(&film.at("v/360p/0.m4s"), content.clone()).await;
        let ranged = |range: String| {
            let request = edge.request(Method::GET, &path);
            send(request.header(names::RANGE, range))
        };
        for (range, from, to) in [
            ("0-0".to_owned(), 0, 1),
            ("10-99".to_owned(), 10, 100),
            ("500-".to_owned(), 500, size),
            ("-7".to_owned(), size - 7, size),
            (format!("{}-{}", size - 1, size + 10), size - 1, size),
            (format!("-{}", size * 2), 0, size),
        ] {
            let answer = ranged(format!("bytes={range}")).await;
            assert_eq!(answer.status(), 206, "{range} of {size}");
            let expected = format!("bytes {from}-{}/{size}", to - 1);
            assert_eq!(header(&answer, "content-range"), expected);
            assert_eq!(header(&answer, "content-length"), (to - from).to_string());
            assert_eq!(body(answer).await, content[from..to], "{range} of {size}");
        }
        let answer = ranged(format!("bytes={size}-")).await;
        assert_eq!(answer.status(), 416);
        assert_eq!(header(&answer, "content-range"), format!("bytes */{size}"));
        let headers = |name| answer.headers().get_all(name).into_iter();
        let caching = headers("cache-control").any(|value| value == "no-store");
        assert!(caching, "no cache may take this for the file");
        assert_eq!(headers("access-control-allow-origin").count(), 1);
        let answer = ranged("lines=1-2".to_owned()).await;
        assert_eq!(answer.status(), 200, "another unit is ignored");
        assert_eq!(body(answer).await, content);
    }
}

/// HEAD has the headers of GET and no body.
pub async fn a_head_tells_what_a_get_would(edge: &Subject) {
    let film = Film::new();
    let path = film.path("v/360p/0.m4s");
    edge.seed(&film.at("v/360p/0.m4s"), pattern(300_000)).await;
    let head = send(edge.request(Method::HEAD, &path)).await;
    let get = edge.get(&path).await;
    assert_eq!(head.status(), get.status());
    for name in ["content-length", "content-type", "etag", "cache-control"] {
        assert_eq!(header(&head, name), header(&get, name), "{name}");
    }
    assert!(body(head).await.is_empty());
    let missing = send(edge.request(Method::HEAD, &film.path("v/360p/1.m4s"))).await;
    assert_eq!(missing.status(), 404);
}

/// What a cache knows is not sent again; a range of something else is not answered.
pub async fn a_conditional_request_is_answered(edge: &Subject) {
    let film = Film::new();
    let (path, content) = (film.path("v/360p/0.m4s"), pattern(5000));
    edge.seed(&film.at("v/360p/0.m4s"), content.clone()).await;
    let etag = header(&edge.get(&path).await, "etag").to_owned();
    let known = edge.request(Method::GET, &path);
    let known = send(known.header(names::IF_NONE_MATCH, &etag)).await;
    assert_eq!(known.status(), 304);
    assert_eq!(header(&known, "etag"), etag);
    assert_eq!(header(&known, "access-control-allow-origin"), "*");
    assert!(body(known).await.is_empty());
    for (if_range, status, expected) in [
        (etag.as_str(), 206, &content[..10]),
        ("\"other\"", 200, &content[..]),
    ] {
        let request = edge.request(Method::GET, &path);
        let request = request.header(names::RANGE, "bytes=0-9");
        let answer = send(request.header(names::IF_RANGE, if_range)).await;
        assert_eq!(answer.status(), status, "If-Range: {if_range}");
        assert_eq!(body(answer).await, expected);
    }
}

/// Pages of any origin may ask for ranges.
pub async fn a_preflight_is_answered(edge: &Subject) {
    let request = edge.request(Method::OPTIONS, &Film::new().path("v/360p/0.m4s"));
    let request = request
        .header(names::ORIGIN, "https://films.example")
        .header(names::ACCESS_CONTROL_REQUEST_METHOD, "GET")
        .header(names::ACCESS_CONTROL_REQUEST_HEADERS, "range");
    let answer = send(request).await;
    assert!(answer.status().is_success());
    assert_eq!(header(&answer, "access-control-allow-origin"), "*");
    let allowed = header(&answer, "access-control-allow-headers").to_ascii_lowercase();
    assert!(allowed.split(", ").any(|name| name == "range"), "{allowed}");
    let methods = header(&answer, "access-control-allow-methods");
    assert!(methods.contains("GET") && methods.contains("HEAD"));
    assert!(!methods.contains("PUT") && !methods.contains("DELETE"));
}

/// No spelling of a path reaches a file in another way than its own, and none the origin.
pub async fn no_path_leads_elsewhere(edge: &Subject) {
    let (film, canary) = (Film::new(), "only one path leads here");
    edge.seed(&film.at("v/360p/0.m4s"), canary).await;
    for target in other_spellings(&film) {
        let (status, answer) = raw::get(&edge.base, &target).await;
        let shown = String::from_utf8_lossy(&target);
        assert!(
            matches!(status, 400 | 403 | 404 | 405),
            "{shown} was answered by {status}"
        );
        let leaks = answer
            .windows(canary.len())
            .any(|part| part == canary.as_bytes());
        assert!(!leaks, "{shown} leads to the canary");
    }
    let asked = edge.origin.hits_with(film.0.as_str());
    assert_eq!(asked, 0, "the origin was asked for an impossible path");
}

/// What somebody might write instead of the path of `v/360p/0.m4s`, and further out.
fn other_spellings(film: &Film) -> Vec<Vec<u8>> {
    let id = film.0.as_str();
    let token = super::token(&film.0);
    let mut corpus: Vec<Vec<u8>> = [
        "v/360p/0.m4s.",
        "v/360p/0.m4s/",
        "v/360p/0.m4s;x=1",
        "v/360p/0.m4s%00",
        "v/360p/0.m4s%20",
        "v/360p/00.m4s",
        "v/360p/%30.m4s",
        "v/360p/0%2em4s",
        "v%2f360p%2f0.m4s",
        "v/360p//0.m4s",
        "v//360p/0.m4s",
        "/v/360p/0.m4s",
        "./v/360p/0.m4s",
        "v/./360p/0.m4s",
        "v/../v/360p/0.m4s",
        "v/%2e%2e/v/360p/0.m4s",
        "v/360P/0.m4s",
        "V/360p/0.m4s",
        "v/360p/0.M4S",
        "v/+360p/0.m4s",
        "v/360p/-0.m4s",
        "v\\360p\\0.m4s",
        "v/360p",
        "v/",
        "plan.json",
        "../../../../../../etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%252e%252e/%252e%252e/etc/passwd",
        "..;/..;/etc/passwd",
        "v/%c0%ae%c0%ae/0.m4s",
    ]
    .iter()
    .map(|object| film.path(object).into_bytes())
    .collect();
    corpus.extend(
        [
            format!("/v/public/{id}/1/v/360p/0.m4s"),
            format!(
                "/v/%31{}/{id}/1/v/360p/0.m4s",
                token.trim_start_matches('1')
            ),
            format!("/films/{id}/1/v/360p/0.m4s"),
            format!("/{id}/1/v/360p/0.m4s"),
            format!("/v/{token}/{token}/{id}/1/v/360p/0.m4s"),
            format!("/v//{id}/1/v/360p/0.m4s"),
            format!("//v/{token}/{id}/1/v/360p/0.m4s"),
            format!("/V/{token}/{id}/1/v/360p/0.m4s"),
            format!("/v/{token}/{id}/01/v/360p/0.m4s"),
            format!("/v/{token}/{id}/0/v/360p/0.m4s"),
            format!("/v/{token}/{id}/-1/v/360p/0.m4s"),
            format!("/v/{token}/{id}/1e0/v/360p/0.m4s"),
            format!("/v/{token}/{}/1/v/360p/0.m4s", id.to_uppercase()),
            format!("/v/{token}/{id}x/1/v/360p/0.m4s"),
            format!("/v/{token}/{id}/"),
            format!("/v/{token}/{id}/1/"),
            format!("/v/{token}/tmp/"),
            format!("/v/{token}/lock"),
            "/v/".to_owned(),
            "/v".to_owned(),
            "/etc/passwd".to_owned(),
        ]
        .map(String::into_bytes),
    );
    corpus.push([film.path("v/360p/0.m4s").as_bytes(), b"\xff"].concat());
    corpus
}
