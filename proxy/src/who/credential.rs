//! What a request shows to be recognised by. Nothing of it is believed here.

use actix_web::http::header::{self, HeaderMap};

/// What begins an API token.
const API_TOKEN: &str = "mqt_";

/// Names of the cookies of people who are signed in.
const COOKIES: [&str; 2] = ["auth_token", "refresh_token"];

/// Prefix of a cookie that only the very host can have set, and only over TLS (RFC 6265bis,
/// section 4.1.3.2).
const HOST_PREFIX: &str = "__Host-";

/// What a request shows.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// Nothing.
    None,
    /// An access token.
    Access(String),
    /// An API token.
    Api(String),
    /// Something that cannot be a credential of ours.
    Unreadable,
}

/// What a request shows, and how.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) credential: Credential,
    /// In `Authorization`, which no page of somebody else's can have a browser send.
    pub(crate) by_header: bool,
    /// It carries cookies of ours, which browsers send by themselves.
    pub(crate) cookies: bool,
}

/// What `headers` show, which came by `scheme`. A bearer token (RFC 6750, section 2.1) is shown on
/// purpose, so that cookies beside it do not count.
pub(crate) fn shown(headers: &HeaderMap, scheme: &str) -> Shown {
    let mut bearers = headers.get_all(header::AUTHORIZATION).filter_map(|value| {
        let (kind, token) = value.as_bytes().split_at_checked(7)?;
        let is_bearer = kind.eq_ignore_ascii_case(b"bearer ");
        is_bearer.then(|| str::from_utf8(token).unwrap_or_default().trim().to_owned())
    });
    let prefix = if scheme == "https" { HOST_PREFIX } else { "" };
    let named = |name: &str| {
        let own = name.strip_prefix(prefix)?;
        COOKIES.into_iter().find(|known| *known == own)
    };
    let ours: Vec<(&str, String)> = headers
        .get_all(header::COOKIE)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| {
            let (name, value) = cookie.trim().split_once('=')?;
            Some((named(name)?, value.to_owned()))
        })
        .collect();
    let cookies = !ours.is_empty();
    if let Some(token) = bearers.next() {
        let one = bearers.next().is_none();
        let credential = if !one || token.is_empty() {
            Credential::Unreadable
        } else if token.starts_with(API_TOKEN) {
            Credential::Api(token)
        } else {
            Credential::Access(token)
        };
        return Shown {
            credential,
            by_header: true,
            cookies,
        };
    }
    let mut access = ours.into_iter().filter(|(name, _)| *name == "auth_token");
    let credential = match (access.next(), access.next()) {
        (None, _) => Credential::None,
        (Some((_, token)), None) => Credential::Access(token),
        // One of them was put there by somebody else.
        (Some(_), Some(_)) => Credential::Unreadable,
    };
    Shown {
        credential,
        by_header: false,
        cookies,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_found_where_it_may_be_and_nowhere_else() {
        let none = || Credential::None;
        let access = || Credential::Access("a.b.c".to_owned());
        let api = || Credential::Api("mqt_1".to_owned());
        let odd = || Credential::Unreadable;
        let cookie = |value: &'static str| ("cookie", value);
        let auth = |value: &'static str| ("authorization", value);
        for (scheme, headers, credential, cookies) in [
            ("http", vec![], none(), false),
            (
                "http",
                vec![cookie("theme=dark; auth_token=a.b.c")],
                access(),
                true,
            ),
            (
                "http",
                vec![cookie("theme=dark"), cookie("auth_token=a.b.c")],
                access(),
                true,
            ),
            (
                "http",
                vec![cookie("__Host-auth_token=a.b.c")],
                none(),
                false,
            ),
            (
                "https",
                vec![cookie("__Host-auth_token=a.b.c")],
                access(),
                true,
            ),
            ("https", vec![cookie("auth_token=a.b.c")], none(), false),
            ("http", vec![cookie("refresh_token=r")], none(), true),
            (
                "http",
                vec![cookie("auth_token=a.b.c; auth_token=x")],
                odd(),
                true,
            ),
            ("http", vec![cookie("AUTH_TOKEN=a.b.c")], none(), false),
            ("http", vec![auth("Bearer a.b.c")], access(), false),
            ("http", vec![auth("bearer mqt_1")], api(), false),
            (
                "http",
                vec![auth("Bearer mqt_1"), cookie("auth_token=x")],
                api(),
                true,
            ),
            ("http", vec![auth("Bearer ")], odd(), false),
            (
                "http",
                vec![auth("Bearer a.b.c"), auth("Bearer x")],
                odd(),
                false,
            ),
            (
                "http",
                vec![auth("Basic YTpi"), cookie("auth_token=a.b.c")],
                access(),
                true,
            ),
            (
                "http",
                vec![cookie("auth_token=mqt_1")],
                Credential::Access("mqt_1".to_owned()),
                true,
            ),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in &headers {
                let name = header::HeaderName::from_static(name);
                map.append(name, header::HeaderValue::from_static(value));
            }
            let found = shown(&map, scheme);
            assert!(found.credential == credential, "{scheme} {headers:?}");
            assert_eq!(found.cookies, cookies, "{scheme} {headers:?}");
        }
    }
}
