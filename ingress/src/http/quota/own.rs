//! `GET /api/quota`

use actix_web::{get, web};
use platform_http::{Principal, Problem, ProblemDocument};

use super::QuotaView;
use crate::flow::Uploads;

/// Says how much one may upload, and how much of that is in use.
#[utoipa::path(
    tag = "uploads",
    responses(
        (status = 200, description = "What one may upload, and has", body = QuotaView),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api/quota")]
pub(crate) async fn own_quota(
    principal: Principal,
    uploads: web::Data<Uploads>,
) -> Result<web::Json<QuotaView>, Problem> {
    let quota = uploads.quota(&principal.owner).await?;
    Ok(web::Json(quota.into()))
}
