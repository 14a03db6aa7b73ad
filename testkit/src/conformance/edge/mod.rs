//! The contract of an edge, whatever serves it: the embedded one and nginx alike.
//!
//! Every story takes films of its own, so one edge can run all of them at a time.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a suite fails by panicking, as any test"
)]

mod matrix;
mod origin;
mod pulling;
mod raw;
mod seeding;
mod serving;
mod tokens;

use std::time::Duration;

use platform_auth::{Denied, Grant, PlaybackKey};
use platform_core::{Clock as _, Redacted, SystemClock};
use reqwest::{Client, Method, RequestBuilder, Response, header as header_names};
use schemas::VideoId;
use url::Url;

pub use crate::nginx::PLAYBACK_KEY;
pub use matrix::only_who_may_gets_anything;
pub use origin::OriginStub;
pub use pulling::{
    a_broken_pull_is_never_a_whole_object, a_hundred_who_miss_cause_one_pull,
    a_large_object_streams, a_manifest_is_renewed, a_manifest_outlives_its_origin,
    a_refusal_is_passed_on_and_forgotten, a_waiter_who_leaves_stops_nothing,
};
pub use seeding::{
    a_body_that_is_not_what_was_sent_is_refused, deletion_removes_what_it_names,
    players_and_seeders_have_addresses_of_their_own, seeding_takes_the_credential,
    what_is_put_again_is_replaced, what_lies_there_is_listed_to_seeders,
};
pub use serving::{
    a_conditional_request_is_answered, a_head_tells_what_a_get_would, a_preflight_is_answered,
    a_range_is_answered, every_kind_has_its_headers, no_path_leads_elsewhere,
};

pub use tokens::{
    denials_take_the_credential, what_is_denied_is_refused_at_once,
    without_a_token_all_of_a_film_is_the_same,
};

/// Gives the names of all stories to the macro `$story`, so that no edge leaves one out.
#[macro_export]
macro_rules! edge_stories {
    ($story:ident) => {
        $story!(
            every_kind_has_its_headers,
            a_range_is_answered,
            a_head_tells_what_a_get_would,
            a_conditional_request_is_answered,
            a_preflight_is_answered,
            no_path_leads_elsewhere,
            players_and_seeders_have_addresses_of_their_own,
            seeding_takes_the_credential,
            what_is_put_again_is_replaced,
            a_body_that_is_not_what_was_sent_is_refused,
            deletion_removes_what_it_names,
            what_lies_there_is_listed_to_seeders,
            a_broken_pull_is_never_a_whole_object,
            a_hundred_who_miss_cause_one_pull,
            a_waiter_who_leaves_stops_nothing,
            a_refusal_is_passed_on_and_forgotten,
            a_manifest_is_renewed,
            a_manifest_outlives_its_origin,
            a_large_object_streams,
            without_a_token_all_of_a_film_is_the_same,
            what_is_denied_is_refused_at_once,
            denials_take_the_credential,
            only_who_may_gets_anything,
        );
    };
}

/// A token for everything of `film`.
pub fn token(film: &VideoId) -> String {
    sign(&Grant::anyone(film.clone(), 0))
}

fn sign(grant: &Grant) -> String {
    sign_at(grant, SystemClock.now_ms())
}

fn sign_at(grant: &Grant, now_ms: i64) -> String {
    let key = PlaybackKey::new(&Redacted::new(PLAYBACK_KEY));
    key.sign(grant, now_ms)
}

/// An edge under test, which checks tokens with [`PLAYBACK_KEY`].
#[derive(Debug)]
pub struct Subject {
    /// Where it serves.
    pub base: Url,
    /// What seeding it takes.
    pub seed_key: String,
    /// The origin that it pulls from.
    pub origin: OriginStub,
    /// Whether it checks `Content-Digest`. What does not is told what to store only by TLS.
    pub checks_digests: bool,
    /// How far apart two writes of an address lie at least whose tags differ even if both are of one
    /// size. nginx makes tags of size and second.
    pub tags_tell_apart: Duration,
}

impl Subject {
    fn client() -> Client {
        let builder = Client::builder().no_proxy().timeout(Duration::from_mins(1));
        builder.build().expect("a client needs nothing")
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = self
            .base
            .join(path)
            .expect("paths of stories are addresses");
        Self::client().request(method, url)
    }

    async fn get(&self, path: &str) -> Response {
        send(self.request(Method::GET, path)).await
    }

    async fn put(&self, path: &str, body: impl Into<reqwest::Body>) -> Response {
        let request = self.request(Method::PUT, path);
        send(request.bearer_auth(&self.seed_key).body(body)).await
    }

    async fn delete(&self, path: &str) -> Response {
        let request = self.request(Method::DELETE, path);
        send(request.bearer_auth(&self.seed_key)).await
    }

    /// Denies `name`, which is answered by `status`.
    async fn deny(&self, name: &Denied, status: u16) {
        let request = self.request(Method::PUT, &format!("/denied/{name}"));
        // RFC 9110, section 8.6: nginx does not take a body for empty of which nothing is said.
        let request = request.header(header_names::CONTENT_LENGTH, "0");
        let answer = send(request.bearer_auth(&self.seed_key)).await;
        assert_eq!(answer.status(), status, "PUT /denied/{name}");
    }

    /// Puts `body` where it must succeed.
    async fn seed(&self, path: &str, body: impl Into<reqwest::Body>) {
        let status = self.put(path, body).await.status();
        assert!(status.is_success(), "PUT {path}: {status}");
    }
}

/// A film that only one story knows.
struct Film(VideoId);

impl Film {
    fn new() -> Self {
        Self(VideoId::random(&mut rand::rng()))
    }

    /// Path of its object for players.
    fn path(&self, object: &str) -> String {
        self.path_by(&token(&self.0), object)
    }

    /// The same by another token.
    fn path_by(&self, token: &str, object: &str) -> String {
        format!("/v/{token}/{}/1/{object}", self.0)
    }

    /// The same object's path for whoever seeds.
    fn at(&self, object: &str) -> String {
        format!("/films/{}/1/{object}", self.0)
    }

    /// The same object's path on the origin.
    fn origin(&self, object: &str) -> String {
        format!("/origin/{}/1/{object}", self.0)
    }
}

async fn send(request: RequestBuilder) -> Response {
    request.send().await.expect("the edge answers")
}

async fn body(response: Response) -> bytes::Bytes {
    response.bytes().await.expect("the answer is whole")
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().expect("a header is text"))
}

/// Bytes that differ everywhere, so that a piece in the wrong place shows.
fn pattern(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut bytes = Vec::with_capacity(size + 4);
    while bytes.len() < size {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.extend_from_slice(&state.to_be_bytes());
    }
    bytes.truncate(size);
    bytes
}
