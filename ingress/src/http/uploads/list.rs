//! `GET /api/uploads`

use actix_web::{get, web};
use futures_util::{StreamExt, TryStreamExt, stream};
use platform_http::{Principal, Problem, ProblemDocument};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::UploadError;
use crate::flow::Uploads;
use crate::http::view::UploadView;

/// More unfinished uploads than this are not shown.
const MOST: i64 = 100;
/// Questions to the object store at the same time.
const AT_ONCE: usize = 8;

/// Unfinished uploads.
#[derive(Debug, Serialize, ToSchema)]
struct UploadList {
    /// Newest first, at most 100.
    items: Vec<UploadView>,
}

/// Lists the caller's unfinished uploads.
#[utoipa::path(
    tag = "uploads",
    responses(
        (status = 200, description = "The unfinished uploads", body = UploadList),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api/uploads")]
pub(crate) async fn list_uploads(
    principal: Principal,
    uploads: web::Data<Uploads>,
) -> Result<web::Json<UploadList>, Problem> {
    let found = uploads.store.unfinished(&principal.owner, MOST).await;
    let found = found.map_err(UploadError::from)?;
    let uploads = &uploads;
    let items = stream::iter(found)
        .map(|upload| async move {
            let stored = uploads.stored_parts(&upload).await?;
            Ok::<_, UploadError>(UploadView::new(&upload, stored))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(web::Json(UploadList { items }))
}
