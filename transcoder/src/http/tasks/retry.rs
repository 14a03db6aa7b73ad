//! One more try.

use actix_web::{HttpResponse, post, web};
use platform_http::{Internal, Problem};
use schemas::TaskId;

use crate::http::problem;
use crate::store::Store;

/// Puts a failed task and its film back to where they were before it failed.
#[post("/internal/tasks/{id}/retry")]
pub(in crate::http) async fn retry(
    _operator: Internal,
    id: web::Path<TaskId>,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    if store.retry(&id).await.map_err(problem)? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::not_found("There is no failed task with this id."))
    }
}
