//! Everything is on HTTPS: the gateway behind a proxy, and the edges.

use std::path::Path;
use std::process::{Child, Command, Output};

use serde_json::Value;
use system_tests::{film, marquee};
use testkit::nginx::NginxEdge;
use testkit::ports;
use testkit::real;
use testkit::stage::eventually;
use testkit::tls::{Authority, Signed};

use crate::town::{Settings, Town};

/// What an operator puts before the gateway.
struct Front(Child);

impl Front {
    async fn start(folder: &Path, listen: &str, gateway: &str, signed: &Signed) -> Self {
        let run = folder.display();
        let (certificate, key) = (signed.certificate.display(), signed.key.display());
        let config = folder.join("front.conf");
        let text = format!(
            "daemon off; master_process off; pid {run}/front.pid; events {{}}
            http {{
                access_log off;
                client_body_temp_path {run}/t; proxy_temp_path {run}/t; fastcgi_temp_path {run}/t;
                uwsgi_temp_path {run}/t; scgi_temp_path {run}/t;
                server {{
                    listen {listen} ssl http2;
                    ssl_certificate {certificate};
                    ssl_certificate_key {key};
                    client_max_body_size 0;
                    proxy_request_buffering off;
                    proxy_buffering off;
                    proxy_http_version 1.1;
                    proxy_set_header Host $http_host;
                    proxy_read_timeout 1h;
                    location / {{ proxy_pass {gateway}; }}
                }}
            }}"
        );
        std::fs::write(&config, text).unwrap();
        let mut front = Command::new(real::nginx());
        let front = front.args(["-e", "stderr", "-c"]).arg(&config);
        let front = Self(front.spawn().unwrap());
        eventually("the front listens", async || {
            std::net::TcpStream::connect(listen).is_ok()
        })
        .await;
        front
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Asks as browsers do; the version of HTTP that was spoken, and the status.
fn curl(authority: &Path, url: &str) -> String {
    let authority = authority.to_str().unwrap();
    let told = "%{http_version} %{http_code}";
    let arguments = ["-sS", "--cacert", authority, "-o", "/dev/null", "-w", told];
    let said = film::run("curl", &[&arguments[..], &[url]].concat());
    String::from_utf8(said).unwrap()
}

#[tokio::test]
#[ignore = "needs a real nginx: script/test --real"]
async fn everything_speaks_tls_and_trusts_whom_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let own = tempfile::tempdir().unwrap();
    let authority = Authority::new(own.path(), "authority");
    let server = authority.sign("server", "IP:127.0.0.1,DNS:localhost");
    let authority = authority.certificate();
    // The edges are another user's.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(own.path(), open).unwrap();
    let [trusted, certificate, key] =
        [&authority, &server.certificate, &server.key].map(|path| path.to_str().unwrap());
    let listen = format!("127.0.0.1:{}", ports::free());
    let address = format!("https://{listen}");
    let settings = Settings {
        edges: &[("TLS_CERTIFICATE", certificate), ("TLS_KEY", key)],
        config: &format!("gateway = {{ public_url = '{address}' }}"),
        variables: &[("SSL_CERT_FILE", trusted)],
    };
    let town = Town::with(folder, settings).await;
    let _front = Front::start(own.path(), &listen, town.marquee.url(), &server).await;
    let source = town.source(8);
    let upload = async |trusted: &[(&str, &str)]| -> Output {
        marquee::command_plain([
            "upload", "--json", "--wait", "complete", "--server", &address,
        ])
        .arg(&source)
        .envs(trusted.iter().copied())
        .output()
        .await
        .unwrap()
    };

    let refused = upload(&[]).await;
    assert!(!refused.status.success());
    let refused = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.contains("certificate"), "{refused}");

    let told = upload(&[("SSL_CERT_FILE", trusted)]).await;
    let complaint = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "{complaint}");
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let playback = town.playback(told["video_id"].as_str().unwrap()).await;
    let hls = playback["hls_url"].as_str().unwrap();
    assert_eq!(film::frames(hls)[0], 200);
    let of_edge = |edge: &NginxEdge| hls.starts_with(edge.base.as_str());
    assert!(town.edges.iter().any(of_edge), "{hls}");
    for url in [hls, told["watch_url"].as_str().unwrap()] {
        assert!(url.starts_with("https://"), "{url}");
        assert_eq!(curl(&authority, url), "2 200", "{url}");
    }
}
