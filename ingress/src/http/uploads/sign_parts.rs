//! `POST /api/uploads/{id}/parts`

use std::collections::BTreeMap;

use actix_web::{HttpRequest, post, web};
use platform_http::{Principal, Problem, ProblemDocument};
use schemas::UploadId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::KnownPart;
use crate::flow::{Signed, Uploads};
use crate::http::origin::public_origin;
use crate::http::view::UploadPart;

/// Parts that are about to be sent.
#[derive(Debug, Deserialize, ToSchema)]
struct PresignParts {
    /// At most 100.
    #[schema(min_items = 1, max_items = 100)]
    parts: Vec<UploadPart>,
}

/// How to send each part.
#[derive(Debug, Serialize, ToSchema)]
struct PresignedParts {
    parts: Vec<PresignedPart>,
}

/// How to send one part: this request with exactly these headers and the part's bytes as its body.
#[derive(Debug, Serialize, ToSchema)]
struct PresignedPart {
    number: u32,
    method: String,
    /// Valid for a quarter of an hour.
    url: String,
    headers: BTreeMap<String, String>,
}

impl From<Signed> for PresignedPart {
    fn from(signed: Signed) -> Self {
        Self {
            number: signed.number,
            method: signed.request.method,
            url: signed.request.url.into(),
            headers: signed.request.headers.into_iter().collect(),
        }
    }
}

/// Announces parts and tells how to send each to the object store, which checks size and checksum.
#[utoipa::path(
    tag = "uploads",
    params(("id" = String, Path, description = "The upload's id")),
    request_body = PresignParts,
    responses(
        (status = 200, description = "Send the parts so", body = PresignedParts),
        (status = 409, description = "The upload takes no more parts", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api/uploads/{id}/parts")]
pub(crate) async fn sign_parts(
    principal: Principal,
    request: HttpRequest,
    id: web::Path<UploadId>,
    body: web::Json<PresignParts>,
    uploads: web::Data<Uploads>,
) -> Result<web::Json<PresignedParts>, Problem> {
    let endpoint = public_origin(&request, uploads.public_objects.as_ref())?;
    let upload = uploads.get(&id, &principal.owner).await?;
    let parts: Vec<KnownPart> = body
        .into_inner()
        .parts
        .into_iter()
        .map(Into::into)
        .collect();
    let signed = uploads.sign_parts(&upload, &parts, &endpoint).await?;
    let parts = signed.into_iter().map(Into::into).collect();
    Ok(web::Json(PresignedParts { parts }))
}
