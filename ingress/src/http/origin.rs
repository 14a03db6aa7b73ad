//! Where the client reaches this machine.

use actix_web::HttpRequest;
use actix_web::http::header::HOST;
use platform_http::Problem;
use url::Url;

/// The origin that presigned addresses are made for: the configured one, or the one that the
/// gateway says the request was sent to.
pub(super) fn public_origin(
    request: &HttpRequest,
    configured: Option<&Url>,
) -> Result<Url, Problem> {
    if let Some(url) = configured {
        return Ok(url.clone());
    }
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    let scheme = header("x-forwarded-proto").unwrap_or("http");
    let host = header("x-forwarded-host").or_else(|| header(HOST.as_str()));
    host.and_then(|host| origin(scheme, host)).ok_or_else(|| {
        Problem::bad_request("The Host header is missing or names no place on the web.")
    })
}

fn origin(scheme: &str, host: &str) -> Option<Url> {
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let url = Url::parse(&format!("{scheme}://{host}/")).ok()?;
    let only_an_origin = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    only_an_origin.then_some(url)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn from(headers: &[(&'static str, &'static str)]) -> Option<String> {
        let request = headers
            .iter()
            .fold(TestRequest::default(), |request, header| {
                request.insert_header(*header)
            });
        let origin = public_origin(&request.to_http_request(), None).ok()?;
        Some(origin.to_string())
    }

    #[test]
    fn the_gateway_knows_best() {
        assert_eq!(
            from(&[("host", "127.0.0.1:80")]).as_deref(),
            Some("http://127.0.0.1/")
        );
        let forwarded = [
            ("host", "127.0.0.1:4711"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "films.example:8443"),
        ];
        assert_eq!(
            from(&forwarded).as_deref(),
            Some("https://films.example:8443/")
        );
    }

    #[test]
    fn a_host_is_a_host_and_nothing_else() {
        for host in ["", "a/b", "user@host", "host?x", "host#x", "a b"] {
            assert_eq!(from(&[("host", host)]), None, "{host}");
        }
        assert_eq!(from(&[("host", "h"), ("x-forwarded-proto", "file")]), None);
    }
}
