//! From where, and by what, a request reached the gateway.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap};
use url::{Position, Url};

use crate::network::Network;

/// What the gateway believes of a request's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reached {
    /// The client's address; unknown only where there was no connection.
    pub(crate) address: Option<IpAddr>,
    /// `http` or `https`, as the client used it.
    pub(crate) scheme: &'static str,
    /// Host, and port where it is not the scheme's, as the client used them.
    pub(crate) host: Option<String>,
}

impl Reached {
    /// The origin of the pages (RFC 6454), as the client knows it.
    pub(crate) fn origin(&self) -> Option<String> {
        let host = self.host.as_ref()?;
        Some(format!("{}://{}", self.scheme, host.to_ascii_lowercase()))
    }
}

/// How `request` came. What it says itself (`x-forwarded-…`) counts only if one of `trusted` sent it;
/// `public_url`, which knows what ends TLS, counts before everything.
pub(crate) fn reached(
    request: &HttpRequest,
    trusted: &[Network],
    public_url: Option<&Url>,
) -> Reached {
    let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
    let is_trusted = |address: IpAddr| trusted.iter().any(|it| it.contains(address));
    let through = peer.is_some_and(is_trusted);
    let headers = request.headers();
    let address = match peer {
        Some(peer) if through => Some(last_untrusted(headers, peer, is_trusted)),
        peer => peer,
    };
    if let Some(url) = public_url {
        let host = &url[Position::BeforeHost..Position::AfterPort];
        return Reached {
            address,
            scheme: if url.scheme() == "https" {
                "https"
            } else {
                "http"
            },
            host: Some(host.to_owned()),
        };
    }
    let told = headers.get_all("x-forwarded-proto").last();
    let told = told.and_then(|value| value.to_str().ok()?.rsplit(',').next());
    let secure = through && told.is_some_and(|told| told.trim().eq_ignore_ascii_case("https"));
    let host = headers.get(header::HOST);
    Reached {
        address,
        scheme: if secure { "https" } else { "http" },
        host: host
            .and_then(|host| host.to_str().ok())
            .map(ToOwned::to_owned),
    }
}

/// The last hop before the trusted ones: each proxy appends who asked it, so that what stands further
/// left can be anybody's invention.
fn last_untrusted(
    headers: &HeaderMap,
    peer: IpAddr,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> IpAddr {
    let lists: Vec<_> = headers.get_all("x-forwarded-for").collect();
    let hops = lists.iter().rev().flat_map(|list| {
        let list = list.to_str().unwrap_or_default();
        list.rsplit(',').map(str::trim)
    });
    let mut last = peer;
    for hop in hops {
        let parsed = hop.parse::<IpAddr>().ok();
        let parsed = parsed.or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip()));
        // What cannot be read was not written by a proxy of ours.
        let Some(address) = parsed else { break };
        last = address.to_canonical();
        if !is_trusted(last) {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn ask(peer: &str, headers: &[(&str, &str)], public: Option<&str>) -> (String, String) {
        let mut request =
            TestRequest::default().peer_addr(SocketAddr::new(peer.parse().unwrap(), 1));
        for header in headers {
            request = request.append_header(*header);
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        let public = public.map(|url| Url::parse(url).unwrap());
        let found = reached(&request.to_http_request(), &trusted, public.as_ref());
        (
            found.address.unwrap().to_string(),
            found.origin().unwrap_or_default(),
        )
    }

    #[test]
    fn only_proxies_that_are_trusted_are_believed() {
        let list = |value: &'static str| ("x-forwarded-for", value);
        for (peer, forwarded, client) in [
            ("192.0.2.1", vec![], "192.0.2.1"),
            ("192.0.2.1", vec![list("203.0.113.9")], "192.0.2.1"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec![list("203.0.113.9")], "203.0.113.9"),
            (
                "::ffff:10.0.0.1",
                vec![list("203.0.113.9:4711")],
                "203.0.113.9",
            ),
            ("::1", vec![list("2001:db8::9")], "2001:db8::9"),
            (
                "10.0.0.1",
                vec![list("1.1.1.1, 203.0.113.9,10.0.0.2")],
                "203.0.113.9",
            ),
            (
                "10.0.0.1",
                vec![list("1.1.1.1"), list("203.0.113.9")],
                "203.0.113.9",
            ),
            ("10.0.0.1", vec![list("10.0.0.3, 10.0.0.2")], "10.0.0.3"),
            ("10.0.0.1", vec![list("1.1.1.1, nonsense")], "10.0.0.1"),
            (
                "10.0.0.1",
                vec![list("nonsense, 203.0.113.9")],
                "203.0.113.9",
            ),
            ("10.0.0.1", vec![list("")], "10.0.0.1"),
        ] {
            let (address, _) = ask(peer, &forwarded, None);
            assert_eq!(address, client, "{peer} {forwarded:?}");
        }
        let (host, secure) = (("host", "films.example"), ("x-forwarded-proto", "https"));
        let other = ("x-forwarded-host", "evil.example");
        for (peer, public, origin) in [
            ("192.0.2.1", None, "http://films.example"),
            ("10.0.0.1", None, "https://films.example"),
            (
                "192.0.2.1",
                Some("https://other.example/"),
                "https://other.example",
            ),
            (
                "10.0.0.1",
                Some("http://other.example:81/"),
                "http://other.example:81",
            ),
        ] {
            let (_, found) = ask(peer, &[host, secure, other], public);
            assert_eq!(found, origin, "{peer} {public:?}");
        }
    }
}
