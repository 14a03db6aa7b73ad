//! What listens where, and what it tells to whom.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::unix::fs::PermissionsExt as _;

use platform_blob::{Blobs as _, S3Blobs, S3Config};
use platform_core::Redacted;
use system_tests::Marquee;

/// Where a process listens, by what the kernel says.
fn listening(process: u32) -> Vec<SocketAddr> {
    let sockets: HashSet<String> = std::fs::read_dir(format!("/proc/{process}/fd"))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|link| {
            let inode = link.to_str()?.strip_prefix("socket:[")?;
            Some(inode.trim_end_matches(']').to_owned())
        })
        .collect();
    let table = |name: &str| std::fs::read_to_string(format!("/proc/{process}/net/{name}"));
    let six = table("tcp6").unwrap_or_default();
    for line in six.lines().skip(1) {
        let columns: Vec<_> = line.split_whitespace().collect();
        let is_ours = columns[3] == "0A" && sockets.contains(columns[9]);
        assert!(!is_ours, "nothing listens on IPv6 unless told: {line}");
    }
    let mut found = Vec::new();
    for line in table("tcp").unwrap().lines().skip(1) {
        let columns: Vec<_> = line.split_whitespace().collect();
        if columns[3] == "0A" && sockets.contains(columns[9]) {
            let (address, port) = columns[1].split_once(':').unwrap();
            let address = u32::from_str_radix(address, 16).unwrap().to_le_bytes();
            let port = u16::from_str_radix(port, 16).unwrap();
            found.push(SocketAddrV4::new(Ipv4Addr::from(address), port).into());
        }
    }
    found
}

/// Keys of the store that somebody would try: names and secrets.
const USUAL: [(&str, &str); 7] = [
    ("marquee", "marquee"),
    ("marquee", ""),
    ("marquee", "secret"),
    ("minioadmin", "minioadmin"),
    ("minio", "minio123"),
    ("admin", "admin"),
    ("test", "test"),
];

#[tokio::test]
async fn only_the_gateway_is_reached_from_elsewhere_and_nothing_has_a_usual_key() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let arguments = ["--listen", "0.0.0.0:0"];
    let closed = [("MARQUEE__GATEWAY__OPEN", "false")];
    let marquee = Marquee::up_logging(&log, &arguments, &closed).await;
    let gateway: SocketAddr = marquee.url().trim_start_matches("http://").parse().unwrap();
    let all = listening(marquee.process_id());
    assert!(all.len() >= 8, "services and the store listen: {all:?}");
    let run = marquee.data().join("run");
    let read = |name: &str| std::fs::read_to_string(run.join(name)).unwrap();
    let store = read("objects.url");
    let http = reqwest::Client::new();
    let mut refused = 0;
    for address in all {
        if address.port() == gateway.port() {
            assert!(address.ip().is_unspecified(), "{address}");
            continue;
        }
        assert!(address.ip().is_loopback(), "{address}");
        for path in [
            "/",
            "/internal/edges",
            "/metrics",
            "/debug/pprof/",
            "/api/videos",
            "/marquee",
        ] {
            let url = format!("http://{address}{path}");
            let status = http.get(&url).send().await.unwrap().status().as_u16();
            // An edge has nothing there, and answers everybody.
            assert!(matches!(status, 401 | 403 | 404), "{url}: {status}");
            let is_open = read("edge.url").contains(&address.to_string());
            assert!(is_open || status != 404, "{url}: {status}");
            refused += 1;
        }
        for path in [
            "/metrics",
            "/debug/pprof/",
            "/internal/edges",
            "/actuator",
            "/server-status",
        ] {
            let url = format!("{}{path}", marquee.url());
            let answer = http.get(&url).send().await.unwrap();
            let is_page = answer.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with("text/html");
            assert!(is_page || answer.status() == 404, "{url}: {answer:?}");
        }
    }
    for (key, secret) in USUAL {
        let config = S3Config::new(store.trim().parse().unwrap(), key, Redacted::new(secret));
        let listed = S3Blobs::new(&config).list("", None).await;
        assert!(listed.is_err(), "{key}: {secret}");
        refused += 1;
    }
    assert!(refused >= 7 * 6 + USUAL.len(), "{refused}");
    // Whoever shares the machine does not read the keys.
    let keys = std::fs::read_dir(&run).unwrap().map(|entry| entry.unwrap());
    let keys = keys.filter(|entry| entry.path().extension().is_some_and(|it| it == "key"));
    let mut kept = 0;
    for key in keys {
        let mode = key.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", key.path());
        kept += 1;
    }
    assert!(kept >= 4, "{kept}");
}
