//! From where a request came, as the gateway says.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::HeaderValue;
use actix_web::{FromRequest, HttpRequest};
use platform_core::text::is_not_for_reading;
use platform_passwords::place_of;

use crate::flow::Origin;

/// Longest name of a program that is kept, in characters.
const LONGEST_AGENT: usize = 300;

impl FromRequest for Origin {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = |name: &str| {
            let value = request.headers().get(name).map(HeaderValue::as_bytes);
            String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
        };
        let address = header("x-forwarded-for");
        let agent = header("user-agent");
        let readable = agent.chars().filter(|c| !is_not_for_reading(*c));
        ready(Ok(Self {
            place: place_of(&address),
            address: address
                .chars()
                .filter(char::is_ascii_graphic)
                .take(64)
                .collect(),
            user_agent: readable.take(LONGEST_AGENT).collect(),
        }))
    }
}
