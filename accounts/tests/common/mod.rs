//! The service on a real database, behind what a gateway would tell it.

use std::path::Path;
use std::sync::{Arc, Mutex};

use accounts::{Config, Deps, Link, LinkSender, Registration};
use platform_auth::{AccessVerifier, Caller, Identity, ServiceKey};
use platform_bus::{Bus, EmbeddedBus};
use platform_core::clock::ManualClock;
use platform_core::{Clock as _, Lifecycle, Redacted, SystemClock};
use platform_db::Db;
use platform_http::{Addresses, Client, Discovery, PRINCIPAL_HEADER, Trust};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::stage::PATIENCE;

/// A password that nobody would guess first.
pub(crate) const PASSWORD: &str = "correct horse";

/// Where people reach the site, as far as anybody is told.
pub(crate) const ORIGIN: &str = "http://films.example";

/// Links that were sent.
#[derive(Debug, Default)]
pub(crate) struct Letters(Mutex<Vec<Link>>);

#[async_trait::async_trait]
impl LinkSender for Letters {
    async fn send(&self, link: &Link) {
        self.0.lock().unwrap().push(link.clone());
    }
}

impl Letters {
    /// The secret of the last link, if there is one.
    pub(crate) fn last(&self) -> Option<String> {
        let letters = self.0.lock().unwrap();
        let path = letters.last()?.path.expose().to_owned();
        path.split_once("token=").map(|(_, token)| token.to_owned())
    }
}

/// A machine with accounts on it.
pub(crate) struct Service {
    ground: Lifecycle,
    life: Lifecycle,
    pub(crate) clock: ManualClock,
    pub(crate) db: Db,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) letters: Arc<Letters>,
    pub(crate) claim: Option<String>,
    key: ServiceKey,
    http: reqwest::Client,
    base: String,
}

/// Everybody may sign up, and nothing is swept meanwhile.
pub(crate) fn open() -> Config {
    Config {
        registration: Registration::Open,
        ..closed()
    }
}

/// Only the invited may sign up.
pub(crate) fn closed() -> Config {
    Config {
        sweep_interval_ms: 3_600_000,
        ..Config::default()
    }
}

impl Service {
    pub(crate) async fn start(dir: &Path, config: Config) -> Self {
        Self::start_at(dir, config, ManualClock::at(SystemClock.now_ms())).await
    }

    /// One that shares its time with others.
    pub(crate) async fn start_at(dir: &Path, config: Config, clock: ManualClock) -> Self {
        Self::start_with(dir, config, clock, |letters, _life| letters).await
    }

    /// One whose services share `secret`.
    pub(crate) async fn start_sharing(dir: &Path, clock: ManualClock, secret: &str) -> Self {
        Self::start_as(dir, open(), clock, secret, |letters, _life| letters).await
    }

    /// One whose links are brought by what `links` makes.
    pub(crate) async fn start_with(
        dir: &Path,
        config: Config,
        clock: ManualClock,
        links: impl FnOnce(Arc<Letters>, &Lifecycle) -> Arc<dyn LinkSender>,
    ) -> Self {
        Self::start_as(dir, config, clock, "services", links).await
    }

    async fn start_as(
        dir: &Path,
        config: Config,
        clock: ManualClock,
        secret: &str,
        links: impl FnOnce(Arc<Letters>, &Lifecycle) -> Arc<dyn LinkSender>,
    ) -> Self {
        let (ground, life) = (Lifecycle::new(), Lifecycle::new());
        let db = testkit::rows::open(dir, &ground).await;
        let bus = EmbeddedBus::open(db.clone(), &ground).await.unwrap();
        let key = ServiceKey::new(&Redacted::new(secret));
        let trust = Trust::new(key.clone(), Arc::new(clock.clone()));
        let discovery = Discovery::new(Addresses::default(), None);
        let letters = Arc::new(Letters::default());
        let deps = Deps {
            db: db.clone(),
            secret: Redacted::new(secret),
            origin: ORIGIN.to_owned(),
            links: links(Arc::clone(&letters), &life),
            client: Client::new(discovery, trust, "accounts").unwrap(),
            hasher: config.hasher(),
            clock: Arc::new(clock.clone()),
            lifecycle: life.clone(),
        };
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let running = accounts::build(config, deps).await.unwrap();
        Self {
            ground,
            life,
            clock,
            db,
            bus: Arc::new(bus),
            letters,
            claim: running.claim.map(|claim| claim.expose().to_owned()),
            key,
            http: http.build().unwrap(),
            base: format!("http://{}", running.addr),
        }
    }

    pub(crate) async fn stop(self) {
        assert!(self.life.finish(PATIENCE, std::future::pending()).await);
        self.db.close().await;
        assert!(self.ground.finish(PATIENCE, std::future::pending()).await);
    }

    /// A browser of somebody at `address`.
    pub(crate) fn browser(&self, address: &str) -> Browser<'_> {
        Browser {
            service: self,
            address: address.to_owned(),
            is_secure: false,
            identity: None,
            refresh: None,
            flow: None,
        }
    }

    /// Somebody who has just become a user.
    pub(crate) async fn newcomer(&self, name: &str, address: &str) -> Browser<'_> {
        let mut browser = self.browser(address);
        let body = json!({"name": name, "password": PASSWORD});
        let answer = browser.post("/api/accounts/sign-up", &body).await;
        assert_eq!(answer.status, 201, "{:?}", answer.body);
        browser
    }

    /// The first admin.
    pub(crate) async fn admin(&self) -> Browser<'_> {
        let mut browser = self.browser("198.51.100.1");
        let token = self.claim.as_deref().unwrap();
        let body = json!({"token": token, "name": "boss", "password": PASSWORD});
        let answer = browser.post("/api/accounts/claim", &body).await;
        assert_eq!(answer.status, 201, "{:?}", answer.body);
        browser
    }

    /// What another service asks.
    pub(crate) async fn ask(
        &self,
        service: &str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> (u16, Value) {
        let caller = Caller {
            service: service.to_owned(),
            identity: None,
        };
        let token = self.key.sign(&caller, self.clock.now_ms()).unwrap();
        let request = self.http.request(method, format!("{}{path}", self.base));
        let answer = request
            .header(PRINCIPAL_HEADER, token)
            .json(body)
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    /// Who an access token says somebody is, by the published keys and what was revoked.
    pub(crate) async fn who(&self, access: &str) -> Option<Identity> {
        let (status, keys) = self
            .ask(
                "proxy",
                Method::GET,
                "/internal/accounts/keys",
                &Value::Null,
            )
            .await;
        assert_eq!(status, 200);
        let verifier = AccessVerifier::new(&serde_json::from_value(keys).unwrap());
        let identity = verifier.verify(access, self.clock.now_ms()).ok()?;
        let revoked = self.revoked().await;
        (!revoked.contains(&identity.credential)).then_some(identity)
    }

    /// What gateways do not accept any more.
    pub(crate) async fn revoked(&self) -> Vec<String> {
        let path = "/internal/accounts/revocations";
        let (status, told) = self.ask("proxy", Method::GET, path, &Value::Null).await;
        assert_eq!(status, 200);
        assert_eq!(told["as_of_ms"], self.clock.now_ms());
        serde_json::from_value(told["credentials"].clone()).unwrap()
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The cookies that it sets, whole.
    pub(crate) fn cookies(&self) -> Vec<&str> {
        let set = self.headers.iter().filter(|(key, _)| key == "set-cookie");
        set.map(|(_, value)| value.as_str()).collect()
    }

    fn sets(&self, name: &str) -> bool {
        let mut set = self.cookies().into_iter();
        set.any(|cookie| {
            let key = cookie.split('=').next().unwrap_or_default();
            key.trim_start_matches("__Host-") == name
        })
    }

    fn cookie(&self, name: &str) -> Option<String> {
        let set = self.cookies().into_iter().find_map(|cookie| {
            let (key, rest) = cookie.split_once('=')?;
            let value = rest.split(';').next()?;
            (key.trim_start_matches("__Host-") == name).then(|| value.to_owned())
        });
        set.filter(|value| !value.is_empty())
    }
}

/// A browser: it keeps cookies, and the gateway reads from them who it is.
#[derive(Clone)]
pub(crate) struct Browser<'a> {
    service: &'a Service,
    address: String,
    pub(crate) is_secure: bool,
    pub(crate) identity: Option<Identity>,
    pub(crate) refresh: Option<String>,
    /// What it brings back from a provider.
    flow: Option<String>,
}

impl Browser<'_> {
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&mut self, path: &str, body: &Value) -> Answer {
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&mut self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    pub(crate) async fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        let body = json!({"name": name, "password": password});
        self.post("/api/accounts/sign-in", &body).await
    }

    pub(crate) async fn refresh(&mut self) -> Answer {
        self.post("/api/accounts/refresh", &json!({})).await
    }

    /// The access token's session.
    pub(crate) fn session(&self) -> String {
        self.identity.as_ref().unwrap().credential.clone()
    }

    pub(crate) async fn call(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        let answer = self.send(method, path, body).await;
        if answer.sets("oidc_flow") {
            self.flow = answer.cookie("oidc_flow");
        }
        if answer.sets("auth_token") {
            self.refresh = answer.cookie("refresh_token");
            self.identity = match answer.cookie("auth_token") {
                Some(access) => Some(self.service.who(&access).await.unwrap()),
                None => None,
            };
        }
        answer
    }

    /// The same, without keeping what comes back.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let service = self.service;
        let caller = Caller {
            service: "gateway".to_owned(),
            identity: self.identity.clone(),
        };
        let token = service.key.sign(&caller, service.clock.now_ms()).unwrap();
        let mut request = service
            .http
            .request(method, format!("{}{path}", service.base))
            .header(PRINCIPAL_HEADER, token)
            .header("x-request-id", "same")
            .header("x-forwarded-for", &self.address)
            .header(
                "x-forwarded-proto",
                if self.is_secure { "https" } else { "http" },
            )
            .header("user-agent", "Browser/1");
        let kept = [("refresh_token", &self.refresh), ("oidc_flow", &self.flow)];
        for (name, value) in kept {
            let prefix = if self.is_secure { "__Host-" } else { "" };
            if let Some(value) = value {
                request = request.header("cookie", format!("x=y; {prefix}{name}={value}"));
            }
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let headers = answer.headers().iter();
        let headers =
            headers.map(|(key, value)| (key.to_string(), value.to_str().unwrap().to_owned()));
        let headers = headers.filter(|(key, _)| key != "date").collect();
        let text = answer.text().await.unwrap();
        Answer {
            status,
            headers,
            body: serde_json::from_str(&text).unwrap_or_default(),
            text,
        }
    }
}
