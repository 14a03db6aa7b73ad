//! What is to be done, and what cannot be.

use actix_web::{get, web};
use platform_http::{Internal, Problem};
use serde::Serialize;

use crate::http::problem;
use crate::store::{Store, TaskView};

/// A list of tasks.
#[derive(Debug, Serialize)]
pub(crate) struct Tasks {
    /// Failed ones first, then running, then waiting by urgency; the first 500.
    items: Vec<TaskView>,
}

/// The tasks that wait, run or failed.
#[get("/internal/tasks")]
pub(in crate::http) async fn list(
    _operator: Internal,
    store: web::Data<Store>,
) -> Result<web::Json<Tasks>, Problem> {
    let items = store.tasks(None).await.map_err(problem)?;
    Ok(web::Json(Tasks { items }))
}
