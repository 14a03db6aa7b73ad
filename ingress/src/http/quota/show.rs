//! `GET /api/admin/quotas/{user}`

use actix_web::{get, web};
use platform_http::{Principal, Problem, ProblemDocument};
use schemas::OwnerId;

use super::QuotaView;
use crate::flow::Uploads;

/// Says how much a user may upload, and how much of that is in use.
#[utoipa::path(
    tag = "admin",
    params(("user" = String, Path, description = "The user's id")),
    responses(
        (status = 200, description = "What they may upload, and have", body = QuotaView),
        (status = 403, description = "The caller is no admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api/admin/quotas/{user}")]
pub(crate) async fn user_quota(
    principal: Principal,
    user: web::Path<String>,
    uploads: web::Data<Uploads>,
) -> Result<web::Json<QuotaView>, Problem> {
    principal.demand_admin()?;
    let quota = uploads.quota(&OwnerId::new(user.into_inner())).await?;
    Ok(web::Json(quota.into()))
}
