//! People sign in, upload, and are out again, through one `marquee up`.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use system_tests::marquee::command_plain;
use system_tests::{Marquee, film};
use testkit::stage::eventually;
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;

/// As soon as this, nothing that was ended is accepted any more.
const OVER: Duration = Duration::from_secs(5);

/// Somebody with an access token, or nobody.
#[derive(Default)]
struct Person {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl Person {
    fn nobody(marquee: &Marquee) -> Self {
        Self {
            base: marquee.url().to_owned(),
            ..Self::default()
        }
    }

    /// Who becomes somebody by asking for `path`.
    async fn by(marquee: &Marquee, path: &str, body: &Value) -> Self {
        let nobody = Self::nobody(marquee);
        let answer = nobody.ask(Method::POST, path, body).await;
        assert!(answer.status().is_success(), "{path}: {answer:?}");
        let token = cookie(&answer, "auth_token");
        assert!(token.is_some(), "{path} gives a cookie");
        Self { token, ..nobody }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> Response {
        let request = self.request(method, path).json(body);
        request.send().await.unwrap()
    }

    async fn status(&self, method: Method, path: &str, body: &Value) -> u16 {
        self.ask(method, path, body).await.status().as_u16()
    }

    async fn json(&self, method: Method, path: &str, body: &Value) -> Value {
        let answer = self.ask(method, path, body).await;
        assert!(answer.status().is_success(), "{path}: {answer:?}");
        answer.json().await.unwrap()
    }

    /// Waits until nobody is recognised by the token any more.
    async fn is_out(&self) {
        let began = Instant::now();
        eventually("the token is refused", async || {
            self.status(Method::GET, "/api/uploads", &Value::Null).await == 401
        })
        .await;
        assert!(began.elapsed() < OVER, "{:?}", began.elapsed());
    }
}

fn cookie(answer: &Response, name: &str) -> Option<String> {
    let mut set = answer.headers().get_all("set-cookie").iter();
    set.find_map(|value| {
        let (key, rest) = value.to_str().ok()?.split_once('=')?;
        (key == name).then(|| rest.split(';').next().unwrap_or_default().to_owned())
    })
}

fn named(name: &str) -> Value {
    json!({"name": name, "password": "correct horse"})
}

/// `marquee upload` with a token, until the film is live.
async fn upload(marquee: &Marquee, file: &Path, token: &str) -> Result<Value, String> {
    let output = command_plain(["upload", "--json", "--server", marquee.url()])
        .arg(file)
        .env("MARQUEE_TOKEN", token)
        .output()
        .await
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(!text(&output.stderr).contains(token), "tokens are not told");
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).unwrap())
    } else {
        Err(text(&output.stderr))
    }
}

#[tokio::test]
async fn people_sign_in_upload_and_are_out_within_seconds() {
    let closed = [
        ("MARQUEE__GATEWAY__OPEN", "false"),
        ("MARQUEE__ACCOUNTS__REGISTRATION", "invitation"),
    ];
    let marquee = Marquee::up_with(&closed).await;
    let nobody = Person::nobody(&marquee);
    eventually("accounts is heard", async || {
        let me = nobody.ask(Method::GET, "/api/accounts/me", &Value::Null);
        me.await.status() == 200
    })
    .await;

    // Nobody may upload or become somebody by themselves.
    let film = json!({"file_name": "a.mp4", "size_bytes": 1, "fingerprint": "f"});
    assert_eq!(
        nobody.status(Method::POST, "/api/uploads", &film).await,
        401
    );
    let sign_up = "/api/accounts/sign-up";
    assert_eq!(
        nobody.status(Method::POST, sign_up, &named("eve")).await,
        403
    );

    // The operator's link makes the first admin, once.
    let (_, secret) = marquee.claim().unwrap().split_once("token=").unwrap();
    let mut claim = named("ada");
    claim["token"] = secret.into();
    let ada = Person::by(&marquee, "/api/accounts/claim", &claim).await;
    claim["name"] = "eve".into();
    let again = nobody
        .status(Method::POST, "/api/accounts/claim", &claim)
        .await;
    assert!((400..500).contains(&again), "{again}");

    // She invites bob, and uploads by a token for programs.
    let invitation = json!({"role": "uploader"});
    let invitation = ada.json(Method::POST, "/api/admin/invitations", &invitation);
    let mut invited = named("bob");
    invited["invitation"] = invitation.await["invitation"].clone();
    let bob = Person::by(&marquee, sign_up, &invited).await;
    let wanted = json!({"name": "cutting room", "scopes": ["read", "upload"]});
    let made = ada
        .json(Method::POST, "/api/accounts/tokens", &wanted)
        .await;
    let token = made["secret"].as_str().unwrap();
    let clip = film::lavfi(marquee.data(), "clip.mp4", 2, "25", "320x240");
    let told = upload(&marquee, &clip, token).await.unwrap();
    let video = format!("/api/videos/{}", told["video_id"].as_str().unwrap());

    // Everybody may watch it, only she may change it, and not by that token.
    let seen = nobody.json(Method::GET, &video, &Value::Null).await;
    assert_eq!(seen["state"], "live");
    let title = json!({"title": "Mine now"});
    assert_eq!(bob.status(Method::PATCH, &video, &title).await, 403);
    assert_eq!(nobody.status(Method::PATCH, &video, &title).await, 401);
    assert_eq!(ada.status(Method::PATCH, &video, &title).await, 200);
    let own = "/api/videos?state=all";
    let items = async |person: &Person| {
        let page = person.json(Method::GET, own, &Value::Null).await;
        page["items"].as_array().unwrap().len()
    };
    assert_eq!((items(&ada).await, items(&bob).await), (1, 0));
    let users = "/api/admin/users";
    assert_eq!(bob.status(Method::GET, users, &Value::Null).await, 403);
    assert_eq!(ada.status(Method::GET, users, &Value::Null).await, 200);

    // What is ended is over: the token, and bob's session.
    let id = made["token_id"].as_str().unwrap();
    let path = format!("/api/accounts/tokens/{id}");
    assert_eq!(ada.status(Method::DELETE, &path, &Value::Null).await, 204);
    let program = Person {
        token: Some(token.to_owned()),
        ..Person::nobody(&marquee)
    };
    program.is_out().await;
    assert!(upload(&marquee, &clip, token).await.is_err());
    let out = "/api/accounts/sign-out";
    assert_eq!(bob.status(Method::POST, out, &json!({})).await, 204);
    bob.is_out().await;
}

/// Runs a command of somebody whose home is `home`, with `input` on its standard input.
async fn run(home: &Path, arguments: &[&str], input: &str) -> Result<String, String> {
    let mut child = command_plain(arguments)
        .env_remove("MARQUEE_TOKEN")
        .env("XDG_CONFIG_HOME", home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that reads nothing may be gone already.
    drop(stdin.write_all(input.as_bytes()).await);
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stderr))
    }
}

#[tokio::test]
async fn whoever_has_the_data_folder_gets_a_token_that_login_keeps_and_logout_ends() {
    let marquee = Marquee::up_with(&[("MARQUEE__GATEWAY__OPEN", "false")]).await;
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let data = marquee.data().to_str().unwrap().to_owned();
    let told = run(home, &["admin", "token", "--data", &data], "").await;
    assert!(told.unwrap_err().contains("there is no admin yet"));
    let nothing = run(home, &["admin", "token", "--data", "/nowhere"], "").await;
    assert!(nothing.unwrap_err().contains("there is no Marquee"));

    let (_, secret) = marquee.claim().unwrap().split_once("token=").unwrap();
    let mut claim = named("ada");
    claim["token"] = secret.into();
    let ada = Person::by(&marquee, "/api/accounts/claim", &claim).await;
    let scoped = ["admin", "token", "--data", &data, "--scope", "read,upload"];
    let token = run(home, &scoped, "").await.unwrap();
    let listed = ada
        .json(Method::GET, "/api/accounts/tokens", &Value::Null)
        .await;
    assert_eq!(listed["items"][0]["scopes"], json!(["read", "upload"]));
    let unknown = ["admin", "token", "--data", &data, "--user", "bob"];
    let unknown = run(home, &unknown, "").await.unwrap_err();
    assert!(unknown.contains("no user called"), "{unknown}");

    let url = marquee.url();
    let odd = run(home, &["login", url], "mqt_made-up").await.unwrap_err();
    assert!(odd.contains("token"), "{odd}");
    let told = run(home, &["login", url], &token).await.unwrap();
    assert!(told.contains("as ada"), "{told}");
    let clip = film::lavfi(marquee.data(), "clip.mp4", 2, "25", "320x240");
    let upload = [
        "upload",
        "--wait",
        "none",
        "--server",
        url,
        clip.to_str().unwrap(),
    ];
    run(home, &upload, "").await.unwrap();

    let told = run(home, &["logout", url], "").await.unwrap();
    assert!(told.contains("signed out"), "{told}");
    let refused = run(home, &upload, "").await.unwrap_err();
    assert!(refused.contains("Sign in"), "{refused}");
    let program = Person {
        token: Some(token.trim().to_owned()),
        ..Person::nobody(&marquee)
    };
    program.is_out().await;
}
