//! What clients say of the way that their requests took, and of where these end.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::Marquee;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::person::{Person, Secrets, send};
use crate::town::{BELIEVED, Town};

/// By which some servers learn where a request comes from.
const SAID: [&str; 7] = [
    "forwarded",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "x-cluster-client-ip",
    "x-originating-ip",
];

#[tokio::test]
async fn guessing_is_slowed_whatever_addresses_are_made_up() {
    let closed = [("MARQUEE__GATEWAY__OPEN", "false")];
    let marquee = Marquee::up_with(&closed).await;
    let nobody = Person::stranger(marquee.url(), "nobody", &Secrets::default());
    let (mut tries, mut refused) = (0, 0);
    for number in 0..60 {
        // Each says that it comes from elsewhere, which is what `plain` does, and in other ways, too.
        let mut request = nobody.plain(Method::POST, "/api/accounts/sign-in");
        for name in SAID {
            request = request.header(name, format!("203.0.113.{number}"));
        }
        let who = json!({ "name": format!("user{number}"), "password": "correct horse" });
        match send(request.json(&who)).await.status {
            401 => tries += 1,
            429 => refused += 1,
            status => panic!("{status}"),
        }
    }
    assert!(tries <= 15, "{tries} passwords were tried");
    assert_eq!(tries + refused, 60);
}

#[tokio::test]
async fn another_host_makes_nothing_ours() {
    let public = ("MARQUEE__GATEWAY__PUBLIC_URL", "https://films.example");
    let town = Town::with(&[BELIEVED, public]).await;
    let owner = &town.owner;
    let cookies = owner.cookies();
    let cookies = cookies
        .split("; ")
        .map(|one| format!("__Host-{one}"))
        .collect::<Vec<_>>()
        .join("; ");
    let film = format!("/api/videos/{}", town.things.film);
    let before = town.state().await;
    let mut refused = 0;
    for host in [
        "evil.example",
        "127.0.0.1",
        "films.example.evil.example",
        "",
    ] {
        for name in ["host", "x-forwarded-host", "x-host", "forwarded"] {
            let request = owner.plain(Method::PATCH, &film);
            let request = request
                .header("cookie", &cookies)
                .header("origin", format!("https://{host}"))
                .header(name, host);
            let answer = send(request.json(&json!({ "title": "Not mine" }))).await;
            assert!(
                matches!(answer.status, 400 | 403),
                "{name}: {host}: {answer:?}"
            );
            refused += 1;
        }
    }
    assert_eq!(refused, 16);
    assert_eq!(before, town.state().await);
    // Permissions are for where the site is, not for where somebody says.
    let parts = format!("/api/uploads/{}/parts", town.things.upload);
    let wish = json!({ "parts": [{ "number": 1, "size_bytes": 5 << 20, "crc32c": "AAAAAA==" }] });
    let request = owner.request(Method::POST, &parts);
    let request = request
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example");
    let signed = send(request.json(&wish)).await.done().json();
    let url = signed["parts"][0]["url"].as_str().unwrap();
    assert!(url.starts_with("https://films.example/"), "{url}");
    town.close().await;
}

/// What is hidden in the request before it: the answer would name it.
const HIDDEN: &str = "GET /api/nothing-hidden HTTP/1.1\r\nhost: films.example\r\n\r\n";

/// Headers that servers have read differently.
const UNCLEAR: [&str; 18] = [
    "content-length: LENGTH\r\ntransfer-encoding: chunked",
    "transfer-encoding: chunked\r\ncontent-length: LENGTH",
    "content-length: LENGTH\r\ntransfer-encoding: identity",
    "content-length: LENGTH\r\ntransfer-encoding: xchunked",
    "content-length: LENGTH\r\ntransfer-encoding: identity, chunked",
    "content-length: LENGTH\r\ntransfer-encoding: chunked, identity",
    "content-length: LENGTH\r\ntransfer-encoding:\tchunked",
    "content-length: LENGTH\r\ntransfer-encoding : chunked",
    "content-length: LENGTH\r\n transfer-encoding: chunked",
    "content-length: LENGTH\r\nx: y\r\n\ttransfer-encoding: chunked",
    "content-length: LENGTH\r\nx: y\ntransfer-encoding: chunked",
    "content-length: LENGTH\r\ntransfer-encoding: chunked\r\ntransfer-encoding: x",
    "content-length: LENGTH\r\ncontent-length: 5",
    "content-length: 5\r\ncontent-length: LENGTH",
    "content-length: LENGTH, 5",
    "content-length: +LENGTH",
    "content-length: 0xLENGTH",
    "content-length: -5",
];

/// What the gateway answers on one connection until it is silent.
async fn exchange(host: &str, request: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    // A connection that is cut off says as much as one that is closed.
    drop(stream.read_to_end(&mut answer).await);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn no_request_is_hidden_in_another() {
    let closed = [("MARQUEE__GATEWAY__OPEN", "false")];
    let marquee = Marquee::up_with(&closed).await;
    let nobody = Person::stranger(marquee.url(), "nobody", &Secrets::default());
    let (_, host) = marquee.url().split_once("//").unwrap();
    let clear = format!("GET /api/health/live HTTP/1.1\r\nhost: {host}\r\n\r\n{HIDDEN}");
    let two = exchange(host, &clear).await;
    assert!(two.contains("nothing-hidden"), "it would be seen: {two}");
    let mut tried = 0;
    for unclear in UNCLEAR {
        for path in [
            "/api/accounts/sign-in",
            "/api/uploads",
            "/v/x",
            "/marquee/x",
            "/",
        ] {
            for body in [
                format!("0\r\n\r\n{HIDDEN}"),
                format!("5\r\nhello\r\n0\r\n\r\n{HIDDEN}"),
            ] {
                let headers = unclear.replace("LENGTH", &body.len().to_string());
                let request = format!(
                    "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n{headers}\r\n\r\n{body}"
                );
                let told = exchange(host, &request).await;
                assert!(!told.contains("nothing-hidden"), "{request}\n\n{told}");
                tried += 1;
            }
        }
        // Nor is anybody given the answer to another's request.
        for _ in 0..3 {
            let me = nobody.get("/api/accounts/me").await;
            assert_eq!(
                (me.status, &me.json()["user"]),
                (200, &Value::Null),
                "{unclear}"
            );
        }
    }
    assert_eq!(tried, UNCLEAR.len() * 10);
}
