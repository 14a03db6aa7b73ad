//! `POST /api/admin/invitations`

use actix_web::{HttpResponse, post, web};
use platform_core::clock::rfc3339;
use platform_http::{Principal, Problem, ProblemDocument};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::flow::{Accounts, Origin};
use crate::http::asks::Asks as _;
use crate::http::view::RoleView;

/// Who is invited.
#[derive(Debug, Deserialize, ToSchema)]
struct Invite {
    /// What they become.
    role: RoleView,
    /// Whom the invitation is mailed to, where the site sends mail.
    #[schema(max_length = 254)]
    email: Option<String>,
}

/// An invitation, which one person can use.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
struct InvitationView {
    /// The secret. Shown now and never again.
    invitation: String,
    /// The path of the page on which to use it.
    path: String,
    /// RFC 3339.
    expires_at: String,
}

/// Makes an invitation to sign up.
#[utoipa::path(
    tag = "users",
    request_body = Invite,
    responses(
        (status = 201, description = "The invitation", body = InvitationView),
        (status = 400, description = "The address is not valid, or the site sends no mail", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is no admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api/admin/invitations")]
pub(crate) async fn invite(
    principal: Principal,
    from: Origin,
    body: web::Json<Invite>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let admin = principal.admin()?;
    let made = accounts
        .invite(&admin, body.role.into(), body.email.as_deref(), &from)
        .await?;
    Ok(HttpResponse::Created().json(InvitationView {
        path: made.path().expose().to_owned(),
        invitation: made.secret.expose().to_owned(),
        expires_at: rfc3339(made.expires_at_ms),
    }))
}
