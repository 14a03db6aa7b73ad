//! The peer of the service on Elasticsearch.

use metadata::Config;
use metadata::search::{ElasticIndex, Query, SearchIndex as _};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;
use url::Url;

use super::ms;

/// A client of Elasticsearch that does nothing but send what the service sends.
pub(super) struct BareClient {
    http: reqwest::Client,
    url: String,
    bodies: Vec<String>,
}

impl BareClient {
    /// Has the service's own index say what it sends for each query.
    pub(super) async fn record(config: &Config, server: &Url, queries: &[Query]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("an address");
        let recorded = Config {
            url: Some(format!("http://{addr}").parse().expect("an address")),
            ..config.clone()
        };
        let index = ElasticIndex::open(&recorded)
            .expect("it opens")
            .expect("an address");
        let mut path = String::new();
        let mut bodies = Vec::new();
        for query in queries {
            let search = index.search(query.clone());
            let (page, (line, body)) = tokio::join!(search, answer_nothing(&listener));
            page.expect("an empty page");
            path = line;
            bodies.push(body);
        }
        Self {
            http: reqwest::Client::new(),
            url: format!("{}{path}", server.as_str().trim_end_matches('/')),
            bodies,
        }
    }

    /// Milliseconds that a search takes.
    pub(super) async fn search(&self, which: usize) -> f64 {
        let request = self
            .http
            .post(&self.url)
            .header("content-type", "application/json")
            .body(self.bodies[which].clone());
        let began = Instant::now();
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{answer:?}");
        let body: Value = answer.json().await.expect("JSON");
        let took = ms(began);
        assert!(body.is_object());
        took
    }
}

/// Takes one request and answers that nothing was found; its path and body.
async fn answer_nothing(listener: &TcpListener) -> (String, String) {
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let mut bytes = Vec::new();
    loop {
        let read = stream.read_buf(&mut bytes).await.expect("a request");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut lengths = head.lines().filter_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.parse::<usize>().ok())?
            });
            if lengths.next().is_some_and(|length| body.len() >= length) {
                let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
                              content-length: 2\r\nconnection: close\r\n\r\n{}";
                stream.write_all(answer.as_bytes()).await.expect("answered");
                let path = head.split(' ').nth(1).expect("a path");
                return (path.to_owned(), body.to_owned());
            }
        }
        assert!(read > 0, "the request ended early");
    }
}
