//! Whether the time of an answer tells who has an account: `bench_enumeration [SAMPLES]`.
//!
//! Two cases of each request, in random order, each from an address and at a time of its own, so that
//! nobody is slowed down. Fails when medians differ by more than 5 ms, or the Mann-Whitney test finds
//! the one faster than the other with p ≤ 0.01.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed step ends the measurement, which says how many samples it takes"
)]

#[expect(dead_code, reason = "most of it is for the stories")]
#[path = "../tests/common/mod.rs"]
mod common;

use std::io::Write as _;
use std::process::ExitCode;

use rand::Rng as _;
use serde_json::{Value, json};
use tokio::time::Instant;

use common::{PASSWORD, Service, open};

const APART_MS: f64 = 5.0;
const LEAST_P: f64 = 0.01;
/// Tries are forgotten after so long.
const LATER_MS: i64 = 5 * 60 * 1000;

/// A request by which somebody might learn who has an account.
struct Request {
    name: &'static str,
    path: &'static str,
    status: u16,
    /// Of somebody who has an account, and of somebody who has none.
    body: fn(bool, usize) -> Value,
}

const REQUESTS: [Request; 3] = [
    Request {
        name: "sign-in",
        path: "/api/accounts/sign-in",
        status: 401,
        body: |known, _| {
            let name = if known { "ada" } else { "bob" };
            json!({"name": name, "password": "guessed it"})
        },
    },
    Request {
        name: "sign-up",
        path: "/api/accounts/sign-up",
        status: 201,
        body: |known, n| {
            let email = if known {
                "ada@example.org"
            } else {
                "bob@example.org"
            };
            let name = format!("{}-{n}", if known { "one" } else { "two" });
            let email = if known {
                email.to_owned()
            } else {
                format!("{n}-{email}")
            };
            json!({"name": name, "email": email, "password": PASSWORD})
        },
    },
    Request {
        name: "forgotten",
        path: "/api/accounts/password/forgotten",
        status: 202,
        body: |known, n| {
            let name = if known {
                "ada".to_owned()
            } else {
                format!("bob{n}")
            };
            json!({"name": name})
        },
    },
];

#[tokio::main]
async fn main() -> ExitCode {
    let samples = std::env::args()
        .nth(1)
        .map_or(500, |text| text.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), open()).await;
    let body = json!({"name": "ada", "password": PASSWORD, "email": "ada@example.org"});
    let mut ada = service.browser("192.0.2.1");
    assert_eq!(ada.post("/api/accounts/sign-up", &body).await.status, 201);
    let mut out = std::io::stdout();
    writeln!(
        out,
        "| request | known, median | unknown, median | apart | p |"
    )
    .unwrap();
    writeln!(out, "| --- | --- | --- | --- | --- |").unwrap();
    let mut code = ExitCode::SUCCESS;
    for request in &REQUESTS {
        let [known, unknown] = measure(&service, request, samples).await;
        let (a, b) = (median(&known), median(&unknown));
        let p = mann_whitney(&known, &unknown);
        let name = request.name;
        let apart = (a - b).abs();
        writeln!(
            out,
            "| {name} | {a:.2} ms | {b:.2} ms | {apart:.2} ms | {p:.3} |"
        )
        .unwrap();
        if apart > APART_MS || p <= LEAST_P {
            code = ExitCode::FAILURE;
        }
    }
    service.stop().await;
    code
}

/// Times of both cases, milliseconds.
async fn measure(service: &Service, request: &Request, samples: usize) -> [Vec<f64>; 2] {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for n in 0..samples {
        let first: bool = rand::rng().random();
        for is_known in [first, !first] {
            service.clock.advance_ms(LATER_MS);
            let mut browser = service.browser(&format!("2001:db8:{n:x}:{}::1", u8::from(is_known)));
            let body = (request.body)(is_known, n);
            let began = Instant::now();
            let answer = browser.post(request.path, &body).await;
            let ms = began.elapsed().as_secs_f64() * 1000.0;
            assert_eq!(answer.status, request.status, "{}", answer.text);
            if is_known { &mut known } else { &mut unknown }.push(ms);
        }
    }
    [known, unknown]
}

fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// How likely chance alone would order `a` and `b` as far from evenly: the Mann-Whitney test, both
/// sides, by the normal approximation (times are hardly ever the same).
fn mann_whitney(a: &[f64], b: &[f64]) -> f64 {
    let pairs = a.iter().flat_map(|x| b.iter().map(move |y| x.total_cmp(y)));
    let won: f64 = pairs
        .map(|order| match order {
            std::cmp::Ordering::Less => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Greater => 0.0,
        })
        .sum();
    let count = |all: &[f64]| f64::from(u32::try_from(all.len()).unwrap_or(u32::MAX));
    let (m, n) = (count(a), count(b));
    let deviation = (m * n * (m + n + 1.0) / 12.0).sqrt();
    tail((won - m * n / 2.0).abs() / deviation)
}

/// The share of a normal distribution that is further than `z` deviations from its middle
/// (Abramowitz and Stegun, 26.2.17; to 1e-7).
fn tail(z: f64) -> f64 {
    let t = 1.0 / 0.231_641_9_f64.mul_add(z, 1.0);
    let factors = [
        1.330_274_429,
        -1.821_255_978,
        1.781_477_937,
        -0.356_563_782,
        0.319_381_530,
    ];
    let sum = factors
        .iter()
        .fold(0.0, |sum: f64, factor| (sum + factor) * t);
    2.0 * sum * (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt()
}
