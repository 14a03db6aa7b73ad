//! People are recognised at the gateway, and services are told who asks.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::sync::{Arc, Mutex};

use actix_web::{HttpRequest, HttpResponse, web};
use platform_auth::{AccessKey, AccessKeys, Identity};
use platform_core::{Clock as _, Lifecycle, SystemClock};
use platform_http::{Client, Internal, Server, Service, Visitor};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use testkit::services::somebody;
use testkit::stage::eventually;
use url::Url;

fn key(id: &str) -> AccessKey {
    AccessKey::new(id, [u8::try_from(id.len()).unwrap(); 32]).unwrap()
}

/// What the stand-in of accounts knows.
struct Known {
    keys: AccessKeys,
    revoked: Vec<String>,
    fetched: usize,
}

struct World {
    client: Client,
    known: Arc<Mutex<Known>>,
    base: String,
    http: reqwest::Client,
    life: Lifecycle,
}

impl World {
    /// A gateway where people sign in, and a catalogue that repeats what it is told.
    fn new() -> Self {
        Self::at(None)
    }

    /// The same where people reach it at `public_url`.
    fn at(public_url: Option<Url>) -> Self {
        let (client, life) = (testkit::services::client(), Lifecycle::new());
        let echo = async |visitor: Visitor, request: HttpRequest| {
            let header = |name| request.headers().get(name).and_then(|it| it.to_str().ok());
            HttpResponse::Ok().json(json!({
                "user": visitor.identity.map(|identity| identity.user),
                "for": header("x-forwarded-for"),
                "proto": header("x-forwarded-proto"),
                "cookie": header("cookie"),
                "override": header("x-http-method-override"),
            }))
        };
        let server = Server::internal(Service::Metadata);
        platform_http::serve(server, &life, &client, move |app| {
            app.route("/api/videos", web::get().to(echo))
                .route("/api/videos/{id}", web::route().to(echo));
        })
        .unwrap();
        let config = proxy::Config {
            open: false,
            public_url,
            trusted_proxies: vec!["127.0.0.1".parse().unwrap()],
            ..proxy::Config::default()
        };
        let gateway = common::gateway(config, &client, &life);
        let known = Known {
            keys: AccessKeys::new(key("a"), Vec::new()),
            revoked: Vec::new(),
            fetched: 0,
        };
        Self {
            client,
            known: Arc::new(Mutex::new(known)),
            base: format!("http://{gateway}"),
            http: reqwest::Client::new(),
            life,
        }
    }

    /// Starts a stand-in of accounts.
    fn start_accounts(&self) {
        let known = web::Data::from(Arc::clone(&self.known));
        let keys = async |_by: Internal, known: web::Data<Mutex<Known>>| {
            let mut known = known.lock().unwrap();
            known.fetched += 1;
            HttpResponse::Ok().json(known.keys.published())
        };
        let revoked = async |_by: Internal, known: web::Data<Mutex<Known>>| {
            let revoked = known.lock().unwrap().revoked.clone();
            HttpResponse::Ok().json(json!({ "credentials": revoked, "as_of_ms": 0 }))
        };
        let check = async |_by: Internal, asked: web::Json<Value>| {
            if asked.get("token") == Some(&json!("mqt_ada")) {
                HttpResponse::Ok().json(somebody("ada"))
            } else {
                HttpResponse::NotFound().finish()
            }
        };
        let server = Server::internal(Service::Accounts);
        platform_http::serve(server, &self.life, &self.client, move |app| {
            app.app_data(known.clone())
                .route("/internal/accounts/keys", web::get().to(keys))
                .route("/internal/accounts/revocations", web::get().to(revoked))
                .route("/internal/accounts/tokens/check", web::post().to(check));
        })
        .unwrap();
    }

    fn token(&self, identity: &Identity) -> String {
        let known = self.known.lock().unwrap();
        known
            .keys
            .sign(identity, SystemClock.now_ms(), 600)
            .unwrap()
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.base))
    }

    async fn status(&self, token: &str) -> u16 {
        answer(self.get("/api/videos").bearer_auth(token)).await.0
    }
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

#[actix_web::test]
async fn nobody_is_believed_before_accounts_was_heard_and_nobody_who_was_revoked_after() {
    let world = World::new();
    let token = world.token(&somebody("ada"));
    assert_eq!(world.status(&token).await, 503);
    let (status, told) = answer(world.get("/api/videos")).await;
    assert_eq!((status, &told["user"]), (200, &Value::Null));
    world.start_accounts();
    eventually("ada is known", async || world.status(&token).await == 200).await;
    let (_, told) = answer(world.get("/api/videos").bearer_auth(&token)).await;
    assert_eq!(told["user"], "ada");
    world
        .known
        .lock()
        .unwrap()
        .revoked
        .push("session of ada".to_owned());
    eventually("ada is revoked", async || world.status(&token).await == 401).await;
    assert_eq!(world.status(&world.token(&somebody("eve"))).await, 200);
}

#[actix_web::test]
async fn cookies_and_tokens_are_shown_and_what_is_not_good_is_refused() {
    let world = World::new();
    world.start_accounts();
    let token = world.token(&somebody("ada"));
    eventually("ada is known", async || world.status(&token).await == 200).await;
    let user = async |request: RequestBuilder| {
        let (status, told) = answer(request).await;
        let said = if status == 200 {
            &told["user"]
        } else {
            &told["type"]
        };
        (status, said.as_str().unwrap_or_default().to_owned())
    };
    let videos = || world.get("/api/videos");
    let cookie = |name: &str| videos().header("cookie", format!("{name}={token}"));
    let ada = (200, "ada".to_owned());
    let out = (401, "/problems/signed-out".to_owned());
    assert_eq!(user(cookie("auth_token")).await, ada);
    assert_eq!(
        user(cookie("__Host-auth_token")).await,
        (200, String::new())
    );
    let tls = cookie("__Host-auth_token").header("x-forwarded-proto", "https");
    assert_eq!(user(tls).await, ada);
    assert_eq!(user(videos().bearer_auth("mqt_ada")).await, ada);
    assert_eq!(user(videos().bearer_auth("mqt_eve")).await, out);
    assert_eq!(user(videos().bearer_auth("a.b.c")).await, out);
    let late = world
        .known
        .lock()
        .unwrap()
        .keys
        .sign(&somebody("ada"), 0, 600)
        .unwrap();
    assert_eq!(user(videos().bearer_auth(late)).await, out);
    // What a stranger says of itself counts for nothing.
    let forged = videos().header("x-marquee-principal", "local");
    assert_eq!(user(forged).await, (200, String::new()));
    let shown = cookie("auth_token")
        .header("x-forwarded-for", "192.0.2.1, 203.0.113.9")
        .header("x-http-method-override", "DELETE");
    let (_, told) = answer(shown).await;
    assert_eq!(told["for"], "203.0.113.9");
    assert_eq!(
        (&told["cookie"], &told["override"]),
        (&Value::Null, &Value::Null)
    );
    // From another site, with the cookie that the browser sends by itself.
    let patch = |origin: &str| {
        let request = world
            .http
            .request(Method::PATCH, format!("{}/api/videos/x", world.base));
        let request = request.header("cookie", format!("auth_token={token}"));
        request.header("origin", origin)
    };
    assert_eq!(user(patch("http://evil.example")).await.0, 403);
    assert_eq!(user(patch(&world.base)).await, ada);
}

#[actix_web::test]
async fn keys_are_fetched_again_when_a_token_names_a_new_one() {
    let world = World::new();
    world.start_accounts();
    let token = world.token(&somebody("ada"));
    eventually("ada is known", async || world.status(&token).await == 200).await;
    world.known.lock().unwrap().keys = AccessKeys::new(key("bb"), vec![key("a")]);
    let newer = world.token(&somebody("eve"));
    eventually("the new key is known", async || {
        world.status(&newer).await == 200
    })
    .await;
    assert_eq!(world.status(&token).await, 200);
    let before = world.known.lock().unwrap().fetched;
    for id in ["ccc", "dddd", "eeeee"] {
        let other = AccessKeys::new(key(id), Vec::new());
        let other = other
            .sign(&somebody("eve"), SystemClock.now_ms(), 600)
            .unwrap();
        assert_eq!(world.status(&other).await, 401);
    }
    assert_eq!(world.known.lock().unwrap().fetched, before);
}

#[actix_web::test]
async fn every_answer_tells_browsers_to_be_careful() {
    let tls = World::at(Some("https://films.example".parse().unwrap()));
    let plain = World::new();
    for (world, secured) in [(&tls, true), (&plain, false)] {
        for path in [
            "/",
            "/nothing.js",
            "/health/live",
            "/health/ready",
            "/api/health/live",
            "/api/openapi.json",
            "/api/videos",
            "/api/nothing",
            "/api/uploads",
            "/v/x/y",
            "/internal/x",
        ] {
            let answer = world.get(path).send().await.unwrap();
            let header = |name: &str| answer.headers().get(name).map(|it| it.to_str().unwrap());
            let policy = header("content-security-policy").unwrap();
            for part in [
                "object-src 'none'",
                "base-uri 'none'",
                "frame-ancestors 'self'",
            ] {
                assert!(policy.contains(part), "{path} {policy}");
            }
            assert_eq!(header("x-content-type-options"), Some("nosniff"), "{path}");
            assert!(header("referrer-policy").is_some(), "{path}");
            assert_eq!(
                header("strict-transport-security").is_some(),
                secured,
                "{path}"
            );
        }
    }
}
