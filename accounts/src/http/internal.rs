//! What other services ask: keys, revocations, API tokens. Not for people, so not in the described
//! interface.

use actix_web::{HttpResponse, get, post, web};
use platform_auth::Identity;
use platform_core::Redacted;
use platform_http::{Internal, Problem};
use serde::{Deserialize, Serialize};

use crate::error::AccountError;
use crate::flow::Accounts;

/// `GET /internal/accounts/keys`: the public keys of access tokens (RFC 7517). Read afresh each
/// time: who asks has seen a token of a key that they do not know.
#[get("/internal/accounts/keys")]
pub(super) async fn keys(
    _: Internal,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let keys = accounts.keys.look().await?;
    Ok(HttpResponse::Ok().json(keys.published()))
}

#[derive(Serialize)]
struct Revoked {
    credentials: Vec<String>,
    as_of_ms: i64,
}

#[derive(Deserialize)]
struct Since {
    /// Milliseconds since the Unix epoch; by default as long ago as access tokens live.
    since_ms: Option<i64>,
}

/// `GET /internal/accounts/revocations`: credentials whose access tokens are not to be accepted.
#[get("/internal/accounts/revocations")]
pub(super) async fn revocations(
    _: Internal,
    since: web::Query<Since>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let revoked = accounts.revocations(since.since_ms).await?;
    Ok(HttpResponse::Ok().json(Revoked {
        credentials: revoked.credentials,
        as_of_ms: revoked.as_of_ms,
    }))
}

#[derive(Deserialize)]
struct CheckToken {
    token: Redacted,
}

/// `POST /internal/accounts/tokens/check`: who asks by an API token; 404 if it is none of
/// ours.
#[post("/internal/accounts/tokens/check")]
pub(super) async fn check_token(
    _: Internal,
    body: web::Json<CheckToken>,
    accounts: web::Data<Accounts>,
) -> Result<web::Json<Identity>, Problem> {
    let identity: Result<_, AccountError> = accounts.check_token(&body.token).await;
    identity?
        .map(web::Json)
        .ok_or_else(|| Problem::not_found("There is no such API token."))
}
