//! `PATCH /api/admin/users/{id}`

use actix_web::{patch, web};
use platform_http::{Principal, Problem, ProblemDocument};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::flow::{Accounts, Origin, Standing};
use crate::http::asks::Asks as _;
use crate::http::view::{ManagedUserView, RoleView};

/// What to change; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
struct EditUser {
    role: Option<RoleView>,
    /// Whoever is suspended is signed out everywhere and cannot sign in.
    suspended: Option<bool>,
}

/// Changes what a user may do.
#[utoipa::path(
    tag = "users",
    params(("id" = String, Path, description = "The user's id")),
    request_body = EditUser,
    responses(
        (status = 200, description = "The user as it is now", body = ManagedUserView),
        (status = 403, description = "The caller is no admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "It is the last admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[patch("/api/admin/users/{id}")]
pub(crate) async fn edit_user(
    principal: Principal,
    from: Origin,
    id: web::Path<String>,
    body: web::Json<EditUser>,
    accounts: web::Data<Accounts>,
) -> Result<web::Json<ManagedUserView>, Problem> {
    let admin = principal.admin()?;
    let change = Standing {
        role: body.role.map(Into::into),
        suspended: body.suspended,
    };
    let user = accounts.change_standing(&admin, &id, change, &from).await?;
    Ok(web::Json(user.into()))
}
