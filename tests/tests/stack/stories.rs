//! Who may end when, and that nothing is lost by it.

use system_tests::{Cluster, film};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: script/test --real"]
async fn two_of_each_share_the_work_and_edges_serve_it() {
    let cluster = Cluster::start(2).await;
    let source = film::lavfi(cluster.folder(), "shared.mp4", 24, "25", "640x480");
    let id = cluster.upload(&source).await;
    let video = cluster.complete(&id).await;
    assert_eq!(film::frames(&cluster.hls(&video)), [600; 3]);
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
