//! Requests that pages of others have a browser send: with the owner's cookies, and nothing happens.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::document::Operation;
use crate::person::{Answer, Person, send};
use crate::town::Town;
use crate::who_may::{Call, call, ruled};

/// Headers that a browser sends for a page which is not ours; `OWN` stands for our origin, and `HOST` for
/// what follows its scheme.
const FOREIGN: [&[(&str, &str)]; 21] = [
    // Nothing that says where the page is.
    &[],
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
    &[("origin", "")],
    &[("origin", "OWN.evil.example")],
    &[("origin", "http://evil-HOST")],
    &[("origin", "http://evil.HOST")],
    &[("origin", "OWN@evil.example")],
    &[("origin", "OWN/")],
    &[("origin", "https://HOST")],
    &[("origin", "http://127.0.0.1:1")],
    &[("origin", "http://127.0.0.1")],
    &[("origin", "http://localhost")],
    &[("origin", "OWN, https://evil.example")],
    &[("origin", "OWN"), ("origin", "https://evil.example")],
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "cross-site"), ("origin", "OWN")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "same-site"), ("origin", "OWN")],
    &[("sec-fetch-site", "same-origin"), ("origin", "null")],
    &[
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "cross-site"),
    ],
];

/// What a form can send.
const FORMS: [&str; 3] = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
];

/// Headers by which some servers take a method for another.
const OVERRIDES: [&str; 3] = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
];

/// One operation, tried in every way.
struct Attack<'a> {
    town: &'a Town,
    operation: Operation,
    call: Call,
}

impl Attack<'_> {
    /// A request that the browser of whoever is attacked sends by itself.
    fn request(&self, method: Method) -> RequestBuilder {
        let by = &self.call.by;
        let request = by.plain(method, &self.call.path);
        request.header("cookie", by.cookies())
    }

    fn right(&self) -> RequestBuilder {
        self.with_body(self.request(self.operation.method.clone()))
    }

    fn with_body(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.call.body {
            Value::Null => request,
            body => request.json(body),
        }
    }

    fn own(&self) -> &str {
        self.town.marquee.url()
    }

    /// From pages of others.
    async fn come_from_elsewhere(&self) -> usize {
        let (_, host) = self.own().split_once("//").unwrap();
        for headers in FOREIGN {
            let mut request = self.right();
            for (name, value) in headers {
                let value = value.replace("OWN", self.own()).replace("HOST", host);
                request = request.header(*name, value);
            }
            self.is_refused(&send(request).await, &[403], &format!("{headers:?}"));
        }
        for form in FORMS {
            let request = self.request(self.operation.method.clone());
            let body = self.call.body.to_string();
            let request = request.header("content-type", form).body(body);
            self.is_refused(&send(request).await, &[403], form);
        }
        FOREIGN.len() + FORMS.len()
    }

    /// From our own page, where somebody got it to send a form, or a method for another.
    async fn take_detours(&self) -> usize {
        let mut tried = 0;
        if !self.call.body.is_null() {
            for form in FORMS {
                let request = self.request(self.operation.method.clone());
                let request = request.header("origin", self.own());
                let body = self.call.body.to_string();
                let request = request.header("content-type", form).body(body);
                let what = format!("our page's {form}");
                self.is_refused(&send(request).await, &[400, 415], &what);
                tried += 1;
            }
        }
        let (method, path) = (&self.operation.method, &self.operation.path);
        let all = self.town.document.operations();
        for by in [Method::GET, Method::POST] {
            let other = all.iter().find(|one| one.method == by && one.path == *path);
            if other.is_some_and(Operation::is_unsafe) {
                continue;
            }
            for name in OVERRIDES {
                let wish = format!("{}?_method={method}", self.call.path);
                let request = self.call.by.plain(by.clone(), &wish);
                let request = request.header("cookie", self.call.by.cookies());
                let request = self.with_body(request);
                let request = request.header("origin", self.own());
                let request = request.header(name, method.as_str());
                let answer = send(request).await;
                if other.is_none() {
                    self.is_refused(&answer, &[404, 405], &format!("{by} {name}"));
                }
                tried += 1;
            }
        }
        tried
    }

    fn is_refused(&self, answer: &Answer, by: &[u16], what: &str) {
        let id = &self.operation.id;
        assert!(by.contains(&answer.status), "{id} {what}: {answer:?}");
    }
}

/// Whoever may do the most by `operation`: an admin where only they may.
fn victim<'a>(town: &'a Town, answers: &[u16; 8]) -> &'a Person {
    if answers[7] == 403 {
        &town.admin
    } else {
        &town.owner
    }
}

#[tokio::test]
async fn no_page_of_others_does_anything_with_our_cookies() {
    let town = Town::quick().await;
    let before = town.state().await;
    let (mut operations, mut tried) = (0, 0);
    for (operation, answers) in ruled(&town) {
        if !operation.is_unsafe() {
            continue;
        }
        let call = call(&town, &operation, victim(&town, &answers), false).await;
        let attack = Attack {
            town: &town,
            operation,
            call,
        };
        tried += attack.come_from_elsewhere().await + attack.take_detours().await;
        operations += 1;
        let after = town.state().await;
        assert_eq!(before, after, "{:?} changed nothing", attack.operation);
    }
    assert!(operations >= 24, "{operations}");
    assert!(tried >= operations * 27, "{tried}");
    crate::town::tell(&format!(
        "{tried} requests of {operations} operations refused"
    ));
    town.close().await;
}
