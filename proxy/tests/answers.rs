//! Answers arrive as services gave them, and end where they end.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use actix_web::{HttpResponse, web};
use platform_core::Lifecycle;
use platform_http::{Server, Service};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A gateway before an ingress that has no content for anybody.
fn start(life: &Lifecycle) -> std::net::SocketAddr {
    let client = testkit::services::client();
    platform_http::serve(Server::internal(Service::Ingress), life, &client, |app| {
        app.route(
            "/api/uploads/{id}",
            web::delete().to(HttpResponse::NoContent),
        )
        .route("/api/uploads", web::get().to(HttpResponse::NotModified));
    })
    .unwrap();
    let config = proxy::Config {
        open: true,
        ..proxy::Config::default()
    };
    common::gateway(config, &client, life)
}

#[actix_web::test]
async fn nothing_follows_the_headers_of_an_answer_without_content() {
    let life = Lifecycle::new();
    let mut connection = TcpStream::connect(start(&life)).await.unwrap();
    let requests = "DELETE /api/uploads/a HTTP/1.1\r\nHost: here\r\n\r\n\
                    GET /api/uploads HTTP/1.1\r\nHost: here\r\n\r\n\
                    GET /api/uploads HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";
    connection.write_all(requests.as_bytes()).await.unwrap();
    let mut answers = String::new();
    connection.read_to_string(&mut answers).await.unwrap();
    // Each begins where the one before ended: behind an empty line.
    let mut statuses = Vec::new();
    for answer in answers.split_inclusive("\r\n\r\n") {
        let status = answer.strip_prefix("HTTP/1.1 ").unwrap_or(answer);
        statuses.push(status.chars().take(3).collect::<String>());
    }
    assert_eq!(statuses, ["204", "304", "304"], "{answers}");
}
