//! A Marquee that runs, as an admin asks it.

use platform_core::Redacted;
use platform_http::ProblemDocument;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use url::Url;

use crate::cli::{Failure, ServerArguments};
use crate::kept::Kept;

/// Asks the gateway.
pub(super) struct Api {
    http: Client,
    server: Url,
    token: Option<Redacted>,
}

impl Api {
    /// The one that `arguments` name.
    pub(super) fn new(arguments: &ServerArguments) -> Result<Self, Failure> {
        let token = match &arguments.token {
            Some(token) => Some(token.clone()),
            None => Kept::of_this_user()?.token(&arguments.server)?,
        };
        // A redirect would carry the token to where nobody meant it to go.
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            http,
            server: arguments.server.clone(),
            token,
        })
    }

    /// The answer to a request, unless it is a refusal: then its sentence.
    pub(super) async fn send(&self, method: Method, path: &str) -> Result<Response, Failure> {
        self.answered(self.request(method, path)).await
    }

    /// The same of one that puts `body` there.
    pub(super) async fn put(&self, path: &str, body: &Value) -> Result<Response, Failure> {
        self.answered(self.request(Method::PUT, path).json(body))
            .await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let address = format!("{}{path}", self.server.as_str().trim_end_matches('/'));
        self.http.request(method, address)
    }

    async fn answered(&self, mut request: RequestBuilder) -> Result<Response, Failure> {
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose());
        }
        let answer = request.send().await.map_err(|error| {
            let (server, error) = (&self.server, error.without_url());
            format!("{server} gave no answer: name a Marquee that runs by --server ({error})")
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let problem = answer.json::<ProblemDocument>().await;
        let told = problem.map(|problem| problem.detail);
        let told = told.unwrap_or_else(|_| format!("the server answered {status}"));
        let hint = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                " (tokens: `marquee admin token`, `marquee login`, MARQUEE_TOKEN)"
            }
            _ => "",
        };
        Err(format!("{told}{hint}").into())
    }
}
