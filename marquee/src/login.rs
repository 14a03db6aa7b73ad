//! `marquee login` and `marquee logout`.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::time::Duration;

use console::Term;
use platform_auth::{Role, Scope};
use platform_core::Redacted;
use platform_http::ProblemDocument;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::cli::{Failure, LoginArguments};
use crate::kept::Kept;

/// How long a server may take to answer: it hashes the password.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
struct User {
    name: String,
    role: Role,
}

#[derive(Deserialize)]
struct Me {
    user: Option<User>,
}

/// Asks for a name and a password, or takes a token from standard input when that is no terminal,
/// and keeps a token that works.
pub(crate) async fn log_in(arguments: &LoginArguments) -> Result<bool, Failure> {
    let kept = Kept::of_this_user()?;
    let server = Server::new(&arguments.server)?;
    let token = if io::stdin().is_terminal() {
        by_password(&server).await?
    } else {
        let mut text = String::new();
        io::stdin().take(4096).read_to_string(&mut text)?;
        Redacted::new(text.trim())
    };
    let me = server.request(Method::GET, "/api/accounts/me");
    let me: Me = send(me.bearer_auth(token.expose())).await?.json().await?;
    let user = me.user.ok_or_else(|| {
        format!(
            "{} does not know this token: make another on the page of your account",
            server.url
        )
    })?;
    kept.keep(&server.url, Some(&token))?;
    writeln!(io::stdout(), "signed in to {} as {}", server.url, user.name)?;
    Ok(true)
}

/// Ends the token that is kept, as far as the server can be told, and forgets it.
pub(crate) async fn log_out(arguments: &LoginArguments) -> Result<bool, Failure> {
    let kept = Kept::of_this_user()?;
    let Some(token) = kept.token(&arguments.server)? else {
        writeln!(io::stdout(), "nobody is signed in to {}", arguments.server)?;
        return Ok(true);
    };
    kept.keep(&arguments.server, None)?;
    let server = Server::new(&arguments.server)?;
    let ended = server.request(Method::POST, "/api/accounts/sign-out");
    send(ended.bearer_auth(token.expose()))
        .await
        .map_err(|error| {
            format!(
                "the token is forgotten here, but {} could not be told: delete it on the page of \
                 your account ({error})",
                server.url
            )
        })?;
    writeln!(io::stdout(), "signed out of {}", server.url)?;
    Ok(true)
}

/// Makes a token for whoever sits at the terminal. The password is neither shown nor kept.
async fn by_password(server: &Server) -> Result<Redacted, Failure> {
    let terminal = Term::stderr();
    terminal.write_str("Name: ")?;
    let name = terminal.read_line()?;
    terminal.write_str("Password: ")?;
    let password = Redacted::new(terminal.read_secure_line()?);
    let body = json!({"name": name.trim(), "password": password.expose()});
    let answer = server
        .request(Method::POST, "/api/accounts/sign-in")
        .json(&body);
    let answer = send(answer).await?;
    let session = access_token(&answer).ok_or("the answer has no session: this is no Marquee")?;
    let user: User = answer.json().await?;
    let wish = json!({"name": "marquee login", "scopes": scopes(user.role)});
    let made = server
        .request(Method::POST, "/api/accounts/tokens")
        .json(&wish);
    let made = send(made.bearer_auth(session.expose())).await;
    // The session has done its work, whether or not there is a token now.
    let out = server.request(Method::POST, "/api/accounts/sign-out");
    send(out.bearer_auth(session.expose())).await?;
    let made: Value = made?.json().await?;
    let secret = made.get("secret").and_then(Value::as_str);
    Ok(Redacted::new(secret.ok_or(
        "the answer has no token: this is another version",
    )?))
}

/// What somebody with `role` may give a token.
fn scopes(role: Role) -> Vec<Scope> {
    let all = [
        (Scope::Read, Role::Viewer),
        (Scope::Upload, Role::Uploader),
        (Scope::Edit, Role::Uploader),
        (Scope::Admin, Role::Moderator),
    ];
    let may = all.into_iter().filter(|(_, least)| role >= *least);
    may.map(|(scope, _)| scope).collect()
}

/// The access token among the cookies of `answer`, which is of no use after ten minutes.
fn access_token(answer: &Response) -> Option<Redacted> {
    let cookies = answer.headers().get_all("set-cookie").iter();
    let mut pairs = cookies.filter_map(|value| value.to_str().ok()?.split_once('='));
    let (_, rest) = pairs.find(|(name, _)| name.trim_start_matches("__Host-") == "auth_token")?;
    let value = rest.split(';').next().filter(|value| !value.is_empty());
    value.map(Redacted::new)
}

struct Server {
    http: Client,
    url: Url,
}

impl Server {
    fn new(url: &Url) -> Result<Self, Failure> {
        // A redirect would carry the password to where nobody meant it to go.
        let http = Client::builder()
            .timeout(ANSWER_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            http,
            url: url.clone(),
        })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let address = format!("{}{path}", self.url.as_str().trim_end_matches('/'));
        self.http.request(method, address)
    }
}

/// The answer, unless it is a refusal: then its sentence.
async fn send(request: RequestBuilder) -> Result<Response, Failure> {
    let answer = request.send().await?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let problem = answer.json::<ProblemDocument>().await;
    let told = problem.map(|problem| problem.detail);
    Err(told
        .unwrap_or_else(|_| format!("the server answered {status}: is it a Marquee?"))
        .into())
}
