//! Films on a host of their own, so that a browser keeps what people uploaded apart from the pages (ASVS
//! 3.5.4): there is nothing but films there, and none on the host of the pages.

use actix_web::guard::{Guard, GuardContext};
use actix_web::http::header;
use actix_web::http::uri::Authority;
use actix_web::web::ServiceConfig;
use actix_web::{HttpRequest, HttpResponse, web};
use platform_http::Problem;
use url::Url;

use crate::http::{FILMS, films};

/// Registers what is answered at `url` and, before all other routes, that films are elsewhere.
pub(crate) fn apart(app: &mut ServiceConfig, url: &Url) {
    let host = url.host_str().unwrap_or_default().to_owned();
    let there = web::scope("").guard(OnHost(host));
    app.service(there.service(films()).default_service(web::to(films_only)));
    let url = url.clone();
    let elsewhere = move |request: HttpRequest| {
        let mut there = url.clone();
        // Both are of one site, and the token in the path is for whoever was shown it.
        there.set_path(request.path());
        async move {
            HttpResponse::TemporaryRedirect()
                .insert_header((header::LOCATION, there.as_str()))
                .finish()
        }
    };
    app.route(&format!("{FILMS}/{{rest:.*}}"), web::route().to(elsewhere));
}

/// By `Host`, whatever the port.
struct OnHost(String);

impl Guard for OnHost {
    fn check(&self, request: &GuardContext<'_>) -> bool {
        let head = request.head();
        let told = head.headers.get(header::HOST);
        let told = told.and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
        // A request may say it in its first line instead (RFC 9112, section 3.2.2).
        let host = head.uri.authority().or(told.as_ref());
        host.is_some_and(|host| host.host().eq_ignore_ascii_case(&self.0))
    }
}

async fn films_only() -> Result<HttpResponse, Problem> {
    Err(Problem::not_found(
        "There is nothing but films at this address: the pages are on another host.",
    ))
}
