//! Requests that somebody else's page had a browser send (CSRF): refused before anything is done.

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use platform_http::Problem;

use super::credential::Shown;

/// Where the page is that had a browser send the request (Fetch Metadata, section 2.4). Pages cannot
/// set it.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Lets pass what changes nothing, what shows a token on purpose, and what comes from a page of
/// `own`, the gateway's origin. What has cookies must say so; what has none, such as a program's,
/// must only not say otherwise: on a machine without accounts that is all there is to go by, and
/// signing in is worth guarding, too.
pub(super) fn check(
    method: &Method,
    headers: &HeaderMap,
    shown: &Shown,
    own: Option<&str>,
) -> Result<(), Problem> {
    if method.is_safe() || shown.by_header {
        return Ok(());
    }
    let said = |name: HeaderName| {
        let mut all = headers.get_all(name).map(|value| value.to_str().ok());
        // Who says it twice, or unreadably, says nothing good.
        let one = all.next().map(|one| one.unwrap_or("unreadable"));
        if all.next().is_some() {
            Some("several")
        } else {
            one
        }
    };
    let is_ours = match (said(SITE), said(header::ORIGIN)) {
        (Some("same-origin" | "none"), None) => true,
        (Some("same-origin" | "none") | None, Some(origin)) => Some(origin) == own,
        (Some(_), _) => false,
        (None, None) => !shown.cookies,
    };
    if is_ours {
        return Ok(());
    }
    Err(Problem::forbidden(
        "The request does not come from a page of this Marquee. Open its own address and try again; \
         programs send a token in the Authorization header instead of cookies. If this is its own \
         page, its operator has to set gateway.public_url to the address in the browser.",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::credential::Credential;
    use super::*;

    fn passes(method: &Method, shown: &Shown, site: &str, origin: &str) -> bool {
        let mut headers = HeaderMap::new();
        for (name, values) in [(SITE, site), (header::ORIGIN, origin)] {
            for value in values.split_whitespace() {
                headers.append(name.clone(), value.parse().unwrap());
            }
        }
        check(method, &headers, shown, Some("https://films.example")).is_ok()
    }

    fn shown(by_header: bool, cookies: bool) -> Shown {
        Shown {
            credential: Credential::None,
            by_header,
            cookies,
        }
    }

    #[test]
    fn what_changes_something_with_cookies_comes_from_our_own_pages() {
        let ours = "https://films.example";
        // Site, origin; whether it passes with cookies, and without.
        let cases = [
            ("", "", false, true),
            ("", ours, true, true),
            ("same-origin", ours, true, true),
            ("same-origin", "", true, true),
            ("none", "", true, true),
            ("none", ours, true, true),
            ("cross-site", "", false, false),
            ("cross-site", ours, false, false),
            ("same-site", "", false, false),
            ("same-site", "https://a.films.example", false, false),
            ("anything", ours, false, false),
            ("same-origin cross-site", ours, false, false),
            ("same-origin", "https://evil.example", false, false),
            ("", "null", false, false),
            ("", "http://films.example", false, false),
            ("", "https://films.example:8443", false, false),
            ("", "https://films.example.evil.example", false, false),
            ("", "https://evil-films.example", false, false),
            ("", "https://films.example@evil.example", false, false),
            ("", "https://films.example/", false, false),
            (
                "",
                "https://films.example https://evil.example",
                false,
                false,
            ),
        ];
        for (site, origin, with_cookies, without) in cases {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                let told = format!("{method} {site:?} {origin:?}");
                assert_eq!(
                    passes(&method, &shown(false, true), site, origin),
                    with_cookies,
                    "{told}"
                );
                assert_eq!(
                    passes(&method, &shown(false, false), site, origin),
                    without,
                    "{told}"
                );
                assert!(passes(&method, &shown(true, true), site, origin), "{told}");
            }
            for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
                assert!(
                    passes(&method, &shown(false, true), site, origin),
                    "{site} {origin}"
                );
            }
        }
    }
}
