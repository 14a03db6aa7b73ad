//! `/api/admin/jobs`

use actix_web::{HttpResponse, get, post, web};
use platform_http::{Principal, Problem, ProblemDocument};
use schemas::TaskId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem;
use crate::store::{Store, TaskView};

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum JobState {
    /// For a worker.
    Waiting,
    /// A worker has it.
    Running,
    /// It is not tried again unless somebody says so.
    Failed,
}

impl JobState {
    fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Failed => "failed",
        }
    }
}

/// Which tasks.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListJobs {
    /// By default those in any state.
    state: Option<JobState>,
}

/// Tasks of the transcoder.
#[derive(Debug, Serialize, ToSchema)]
struct JobList {
    /// Failed ones first, then running, then waiting by urgency; the first 500.
    items: Vec<TaskView>,
}

/// Lists what the transcoder is to do, does, and gave up on, with the reason.
#[utoipa::path(
    tag = "operation",
    params(ListJobs),
    responses(
        (status = 200, description = "Tasks", body = JobList),
        (status = 403, description = "The caller is no admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api/admin/jobs")]
pub(crate) async fn list_jobs(
    principal: Principal,
    query: web::Query<ListJobs>,
    store: web::Data<Store>,
) -> Result<web::Json<JobList>, Problem> {
    principal.demand_admin()?;
    let state = query.state.map(JobState::name);
    let items = store.tasks(state).await.map_err(problem)?;
    Ok(web::Json(JobList { items }))
}

/// Has the film of a failed task tried again: what exists is not made twice.
#[utoipa::path(
    tag = "operation",
    params(("id" = String, Path, description = "The task's id")),
    responses(
        (status = 204, description = "It waits for a worker"),
        (status = 403, description = "The caller is no admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api/admin/jobs/{id}/retry")]
pub(crate) async fn retry_job(
    principal: Principal,
    id: web::Path<TaskId>,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    principal.demand_admin()?;
    if store.retry(&id).await.map_err(problem)? {
        return Ok(HttpResponse::NoContent().finish());
    }
    Err(Problem::not_found("There is no failed task with this id."))
}
