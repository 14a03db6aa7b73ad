//! `GET /api/accounts/tokens`

use actix_web::{get, web};
use platform_http::{Principal, Problem, ProblemDocument};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::AccountError;
use crate::flow::Accounts;
use crate::http::asks::Asks as _;
use crate::http::view::TokenView;

/// API tokens.
#[derive(Debug, Serialize, ToSchema)]
struct TokenList {
    /// The newest first, at most 50.
    items: Vec<TokenView>,
}

/// Lists the caller's API tokens, without their secrets.
#[utoipa::path(
    tag = "accounts",
    responses(
        (status = 200, description = "The tokens", body = TokenList),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api/accounts/tokens")]
pub(crate) async fn list_tokens(
    principal: Principal,
    accounts: web::Data<Accounts>,
) -> Result<web::Json<TokenList>, Problem> {
    let identity = principal.holder()?;
    let tokens = accounts.store.tokens(identity.user.as_str()).await;
    let tokens = tokens.map_err(AccountError::from)?;
    Ok(web::Json(TokenList {
        items: tokens.into_iter().map(Into::into).collect(),
    }))
}
