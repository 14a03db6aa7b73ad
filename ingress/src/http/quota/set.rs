//! `PUT /api/admin/quotas/{user}`

use actix_web::{put, web};
use platform_http::{Principal, Problem, ProblemDocument};
use schemas::OwnerId;

use super::QuotaView;
use crate::domain::Quota;
use crate::flow::Uploads;

/// Says how much a user may upload, instead of what everybody may. What they have stays.
#[utoipa::path(
    tag = "admin",
    params(("user" = String, Path, description = "The user's id")),
    request_body = Quota,
    responses(
        (status = 200, description = "What they may upload from now on, and have", body = QuotaView),
        (status = 403, description = "The caller is no admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[put("/api/admin/quotas/{user}")]
pub(crate) async fn set_quota(
    principal: Principal,
    user: web::Path<String>,
    body: web::Json<Quota>,
    uploads: web::Data<Uploads>,
) -> Result<web::Json<QuotaView>, Problem> {
    principal.demand_admin()?;
    let user = OwnerId::new(user.into_inner());
    uploads.set_quota(&user, Some(*body)).await?;
    Ok(web::Json(uploads.quota(&user).await?.into()))
}
