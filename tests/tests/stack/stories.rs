//! Who may end when, and that nothing is lost by it.

use system_tests::{Cluster, film};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: script/test --real"]
async fn two_of_each_share_the_work_and_edges_serve_it() {
    let cluster = Cluster::start(2).await;
    let source = film::lavfi(cluster.folder(), "shared.mp4", 24, "25", "640x480");
    let id = cluster.upload(&source).await;
    let video = cluster.complete(&id).await;
    let url = cluster.url(video["hls_url"].as_str().unwrap());
    assert_eq!(film::frames(&url), [600; 3]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: script/test --real"]
async fn any_one_of_two_may_be_killed_and_nothing_is_lost() {
    let mut cluster = Cluster::start(2).await;
    let source = film::lavfi(cluster.folder(), "short.mp4", 6, "25", "320x240");
    let names: Vec<String> = cluster.replicas.keys().cloned().collect();
    let mut films = Vec::new();
    for name in names.iter().filter(|name| *name != "gateway") {
        films.push(cluster.upload(&source).await);
        let one = &mut cluster.replicas.get_mut(name).unwrap()[0];
        one.kill().await;
        films.push(cluster.upload(&source).await);
        cluster.replicas.get_mut(name).unwrap()[0].again().await;
    }
    for id in &films {
        cluster.complete(id).await;
    }
    let listed = cluster.get("/api/videos?limit=100").await.unwrap();
    let mut ids: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|video| video["video_id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    films.sort();
    assert_eq!(ids, films, "all live, none twice");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: script/test --real"]
async fn each_ends_in_order_when_asked() {
    let mut cluster = Cluster::start(1).await;
    let source = film::lavfi(cluster.folder(), "long.mp4", 24, "25", "640x480");
    let id = cluster.upload(&source).await;
    let names: Vec<String> = cluster.replicas.keys().cloned().collect();
    for name in names {
        let one = &mut cluster.replicas.get_mut(&name).unwrap()[0];
        assert_eq!(one.terminate().await, Some(0), "{name}");
        one.again().await;
    }
    cluster.complete(&id).await;
}
