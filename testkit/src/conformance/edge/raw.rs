//! Requests as no client library would send them.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

/// Sends `GET target` byte for byte. Returns the status and the whole answer.
pub(super) async fn get(base: &Url, target: &[u8]) -> (u16, Vec<u8>) {
    send(base, "GET", target, "").await
}

/// The same by another `method`, with `headers` that each end with a line's end.
pub(super) async fn send(base: &Url, method: &str, target: &[u8], headers: &str) -> (u16, Vec<u8>) {
    let host = base.host_str().expect("an edge has a host");
    let port = base.port_or_known_default().expect("an edge has a port");
    let mut stream = TcpStream::connect((host, port)).await.expect("it listens");
    let request = [
        method.as_bytes(),
        b" ",
        target,
        b" HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n",
        headers.as_bytes(),
        b"\r\n",
    ]
    .concat();
    stream.write_all(&request).await.expect("it reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("it answers");
    let status = answer
        .strip_prefix(b"HTTP/1.1 ")
        .and_then(|rest| rest.first_chunk::<3>())
        .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    (status.unwrap_or_default(), answer)
}
