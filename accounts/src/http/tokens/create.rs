//! `POST /api/accounts/tokens`

use std::collections::BTreeSet;

use actix_web::{HttpResponse, post, web};
use platform_http::{Principal, Problem, ProblemDocument};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::flow::{Accounts, NewToken, Origin};
use crate::http::asks::Asks as _;
use crate::http::view::{ScopeView, TokenView};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A token that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
struct CreateToken {
    /// What it is for, in the words of its maker.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    /// What it may be used for: no more than its maker may.
    #[schema(value_type = Vec<ScopeView>, min_items = 1)]
    scopes: BTreeSet<ScopeView>,
    /// After how many days it ends by itself; by default never.
    #[schema(minimum = 1)]
    expires_in_days: Option<u32>,
}

/// A token that was made.
#[derive(Debug, Serialize, ToSchema)]
struct CreatedToken {
    #[serde(flatten)]
    token: TokenView,
    /// To be sent as `Authorization: Bearer`. Shown now and never again.
    secret: String,
}

/// Makes an API token.
#[utoipa::path(
    tag = "accounts",
    request_body = CreateToken,
    responses(
        (status = 201, description = "The token and its secret", body = CreatedToken),
        (status = 403, description = "It would be for more than the caller may", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api/accounts/tokens")]
pub(crate) async fn create_token(
    principal: Principal,
    from: Origin,
    body: web::Json<CreateToken>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let identity = principal.holder()?;
    let body = body.into_inner();
    let now = accounts.clock.now_ms();
    let after = |days: u32| now.saturating_add(i64::from(days).saturating_mul(DAY_MS));
    let new = NewToken {
        name: body.name,
        scopes: body.scopes.into_iter().map(Into::into).collect(),
        expires_at_ms: body.expires_in_days.map(after),
    };
    let (token, secret) = accounts.create_token(&identity, new, &from).await?;
    Ok(HttpResponse::Created().json(CreatedToken {
        token: token.into(),
        secret: secret.expose().to_owned(),
    }))
}
