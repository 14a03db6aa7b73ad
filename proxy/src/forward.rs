//! Forwarding: bodies stream through in both directions, unread.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::error::{ParseError, PayloadError};
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::http::{StatusCode, Uri};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder, web};
use awc::error::{ConnectError, SendRequestError};
use awc::{ClientRequest, Connector};
use futures_util::Stream;
use platform_auth::Caller;
use platform_http::{PRINCIPAL_HEADER, Problem, Service};
use url::Url;

use crate::http::State;

/// How long a service may take to begin its answer. The longest legitimate wait is a segment that
/// is encoded on demand.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(45);

/// Headers that concern one connection only (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [&str; 7] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers by which some servers let a method be another one: a page that may send a POST could send
/// a DELETE.
const OVERRIDES: [&str; 3] = [
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
];

/// Headers by which the gateway tells services about the caller, so never the caller itself.
const OURS: [&str; 5] = [
    PRINCIPAL_HEADER,
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];

/// The client of one server thread.
pub(crate) fn upstream_client() -> awc::Client {
    awc::Client::builder()
        .connector(
            Connector::new()
                .limit(0)
                .timeout(Duration::from_secs(2))
                // Servers close what is idle for five seconds: never send on what is just being
                // closed.
                .conn_keep_alive(Duration::from_secs(3)),
        )
        .timeout(ANSWER_TIMEOUT)
        .disable_redirects()
        .no_default_headers()
        .finish()
}

/// Sends the request on to `service` as it came.
pub(crate) async fn forward(
    service: Service,
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
    upstream: web::Data<awc::Client>,
) -> Result<HttpResponse, Problem> {
    let reached = state.reached(&request);
    let token = token(service, &request, &state)?;
    let add = |call: ClientRequest| {
        let call = call.insert_header(("x-forwarded-proto", reached.scheme));
        let call = match reached.address {
            Some(address) => call.insert_header(("x-forwarded-for", address.to_string())),
            None => call,
        };
        let call = match &token {
            Some(token) => call.insert_header((PRINCIPAL_HEADER, token.as_str())),
            None => call,
        };
        match &reached.host {
            Some(host) => call.insert_header(("x-forwarded-host", host.as_str())),
            None => call,
        }
    };
    send(service, &request, payload, &state, &upstream, add).await
}

/// What tells `service` who asks. Edges are told nothing: they stand where others are, too.
fn token(
    service: Service,
    request: &HttpRequest,
    state: &State,
) -> Result<Option<String>, Problem> {
    if service == Service::Edge {
        return Ok(None);
    }
    let caller = request.extensions().get::<Caller>().cloned();
    let token = caller.map(|caller| state.client.trust().token(&caller));
    token.transpose().map_err(Problem::internal)
}

/// Sends a presigned request on to the object store of this machine. The signature covers the
/// `Host` that the client used, so it is kept.
pub(crate) async fn to_objects(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
    upstream: web::Data<awc::Client>,
) -> Result<HttpResponse, Problem> {
    let host = request.headers().get(header::HOST).cloned();
    let add = |call: ClientRequest| match host.clone() {
        Some(host) => call.insert_header((header::HOST, host)),
        None => call,
    };
    send(Service::Objects, &request, payload, &state, &upstream, add).await
}

/// A call like `request` to a replica of `service`, and which one that is.
fn prepare(
    service: Service,
    request: &HttpRequest,
    state: &State,
    upstream: &awc::Client,
) -> Result<(Url, ClientRequest), Problem> {
    let base = state
        .client
        .discovery()
        .resolve(service)
        .map_err(|error| Problem::unavailable(2, error))?;
    let target = request
        .uri()
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let uri = format!("{}{target}", base.as_str().trim_end_matches('/'))
        .parse::<Uri>()
        .map_err(|error| Problem::bad_request("The address is not valid.").caused_by(error))?;
    let mut call = upstream.request(request.method().clone(), uri);
    // Whoever is told who asks needs no credentials; accounts gives and takes cookies.
    let keeps_cookies = service == Service::Accounts;
    let keeps_authorization = matches!(service, Service::Edge | Service::Objects);
    for (name, value) in forwardable(request.headers()) {
        if (name == header::COOKIE && !keeps_cookies)
            || (name == header::AUTHORIZATION && !keeps_authorization)
        {
            continue;
        }
        call = call.append_header((name.clone(), value.clone()));
    }
    let call = match platform_http::current_traceparent() {
        Some(traceparent) => call.insert_header(("traceparent", traceparent)),
        None => call,
    };
    Ok((base, call))
}

/// What of `headers` goes on to the next hop.
fn forwardable(headers: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &header::HeaderValue)> {
    headers.iter().filter(|(name, _)| {
        let name = name.as_str();
        !HOP_BY_HOP.contains(&name)
            && !OURS.contains(&name)
            && !OVERRIDES.contains(&name)
            && name != "host"
    })
}

/// Sends the request to a replica of `service`, and to the next one when that cannot be reached. What
/// changes nothing is also repeated when a connection is lost (RFC 9110, section 9.2.2).
async fn send(
    service: Service,
    request: &HttpRequest,
    payload: web::Payload,
    state: &State,
    upstream: &awc::Client,
    add: impl Fn(ClientRequest) -> ClientRequest,
) -> Result<HttpResponse, Problem> {
    // A signed Content-Length must arrive as such: an unsized stream would be sent in chunks.
    let length = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
    let body = Rc::new(RefCell::new(payload));
    let repeatable = request.method().is_safe() && !chunked && length.unwrap_or(0) == 0;
    // One more than there are: a connection that was kept may be closed at this moment.
    let mut tries = state.client.discovery().replicas(service) + usize::from(repeatable);
    let answer = loop {
        let (base, call) = prepare(service, request, state, upstream)?;
        let (call, body) = (add(call), Shared(Rc::clone(&body)));
        let sent = match length {
            Some(length) => call.send_body(SizedStream::new(length, body)),
            None if chunked => call.send_stream(body),
            None => call.send(),
        };
        tries = tries.saturating_sub(1);
        match sent.await {
            Ok(answer) => break answer,
            Err(error) if tries == 0 => return Err(failed(service, &error)),
            Err(error) if is_lost(&error) && repeatable => {}
            // Nothing of the body was read before there was a connection.
            Err(error @ SendRequestError::Connect(_)) if !is_lost(&error) => {
                state.client.discovery().shun(&base);
            }
            Err(error) => return Err(failed(service, &error)),
        }
    };
    let mut response = HttpResponseBuilder::new(answer.status());
    for (name, value) in answer.headers() {
        if !HOP_BY_HOP.contains(&name.as_str()) {
            response.append_header((name.clone(), value.clone()));
        }
    }
    // These end with their headers (RFC 9110, section 6.4.1): the end of a stream would be taken for
    // the beginning of the next answer.
    if matches!(
        answer.status(),
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
    ) {
        return Ok(response.finish());
    }
    let length = answer
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    Ok(match length {
        Some(length) => response.body(SizedStream::new(length, answer)),
        None => response.streaming(answer),
    })
}

/// Whether there was a connection, which ended before the answer came.
fn is_lost(error: &SendRequestError) -> bool {
    matches!(
        error,
        SendRequestError::Send(_)
            | SendRequestError::Response(ParseError::Io(_) | ParseError::Incomplete)
            | SendRequestError::Connect(ConnectError::Disconnected)
    )
}

/// A body that is still there when the one it was to go to was not.
struct Shared(Rc<RefCell<web::Payload>>);

impl Stream for Shared {
    type Item = Result<web::Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(cx)
    }
}

/// An upstream that gave no answer.
#[derive(Debug, thiserror::Error)]
#[error("{service} gave no answer: {reason}")]
struct NoAnswer {
    service: Service,
    reason: String,
}

fn failed(service: Service, error: &SendRequestError) -> Problem {
    let cause = NoAnswer {
        service,
        reason: error.to_string(),
    };
    if matches!(error, SendRequestError::Timeout) {
        return Problem::new(
            StatusCode::GATEWAY_TIMEOUT,
            "timeout",
            "It took too long",
            "The answer took too long. Try again in a few seconds.",
        )
        .retry_after(2)
        .caused_by(cause);
    }
    Problem::unavailable(2, cause)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;

    use actix_web::App;
    use actix_web::http::Method;
    use actix_web::test::{TestRequest, call_service, init_service};
    use platform_http::{Addresses, Discovery, Replicas};

    use super::*;

    /// A service that loses every other connection before it answers.
    fn unsteady() -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for (turn, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let mut request = BufReader::new(&stream).lines();
                while request
                    .next()
                    .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
                {}
                if turn % 2 == 1 {
                    let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
                    stream.write_all(answer).unwrap();
                }
            }
        });
        Url::parse(&format!("http://{address}")).unwrap()
    }

    #[actix_web::test]
    async fn what_changes_nothing_is_repeated_when_the_connection_is_lost_and_nothing_else() {
        let mut addresses = Addresses::default();
        let replicas = Replicas::One(unsteady());
        addresses
            .services
            .insert(Service::Ingress.name().to_owned(), replicas);
        let client = testkit::services::client_of(Discovery::new(addresses, None));
        let state = State::new(
            client,
            String::new(),
            None,
            &crate::Config::default(),
            crate::who::Who::Everybody,
        );
        let app = App::new().configure(|app| crate::http::routes(app, &state));
        let app = init_service(app).await;
        let mut answers = Vec::new();
        for method in [Method::GET, Method::POST, Method::POST] {
            let request = TestRequest::with_uri("/api/uploads").method(method);
            let answer = call_service(&app, request.to_request()).await;
            answers.push(answer.status().as_u16());
        }
        assert_eq!(answers, [204, 503, 204]);
    }

    #[test]
    fn what_concerns_the_connection_or_is_ours_to_say_does_not_go_on() {
        let mut headers = HeaderMap::new();
        for name in [
            "connection",
            "x-marquee-principal",
            "x-forwarded-for",
            "x-http-method-override",
            "host",
            "range",
        ] {
            headers.insert(
                HeaderName::from_static(name),
                header::HeaderValue::from_static("x"),
            );
        }
        let left: Vec<_> = forwardable(&headers)
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(left, ["range"]);
    }
}
