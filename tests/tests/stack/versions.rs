//! A release takes another's place while people upload: `MARQUEE_TEST_OLDER` names its binary.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use platform_bus::{Bus as _, Config, KafkaBus, Topic, dead_letter_topic};
use platform_core::Lifecycle;
use system_tests::cluster::{Cluster, upload};
use system_tests::stack::Engines;
use system_tests::{film, marquee};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

/// One address before several gateways, as a load balancer has it: those that are not ready are left
/// out.
async fn balancer(gateways: &[Url]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = format!("http://{}", listener.local_addr().unwrap());
    let ready: Vec<_> = gateways.iter().map(watched).collect();
    tokio::spawn(async move {
        let mut turn = 0;
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            turn += 1;
            let mut targets: Vec<_> = ready.iter().filter_map(|ready| *ready.borrow()).collect();
            let count = targets.len().max(1);
            targets.rotate_left(turn % count);
            tokio::spawn(async move {
                let mut server = any_of(targets).await?;
                copy_bidirectional(&mut client, &mut server).await.ok()
            });
        }
    });
    here
}

/// Its address while it is ready.
fn watched(gateway: &Url) -> watch::Receiver<Option<SocketAddr>> {
    let address = gateway.socket_addrs(|| None).unwrap()[0];
    let probe = gateway.join("/health/ready").unwrap();
    let (tell, told) = watch::channel(Some(address));
    tokio::spawn(async move {
        let http = reqwest::Client::new();
        let mut pace = tokio::time::interval(Duration::from_millis(100));
        while !tell.is_closed() {
            pace.tick().await;
            let answer = http.get(probe.clone()).send().await;
            let ready = answer.is_ok_and(|answer| answer.status().is_success());
            tell.send_replace(ready.then_some(address));
        }
    });
    told
}

/// A connection to the first that takes one.
async fn any_of(targets: Vec<SocketAddr>) -> Option<TcpStream> {
    for target in targets {
        if let Ok(server) = TcpStream::connect(target).await {
            return Some(server);
        }
    }
    None
}

/// Uploads one film after the other until `over`; their ids.
async fn uploads(server: String, source: PathBuf, over: Arc<AtomicBool>) -> Vec<String> {
    let mut ids = Vec::new();
    while !over.load(Ordering::Relaxed) {
        ids.push(upload(&server, &source).await);
    }
    ids
}

/// Looks at the catalogue until `over`; how often, and what went wrong.
async fn visits(server: String, over: Arc<AtomicBool>) -> (usize, Vec<String>) {
    // A connection for each, as of many people.
    let http = reqwest::Client::builder().pool_max_idle_per_host(0);
    let http = http.build().unwrap();
    let (mut count, mut failures) = (0, Vec::new());
    let mut pace = tokio::time::interval(Duration::from_millis(25));
    while !over.load(Ordering::Relaxed) {
        pace.tick().await;
        for path in ["/api/videos", "/api/uploads", "/api/search?q=film"] {
            let answer = http.get(format!("{server}{path}")).send().await;
            if let Err(error) = answer.and_then(reqwest::Response::error_for_status) {
                failures.push(format!("{error:?}"));
            }
            count += 1;
        }
    }
    (count, failures)
}

/// How many events are dead letters.
async fn dead_letters(cluster: &Cluster) -> u64 {
    let variables = Engines::named().variables(cluster.folder());
    let value = |key: &str| {
        let found = variables.iter().find(|(name, _)| name == key);
        found.unwrap().1.clone()
    };
    let config = Config {
        brokers: Some(value("MARQUEE__EVENTS__BROKERS")),
        topic_prefix: value("MARQUEE__EVENTS__TOPIC_PREFIX"),
        ..Config::default()
    };
    let life = Lifecycle::new();
    let bus = KafkaBus::open(&config, &life).await.unwrap();
    let mut count = 0;
    for topic in Topic::ALL {
        let topic = dead_letter_topic(topic.name());
        // Of a group that never read, it is all there is.
        count += bus.lag("nobody", &topic).await.unwrap();
    }
    life.drain();
    count
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: script/test --real"]
async fn an_older_version_and_this_one_share_the_work() {
    let older = marquee::older();
    match &older {
        Some(program) => println!("from {} to this version", program.display()),
        None => println!(
            "MARQUEE_TEST_OLDER names no older binary: this version replaces itself, which is no \
             more than a rolling restart"
        ),
    }
    // Of versions that know how to: the balancer looks every 0.1 s.
    let notice: &[_] = match &older {
        Some(_) => &[],
        None => &[("MARQUEE__GATEWAY__NOTICE_S", "2")],
    };
    let older = older.unwrap_or_else(marquee::binary);
    let mut cluster = Cluster::start_as(&older, 2, 2, notice).await;
    let server = balancer(cluster.gateways()).await;
    let source = film::lavfi(cluster.folder(), "film.mp4", 4, "25", "320x240");
    let over = Arc::new(AtomicBool::new(false));
    let uploading = tokio::spawn(uploads(server.clone(), source.clone(), Arc::clone(&over)));
    let visiting = tokio::spawn(visits(server.clone(), Arc::clone(&over)));
    let mut names: Vec<String> = cluster.replicas.keys().cloned().collect();
    // Who migrates the most goes first, as docs/operations.md says.
    names.sort_by_key(|name| !["metadata", "ingress"].contains(&name.as_str()));
    for index in 0..2 {
        for name in &names {
            let replica = &mut cluster.replicas.get_mut(name).unwrap()[index];
            assert_eq!(replica.terminate().await, Some(0), "{name}");
            replica.again_as(&marquee::binary()).await;
        }
    }
    over.store(true, Ordering::Relaxed);
    let mut films = uploading.await.unwrap();
    let (count, failures) = visiting.await.unwrap();
    films.push(upload(&server, &source).await);
    println!("{} films, {count} other requests", films.len());
    assert_eq!(failures, Vec::<String>::new(), "of {count}");
    for id in &films {
        cluster.complete(id).await;
    }
    let listed = cluster.get("/api/videos?limit=100").await.unwrap();
    let items = listed["items"].as_array().unwrap().iter();
    let mut ids: Vec<_> = items
        .map(|video| video["video_id"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    films.sort();
    assert_eq!(ids, films, "all live, none twice");
    assert_eq!(dead_letters(&cluster).await, 0);
}
