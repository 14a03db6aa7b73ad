//! `GET /api/accounts/sessions`

use actix_web::{get, web};
use platform_http::{Principal, Problem, ProblemDocument};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::AccountError;
use crate::flow::Accounts;
use crate::http::asks::Asks as _;
use crate::http::view::SessionView;

/// Where somebody is signed in.
#[derive(Debug, Serialize, ToSchema)]
struct SessionList {
    /// The last used first, at most 200.
    items: Vec<SessionView>,
}

/// Lists the caller's sessions.
#[utoipa::path(
    tag = "accounts",
    responses(
        (status = 200, description = "The sessions", body = SessionList),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api/accounts/sessions")]
pub(crate) async fn list_sessions(
    principal: Principal,
    accounts: web::Data<Accounts>,
) -> Result<web::Json<SessionList>, Problem> {
    let identity = principal.holder()?;
    let now = accounts.clock.now_ms();
    let sessions = accounts.store.sessions(identity.user.as_str(), now).await;
    let sessions = sessions.map_err(AccountError::from)?.into_iter();
    let items = sessions.map(|session| SessionView::new(session, &identity.credential));
    Ok(web::Json(SessionList {
        items: items.collect(),
    }))
}
