//! Connections: accepting, CORS, and an orderly end.

use std::{
    convert::Infallible,
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::{Body, Frame, Incoming, SizeHint},
    header::{EXPECT, HeaderName, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use platform_core::Lifecycle;
use s3s::service::S3Service;
use tokio::net::{TcpListener, TcpStream};

use crate::guard;

/// How much of a body nobody wants is still read, so that its sender sees the answer rather than
/// a broken connection: the size of a large part.
const UNWANTED: usize = 64 << 20;

pub(crate) async fn accept(listener: TcpListener, service: S3Service, life: Lifecycle) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = life.draining() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let (service, inner) = (service.clone(), life.clone());
                life.spawn(connection(stream, service, inner));
            }
            Err(error) => {
                // Out of file descriptors, mostly: some come back as connections end.
                tracing::warn!(%error, "the object store could not accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, service: S3Service, life: Lifecycle) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps waiting for full packets");
    }
    let answer = service_fn(|request| {
        let service = service.clone();
        async move { Ok::<_, Infallible>(answer(service, request).await) }
    });
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(30));
    let mut serving = pin!(server.serve_connection(TokioIo::new(stream), answer));
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = life.draining() => {
            serving.as_mut().graceful_shutdown();
            tokio::select! {
                ended = serving => ended,
                () = life.stopping() => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection to the object store broke");
    }
}

async fn answer(service: S3Service, request: Request<Incoming>) -> Response<s3s::Body> {
    if request.method() == Method::OPTIONS {
        return preflight(request.headers());
    }
    let (head, body) = request.into_parts();
    let body = SharedBody(Arc::new(Mutex::new(body)));
    let patient = !head.headers.contains_key(EXPECT);
    let answered = match guard::check(&head.uri, &head.headers) {
        Ok(()) => {
            let body = s3s::Body::http_body(body.clone());
            service
                .call(Request::from_parts(head, body))
                .await
                .map_err(|error| {
                    let error: Box<dyn std::error::Error + Send + Sync> = error.into();
                    error.to_string()
                })
        }
        Err(refusal) => refusal
            .to_http_response()
            .map_err(|error| error.to_string()),
    };
    let mut response = answered.unwrap_or_else(|error| {
        tracing::error!(error, "the object store could not answer");
        let mut response = Response::new(s3s::Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    });
    if patient && !response.status().is_success() {
        let drained = tokio::time::timeout(Duration::from_secs(10), body.drain());
        if drained.await.is_err() {
            tracing::debug!("a refused request kept sending");
        }
    }
    allow_everyone(response.headers_mut());
    response
}

/// A body that can still be read to its end when the protocol layer has dropped it.
#[derive(Clone)]
struct SharedBody(Arc<Mutex<Incoming>>);

impl SharedBody {
    fn with<T>(&self, look: impl FnOnce(&mut Incoming) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn drain(mut self) {
        let mut read = 0;
        while read < UNWANTED
            && let Some(Ok(frame)) = poll_fn(|cx| Pin::new(&mut self).poll_frame(cx)).await
        {
            read += frame.data_ref().map_or(0, Bytes::len);
        }
    }
}

impl Body for SharedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.with(|body| Pin::new(body).poll_frame(cx))
    }

    fn is_end_stream(&self) -> bool {
        self.with(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.with(|body| body.size_hint())
    }
}

/// Answers a browser that asks whether it may. It may: the signature decides, not the origin.
fn preflight(asked: &HeaderMap) -> Response<s3s::Body> {
    let mut response = Response::new(s3s::Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    allow_everyone(headers);
    headers.insert(
        name("access-control-allow-methods"),
        value("GET, HEAD, PUT, POST, DELETE"),
    );
    headers.insert(name("access-control-max-age"), value("3600"));
    if let Some(wanted) = asked.get("access-control-request-headers") {
        headers.insert(name("access-control-allow-headers"), wanted.clone());
    }
    response
}

fn allow_everyone(headers: &mut HeaderMap) {
    const EXPOSED: &str = "ETag, Content-Range, Accept-Ranges, x-amz-checksum-crc32, \
                           x-amz-checksum-crc32c, x-amz-checksum-crc64nvme, x-amz-checksum-sha1, \
                           x-amz-checksum-sha256, x-amz-checksum-type";
    headers.insert(name("access-control-allow-origin"), value("*"));
    headers.insert(name("access-control-expose-headers"), value(EXPOSED));
    // What strangers stored is never guessed to be something that runs.
    headers.insert(name("x-content-type-options"), value("nosniff"));
}

fn name(name: &'static str) -> HeaderName {
    HeaderName::from_static(name)
}

fn value(value: &'static str) -> HeaderValue {
    HeaderValue::from_static(value)
}
