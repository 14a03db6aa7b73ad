//! Every answer tells browsers to be careful; [`crate::person::send`] looks at each of every story.

use std::path::Path;

use reqwest::Method;
use serde_json::Value;

use crate::person::send;
use crate::town::Town;

/// The pages that the application routes itself.
const PAGES: [&str; 12] = [
    "/",
    "/search?q=quince",
    "/upload",
    "/watch/FILM",
    "/sign-in",
    "/sign-up",
    "/claim",
    "/forgotten",
    "/reset-password",
    "/account",
    "/studio",
    "/admin",
];

/// What is served as it is, and what is not there.
fn files() -> Vec<String> {
    let dist = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../frontend/dist"));
    let mut files = vec!["/nothing.js".to_owned(), "/assets/nothing.css".to_owned()];
    let mut folders = vec![dist.to_owned()];
    while let Some(folder) = folders.pop() {
        // Without the frontend's build there are none.
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let below = path.strip_prefix(dist).unwrap();
                files.push(format!("/{}", below.display()));
            }
        }
    }
    files
}

/// Every page, file and operation; and addresses that are nothing.
fn everything(town: &Town) -> Vec<(Method, String)> {
    let pages = PAGES.map(|page| page.replace("FILM", &town.things.film));
    let film = town.things.film.clone();
    let operations = town.document.operations().into_iter();
    let operations = operations.map(|one| (one.method.clone(), one.path_of(&film)));
    let odd = [
        "/api",
        "/api/",
        "/api/nothing",
        "/internal/edges",
        "/origin/x",
        "/v/",
        "/v/x/y/z",
        "/marquee/x",
        "/health/live",
        "/health/ready",
        "/api/openapi.json",
        "/api/health/live",
        "/api/health/ready",
        "/%00",
        "/%ff%fe",
        "/..%2f..%2fetc/passwd",
    ];
    let named = pages.into_iter().chain(files());
    let named = named.chain(odd.map(ToOwned::to_owned));
    let methods = [Method::GET, Method::HEAD, Method::OPTIONS, Method::DELETE];
    let asked = named.flat_map(|path| methods.clone().map(|method| (method, path.clone())));
    operations.chain(asked).collect()
}

#[tokio::test]
async fn every_page_file_and_operation_tells_browsers_to_be_careful() {
    let town = Town::with(&[
        crate::town::BELIEVED,
        ("MARQUEE__GATEWAY__PUBLIC_URL", "https://films.example"),
    ])
    .await;
    let all = everything(&town);
    for (method, path) in &all {
        for person in [&town.anonymous, &town.other] {
            let answer = send(person.request(method.clone(), path)).await;
            let secure = &answer.headers["strict-transport-security"];
            assert_eq!(secure, "max-age=31536000", "{method} {path}");
            assert!(answer.status < 500, "{method} {path}: {answer:?}");
        }
    }
    // Nor is anything forgotten where a body is not what it should be.
    for body in [Value::from("text"), Value::from(vec![1; 2_000_000])] {
        let answer = town.other.ask(Method::POST, "/api/uploads", &body).await;
        assert!((400..500).contains(&answer.status), "{answer:?}");
    }
    assert!(all.len() > 150, "{}", all.len());
    crate::town::tell(&format!("{} answers", all.len() * 2));
    town.close().await;
}
