//! `GET /internal/holdings`: for whoever looks whether all services agree.

use actix_web::{get, web};
use platform_http::{Holdings, HoldingsQuery, Internal, Problem};

use crate::error::UploadError;
use crate::flow::Uploads;
use crate::store::Held;

#[get("/internal/holdings")]
pub(crate) async fn holdings(
    _service: Internal,
    query: web::Query<HoldingsQuery>,
    uploads: web::Data<Uploads>,
) -> Result<web::Json<Holdings<Held>>, Problem> {
    let wanted = query.into_inner().wanted()?;
    let items = uploads.store.held(&wanted).await;
    let items = items.map_err(UploadError::from)?;
    let page = Holdings::page(&wanted, items, |held| held.upload_id.clone());
    Ok(web::Json(page))
}
