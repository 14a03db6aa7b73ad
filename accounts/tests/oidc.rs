//! People sign in by a real OpenID provider.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a failed step is a failed test, and tests may start servers"
)]

#[expect(dead_code, reason = "most of it is for the other suite")]
mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command};

use accounts::{Config, Oidc};
use reqwest::{Method, redirect};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::ports;
use testkit::stage::eventually;
use url::Url;

use common::{Browser, ORIGIN, PASSWORD, Service, open};

const START: &str = "/api/accounts/oidc/login/start";
const LINK: &str = "/api/accounts/oidc/login/link";
const CALLBACK: &str = "/api/accounts/oidc/login/callback";

/// A provider's machine.
struct Provider {
    folder: TempDir,
    port: u16,
    process: Option<Child>,
    http: reqwest::Client,
}

impl Provider {
    async fn start() -> Self {
        let [port] = ports::lasting();
        let http = reqwest::Client::builder().redirect(redirect::Policy::none());
        let mut provider = Self {
            folder: tempfile::tempdir().unwrap(),
            port,
            process: None,
            http: http.build().unwrap(),
        };
        provider.run().await;
        provider
    }

    async fn run(&mut self) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/oidc.mjs");
        let child = Command::new("node")
            .arg(script)
            .arg(testkit::real::openid())
            .arg(self.folder.path())
            .arg(self.port.to_string())
            .arg(format!("{ORIGIN}{CALLBACK}"))
            .spawn()
            .unwrap();
        self.process = Some(child);
        let file = self.folder.path().join("port");
        eventually("the provider listens", async || file.exists().then_some(())).await;
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
            std::fs::remove_file(self.folder.path().join("port")).unwrap();
        }
    }

    fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn config(&self, allow_sign_up: bool) -> Config {
        let secret = self.folder.path().join("secret");
        std::fs::write(&secret, "a secret: 100%\n").unwrap();
        let oidc = Oidc {
            id: "login".to_owned(),
            name: "The login".to_owned(),
            issuer: self.issuer(),
            client_id: "films".to_owned(),
            client_secret_file: Some(secret),
            allow_sign_up,
            admins: vec!["chief".to_owned()],
            ..Oidc::default()
        };
        Config {
            oidc: vec![oidc],
            ..open()
        }
    }

    /// What a browser of `who` is sent back to after it was sent to `url`: path and query.
    async fn visit(&self, url: &str, who: &str) -> String {
        let mut cookies = BTreeMap::from([("who".to_owned(), who.to_owned())]);
        let mut url = Url::parse(url).unwrap();
        loop {
            let all: Vec<_> = cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
            let asked = self.http.get(url.clone()).header("cookie", all.join("; "));
            let answer = asked.send().await.unwrap();
            for set in answer.headers().get_all("set-cookie") {
                let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
                let value = rest.split(';').next().unwrap();
                cookies.insert(name.to_owned(), value.to_owned());
            }
            let place = answer.headers().get("location");
            let place = place.map(|place| place.to_str().unwrap().to_owned());
            let Some(place) = place else {
                panic!("{url}: {}", answer.text().await.unwrap())
            };
            if let Some(back) = place.strip_prefix(ORIGIN) {
                return back.to_owned();
            }
            url = url.join(&place).unwrap();
        }
    }

    /// The provider signs an ID token for another site, with the nonce of `url`, and gives it to
    /// everybody from now on.
    async fn swap_tokens(&self, url: &str, who: &str) {
        let mut other = Url::parse(url).unwrap();
        let pairs: Vec<_> = other.query_pairs().into_owned().collect();
        let pairs = pairs
            .into_iter()
            .filter(|(key, _)| !key.starts_with("code_"));
        let pairs: Vec<_> = pairs
            .map(|(key, value)| match key.as_str() {
                "client_id" => (key, "other".to_owned()),
                _ => (key, value),
            })
            .collect();
        other.query_pairs_mut().clear().extend_pairs(pairs);
        let back = self.visit(other.as_str(), who).await;
        let back = Url::parse(&format!("{ORIGIN}{back}")).unwrap();
        let code = back.query_pairs().find(|(key, _)| key == "code").unwrap().1;
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", &code)
            .append_pair("redirect_uri", &format!("{ORIGIN}{CALLBACK}"))
            .finish();
        let token = self.http.post(format!("{}/token", self.issuer()));
        let token = token
            .basic_auth("other", Some("a%20secret%3A%20100%25"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let token = token.send().await.unwrap();
        assert_eq!(token.status(), 200, "{}", token.text().await.unwrap());
        let swap = self.http.get(format!("{}/swap", self.issuer()));
        assert_eq!(swap.send().await.unwrap().status(), 200);
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Where `browser` is sent when it wants to sign in.
async fn depart(browser: &mut Browser<'_>, return_to: &str) -> String {
    let answer = browser.get(&format!("{START}?return={return_to}")).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.header("location").unwrap().to_owned()
}

/// Where `browser` is sent after it came back.
async fn arrive(browser: &mut Browser<'_>, back: &str) -> String {
    let answer = browser.get(back).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.header("location").unwrap().to_owned()
}

/// The whole way of a browser of `who`, and where it ends.
async fn sign_in(provider: &Provider, browser: &mut Browser<'_>, who: &str) -> String {
    let to = depart(browser, "/watch/x").await;
    let back = provider.visit(&to, who).await;
    arrive(browser, &back).await
}

async fn link(provider: &Provider, browser: &mut Browser<'_>, who: &str) -> String {
    let begun = browser.post(LINK, &json!({})).await;
    assert_eq!(begun.status, 200, "{}", begun.text);
    let back = provider
        .visit(begun.body["url"].as_str().unwrap(), who)
        .await;
    arrive(browser, &back).await
}

async fn me(browser: &mut Browser<'_>) -> Value {
    browser.get("/api/accounts/me").await.body["user"].take()
}

#[tokio::test]
#[ignore = "needs an OpenID provider: script/test --real"]
async fn somebody_new_signs_up_and_in_again_and_a_code_works_once() {
    let dir = tempfile::tempdir().unwrap();
    let provider = Provider::start().await;
    let service = Service::start(dir.path(), provider.config(true)).await;
    service.newcomer("ada", "192.0.2.9").await;
    let mut browser = service.browser("192.0.2.1");
    let listed = browser.get("/api/accounts/oidc").await;
    let expected = json!({"items": [{"id": "login", "name": "The login", "linked": false}]});
    assert_eq!(listed.body, expected);
    let to = depart(&mut browser, "/watch/x%3Ft=1").await;
    let back = provider.visit(&to, "ada").await;
    let before = browser.clone();
    assert_eq!(arrive(&mut browser, &back).await, "/watch/x?t=1");
    let user = me(&mut browser).await;
    // The name was somebody's already: an address or a name never leads to their account.
    let name = user["name"].as_str().unwrap();
    assert!(name.starts_with("ada-"), "{name}");
    assert_eq!(user["display_name"], "The ada");
    assert_eq!(user["email"], "ada@example.org");
    assert_eq!(user["role"], "uploader");

    let mut elsewhere = service.browser("192.0.2.2");
    assert_eq!(sign_in(&provider, &mut elsewhere, "ada").await, "/watch/x");
    assert_eq!(me(&mut elsewhere).await["user_id"], user["user_id"]);
    let mut chief = service.browser("192.0.2.3");
    assert_eq!(sign_in(&provider, &mut chief, "chief").await, "/watch/x");
    assert_eq!(me(&mut chief).await["role"], "admin");

    // The same code, in the same browser and in one that has forgotten.
    let mut thief = before;
    assert_eq!(arrive(&mut thief, &back).await, "/sign-in?oidc=refused");
    assert_eq!(arrive(&mut browser, &back).await, "/sign-in?oidc=failed");
    assert!(thief.identity.is_none());
    service.stop().await;
}

#[tokio::test]
#[ignore = "needs an OpenID provider: script/test --real"]
async fn an_account_is_linked_by_its_owner_and_unlinked() {
    let dir = tempfile::tempdir().unwrap();
    let provider = Provider::start().await;
    let service = Service::start(dir.path(), provider.config(false)).await;
    let mut ada = service.newcomer("ada", "192.0.2.1").await;
    let mut stranger = service.browser("192.0.2.2");
    let unknown = "/sign-in?oidc=unknown";
    assert_eq!(sign_in(&provider, &mut stranger, "ada").await, unknown);
    assert_eq!(stranger.post(LINK, &json!({})).await.status, 401);

    assert_eq!(link(&provider, &mut ada, "ada").await, "/account");
    assert_eq!(link(&provider, &mut ada, "ada").await, "/account");
    let listed = ada.get("/api/accounts/oidc").await;
    assert_eq!(listed.body["items"][0]["linked"], true);
    assert_eq!(sign_in(&provider, &mut stranger, "ada").await, "/watch/x");
    assert_eq!(me(&mut stranger).await["name"], "ada");
    let mut bob = service.newcomer("bob", "192.0.2.3").await;
    let taken = "/sign-in?oidc=taken";
    assert_eq!(link(&provider, &mut bob, "ada").await, taken);

    // A session that is ended meanwhile links nothing.
    let begun = bob.post(LINK, &json!({})).await;
    let url = begun.body["url"].as_str().unwrap();
    let back = provider.visit(url, "bob").await;
    let mut gone = bob.clone();
    bob.post("/api/accounts/sign-out", &json!({})).await;
    let out = "/sign-in?oidc=signed-out";
    assert_eq!(arrive(&mut gone, &back).await, out);

    assert_eq!(ada.delete(LINK).await.status, 204);
    assert_eq!(ada.delete(LINK).await.status, 404);
    assert_eq!(sign_in(&provider, &mut stranger, "ada").await, unknown);
    // Whoever leaves takes it along.
    assert_eq!(link(&provider, &mut ada, "ada").await, "/account");
    let password = json!({"password": PASSWORD});
    let left = ada
        .call(Method::DELETE, "/api/accounts/me", Some(&password))
        .await;
    assert_eq!(left.status, 204);
    assert_eq!(sign_in(&provider, &mut stranger, "ada").await, unknown);
    service.stop().await;
}

#[tokio::test]
#[ignore = "needs an OpenID provider: script/test --real"]
async fn what_was_changed_on_the_way_or_is_for_others_lets_nobody_in() {
    let dir = tempfile::tempdir().unwrap();
    let provider = Provider::start().await;
    let service = Service::start(dir.path(), provider.config(true)).await;
    let failed = "/sign-in?oidc=failed";
    let mut browser = service.browser("192.0.2.1");

    for (old, new) in [
        ("state=", "state=x"),
        ("iss=http", "iss=https"),
        ("iss=", "was="),
    ] {
        let to = depart(&mut browser, "/").await;
        let back = provider.visit(&to, "ada").await;
        assert!(back.contains(old), "{back}");
        let changed = back.replace(old, new);
        assert_eq!(arrive(&mut browser, &changed).await, failed, "{new}");
    }
    // In the browser of somebody whom another wants to sign in as himself.
    let to = depart(&mut browser, "/").await;
    let back = provider.visit(&to, "mallory").await;
    let mut victim = service.browser("192.0.2.2");
    assert_eq!(arrive(&mut victim, &back).await, failed);
    depart(&mut victim, "/").await;
    assert_eq!(arrive(&mut victim, &back).await, failed);

    let to = depart(&mut browser, "/").await;
    let changed = provider
        .visit(&to.replace("nonce=", "nonce=x"), "ada")
        .await;
    assert_eq!(arrive(&mut browser, &changed).await, failed);

    let to = depart(&mut browser, "/").await;
    let back = provider.visit(&to, "ada").await;
    service.clock.advance_ms(10 * 60 * 1000);
    assert_eq!(arrive(&mut browser, &back).await, failed);

    let to = depart(&mut browser, "/").await;
    let back = provider.visit(&to, "ada").await;
    assert_eq!(arrive(&mut browser, &back).await, "/");
    let mut other = service.browser("192.0.2.3");
    let to = depart(&mut other, "/").await;
    let back = provider.visit(&to, "ada").await;
    provider.swap_tokens(&to, "ada").await;
    assert_eq!(arrive(&mut other, &back).await, failed);
    assert!(victim.identity.is_none() && other.identity.is_none());
    service.stop().await;
}

#[tokio::test]
#[ignore = "needs an OpenID provider: script/test --real"]
async fn a_provider_that_is_away_is_told_and_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let mut provider = Provider::start().await;
    let service = Service::start(dir.path(), provider.config(true)).await;
    let mut ada = service.newcomer("ada", "192.0.2.1").await;
    let mut browser = service.browser("192.0.2.2");
    let to = depart(&mut browser, "/").await;
    let back = provider.visit(&to, "bob").await;
    provider.stop();
    let away = "/sign-in?oidc=away";
    assert_eq!(arrive(&mut browser, &back).await, away);
    // What it said of itself is known for an hour.
    service.clock.advance_ms(60 * 60 * 1000);
    assert_eq!(depart(&mut browser, "/").await, away);
    ada.sign_in("ada", PASSWORD).await;
    assert_eq!(ada.post(LINK, &json!({})).await.status, 503);
    // With other keys than before.
    provider.run().await;
    assert_eq!(sign_in(&provider, &mut browser, "bob").await, "/watch/x");
    provider.stop();
    provider.run().await;
    service.clock.advance_ms(60_000);
    assert_eq!(sign_in(&provider, &mut browser, "bob").await, "/watch/x");
    service.stop().await;
}
