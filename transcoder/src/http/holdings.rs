//! `GET /internal/holdings`: for whoever looks whether all services agree.

use actix_web::{get, web};
use platform_http::{Holdings, HoldingsQuery, Internal, Problem};

use super::problem;
use crate::store::{Held, Store};

#[get("/internal/holdings")]
pub(super) async fn holdings(
    _service: Internal,
    query: web::Query<HoldingsQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Holdings<Held>>, Problem> {
    let wanted = query.into_inner().wanted()?;
    let items = store.held(&wanted).await.map_err(problem)?;
    let place = |held: &Held| format!("{}/{}", held.video_id, held.revision);
    Ok(web::Json(Holdings::page(&wanted, items, place)))
}
