//! `PATCH /api/videos/{id}`

use actix_web::http::StatusCode;
use actix_web::{patch, web};
use platform_http::{Principal, Problem, ProblemDocument};
use schemas::v1::VideoChanged;
use schemas::v1::event::Payload;
use schemas::{NewEvent, VideoId};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::{Edit, Video};
use crate::http::view::VideoView;
use crate::http::{State, failure};
use crate::store::{EditOutcome, Editing};

/// What to change; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
struct EditVideo {
    /// One line.
    #[schema(min_length = 1, max_length = 200)]
    title: Option<String>,
    /// May have several lines.
    #[schema(max_length = 5000)]
    description: Option<String>,
}

/// Changes a video's title or description, in any state.
#[utoipa::path(
    tag = "videos",
    params(("id" = String, Path, description = "The video's id")),
    request_body = EditVideo,
    responses(
        (status = 200, description = "The video as it is now", body = VideoView),
        (status = 403, description = "The video is somebody else's", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[patch("/api/videos/{id}")]
pub(crate) async fn edit_video(
    principal: Principal,
    id: web::Path<VideoId>,
    body: web::Json<EditVideo>,
    state: web::Data<State>,
) -> Result<web::Json<VideoView>, Problem> {
    let edit = Edit::new(body.title.as_deref(), body.description.as_deref())
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    let tell = |video: &Video| {
        let changed = VideoChanged {
            video_id: video.id.to_string(),
            title: video.title.clone(),
            description: video.description.clone(),
            ..VideoChanged::default()
        };
        NewEvent::new(principal.owner.clone(), Payload::VideoChanged(changed))
            .stamp(state.clock.now_ms(), &mut rand::rng())
    };
    let editing = Editing {
        id: &id,
        owner: &principal.owner,
        edit: &edit,
    };
    let outcome = state.store.edit(editing, tell).await;
    match outcome.map_err(failure::of_rows)? {
        EditOutcome::Done(video) => Ok(web::Json((*video).into())),
        EditOutcome::NotFound => Err(failure::no_such_video()),
        EditOutcome::NotYours => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "not-yours",
            "This is not yours",
            "Only the owner of a video can change it.",
        )),
    }
}
