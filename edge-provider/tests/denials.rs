//! Edges are told what they must refuse: soon, all of it, and again when they have lost it.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};
use edge_provider::{Config, Deps, EdgeConfig};
use platform_auth::Denied;
use platform_bus::Topic;
use platform_core::{Redacted, SystemClock};
use platform_http::{Client, Server, Service};
use schemas::VideoId;
use schemas::v1::event::Payload;
use schemas::v1::{VideoChanged, VideoDeleted};
use serde_json::json;
use testkit::stage::{Stage, eventually};
use tokio::time::Instant;

/// How soon whoever was signed out gets nothing any more.
const SOON: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
struct Told {
    denied: BTreeSet<String>,
    mark: Option<String>,
    /// How often a name came.
    times: usize,
    is_down: bool,
}

#[derive(Debug, Default)]
struct State {
    edges: HashMap<String, Told>,
    revoked: Vec<String>,
}

/// An edge-provider with two edges and accounts, which do what a story says.
struct World {
    stage: Stage,
    state: Arc<Mutex<State>>,
    client: Client,
    config: Config,
}

impl World {
    async fn new() -> Self {
        let ground = Stage::new().await;
        let client = testkit::services::client();
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = web::Data::from(Arc::clone(&state));
        let edges = shared.clone();
        let edges_run = platform_http::serve(
            Server::public(Service::Edge),
            &ground.life,
            &client,
            move |app| {
                let route = "/{edge}/denied/{name}";
                app.app_data(edges.clone())
                    .route(route, web::route().to(edge));
            },
        );
        let base = format!("http://{}", edges_run.unwrap().addr);
        let server = Server::internal(Service::Accounts);
        platform_http::serve(server, &ground.life, &client, move |app| {
            app.app_data(shared.clone()).route(
                "/internal/accounts/revocations",
                web::get().to(async |state: web::Data<Mutex<State>>| {
                    let revoked = state.lock().unwrap().revoked.clone();
                    HttpResponse::Ok().json(json!({ "credentials": revoked, "as_of_ms": 0 }))
                }),
            );
        })
        .unwrap();
        let edges = ["a", "b"].map(|id| EdgeConfig {
            id: id.to_owned(),
            url: format!("{base}/{id}"),
            public_url: format!("https://{id}.example"),
            credential: id.to_owned(),
        });
        let config = Config {
            embedded: false,
            edges: edges.into(),
            ..Config::default()
        };
        let world = Self {
            stage: ground,
            state,
            client,
            config,
        };
        world.provide().await;
        world
    }

    /// Starts an edge-provider.
    async fn provide(&self) {
        let key = |id: &str| (id.to_owned(), Redacted::new(format!("key of {id}")));
        let deps = Deps {
            db: self.stage.db.clone(),
            bus: Arc::clone(&self.stage.bus),
            blobs: Arc::clone(&self.stage.blobs),
            client: self.client.clone(),
            clock: Arc::new(SystemClock),
            lifecycle: self.stage.life.clone(),
            credentials: [key("a"), key("b")].into(),
            embedded_origin: String::new(),
        };
        edge_provider::build(self.config.clone(), deps)
            .await
            .unwrap();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn change(&self, edge: &str, change: impl FnOnce(&mut Told)) {
        change(self.state().edges.entry(edge.to_owned()).or_default());
    }

    async fn changed(&self, video: &VideoId, access_generation: u32) {
        let told = VideoChanged {
            video_id: video.to_string(),
            access_generation,
            ..VideoChanged::default()
        };
        let payload = Payload::VideoChanged(told);
        self.stage
            .tell(Topic::Videos, video.as_str(), payload)
            .await;
    }

    async fn deleted(&self, video: &VideoId, access_generation: u32) {
        let told = VideoDeleted {
            video_id: video.to_string(),
            access_generation,
        };
        let payload = Payload::VideoDeleted(told);
        self.stage
            .tell(Topic::Videos, video.as_str(), payload)
            .await;
    }

    /// Waits until `edge` knows exactly these. Returns how long that took.
    async fn knows(&self, edge: &str, names: &[Denied]) -> Duration {
        let begun = Instant::now();
        let names: BTreeSet<String> = names.iter().map(ToString::to_string).collect();
        let mark = names.len().to_string();
        eventually("the edge is told", async || {
            let state = self.state();
            let told = state.edges.get(edge);
            match told {
                Some(told) if told.denied == names && told.mark.as_ref() == Some(&mark) => Ok(()),
                other => Err(format!("{other:?}")),
            }
        })
        .await;
        begun.elapsed()
    }
}

async fn edge(
    request: HttpRequest,
    place: web::Path<(String, String)>,
    body: String,
    state: web::Data<Mutex<State>>,
) -> HttpResponse {
    let (edge, name) = place.into_inner();
    let expected = format!("Bearer key of {edge}");
    let given = request.headers().get("authorization");
    if given.is_none_or(|given| given.as_bytes() != expected.as_bytes()) {
        return HttpResponse::Unauthorized().finish();
    }
    let mut state = state.lock().unwrap();
    let told = state.edges.entry(edge).or_default();
    if told.is_down {
        return HttpResponse::ServiceUnavailable().finish();
    }
    match (request.method(), name.as_str()) {
        (&Method::GET, "mark") => match &told.mark {
            Some(mark) => HttpResponse::Ok().body(mark.clone()),
            None => HttpResponse::NotFound().finish(),
        },
        (&Method::PUT, "mark") => {
            told.mark = Some(body);
            HttpResponse::NoContent().finish()
        }
        (&Method::PUT, name) => {
            assert!(Denied::parse(name).is_some(), "{name}");
            told.times += 1;
            told.denied.insert(name.to_owned());
            HttpResponse::Created().finish()
        }
        _ => HttpResponse::MethodNotAllowed().finish(),
    }
}

fn film() -> VideoId {
    VideoId::random(&mut rand::rng())
}

#[tokio::test]
async fn all_edges_are_told_of_films_and_of_people_soon_and_once() {
    let world = World::new().await;
    let (first, second) = (film(), film());
    world.changed(&first, 0).await;
    world.changed(&first, 1).await;
    let mut names = vec![Denied::generation(&first, 0)];
    world.knows("a", &names).await;
    world.deleted(&second, 4).await;
    names.push(Denied::generation(&second, 4));
    world.knows("a", &names).await;
    world.state().revoked.push("session-1".to_owned());
    names.push(Denied::credential("session-1"));
    let took = world.knows("a", &names).await;
    assert!(took < SOON, "{took:?}");
    world.knows("b", &names).await;
    // News that comes twice is none.
    world.changed(&first, 1).await;
    world.changed(&first, 2).await;
    names.push(Denied::generation(&first, 1));
    world.knows("a", &names).await;
    world.knows("b", &names).await;
    assert!(world.state().edges.values().all(|told| told.times == 4));
}

#[tokio::test]
async fn an_edge_that_was_away_or_lost_everything_is_told_all_of_it() {
    let world = World::new().await;
    world.change("a", |told| told.is_down = true);
    let films = [film(), film(), film()];
    for video in &films {
        world.deleted(video, 0).await;
    }
    let names = films.map(|video| Denied::generation(&video, 0));
    world.knows("b", &names).await;
    world.change("a", |told| {
        assert!(told.denied.is_empty());
        told.is_down = false;
    });
    let took = world.knows("a", &names).await;
    assert!(took < SOON, "{took:?}");
    world.change("a", |told| *told = Told::default());
    world.knows("a", &names).await;
    // A mark of rows that were lost is none.
    world.change("a", |told| {
        *told = Told {
            mark: Some("4711".to_owned()),
            ..Told::default()
        }
    });
    world.knows("a", &names).await;
}

#[tokio::test]
async fn two_edge_providers_tell_as_one() {
    let world = World::new().await;
    world.provide().await;
    let films: Vec<_> = (0..40).map(|_| film()).collect();
    for video in &films {
        world.deleted(video, 0).await;
    }
    let names: Vec<_> = films
        .iter()
        .map(|video| Denied::generation(video, 0))
        .collect();
    for edge in ["a", "b"] {
        world.knows(edge, &names).await;
    }
}
