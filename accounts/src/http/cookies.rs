//! The cookies of sessions (RFC 6265bis). Scripts never see them.
//!
//! Behind HTTPS their names begin with `__Host-`: no other host and no plain-text page can set or
//! read them. Without HTTPS browsers refuse that prefix, so they go without it there.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use platform_core::Redacted;

use crate::domain::RefreshToken;
use crate::flow::{FLOW_MS, SignedIn};

const ACCESS: &str = "auth_token";
const REFRESH: &str = "refresh_token";
/// What somebody brings back from a provider. `Lax`: they come from another site.
const FLOW: &str = "oidc_flow";

/// The cookies of one request and its answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cookies {
    is_secure: bool,
}

impl Cookies {
    /// Those for a client that sent `request` to the gateway, which says how.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let proto = request.headers().get("x-forwarded-proto");
        Self {
            is_secure: proto.is_some_and(|value| value.as_bytes() == b"https"),
        }
    }

    /// The refresh token that came along.
    pub(super) fn refresh_token(self, request: &HttpRequest) -> Option<RefreshToken> {
        self.find(request, REFRESH, RefreshToken::read)
    }

    /// What was remembered when somebody went to a provider.
    pub(super) fn flow(self, request: &HttpRequest) -> Option<Redacted> {
        self.find(request, FLOW, |value| Some(Redacted::new(value)))
    }

    /// The first cookie called `name` that can be read.
    fn find<T>(
        self,
        request: &HttpRequest,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let name = self.name(name);
        let headers = request.headers().get_all(header::COOKIE);
        let pairs = headers
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        let mut ours = pairs.filter(|(key, _)| *key == name);
        ours.find_map(|(_, value)| read(value))
    }

    /// Has the client remember what it needs when it comes back from a provider.
    pub(super) fn remember_flow(self, answer: &mut HttpResponse, sealed: &Redacted) {
        self.set(answer, FLOW, sealed.expose(), FLOW_MS / 1000, "Lax");
    }

    /// Has the client forget it: it came back.
    pub(super) fn forget_flow(self, answer: &mut HttpResponse) {
        self.set(answer, FLOW, "", 0, "Lax");
    }

    /// Gives the client the tokens of `signed_in`.
    pub(super) fn give(self, answer: &mut HttpResponse, signed_in: &SignedIn) {
        // Kept when the token in it has expired: a gateway that sees it says so, and the page asks
        // for the next one. Without it nobody could tell that there is a session.
        let (access, age_s) = (&signed_in.access, signed_in.refresh_s);
        self.set(answer, ACCESS, access, age_s, "Lax");
        let refresh = signed_in.refresh.write();
        self.set(answer, REFRESH, &refresh, age_s, "Strict");
    }

    /// Takes the client's tokens away.
    pub(super) fn take(self, answer: &mut HttpResponse) {
        self.set(answer, ACCESS, "", 0, "Lax");
        self.set(answer, REFRESH, "", 0, "Strict");
    }

    fn name(self, name: &str) -> String {
        let prefix = if self.is_secure { "__Host-" } else { "" };
        format!("{prefix}{name}")
    }

    fn set(self, answer: &mut HttpResponse, name: &str, value: &str, age_s: i64, site: &str) {
        if let Some(cookie) = self.cookie(name, value, age_s, site) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }

    fn cookie(self, name: &str, value: &str, age_s: i64, site: &str) -> Option<HeaderValue> {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let name = self.name(name);
        let cookie =
            format!("{name}={value}; Path=/; Max-Age={age_s}; HttpOnly; SameSite={site}{secure}");
        // What tokens are made of fits into a header.
        HeaderValue::try_from(cookie).ok()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn cookies_are_for_this_host_and_no_script() {
        for (proto, prefix, suffix) in [("https", "__Host-", "; Secure"), ("http", "", "")] {
            let request = TestRequest::default()
                .insert_header(("x-forwarded-proto", proto))
                .insert_header(("cookie", format!("a=b; {prefix}refresh_token=s.x; c=d")))
                .to_http_request();
            let cookies = Cookies::of(&request);
            assert_eq!(cookies.refresh_token(&request).unwrap().write(), "s.x");
            let mut answer = HttpResponse::NoContent().finish();
            cookies.take(&mut answer);
            let set = answer.headers().get_all("set-cookie");
            let set: Vec<_> = set.map(|value| value.to_str().unwrap()).collect();
            let expected = [
                format!("{prefix}auth_token=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{suffix}"),
                format!(
                    "{prefix}refresh_token=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict{suffix}"
                ),
            ];
            assert_eq!(set, expected);
        }
    }

    #[test]
    fn a_cookie_that_a_plain_page_set_is_not_taken_behind_https() {
        let request = TestRequest::default()
            .insert_header(("x-forwarded-proto", "https"))
            .insert_header(("cookie", "refresh_token=s.x"))
            .to_http_request();
        assert!(Cookies::of(&request).refresh_token(&request).is_none());
    }
}
