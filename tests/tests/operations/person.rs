//! Somebody who asks.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// Everything that must not be in a log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets(Arc<Mutex<Vec<String>>>);

impl Secrets {
    /// Remembers one.
    pub(crate) fn add(&self, secret: &str) {
        assert!(secret.len() >= 8, "short ones are found anywhere: {secret}");
        self.0.lock().unwrap().push(secret.to_owned());
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// What somebody was answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// What was asked.
    pub(crate) to: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Of a call that has to succeed.
    #[track_caller]
    pub(crate) fn done(self) -> Self {
        assert!((200..300).contains(&self.status), "{}: {self:?}", self.to);
        self
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.headers.get_all("set-cookie").iter().find_map(|value| {
            let (key, rest) = value.to_str().ok()?.split_once('=')?;
            // Behind TLS they are for this very host.
            let key = key.trim_start_matches("__Host-");
            (key == name).then(|| rest.split(';').next().unwrap_or_default().to_owned())
        })
    }
}

/// Somebody: by what they are known, and where they ask.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    http: reqwest::Client,
    base: String,
    secrets: Secrets,
    pub(crate) name: String,
    pub(crate) password: String,
    /// An access token, or one for programs.
    pub(crate) token: Option<String>,
    /// What gives a new access token.
    pub(crate) refresh: Option<String>,
}

/// So many requests were sent, each from an address of its own: of one, too many would be refused.
static SENT: AtomicU32 = AtomicU32::new(0);

impl Person {
    /// A stranger, who may become `name`.
    pub(crate) fn stranger(base: &str, name: &str, secrets: &Secrets) -> Self {
        let password = format!("the {name} horse battery");
        secrets.add(&password);
        let patience = std::time::Duration::from_mins(1);
        let client = reqwest::Client::builder()
            .timeout(patience)
            .redirect(reqwest::redirect::Policy::none());
        Self {
            http: client.build().unwrap(),
            base: base.to_owned(),
            secrets: secrets.clone(),
            name: name.to_owned(),
            password,
            token: None,
            refresh: None,
        }
    }

    /// A stranger at the same place, who may become `name`.
    pub(crate) fn becoming(&self, name: &str) -> Self {
        Self::stranger(&self.base, name, &self.secrets)
    }

    /// A program with `token`, which is no session.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        self.secrets.add(token);
        Self {
            token: Some(token.to_owned()),
            refresh: None,
            ..self.clone()
        }
    }

    /// They, once they did what gives a session.
    pub(crate) async fn by(mut self, path: &str, mut body: Value) -> Self {
        body["name"] = self.name.as_str().into();
        body["password"] = self.password.as_str().into();
        (self.token, self.refresh) = (None, None);
        let answer = self.ask(Method::POST, path, &body).await.done();
        self.token = answer.cookie("auth_token");
        self.refresh = answer.cookie("refresh_token");
        assert!(self.token.is_some(), "{path} gives a cookie");
        self
    }

    /// They in another session.
    pub(crate) async fn again(&self) -> Self {
        self.clone().by("/api/accounts/sign-in", json!({})).await
    }

    /// A request that says nothing of who sends it, from an address of its own.
    pub(crate) fn plain(&self, method: Method, path: &str) -> RequestBuilder {
        let [_, _, c, d] = SENT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        self.http
            .request(method, format!("{}{path}", self.base))
            .header("x-forwarded-for", format!("198.18.{c}.{d}"))
    }

    /// A request with what they are known by, on purpose.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.plain(method, path);
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        match &self.refresh {
            Some(refresh) => request.header("cookie", format!("refresh_token={refresh}")),
            None => request,
        }
    }

    /// The cookies that a browser of theirs sends by itself.
    pub(crate) fn cookies(&self) -> String {
        let (auth, refresh) = (self.token.as_ref(), self.refresh.as_ref());
        let [auth, refresh] = [auth, refresh].map(|cookie| cookie.unwrap());
        format!("auth_token={auth}; refresh_token={refresh}")
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = self.request(method, path);
        let request = if body.is_null() {
            request
        } else {
            request.json(body)
        };
        let answer = send(request).await;
        self.remember(&answer);
        answer
    }

    /// What `answer` gives that nobody else may have.
    fn remember(&self, answer: &Answer) {
        let cookies = ["auth_token", "refresh_token"].map(|name| answer.cookie(name));
        let body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        let fields = ["secret", "invitation", "key"].map(|name| body[name].as_str());
        let fields = fields.into_iter().flatten().map(ToOwned::to_owned);
        let given = cookies.into_iter().flatten().chain(fields);
        given
            .filter(|secret| !secret.is_empty())
            .for_each(|secret| self.secrets.add(&secret));
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &Value::Null).await
    }
}

/// Sends, and looks at what every answer of the gateway has to have.
pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let (http, request) = request.build_split();
    let request = request.unwrap();
    let to = format!("{} {}", request.method(), request.url().path());
    let answer = http.execute(request).await;
    let answer = answer.unwrap_or_else(|error| panic!("{to}: {error:?}"));
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = String::from_utf8_lossy(&answer.bytes().await.unwrap()).into_owned();
    let answer = Answer {
        to,
        status,
        headers,
        text,
    };
    is_careful(&answer);
    answer
}

/// Browsers are told to be careful with it.
pub(crate) fn is_careful(answer: &Answer) {
    let header = |name: &str| {
        let mut all = answer.headers.get_all(name).iter();
        let one = all.next().map(|value| value.to_str().unwrap());
        assert!(all.next().is_none(), "{name} twice: {answer:?}");
        one.unwrap_or_else(|| panic!("no {name}: {answer:?}"))
    };
    let policy = header("content-security-policy");
    for part in ["object-src 'none'", "base-uri 'none'", "frame-ancestors"] {
        assert!(policy.contains(part), "{part}: {policy}");
    }
    assert!(!policy.contains("unsafe-"), "{policy}");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("referrer-policy"), "strict-origin-when-cross-origin");
    if answer.status >= 400 && !answer.text.is_empty() {
        // What goes on to the object store is answered as S3 does.
        let is_object = answer.to.contains(" /marquee/");
        let problem = if is_object {
            "application/xml"
        } else {
            "application/problem+json"
        };
        assert_eq!(header("content-type"), problem, "{answer:?}");
    }
}
