//! `DELETE /api/admin/quotas/{user}`

use actix_web::{HttpResponse, delete, web};
use platform_http::{Principal, Problem, ProblemDocument};
use schemas::OwnerId;

use crate::flow::Uploads;

/// Lets a user upload what everybody may.
#[utoipa::path(
    tag = "admin",
    params(("user" = String, Path, description = "The user's id")),
    responses(
        (status = 204, description = "They may upload what everybody may"),
        (status = 403, description = "The caller is no admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[delete("/api/admin/quotas/{user}")]
pub(crate) async fn reset_quota(
    principal: Principal,
    user: web::Path<String>,
    uploads: web::Data<Uploads>,
) -> Result<HttpResponse, Problem> {
    principal.demand_admin()?;
    let user = OwnerId::new(user.into_inner());
    uploads.set_quota(&user, None).await?;
    Ok(HttpResponse::NoContent().finish())
}
