//! Films on a host of their own.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use actix_web::{HttpRequest, HttpResponse, web};
use platform_core::Lifecycle;
use platform_http::{Server, Service};
use reqwest::redirect::Policy;

#[actix_web::test]
async fn there_is_nothing_but_films_on_their_host_and_none_on_that_of_the_pages() {
    let (client, life) = (testkit::services::client(), Lifecycle::new());
    let answers = async |request: HttpRequest| HttpResponse::Ok().body(request.path().to_owned());
    // Edges stand where others are, too: nobody tells them who asks.
    for server in [
        Server::public(Service::Edge),
        Server::internal(Service::Metadata),
    ] {
        platform_http::serve(server, &life, &client, move |app| {
            app.route("/{rest:.*}", web::get().to(answers));
        })
        .unwrap();
    }
    let config = proxy::Config {
        open: true,
        media_url: Some("https://media.example".parse().unwrap()),
        ..proxy::Config::default()
    };
    let gateway = common::gateway(config, &client, &life);
    let http = reqwest::Client::builder().redirect(Policy::none());
    let http = http.build().unwrap();
    let object = "/v/1.2.3/film/1/master.m3u8";
    let there = format!("https://media.example{object}");
    for (host, path, status, location) in [
        ("media.example", object, 200, None),
        ("MEDIA.example:8080", object, 200, None),
        ("media.example", "/", 404, None),
        ("media.example", "/watch/film", 404, None),
        ("media.example", "/api/videos", 404, None),
        ("media.example", "/api/openapi.json", 404, None),
        ("films.example", object, 307, Some(there.as_str())),
        ("films.example", "/api/videos", 200, None),
        ("media.example.evil.example", object, 307, Some(&there)),
    ] {
        let request = http.get(format!("http://{gateway}{path}"));
        let answer = request.header("host", host).send().await.unwrap();
        let told = answer.headers().get("location");
        let told = told.map(|told| told.to_str().unwrap().to_owned());
        assert_eq!(
            (answer.status().as_u16(), told.as_deref()),
            (status, location),
            "{host}{path}"
        );
    }
}

#[test]
fn one_host_for_both_is_a_mistake() {
    let at = |pages: Option<&str>, media: Option<&str>| proxy::Config {
        public_url: pages.map(|url| url.parse().unwrap()),
        media_url: media.map(|url| url.parse().unwrap()),
        ..proxy::Config::default()
    };
    let pages = Some("https://films.example");
    assert!(!at(pages, None).confuses_media());
    assert!(!at(pages, Some("https://media.example")).confuses_media());
    assert!(at(pages, Some("https://films.example:8443")).confuses_media());
}
