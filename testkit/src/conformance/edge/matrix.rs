//! Everybody × every object × every way to ask: only who may gets anything.

use platform_auth::{Denied, Grant, PLAYBACK_LIFETIME_S, PlaybackKey};
use platform_core::{Clock as _, Redacted, SystemClock};

use super::{Film, Subject, raw, sign, sign_at};

/// Every kind of object.
const OBJECTS: [&str; 9] = [
    "master.m3u8",
    "v/360p/playlist.m3u8",
    "a/0/playlist.m3u8",
    "manifest.mpd",
    "v/360p/init.mp4",
    "v/360p/7.m4s",
    "s/en.vtt",
    "images/poster.jpg",
    "images/hover-2.jpg",
];

/// How many requests all of that is: each of 7 strangers asks for each of 9 objects before anybody
/// had it, then the owner and they in 17 ways.
const REQUESTS: usize = 7 * 9 + 8 * 9 * 17;

/// Who asks, by what they put between `/v` and the film.
struct Asker {
    name: &'static str,
    token: String,
}

/// One way to ask.
struct Ask {
    name: &'static str,
    method: &'static str,
    target: String,
    headers: String,
    /// Whether who may is given the object.
    is_plain: bool,
}

/// What must not get out: the object itself, its tag and its length.
struct Secret {
    object: &'static str,
    content: String,
    etag: String,
}

/// Nobody but who may gets a byte or a header of any object, in any spelling, before and after
/// somebody had it fetched.
pub async fn only_who_may_gets_anything(edge: &Subject) {
    let film = Film::new();
    let content = |object: &str| format!("canary of {object} {}", "x".repeat(3000 + object.len()));
    for (number, object) in OBJECTS.into_iter().enumerate() {
        // Some were brought, the others are to be pulled.
        if number % 2 == 0 {
            edge.seed(&film.at(object), content(object)).await;
        } else {
            edge.origin.serve(film.origin(object), content(object));
        }
    }
    let strangers = strangers(edge, &film).await;
    let owner = Asker {
        name: "owner",
        token: sign(&Grant::to(film.0.clone(), 1, "session of the owner")),
    };
    let mut requests = 0;
    let unknown = "\"unknown\"";
    for object in OBJECTS {
        let secret = Secret {
            object,
            content: content(object),
            etag: unknown.to_owned(),
        };
        for asker in &strangers {
            let ask = ways(&film, asker, &owner, object, unknown).swap_remove(0);
            refused(edge, asker, &ask, &secret).await;
            requests += 1;
        }
    }
    let asked = edge.origin.hits_with(film.0.as_str());
    assert_eq!(asked, 0, "nothing is pulled for strangers");
    for object in OBJECTS {
        let first = &ways(&film, &owner, &owner, object, unknown)[0];
        let etag = given(edge, first, &content(object)).await;
        let secret = Secret {
            object,
            content: content(object),
            etag: etag.clone(),
        };
        for ask in ways(&film, &owner, &owner, object, &etag) {
            if ask.is_plain {
                given(edge, &ask, &secret.content).await;
            } else {
                refused(edge, &owner, &ask, &secret).await;
            }
            requests += 1;
        }
        for asker in &strangers {
            for ask in ways(&film, asker, &owner, object, &etag) {
                refused(edge, asker, &ask, &secret).await;
                requests += 1;
            }
        }
    }
    assert_eq!(requests, REQUESTS, "the matrix is whole");
}

/// Those who may not.
async fn strangers(edge: &Subject, film: &Film) -> Vec<Asker> {
    let id = &film.0;
    let expired = SystemClock.now_ms() - (PLAYBACK_LIFETIME_S + 1) * 1000;
    let other_key = PlaybackKey::new(&Redacted::new("another key"));
    edge.deny(&Denied::generation(id, 0), 201).await;
    edge.deny(&Denied::credential(&format!("signed out of {id}")), 201)
        .await;
    let grant = Grant::anyone(id.clone(), 1);
    [
        ("no token", String::new()),
        ("a word", "public".to_owned()),
        ("another film's", super::token(&Film::new().0)),
        (
            "another key's",
            other_key.sign(&grant, SystemClock.now_ms()),
        ),
        ("expired", sign_at(&grant, expired)),
        ("denied generation", sign(&Grant::anyone(id.clone(), 0))),
        (
            "denied viewer",
            sign(&Grant::to(id.clone(), 1, &format!("signed out of {id}"))),
        ),
    ]
    .map(|(name, token)| Asker { name, token })
    .into()
}

/// All ways in which `asker` may try, with whatever they could know of what `owner` has.
fn ways(film: &Film, asker: &Asker, owner: &Asker, object: &str, etag: &str) -> Vec<Ask> {
    let id = &film.0;
    let prefix = match asker.token.as_str() {
        "" => "/v".to_owned(),
        token => format!("/v/{token}"),
    };
    let good = &owner.token;
    let plain = format!("{prefix}/{id}/1/{object}");
    let ask = |name, method, target: &str, headers: &str, is_plain| Ask {
        name,
        method,
        target: target.to_owned(),
        headers: headers.to_owned(),
        is_plain,
    };
    let odd = |name, target: String| ask(name, "GET", &target, "", false);
    let (head, tail) = plain.rsplit_once('/').unwrap_or_default();
    let bearer = format!("Authorization: Bearer {good}\r\nCookie: token={good}\r\n");
    vec![
        ask("plain", "GET", &plain, "", true),
        ask("head", "HEAD", &plain, "", true),
        ask("range", "GET", &plain, "Range: bytes=0-99\r\n", true),
        ask(
            "known",
            "GET",
            &plain,
            &format!("If-None-Match: {etag}\r\n"),
            true,
        ),
        ask("in headers", "GET", &plain, &bearer, true),
        ask(
            "in the query",
            "GET",
            &format!("{plain}?token={good}"),
            "",
            true,
        ),
        odd(
            "encoded dot",
            format!("{head}/{}", tail.replace('.', "%2e")),
        ),
        odd("two slashes", format!("{head}//{tail}")),
        odd("case", format!("{head}/{}", tail.to_uppercase())),
        odd("parameter", format!("{plain};x=1")),
        odd("trailing dot", format!("{plain}.")),
        odd("up and down", format!("{prefix}/{id}/1/x/../{object}")),
        odd("encoded slash", format!("{head}%2f{tail}")),
        odd(
            "twice",
            format!("/v/{}/{good}/{id}/1/{object}", asker.token),
        ),
        odd("instead", format!("/v/{good}/..{prefix}/{id}/1/{object}")),
        odd("case of v", plain.replacen("/v", "/V", 1)),
        odd("the tree of seeding", format!("/films/{id}/1/{object}")),
    ]
}

/// The object, or what of it was asked for, is given. Returns its tag.
async fn given(edge: &Subject, ask: &Ask, content: &str) -> String {
    let answer = raw::send(&edge.base, ask.method, ask.target.as_bytes(), &ask.headers).await;
    let text = String::from_utf8_lossy(&answer.1);
    let expected: &[u16] = match ask.name {
        "range" => &[206],
        // The tag is another one once what was pulled lies on the disk of an nginx.
        "known" => &[200, 304],
        _ => &[200],
    };
    assert!(expected.contains(&answer.0), "{}: {text}", ask.name);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
    let expected = match ask.name {
        "head" => "",
        "known" if answer.0 == 304 => "",
        "range" => content.get(..100).unwrap_or_default(),
        _ => content,
    };
    assert_eq!(body, expected, "{}", ask.name);
    let tag = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("etag").then(|| value.to_owned())
    });
    tag.unwrap_or_default()
}

/// Nothing of the object is told.
async fn refused(edge: &Subject, asker: &Asker, ask: &Ask, secret: &Secret) {
    let answer = raw::send(&edge.base, ask.method, ask.target.as_bytes(), &ask.headers).await;
    let text = String::from_utf8_lossy(&answer.1).to_lowercase();
    let what = format!("{} by {} of {}", ask.name, asker.name, secret.object);
    assert!(
        matches!(answer.0, 400 | 403 | 404 | 405),
        "{what}: {} {text}",
        answer.0
    );
    let length = format!("content-length: {}\r\n", secret.content.len());
    for leak in [
        "canary of",
        "\r\ncontent-range:",
        "\r\netag:",
        &secret.etag,
        &length,
    ] {
        assert!(
            !text.contains(&leak.to_lowercase()),
            "{what}: {leak} in {text}"
        );
    }
    assert!(!text.contains("public,"), "{what}: {text}");
}
