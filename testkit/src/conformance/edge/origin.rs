//! An origin that does what a story says, and counts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use actix_web::body::SizedStream;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use platform_core::{Lifecycle, Redacted};
use platform_http::{BearerKeys, Client, Server, Service};
use tokio::sync::watch;
use url::Url;

#[derive(Debug, Clone)]
enum Script {
    Object(Bytes),
    /// Pauses after so many bytes.
    Paused(Bytes, usize),
    Refusal(u16),
}

#[derive(Debug, Default)]
struct State {
    scripts: HashMap<String, Script>,
    hits: HashMap<String, u32>,
    held: HashMap<String, watch::Sender<Gate>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    Closed,
    Open,
    Broken,
}

/// An origin on a port of its own, announced as the edge-provider. Clones share it.
#[derive(Debug, Clone)]
pub struct OriginStub {
    state: Arc<Mutex<State>>,
    /// Where it serves.
    pub base: Url,
}

impl OriginStub {
    /// Starts an origin that has nothing yet, and answers services and who bears `seed_key`.
    pub fn start(lifecycle: &Lifecycle, client: &Client, seed_key: &str) -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = web::Data::from(Arc::clone(&state));
        let keys = BearerKeys::new(&[Redacted::new(seed_key)]);
        let server = Server::internal(Service::EdgeProvider).bearers_below("/origin/", keys);
        let running = platform_http::serve(server, lifecycle, client, move |app| {
            app.app_data(shared.clone())
                .route("/origin/{rest:.*}", web::get().to(answer));
        });
        let addr = running.expect("a loopback port is free").addr;
        let base = Url::parse(&format!("http://{addr}")).expect("a socket has an address");
        Self { state, base }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no story panicked in here")
    }

    fn script(&self, path: String, script: Script) {
        self.state().scripts.insert(path, script);
    }

    /// From now on `path` is `body`.
    pub fn serve(&self, path: String, body: impl Into<Bytes>) {
        self.script(path, Script::Object(body.into()));
    }

    /// From now on `path` is refused with `status`; with 503, until in two seconds.
    pub fn refuse(&self, path: String, status: u16) {
        self.script(path, Script::Refusal(status));
    }

    /// Lets requests of `path` wait until it is released.
    pub fn hold(&self, path: String) {
        let closed = watch::Sender::new(Gate::Closed);
        self.state().held.insert(path, closed);
    }

    /// From now on `path` is `body`, of which only the first `bytes` come until it is released.
    pub fn pause(&self, path: String, body: impl Into<Bytes>, bytes: usize) {
        self.hold(path.clone());
        self.script(path, Script::Paused(body.into(), bytes));
    }

    /// Answers those that wait for `path`, and all later ones at once.
    pub fn release(&self, path: &str) {
        self.set(path, Gate::Open);
    }

    /// Ends the connections of those that wait for the rest of `path`, which was paused.
    pub fn break_off(&self, path: &str) {
        self.set(path, Gate::Broken);
    }

    fn set(&self, path: &str, gate: Gate) {
        if let Some(held) = self.state().held.get(path) {
            held.send_replace(gate);
        }
    }

    /// How often `path` was asked for.
    pub fn hits(&self, path: &str) -> u32 {
        self.state().hits.get(path).copied().unwrap_or_default()
    }

    /// How often anything was asked for whose path contains `text`.
    pub(super) fn hits_with(&self, text: &str) -> u32 {
        let state = self.state();
        let hits = state.hits.iter().filter(|(path, _)| path.contains(text));
        hits.map(|(_, hits)| hits).sum()
    }
}

async fn answer(request: HttpRequest, state: web::Data<Mutex<State>>) -> HttpResponse {
    let path = request.uri().path().to_owned();
    let (held, paused) = {
        let mut state = state.lock().expect("no story panicked in here");
        *state.hits.entry(path.clone()).or_default() += 1;
        let paused = matches!(state.scripts.get(&path), Some(Script::Paused(..)));
        (state.held.get(&path).map(watch::Sender::subscribe), paused)
    };
    if let Some(held) = held.clone().filter(|_| !paused) {
        opened(held).await;
    }
    let script = {
        let state = state.lock().expect("no story panicked in here");
        state.scripts.get(&path).cloned()
    };
    match script.unwrap_or(Script::Refusal(404)) {
        Script::Object(body) => object(&request, body),
        Script::Paused(body, at) => {
            paused_object(&body, at, held.expect("what is paused has a gate"))
        }
        Script::Refusal(status) => refusal(status),
    }
}

async fn opened(mut gate: watch::Receiver<Gate>) -> Gate {
    let opened = gate.wait_for(|gate| *gate != Gate::Closed).await;
    *opened.expect("what is held is released")
}

fn paused_object(body: &Bytes, at: usize, gate: watch::Receiver<Gate>) -> HttpResponse {
    let length = u64::try_from(body.len()).expect("bodies are small");
    let (first, rest) = (body.slice(..at), body.slice(at..));
    let rest = async move {
        match opened(gate).await {
            Gate::Open => Ok(rest),
            _ => Err(std::io::Error::other("by the story")),
        }
    };
    let pieces = stream::iter([Ok(first)]).chain(stream::once(rest));
    HttpResponse::Ok().body(SizedStream::new(length, Box::pin(pieces)))
}

fn object(request: &HttpRequest, body: Bytes) -> HttpResponse {
    let etag = format!(
        "\"{:08x}\"",
        crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, &body)
    );
    let known = request.headers().get(header::IF_NONE_MATCH);
    if known.is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return HttpResponse::NotModified().finish();
    }
    HttpResponse::Ok()
        .insert_header((header::ETAG, etag))
        .body(body)
}

fn refusal(status: u16) -> HttpResponse {
    let mut response =
        HttpResponse::build(StatusCode::from_u16(status).expect("stories refuse by real statuses"));
    response.content_type("application/problem+json");
    if status == 503 {
        response.insert_header((header::RETRY_AFTER, 2));
    }
    response.body(format!(r#"{{"status":{status},"detail":"by the story"}}"#))
}
