//! Putting the transcoder together.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::web::ServiceConfig;
use platform_blob::Blobs;
use platform_bus::{Bus, Handler, consume};
use platform_core::{Clock, Lifecycle};
use platform_db::{Db, MigrateError};
use platform_http::{ServeError, Server, Service};
use schemas::EventId;
use tracing::warn;

use crate::attempt::Workshop;
use crate::config::{Config, slots};
use crate::consumers::{Films, Wishes};
use crate::domain::{Priority, Queue};
use crate::gauge;
use crate::pool::Pool;
use crate::rush::Rush;
use crate::staging::{StageError, Staging};
use crate::store::{Slots, Store};
use crate::studio::{BoxedStudio, Studio};
use crate::toolbox::{ToolError, Toolbox};

/// What the transcoder is given.
#[derive(Clone)]
pub struct Deps {
    /// Rows.
    pub db: Db,
    /// Events.
    pub bus: Arc<dyn Bus>,
    /// Objects.
    pub blobs: Arc<dyn Blobs>,
    /// Other services, and who we are to them.
    pub client: platform_http::Client,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ends it.
    pub lifecycle: Lifecycle,
}

impl std::fmt::Debug for Deps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// Which roles a process plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Roles {
    /// Takes films in, plans them, answers the internal addresses.
    pub(crate) planner: bool,
    /// Encodes.
    pub(crate) worker: bool,
}

/// A transcoder that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    /// Where the planner answers; workers do not listen.
    pub addr: Option<SocketAddr>,
}

/// Why the transcoder cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its tables cannot be made.
    #[error("the transcoder's tables cannot be made")]
    Migrate(#[from] MigrateError),
    /// ffmpeg or its box is not usable.
    #[error("ffmpeg cannot be used")]
    Tools(#[from] ToolError),
    /// Sources cannot be staged.
    #[error("the staging folder cannot be used")]
    Staging(#[from] StageError),
    /// It cannot listen.
    #[error("the transcoder cannot serve")]
    Serve(#[from] ServeError),
}

/// Starts both roles.
pub async fn build(config: Config, deps: Deps) -> Result<Running, StartError> {
    let roles = Roles {
        planner: true,
        worker: true,
    };
    build_roles(&config, deps, roles).await
}

/// Starts the planner: any number of them share the films.
pub async fn build_planner(config: Config, deps: Deps) -> Result<Running, StartError> {
    let roles = Roles {
        planner: true,
        worker: false,
    };
    build_roles(&config, deps, roles).await
}

/// Starts a worker: any number of them, in one process or in many, share the tasks.
pub async fn build_worker(config: Config, deps: Deps) -> Result<Running, StartError> {
    let roles = Roles {
        planner: false,
        worker: true,
    };
    build_roles(&config, deps, roles).await
}

async fn build_roles(config: &Config, deps: Deps, roles: Roles) -> Result<Running, StartError> {
    let tools = Arc::new(Toolbox::detect(&config.tools).await?);
    for sentence in tools.warnings() {
        warn!("{sentence}");
    }
    let blobs = Arc::clone(&deps.blobs);
    let staging = Staging::new(blobs, Arc::clone(&tools), &config.staging)?;
    let staging = Arc::new(staging);
    let (tidied, lifecycle) = (Arc::clone(&staging), deps.lifecycle.clone());
    deps.lifecycle.spawn(async move {
        while !lifecycle.is_draining() {
            let pause = tidied.tidy().await;
            tokio::select! {
                () = lifecycle.draining() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    });
    let studio = Arc::new(BoxedStudio { tools, staging });
    start(config, deps, roles, studio).await
}

/// Starts `roles` with whatever `studio` does the work.
pub(crate) async fn start(
    config: &Config,
    deps: Deps,
    roles: Roles,
    studio: Arc<dyn Studio>,
) -> Result<Running, StartError> {
    let Deps {
        db,
        bus,
        blobs,
        client,
        clock,
        lifecycle,
    } = deps;
    let health = db.clone();
    let probe = move || health.probe();
    let store = Store::open(db, Arc::clone(&clock)).await?;
    let workshop = Arc::new(Workshop {
        store: store.clone(),
        blobs,
        studio,
        plans: config.plan.clone(),
        times: config.lease_times(),
        clock,
        lifecycle: lifecycle.clone(),
    });
    // A name that no other process has, for operators.
    let worker = String::from(EventId::random(&mut rand::rng()));
    let spawn_pool = |name, queue, least, size, rush: &Rush| {
        let pool = Pool {
            workshop: Arc::clone(&workshop),
            slots: Slots { queue, least },
            size,
            worker: worker.clone(),
            rush: rush.clone(),
        };
        lifecycle.spawn_vital(name, pool.run(lifecycle.clone()));
    };
    if roles.worker {
        let (urgent, bulk) = (slots(config.urgent_slots), slots(config.bulk_slots));
        // Wide tasks never keep a player waiting: these slots take none.
        let rush = Rush::new();
        spawn_pool(
            "urgent slots",
            Queue::Encode,
            Priority::First,
            urgent,
            &rush,
        );
        spawn_pool("bulk slots", Queue::Encode, Priority::Bulk, bulk, &rush);
    }
    let server = |service| Server::internal(service).needing("its database", probe());
    if !roles.planner {
        // A worker is called by nobody, unless somebody wants to know how it is.
        if client.discovery().listen(Service::Worker).is_some() {
            platform_http::serve(server(Service::Worker), &lifecycle, &client, |_| {})?;
        }
        return Ok(Running { addr: None });
    }
    spawn_pool(
        "plan slots",
        Queue::Plan,
        Priority::Bulk,
        config.plan_slots.max(1),
        // A plan is short, and everything waits for it.
        &Rush::never(),
    );
    let handlers: [(&'static str, Arc<dyn Handler>); 2] = [
        ("uploaded films", Arc::new(Films(store.clone()))),
        ("players' wishes", Arc::new(Wishes(store.clone()))),
    ];
    for (name, handler) in handlers {
        let consumer = consume(Arc::clone(&bus), handler, lifecycle.clone());
        lifecycle.spawn_vital(name, consumer);
    }
    lifecycle.spawn(gauge::run(store.clone(), lifecycle.clone()));
    let configure = move |app: &mut ServiceConfig| crate::http::routes(app, &store);
    let server = server(Service::Transcoder);
    let running = platform_http::serve(server, &lifecycle, &client, configure)?;
    Ok(Running {
        addr: Some(running.addr),
    })
}
