//! `PATCH /api/videos/{id}`

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, patch, web};
use platform_core::Redacted;
use platform_http::{Principal, Problem, ProblemDocument};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use schemas::{OwnerId, VideoId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{change, etag};
use crate::domain::{self, AccessChange, Edit, Poster, Video, Wish, check_password, check_people};
use crate::http::view::{VideoView, VisibilityView, show};
use crate::http::{State, failure};

/// What to change; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EditVideo {
    /// One line.
    #[schema(min_length = 1, max_length = 200)]
    title: Option<String>,
    /// May have several lines.
    #[schema(max_length = 5000)]
    description: Option<String>,
    visibility: Option<VisibilityView>,
    /// Goes with the visibility `password`, to which a video is changed by sending both; another one
    /// ends what the one before opened.
    #[schema(value_type = Option<String>, min_length = 8, max_length = 256, write_only)]
    password: Option<Redacted>,
    /// Names of the users with whom it is shared, while its visibility is `shared`.
    #[schema(max_items = 100)]
    shared_with: Option<Vec<String>>,
    /// By which others find it.
    #[schema(max_items = 10)]
    tags: Option<Vec<String>>,
    /// One of activism, animals, art, comedy, education, entertainment, family, films, food, gaming,
    /// how-to, music, news, science, sports, travel; empty for none.
    category: Option<String>,
    /// BCP 47, for instance `pt-BR`; empty for none.
    #[schema(max_length = 35)]
    language: Option<String>,
    /// Which of `hover_urls` is its poster, counted from 0; -1 for the one that was made for it.
    /// When the video's file is replaced, that is back.
    #[schema(minimum = -1)]
    poster: Option<i64>,
}

/// Changes what is said of a video, and who sees it, in any state. With `If-Match`, and the `ETag` of the
/// video as it was seen, nothing is overwritten that was changed meanwhile.
#[utoipa::path(
    tag = "videos",
    params(
        ("id" = String, Path, description = "The video's id"),
        ("if-match" = Option<String>, Header, description = "The ETag of the video as it was seen"),
    ),
    request_body = EditVideo,
    responses(
        (status = 200, description = "The video as it is now", body = VideoView),
        (status = 412, description = "It was changed meanwhile", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The video is somebody else's", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[patch("/api/videos/{id}")]
pub(crate) async fn edit_video(
    principal: Principal,
    request: HttpRequest,
    id: web::Path<VideoId>,
    body: web::Json<EditVideo>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let seen = etag::seen(&request)?;
    let shared_with = match &body.shared_with {
        Some(names) => Some(people(&state, names).await?),
        None => None,
    };
    let password = match &body.password {
        Some(password) => Some(hash(&state, password).await?),
        None => None,
    };
    let wish = Wish {
        title: body.title.as_deref(),
        description: body.description.as_deref(),
        access: AccessChange {
            visibility: body.visibility.map(Into::into),
            shared_with,
            password,
        },
        tags: body.tags.as_deref(),
        category: body.category.as_deref(),
        language: body.language.as_deref(),
        poster: body.poster.map(poster),
    };
    let edit = Edit::new(wish).map_err(|error| Problem::bad_request(error.to_string()))?;
    let decide = |video: &Video| domain::edit(video, &principal.identity, seen, &edit);
    let video = change(&state, &principal, &id, decide).await?;
    let etag = etag::of(&video);
    let shown = show(&state, Some(&principal.identity), video).await?;
    Ok(HttpResponse::Ok().insert_header(etag).json(shown))
}

/// What was chosen; what is no number of a picture is one that no video has.
fn poster(number: i64) -> Poster {
    match number {
        -1 => Poster::Made,
        number => Poster::Hover(u32::try_from(number).unwrap_or(u32::MAX)),
    }
}

async fn hash(state: &State, password: &Redacted) -> Result<Redacted, Problem> {
    check_password(password).map_err(|error| Problem::bad_request(error.to_string()))?;
    let mut rng = StdRng::from_rng(&mut rand::rng());
    let hash = state.hasher.hash(password, &mut rng).await;
    hash.map_err(failure::of_hash)
}

/// Who is called `names`.
async fn people(state: &State, names: &[String]) -> Result<BTreeSet<OwnerId>, Problem> {
    check_people(names.len()).map_err(|error| Problem::bad_request(error.to_string()))?;
    let found = state.store.called(names).await.map_err(failure::of_rows)?;
    let people = names.iter().zip(found).map(|(name, user)| {
        user.ok_or_else(|| {
            let name: String = name.chars().take(40).collect();
            Problem::bad_request(format!("There is nobody called {name}: check the name."))
        })
    });
    people.collect()
}
