//! What goes wrong: a replica is killed, a server is stopped for a while.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use system_tests::stack::Engines;
use testkit::servers::{Scripted, Server};
use testkit::{ports, postgres};

use system_tests::Cluster;

/// How soon an orchestrator starts again what has ended.
const AGAIN: Duration = Duration::from_secs(1);

/// Servers of a story's own.
pub(crate) struct Servers {
    kafka: Arc<Scripted>,
    objects: Arc<Scripted>,
    search: Arc<Scripted>,
    rows: Arc<postgres::Server>,
}

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which {
    Kafka,
    Objects,
    Search,
    Rows,
}

impl Which {
    const ALL: [Self; 4] = [Self::Kafka, Self::Objects, Self::Search, Self::Rows];
}

impl Servers {
    /// Starts them all.
    pub(crate) async fn start() -> Self {
        let alone = |name| {
            let [port] = ports::lasting();
            Arc::new(Scripted::new(name, port, Vec::new()))
        };
        let servers = Self {
            kafka: Arc::new(Scripted::kafka()),
            objects: alone("minio"),
            search: alone("es"),
            rows: Arc::default(),
        };
        for which in Which::ALL {
            servers.tell(which, |server| server.start()).await;
        }
        servers
    }

    /// How to reach them.
    pub(crate) fn engines(&self) -> Engines {
        Engines {
            kafka: self.kafka.address(),
            postgres: self.rows.url(),
            postgres_password_file: Some(self.rows.password_file()),
            elasticsearch: format!("http://{}", self.search.address()),
            s3: (
                format!("http://{}", self.objects.address()),
                "minioadmin".to_owned(),
                "minioadmin".to_owned(),
            ),
        }
    }

    async fn tell(&self, which: Which, what: impl FnOnce(&dyn Server) + Send + 'static) {
        let server: Arc<dyn Server> = match which {
            Which::Kafka => Arc::<Scripted>::clone(&self.kafka),
            Which::Objects => Arc::<Scripted>::clone(&self.objects),
            Which::Search => Arc::<Scripted>::clone(&self.search),
            Which::Rows => Arc::<postgres::Server>::clone(&self.rows),
        };
        let told = tokio::task::spawn_blocking(move || what(&*server));
        told.await.unwrap();
    }
}

/// Something that goes wrong, and is mended.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// A replica of a service is killed, and started again a moment later.
    Kill(String, usize),
    /// A server is stopped for so long.
    Stop(Which, Duration),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(name, index) => write!(f, "{name} {index} is killed"),
            Self::Stop(which, away) => write!(f, "{which:?} is stopped for {away:?}"),
        }
    }
}

impl Fault {
    /// Lets it happen, and mends it.
    pub(crate) async fn happen(&self, cluster: &mut Cluster, servers: &Servers) {
        match self {
            Self::Kill(name, index) => {
                let replica = &mut cluster.replicas.get_mut(name).unwrap()[*index];
                replica.kill().await;
                tokio::time::sleep(AGAIN).await;
                replica.again().await;
            }
            Self::Stop(which, away) => {
                servers.tell(*which, |server| server.stop()).await;
                tokio::time::sleep(*away).await;
                servers.tell(*which, |server| server.start()).await;
            }
        }
    }
}

/// Each server is stopped once.
pub(crate) fn stopped(away: Duration) -> Vec<Fault> {
    Which::ALL.map(|which| Fault::Stop(which, away)).into()
}

/// One replica of each service that has two is killed, and between them there are `others`.
pub(crate) fn killed(cluster: &Cluster, others: &[Fault]) -> Vec<Fault> {
    let several = cluster.replicas.iter().filter(|(_, all)| all.len() > 1);
    let kills = several.enumerate().map(|(n, (name, all))| {
        // Sometimes that which works ahead, sometimes that which waits.
        Fault::Kill(name.clone(), n % all.len())
    });
    let mut others = others.iter().cloned();
    let mut faults = Vec::new();
    for kill in kills {
        faults.push(kill);
        faults.extend(others.next());
    }
    faults.extend(others);
    faults
}
