//! A way to an object store on which things go wrong as they do in networks and in stores.
//!
//! Each request gets a connection of its own, by a header that no signature covers, so that shares
//! of connections are shares of requests.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a failed step is a failed test"
)]

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::Rng as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

/// Longest head of a request or an answer.
const HEAD: usize = 64 << 10;

/// What is passed on at once.
const PIECE: usize = 16 << 10;

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The connection is reset in the middle of the request's body or, without one, the answer.
    Reset,
    /// The store asks to be left alone: 503 `SlowDown`.
    SlowDown,
    /// The body of the answer ends early, in good order.
    Cut,
    /// The store does what it is asked, but nobody hears of it.
    Unheard,
    /// An upload's completion fails in the body of an answer that began well, which S3 reserves
    /// to itself.
    Late,
}

/// How it is on the way.
#[derive(Debug, Clone, Default)]
pub struct Weather {
    /// Shares of requests, together 1 at most, and what goes wrong with them.
    pub faults: Vec<(Fault, f64)>,
    /// Nothing listens, and what was under way is reset.
    pub away: bool,
    /// What a connection carries in a second, each way.
    pub bytes_per_second: Option<u32>,
}

impl Weather {
    /// One fault for a share of requests.
    pub fn of(fault: Fault, share: f64) -> Self {
        Self {
            faults: vec![(fault, share)],
            ..Self::default()
        }
    }

    fn draw(&self) -> Option<Fault> {
        let mut drawn: f64 = rand::rng().random();
        for (fault, share) in &self.faults {
            if drawn < *share {
                return Some(*fault);
            }
            drawn -= share;
        }
        None
    }
}

/// The way to one server.
#[derive(Debug)]
pub struct Way {
    /// Where it begins.
    pub endpoint: Url,
    weather: watch::Sender<Weather>,
    happened: Arc<Mutex<BTreeMap<Fault, usize>>>,
    _tasks: JoinSet<()>,
}

impl Way {
    /// A good way to `server`.
    pub async fn to(server: &Url) -> Self {
        let port = server.port_or_known_default().expect("a port");
        let host = server.host_str().expect("a host");
        let found = tokio::net::lookup_host((host, port)).await;
        let server = found.expect("a name that is known").next();
        let server = server.expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a loopback port is free");
        let own = listener.local_addr().expect("it is bound");
        let weather = watch::Sender::new(Weather::default());
        let happened = Arc::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(listen(
            listener,
            server,
            weather.subscribe(),
            Arc::clone(&happened),
        ));
        Self {
            endpoint: format!("http://{own}").parse().expect("an address"),
            weather,
            happened,
            _tasks: tasks,
        }
    }

    /// From now on it is like this.
    pub fn turn(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    /// How often each fault came true.
    pub fn happened(&self) -> BTreeMap<Fault, usize> {
        locked(&self.happened).clone()
    }
}

type Happened = Mutex<BTreeMap<Fault, usize>>;

fn locked(happened: &Happened) -> MutexGuard<'_, BTreeMap<Fault, usize>> {
    happened.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn listen(
    listener: TcpListener,
    server: SocketAddr,
    weather: watch::Receiver<Weather>,
    happened: Arc<Happened>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                let passage = Passage {
                    client,
                    server,
                    weather: weather.clone(),
                    happened: Arc::clone(&happened),
                };
                connections.spawn(passage.run());
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
}

/// One request on its way.
struct Passage {
    client: TcpStream,
    server: SocketAddr,
    weather: watch::Receiver<Weather>,
    happened: Arc<Happened>,
}

impl Passage {
    async fn run(mut self) {
        let mut weather = self.weather.clone();
        let away = async move { weather.wait_for(|weather| weather.away).await.is_ok() };
        let passed = tokio::select! {
            biased;
            true = away => Ok(End::Reset),
            passed = self.pass() => passed,
        };
        // Whoever broke the connection knows.
        if matches!(passed, Ok(End::Reset)) {
            self.client.set_zero_linger().unwrap_or_default();
        }
    }

    async fn pass(&mut self) -> io::Result<End> {
        let Some(request) = Head::read(&mut self.client).await? else {
            return Ok(End::Fair);
        };
        let (fault, rate) = {
            let weather = self.weather.borrow();
            (weather.draw(), weather.bytes_per_second)
        };
        let fault = fault.filter(|fault| *fault != Fault::Late || request.completes_upload());
        let (end, came_true) = match fault {
            Some(Fault::SlowDown) => {
                self.refuse(&request, "503 Slow Down", "SlowDown").await?;
                (End::Fair, true)
            }
            Some(Fault::Late) => {
                self.refuse(&request, "200 OK", "InternalError").await?;
                (End::Fair, true)
            }
            fault => self.relay(&request, fault, rate).await?,
        };
        if let Some(fault) = fault.filter(|_| came_true) {
            *locked(&self.happened).entry(fault).or_default() += 1;
        }
        if matches!(end, End::Fair) {
            self.client.shutdown().await?;
        }
        Ok(end)
    }

    /// Answers in the server's place, and takes in what the client still sends.
    async fn refuse(&mut self, request: &Head, status: &str, code: &str) -> io::Result<()> {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <Error><Code>{code}</Code><Message>Please try again.</Message></Error>"
        );
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        );
        let rest = request.body_length().saturating_sub(request.rest.len());
        pump(&mut self.client, &mut tokio::io::sink(), None, rest).await?;
        let answer = if request.is("HEAD") {
            answer.strip_suffix(&body).unwrap_or(&answer)
        } else {
            &answer
        };
        self.client.write_all(answer.as_bytes()).await
    }

    /// Passes on a request and its answer, as far as the fault lets them. How that ends, and
    /// whether the fault came true.
    async fn relay(
        &mut self,
        request: &Head,
        fault: Option<Fault>,
        rate: Option<u32>,
    ) -> io::Result<(End, bool)> {
        let mut server = TcpStream::connect(self.server).await?;
        let (mut from_client, mut to_client) = self.client.split();
        let (mut from_server, mut to_server) = server.split();
        to_server.write_all(&request.alone()).await?;
        let body = request.body_length();
        if fault == Some(Fault::Reset) && body > 0 {
            let some = rand::rng().random_range(0..body);
            let sent = some.saturating_sub(request.rest.len());
            pump(&mut from_client, &mut to_server, rate, sent).await?;
            return Ok((End::Reset, true));
        }
        let up = pump(&mut from_client, &mut to_server, rate, usize::MAX);
        let down = async {
            match fault {
                Some(Fault::Unheard) => {
                    let mut nobody = tokio::io::sink();
                    pump(&mut from_server, &mut nobody, rate, usize::MAX).await?;
                    Ok((End::Reset, true))
                }
                Some(fault @ (Fault::Reset | Fault::Cut)) => {
                    let Some(answer) = Head::read(&mut from_server).await? else {
                        return Ok((End::Reset, true));
                    };
                    let has_body = !request.is("HEAD") && answer.body_length() > 0;
                    if has_body {
                        shorten(&answer, &mut from_server, &mut to_client).await?;
                    } else if fault == Fault::Cut {
                        to_client.write_all(&answer.head).await?;
                        to_client.write_all(&answer.rest).await?;
                        pump(&mut from_server, &mut to_client, rate, usize::MAX).await?;
                    }
                    match fault {
                        Fault::Reset => Ok((End::Reset, true)),
                        _ => Ok((End::Fair, has_body)),
                    }
                }
                None | Some(Fault::SlowDown | Fault::Late) => {
                    pump(&mut from_server, &mut to_client, rate, usize::MAX).await?;
                    Ok((End::Fair, false))
                }
            }
        };
        tokio::pin!(up, down);
        tokio::select! {
            ended = &mut down => ended,
            sent = &mut up => {
                sent?;
                down.await
            }
        }
    }
}

/// How a connection ends.
enum End {
    Fair,
    Reset,
}

/// Passes on an answer up to the middle of its body.
async fn shorten(
    answer: &Head,
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
) -> io::Result<()> {
    let some = rand::rng().random_range(0..answer.body_length().max(1));
    let first = answer.rest.len().min(some);
    to.write_all(&answer.head).await?;
    to.write_all(answer.rest.get(..first).unwrap_or_default())
        .await?;
    pump(from, to, None, some - first).await
}

/// Passes on up to `most` bytes.
async fn pump(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    rate: Option<u32>,
    most: usize,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    let mut left = most;
    while left > 0 {
        let room = left.min(PIECE);
        let count = from.read(piece.get_mut(..room).unwrap_or_default()).await?;
        if count == 0 {
            break;
        }
        to.write_all(piece.get(..count).unwrap_or_default()).await?;
        left -= count;
        if let Some(rate) = rate {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            tokio::time::sleep(Duration::from_secs(1) * count / rate).await;
        }
    }
    to.flush().await
}

/// First line and headers, and what came with them of the rest.
struct Head {
    head: Vec<u8>,
    rest: Vec<u8>,
}

impl Head {
    /// `None` when the connection ends before.
    async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let mut head = Vec::new();
        while head.len() < HEAD {
            if from.read_buf(&mut head).await? == 0 {
                return Ok(None);
            }
            let end = head.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let rest = head.split_off(end + 4);
                return Ok(Some(Self { head, rest }));
            }
        }
        Ok(None)
    }

    fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.head)
    }

    fn header(&self, wanted: &str) -> Option<String> {
        self.text().lines().skip(1).find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let found = name.eq_ignore_ascii_case(wanted);
            found.then(|| value.trim().to_owned())
        })
    }

    fn body_length(&self) -> usize {
        let length = self.header("content-length");
        length.and_then(|length| length.parse().ok()).unwrap_or(0)
    }

    fn is(&self, method: &str) -> bool {
        self.text().starts_with(&format!("{method} "))
    }

    fn completes_upload(&self) -> bool {
        let text = self.text();
        let line = text.lines().next().unwrap_or_default();
        self.is("POST") && line.contains("uploadId=")
    }

    /// The request, as the only one of its connection.
    fn alone(&self) -> Vec<u8> {
        let text = self.text();
        let (first, others) = text.split_once("\r\n").unwrap_or((&text, ""));
        let mut request = format!("{first}\r\nConnection: close\r\n{others}").into_bytes();
        request.extend(&self.rest);
        request
    }
}
