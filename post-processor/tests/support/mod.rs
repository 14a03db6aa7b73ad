//! Edges that remember what they were brought, and do what a story says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use media::plan::ObjectRef;
use platform_auth::PlaybackKey;
use platform_blob::{Blobs, PutOptions};
use platform_bus::Topic;
use platform_core::{Clock as _, Lifecycle, Redacted, SystemClock};
use platform_http::{Client, Server, Service};
use post_processor::{Config, Deps};
use schemas::v1::event::Payload;
use schemas::v1::{PublishPolicy, VideoPlayable, VideoTranscoded, VideoUploaded};
use serde_json::json;
use testkit::film::Film;
use testkit::stage::{Ear, Stage};

const SEED_KEY: &str = "the key of the tests";

fn playback_key() -> PlaybackKey {
    PlaybackKey::new(&Redacted::new("the playback key of the tests"))
}

#[derive(Debug, Default)]
struct State {
    /// By edge and path.
    stored: BTreeMap<(String, String), Bytes>,
    /// Edges that answer nothing but 503.
    down: Vec<String>,
    /// Edges that are not registered any more.
    gone: Vec<String>,
    /// Edges that serve other bytes than they were brought.
    lying: Vec<String>,
    /// Paths that were brought, as often as they were.
    brought: Vec<String>,
    /// What the object store gets as soon as an edge was brought what it has at this key.
    rewrite: Option<(Arc<dyn Blobs>, String, Bytes)>,
}

/// The edge-provider and its edges, which outlive restarts of the post-processor.
#[derive(Debug, Clone)]
pub(crate) struct EdgeStubs {
    state: Arc<Mutex<State>>,
    client: Client,
}

impl EdgeStubs {
    /// Starts the edges of these names.
    pub(crate) fn start(names: &'static [&'static str]) -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let client = testkit::services::client();
        let shared = web::Data::from(Arc::clone(&state));
        let found = client.discovery().clone();
        let placement = move |state: web::Data<Mutex<State>>| {
            let found = found.clone();
            async move {
                let base = found.resolve(Service::Edge).unwrap();
                let edge = |name: &&str| {
                    json!({ "id": name, "url": base.join(&format!("/edges/{name}/")).unwrap(),
                        "public_url": "", "credential": "default", "state": "healthy" })
                };
                let gone = state.lock().unwrap().gone.clone();
                let here = names
                    .iter()
                    .filter(|name| !gone.contains(&(**name).to_owned()));
                let edges: Vec<_> = here.map(edge).collect();
                let both = json!({ "edges": edges, "items": edges });
                HttpResponse::Ok().json(both)
            }
        };
        let life = Lifecycle::new();
        let edges = shared.clone();
        // Edges take no service tokens.
        let server = Server::public(Service::Edge);
        platform_http::serve(server, &life, &client, move |app| {
            app.app_data(edges.clone())
                .app_data(web::PayloadConfig::new(1 << 24))
                .route("/edges/{edge}/{path:.*}", web::route().to(serve));
        })
        .unwrap();
        let server = Server::internal(Service::EdgeProvider);
        platform_http::serve(server, &life, &client, move |app| {
            app.app_data(shared.clone())
                .route(
                    "/internal/placement/{video}",
                    web::get().to(placement.clone()),
                )
                .route("/internal/edges", web::get().to(placement.clone()));
        })
        .unwrap();
        Self { state, client }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn take_down(&self, edge: &str) {
        self.state().down.push(edge.to_owned());
    }

    pub(crate) fn bring_up(&self) {
        self.state().down.clear();
    }

    pub(crate) fn unregister(&self, edge: &str) {
        self.state().gone.push(edge.to_owned());
    }

    pub(crate) fn let_lie(&self, edge: &str) {
        self.state().lying.push(edge.to_owned());
    }

    /// Has `object` written anew on `stage` as soon as it was brought to an edge.
    pub(crate) fn rewrite(&self, stage: &Stage, film: &Film, object: &ObjectRef) {
        let key = film.plan.object_key(object);
        let content = film.content(object);
        self.state().rewrite = Some((Arc::clone(&stage.blobs), key, content));
    }

    /// How often `object` was brought.
    pub(crate) fn times_brought(&self, film: &Film, object: &ObjectRef) -> usize {
        let path = format!("films/{}/1/{object}", film.id);
        self.state()
            .brought
            .iter()
            .filter(|one| **one == path)
            .count()
    }

    /// What `edge` has of `object`.
    pub(crate) fn stored(&self, edge: &str, film: &Film, object: &ObjectRef) -> Option<Bytes> {
        let path = format!("films/{}/1/{object}", film.id);
        self.state().stored.get(&(edge.to_owned(), path)).cloned()
    }

    /// Whether `edge` has all of `objects`, as they are.
    pub(crate) fn has(&self, edge: &str, film: &Film, objects: &[ObjectRef]) -> bool {
        objects
            .iter()
            .all(|one| self.stored(edge, film, one) == Some(film.content(one)))
    }

    /// Whether `edge` has anything of the film.
    pub(crate) fn has_any(&self, edge: &str, film: &Film) -> bool {
        let of_film =
            |(name, path): &(String, String)| name == edge && path.contains(film.id.as_str());
        self.state().stored.keys().any(of_film)
    }

    /// Starts a post-processor on `stage` that knows these edges.
    pub(crate) async fn build(&self, stage: &Stage) {
        let deps = Deps {
            db: stage.db.clone(),
            bus: Arc::clone(&stage.bus),
            blobs: Arc::clone(&stage.blobs),
            client: self.client.clone(),
            clock: Arc::new(SystemClock),
            lifecycle: stage.life.clone(),
            credentials: [("default".to_owned(), Redacted::new(SEED_KEY))].into(),
            playback: playback_key(),
        };
        post_processor::build(Config::default(), deps)
            .await
            .unwrap();
    }

    /// Pieces of work that are not done.
    pub(crate) async fn open(&self) -> i64 {
        self.status().await.get("open").unwrap().as_i64().unwrap()
    }

    /// Why pieces of work for `film` fail.
    pub(crate) async fn reasons(&self, film: &Film) -> Vec<String> {
        let status = self.status().await;
        let failing = status.get("failing").unwrap().as_array().unwrap();
        let text =
            |one: &serde_json::Value, key: &str| one.get(key).unwrap().as_str().unwrap().to_owned();
        failing
            .iter()
            .filter(|one| text(one, "video_id") == film.id.as_str())
            .map(|one| text(one, "reason"))
            .collect()
    }

    /// What `GET /internal/seeding` tells.
    async fn status(&self) -> serde_json::Value {
        let path = "/internal/seeding";
        let answer = self
            .client
            .get(Service::PostProcessor, path, |request| request);
        answer.await.unwrap().json().await.unwrap()
    }
}

async fn serve(
    request: HttpRequest,
    body: Bytes,
    place: web::Path<(String, String)>,
    state: web::Data<Mutex<State>>,
) -> HttpResponse {
    let place = place.into_inner();
    let (answer, rewrite) = {
        let mut state = state.lock().unwrap();
        let answer = answer(&request, body, &place, &mut state);
        let key = place.1.replace("films/", "media/");
        let put = request.method() == Method::PUT;
        let rewrite = state.rewrite.take_if(|(_, at, _)| put && *at == key);
        (answer, rewrite)
    };
    if let Some((blobs, key, content)) = rewrite {
        let put = blobs.put(&key, content, "text/plain", PutOptions::default());
        put.await.unwrap();
    }
    answer
}

fn answer(
    request: &HttpRequest,
    body: Bytes,
    place: &(String, String),
    state: &mut State,
) -> HttpResponse {
    if state.down.contains(&place.0) {
        return HttpResponse::ServiceUnavailable().finish();
    }
    if request.method() == Method::GET {
        let lie = state.lying.contains(&place.0);
        let Some(path) = played(&place.1) else {
            return HttpResponse::Forbidden().finish();
        };
        return match state.stored.get(&(place.0.clone(), path)) {
            Some(_) if lie => HttpResponse::Ok().body("something else"),
            Some(bytes) => HttpResponse::Ok().body(bytes.clone()),
            None => HttpResponse::NotFound().finish(),
        };
    }
    let authorization = request.headers().get("authorization");
    let expected = format!("Bearer {SEED_KEY}");
    if authorization.is_none_or(|value| value.as_bytes() != expected.as_bytes()) {
        return HttpResponse::Unauthorized().finish();
    }
    if request.method() == Method::PUT {
        state.brought.push(place.1.clone());
        state.stored.insert(place.clone(), body);
    } else {
        let (edge, path) = place;
        let before = state.stored.len();
        state
            .stored
            .retain(|(name, stored), _| name != edge || !stored.starts_with(path));
        if state.stored.len() == before {
            return HttpResponse::NotFound().finish();
        }
    }
    HttpResponse::NoContent().finish()
}

/// Where what players ask for at `path` was brought to, if they may have it.
fn played(path: &str) -> Option<String> {
    let (token, rest) = path.strip_prefix("v/")?.split_once('/')?;
    let film = rest.split('/').next()?.parse().ok()?;
    let verified = playback_key().verify(token, &film, SystemClock.now_ms());
    verified.ok().map(|_grant| format!("films/{rest}"))
}

/// The upload of `film` is complete.
pub(crate) async fn uploaded(stage: &Stage, film: &Film, policy: PublishPolicy) {
    let mut told = VideoUploaded {
        video_id: film.id.to_string(),
        owner: "local".to_owned(),
        ..VideoUploaded::default()
    };
    told.set_publish_policy(policy);
    let payload = Payload::VideoUploaded(told);
    stage
        .tell(Topic::Transcode, film.id.as_str(), payload)
        .await;
}

/// The beginning of `film` exists, which is told `times` times.
pub(crate) async fn playable(stage: &Stage, film: &Film, times: usize) {
    film.store(&*stage.blobs, film.planned()).await;
    film.store(&*stage.blobs, film.beginning()).await;
    for _ in 0..times {
        let told = VideoPlayable {
            video_id: film.id.to_string(),
            revision: 1,
            paths: film.beginning().iter().map(ToString::to_string).collect(),
        };
        let payload = Payload::VideoPlayable(told);
        stage
            .tell(Topic::PostTranscode, film.id.as_str(), payload)
            .await;
    }
}

/// All of `film` exists.
pub(crate) async fn transcoded(stage: &Stage, film: &Film) {
    film.store(&*stage.blobs, film.everything()).await;
    let told = VideoTranscoded {
        video_id: film.id.to_string(),
        revision: 1,
        ..VideoTranscoded::default()
    };
    let payload = Payload::VideoTranscoded(told);
    stage
        .tell(Topic::PostTranscode, film.id.as_str(), payload)
        .await;
}

/// The edges with which the next film goes live, which must be `film`.
pub(crate) async fn next_live(ear: &mut Ear, film: &Film) -> Vec<String> {
    match ear.next().await {
        Payload::VideoLive(told) if told.video_id == film.id.as_str() => told.edges,
        other => panic!("{other:?} instead of {} going live", film.id),
    }
}
