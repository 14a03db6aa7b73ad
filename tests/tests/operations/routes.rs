//! Every route of every service, and who may ask it.
//!
//! Routes are read from the sources, since only there none can be forgotten: a service that is started in
//! another way, or a route that is written in a way which is not understood here, fails, too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use platform_auth::{Caller, Identity, ServiceKey};
use platform_core::Redacted;
use reqwest::Method;
use serde_json::json;

use crate::person::{Person, send};
use crate::town::Town;

/// Who may ask for a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asker {
    /// Whoever reaches the gateway; it decides by its rules, or there is nothing to decide.
    Everybody,
    /// Whoever has a playback token for what is asked.
    Players,
    /// Services; people only through the gateway, which says who they are.
    People,
    /// Services alone, never for people.
    Services,
    /// Services, and edges by their credential.
    Edges,
    /// Whoever has the seeding key of this edge.
    Seeders,
}

use Asker::{Edges, Everybody, People, Players, Seeders, Services};

/// All routes: the folder of the service, the method, the path, and who may ask. Those below `/api` are in
/// the OpenAPI document, whose rules `who_may.rs` tells one by one.
const ROUTES: &[(&str, &str, &str, Asker)] = &[
    ("platform/http", "GET", "/health/live", Everybody),
    ("platform/http", "GET", "/health/ready", Everybody),
    ("proxy", "GET", "/api/openapi.json", Everybody),
    ("proxy", "GET", "/api/health/live", Everybody),
    ("proxy", "GET", "/api/health/ready", Everybody),
    ("proxy", "GET", "/watch/{id}", Everybody),
    ("proxy", "ANY", "/{bucket}/{{key:.*}}", Everybody),
    ("proxy", "ANY", "{FILMS}/{{rest:.*}}", Everybody),
    ("proxy", "ANY", "/internal/{rest:.*}", Everybody),
    ("proxy", "ANY", "/origin/{rest:.*}", Everybody),
    ("proxy", "GET", "/{path:.*}", Everybody),
    ("proxy", "HEAD", "/{path:.*}", Everybody),
    ("proxy", "ANY", "", Everybody),
    ("proxy", "ANY", "/{rest:.*}", Everybody),
    ("edge", "ANY", "/v/{rest:.*}", Players),
    ("edge", "ANY", "/films/{rest:.*}", Seeders),
    ("edge", "ANY", "/denied/{rest:.*}", Seeders),
    ("edge-provider", "GET", "/origin/{rest:.*}", Edges),
    (
        "edge-provider",
        "GET",
        "/internal/placement/{video}",
        People,
    ),
    ("edge-provider", "GET", "/internal/edges", People),
    ("edge-provider", "GET", "/internal/edges/closest", People),
    ("post-processor", "GET", "/internal/seeding", Services),
    ("accounts", "GET", "/internal/accounts/keys", Services),
    (
        "accounts",
        "GET",
        "/internal/accounts/revocations",
        Services,
    ),
    (
        "accounts",
        "POST",
        "/internal/accounts/tokens/check",
        Services,
    ),
    ("metadata", "POST", "/internal/search/rebuild", Services),
    ("metadata", "GET", "/internal/holdings", Services),
    ("metadata", "GET", "/internal/search/differences", Services),
    ("metadata", "POST", "/internal/videos/{id}/erase", Services),
    (
        "metadata",
        "POST",
        "/internal/videos/{id}/reindex",
        Services,
    ),
    ("ingress", "GET", "/internal/holdings", Services),
    ("transcoder", "GET", "/internal/holdings", Services),
    (
        "transcoder",
        "GET",
        "/internal/videos/{id}/availability",
        People,
    ),
    ("transcoder", "GET", "/internal/tasks", Services),
    ("transcoder", "POST", "/internal/tasks/{id}/retry", Services),
];

/// Where a server is made: nowhere else.
const SERVERS: [&str; 3] = [
    "platform/http/src/server.rs",
    "platform/objects/src/lib.rs",
    "platform/objects/src/http.rs",
];

/// What gives routes in a way that is not understood here.
const OTHER_WAYS: [&str; 9] = [
    "web::resource(",
    "web::method(",
    "Resource::new(",
    "Scope::new(",
    "#[route(",
    "#[routes]",
    "#[actix_web::",
    ".external_resource(",
    "actix_files",
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The production code of the workspace: paths, and what is in the files up to their tests.
fn sources() -> BTreeMap<String, String> {
    let root = workspace();
    let skipped = [
        "testkit", "tests", "examples", "benches", "xtask", "frontend", "target", ".git",
    ];
    let mut found = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !skipped.contains(&name) && name != "node_modules" {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") && name != "tests.rs" {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
                let path = path.strip_prefix(&root).unwrap();
                found.insert(path.to_str().unwrap().to_owned(), code);
            }
        }
    }
    assert!(found.len() > 200, "{}", found.len());
    found
}

/// The text of the first literal in `code`.
fn literal(code: &str) -> Option<&str> {
    code.split('"').nth(1)
}

/// The routes that are written in `code`.
fn routes_in(path: &str, code: &str) -> Vec<(String, String)> {
    let mut routes = Vec::new();
    for method in ["get", "post", "put", "patch", "delete", "head"] {
        for rest in code.split(&format!("#[{method}(")).skip(1) {
            routes.push((method.to_uppercase(), literal(rest).unwrap().to_owned()));
        }
    }
    for rest in code.split(".route(").skip(1) {
        // A path that is not written there is one that is put together.
        let route = literal(rest).unwrap_or_else(|| panic!("{path}: {rest:.80}"));
        let (_, after) = rest.split_once("web::").unwrap();
        let (method, _) = after.split_once('(').unwrap();
        let method = match method {
            "route" => "ANY".to_owned(),
            method => method.to_uppercase(),
        };
        routes.push((method, route.to_owned()));
    }
    routes
}

#[test]
fn every_route_of_every_service_has_a_rule() {
    let mut found = BTreeSet::new();
    for (path, code) in sources() {
        for other in OTHER_WAYS {
            assert!(!code.contains(other), "{path}: {other} is not looked at");
        }
        let serves = [
            "HttpServer::new",
            "http1::Builder::new",
            "TcpListener::bind",
        ];
        if serves.iter().any(|it| code.contains(it)) {
            assert!(SERVERS.contains(&path.as_str()), "{path} is a server");
        }
        let (folder, _) = path.split_once("/src/").unwrap_or((&path, ""));
        for (method, route) in routes_in(&path, &code) {
            found.insert((folder.to_owned(), method, route));
        }
    }
    let (public, others): (BTreeSet<_>, _) = found
        .into_iter()
        .partition(|(folder, _, route)| folder != "proxy" && route.starts_with("/api/"));
    let ruled = ROUTES.iter().map(|(folder, method, route, _)| {
        let owned = [folder, method, route].map(|it| (*it).to_owned());
        let [folder, method, route] = owned;
        (folder, method, route)
    });
    let ruled: BTreeSet<_> = ruled.collect();
    assert_eq!(others, ruled, "each route has a rule here");
    // The gateway has rules for all that is public, which the document lists.
    let document = include_str!("../../../frontend/openapi.json");
    let document: serde_json::Value = serde_json::from_str(document).unwrap();
    for (folder, method, route) in &public {
        let described = &document["paths"][route][method.to_lowercase()];
        assert!(described.is_object(), "{folder}: {method} {route}");
    }
    assert!(public.len() >= 38, "{}", public.len());
    crate::town::tell(&format!("{} routes", public.len() + ruled.len()));
}

/// Where a service of the town listens.
fn base_of(town: &Town, service: &str) -> String {
    let file = town
        .marquee
        .data()
        .join("run")
        .join(format!("{service}.url"));
    let url = std::fs::read_to_string(file).unwrap();
    url.trim().trim_end_matches('/').to_owned()
}

/// `path` with something for each parameter.
fn filled(path: &str, id: &str) -> String {
    let part = |part: &str| match (part.starts_with('{'), part.contains(":.*")) {
        (true, true) => format!("{id}/1/master.m3u8"),
        (true, false) => id.to_owned(),
        (false, _) => part.to_owned(),
    };
    let parts: Vec<_> = path.split('/').map(part).collect();
    parts.join("/")
}

fn now_ms() -> i64 {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

/// A token of `caller`, as the town's services make them, so many milliseconds `ago`.
fn sign(town: &Town, caller: &Caller, ago: i64) -> String {
    let key = std::fs::read_to_string(town.marquee.data().join("run/service.key")).unwrap();
    let key = ServiceKey::new(&Redacted::new(key.trim()));
    let token = key.sign(caller, now_ms() - ago).unwrap();
    town.secrets.add(&token);
    token
}

/// Tokens that are not good: of another key, of long ago, cut, and nonsense.
fn bad_tokens(town: &Town, service: &str) -> Vec<String> {
    let caller = Caller {
        service: service.to_owned(),
        identity: Some(Identity::local()),
    };
    let good = sign(town, &caller, 0);
    let forged = ServiceKey::new(&Redacted::new("another")).sign(&caller, now_ms());
    let (claims, mac) = good.split_once('.').unwrap();
    vec![
        forged.unwrap(),
        sign(town, &caller, 300_000),
        format!("{claims}."),
        format!("{claims}.{}", mac.to_lowercase()),
        format!(".{mac}"),
        "local".to_owned(),
    ]
}

/// Tokens that are good: of the gateway for an admin, and of a service.
fn good_tokens(town: &Town) -> [String; 2] {
    let admin = Identity::local();
    let tokens = [("gateway", Some(admin)), ("ingress", None)];
    tokens.map(|(service, identity)| {
        let service = service.to_owned();
        sign(town, &Caller { service, identity }, 0)
    })
}

/// Calls a service past the gateway; the status.
async fn status(request: reqwest::RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn services_answer_nobody_without_a_good_token() {
    let town = Town::quick().await;
    let http = reqwest::Client::new();
    let operations = town.document.operations();
    let of = |path: &str| match path {
        path if ["/api/uploads", "/api/quota", "/api/admin/quotas"]
            .iter()
            .any(|it| path.starts_with(it)) =>
        {
            "ingress"
        }
        path if path.starts_with("/api/videos") || path == "/api/search" => "metadata",
        path if path.starts_with("/api/watch") => "gateway",
        path if path.starts_with("/api/admin/jobs") => "transcoder",
        path if ["/api/admin/verify", "/api/admin/dead-letters"]
            .iter()
            .any(|it| path.starts_with(it)) =>
        {
            "post-processor"
        }
        _ => "accounts",
    };
    let public = operations
        .iter()
        .map(|one| (of(&one.path), one.method.as_str(), one.path.as_str()))
        .filter(|(service, ..)| *service != "gateway");
    let inner = ROUTES
        .iter()
        .filter(|(_, _, _, asker)| *asker != Everybody)
        .map(|(service, method, path, _)| (*service, *method, *path));
    let mut tried = 0;
    for (service, method, path) in public.chain(inner) {
        let url = format!(
            "{}{}",
            base_of(&town, service),
            filled(path, &town.things.film)
        );
        let method = if method == "ANY" { "GET" } else { method };
        let method: Method = method.parse().unwrap();
        let ask = || http.request(method.clone(), &url).json(&json!({}));
        // To an edge that is no address at all, or no method.
        let refusals: &[u16] = if service == "edge" {
            &[401, 403, 404, 405]
        } else {
            &[401]
        };
        let told = status(ask()).await;
        assert!(refusals.contains(&told), "{method} {url}: {told}");
        for token in bad_tokens(&town, "ingress") {
            let asked = [
                ask().header("x-marquee-principal", &token),
                ask().bearer_auth(&token),
            ];
            for request in asked {
                let told = status(request).await;
                assert!(refusals.contains(&told), "{method} {url} {token}: {told}");
                tried += 1;
            }
        }
        // What people are known by at the gateway is nothing here.
        let token = town.admin.token.as_deref().unwrap();
        let told = status(ask().bearer_auth(token)).await;
        assert!(refusals.contains(&told), "{method} {url}: {told}");
    }
    assert!(tried >= 600, "{tried}");
    crate::town::tell(&format!("{tried} calls with bad tokens refused"));
    town.close().await;
}

#[tokio::test]
async fn what_is_for_services_is_not_for_people_even_when_the_gateway_asks() {
    let town = Town::quick().await;
    let http = reqwest::Client::new();
    let [gateway, service] = good_tokens(&town);
    let inner = ROUTES
        .iter()
        .filter(|(_, _, _, asker)| !matches!(asker, Everybody | Players));
    for (folder, method, path, asker) in inner {
        let url = format!(
            "{}{}",
            base_of(&town, folder),
            filled(path, &town.things.film)
        );
        let method: Method = if *method == "ANY" { "PUT" } else { method }
            .parse()
            .unwrap();
        let ask = async |token: &str| {
            let request = http.request(method.clone(), &url).json(&json!({}));
            status(request.header("x-marquee-principal", token)).await
        };
        let (by_gateway, by_service) = (ask(&gateway).await, ask(&service).await);
        let told = format!("{method} {url}: {by_gateway} {by_service}");
        let refused = |status: u16| matches!(status, 401 | 403);
        let expected = match asker {
            Services => (true, false),
            // Edges know nothing of service tokens.
            Seeders => (true, true),
            _ => (false, false),
        };
        assert_eq!(
            (refused(by_gateway), refused(by_service)),
            expected,
            "{told}"
        );
    }
    town.close().await;
}

/// `path`, spelled in other ways.
fn spellings(path: &str) -> Vec<String> {
    let (_, first) = path.split_at(1);
    let (head, tail) = first.split_once('/').unwrap_or((first, ""));
    vec![
        path.to_owned(),
        format!("/{path}"),
        format!("//{head}//{tail}"),
        format!("/./{first}"),
        format!("/x/../{first}"),
        format!("/api/..{path}"),
        format!("/api/videos/..{path}"),
        format!("/api/videos/../../{first}"),
        format!("/api/videos/%2e%2e/%2e%2e/{first}"),
        format!("/api/videos/..%2f..%2f{first}"),
        format!("/api/videos/..%5c..%5c{first}"),
        format!("/api/videos/%2e%2e%2f%2e%2e%2f{first}"),
        format!("/api/videos/..;/..;/{first}"),
        format!("/api{path}"),
        format!("/v/..{path}"),
        format!("/v/%2e%2e/{first}"),
        format!("/marquee/..{path}"),
        format!("/marquee/%2e%2e/{first}"),
        format!("/%2f{first}"),
        format!("%2f{first}").replacen("%2f", "/%2f%2f", 1),
        format!("/{head}%2f{tail}"),
        format!("/{head}%252f{tail}"),
        format!("/{}/{tail}", head.replacen('i', "%69", 1)),
        format!("/{}/{tail}", head.to_uppercase()),
        format!("/{head};x=1/{tail}"),
        format!("/{head}./{tail}"),
        format!("/{head}%00/{tail}"),
        format!("{path}%20"),
        format!("{path}/"),
        format!("{path}?x=/api/videos"),
        format!("http://metadata{path}"),
    ]
}

/// A request line as it stands, which no client of ours would send; the status, and what is answered.
async fn raw(town: &Town, person: &Person, method: &str, target: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (_, host) = town.marquee.url().split_once("//").unwrap();
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let token = person.token.as_deref().unwrap_or_default();
    let text = format!(
        "{method} {target} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
         x-marquee-principal: local\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|it| it.parse().ok());
    (
        status.unwrap_or_else(|| panic!("{target}: {answer}")),
        answer,
    )
}

#[tokio::test]
async fn nobody_gets_to_internal_routes_through_the_gateway() {
    let town = Town::quick().await;
    let mut tried = 0;
    let inner = ROUTES
        .iter()
        .filter(|(_, _, _, asker)| !matches!(asker, Everybody | Players));
    for (_, method, path, _) in inner {
        let method = if *method == "ANY" { "PUT" } else { method };
        for target in spellings(&filled(path, &town.things.film)) {
            let (status, answer) = raw(&town, &town.admin, method, &target).await;
            // What is no address of ours may be the application's page.
            let is_page = status == 200 && answer.contains("content-type: text/html");
            let is_refused = (400..500).contains(&status) || is_page;
            assert!(is_refused, "{method} {target}: {answer}");
            assert!(!answer.contains("application/json\r"), "{target}: {answer}");
            tried += 1;
        }
    }
    // Nor does anybody who says that they are a service.
    for token in bad_tokens(&town, "metadata")
        .iter()
        .chain(&town.secrets.all())
    {
        let request = town.other.request(Method::GET, "/api/admin/users");
        let answer = send(request.header("x-marquee-principal", token)).await;
        assert_eq!(answer.status, 403, "{answer:?}");
        tried += 1;
    }
    assert!(tried >= 400, "{tried}");
    crate::town::tell(&format!("{tried} ways to internal routes lead nowhere"));
    town.close().await;
}
