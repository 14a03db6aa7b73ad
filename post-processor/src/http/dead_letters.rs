//! `/api/admin/dead-letters`

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, delete, get, post, web};
use platform_bus::{Bus, BusError, DeadLetter, DeadLetters};
use platform_http::{Principal, Problem, ProblemDocument};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many one answer has unless told, and at most.
const USUAL: u32 = 50;
const MOST: u32 = 500;

/// How many.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListDeadLetters {
    /// By default 50.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A message that a service gave up on.
#[derive(Debug, Serialize, ToSchema)]
struct DeadLetterView {
    /// Names it for what can be done with it.
    id: String,
    /// Topic that it came from.
    topic: String,
    /// Most often the film that it is about.
    key: String,
    /// Who gave up.
    group: String,
    /// Why.
    reason: String,
    /// How often it was tried.
    attempts: u32,
}

/// Dead letters.
#[derive(Debug, Serialize, ToSchema)]
struct DeadLetterList {
    /// Oldest first.
    items: Vec<DeadLetterView>,
}

impl From<DeadLetter> for DeadLetterView {
    fn from(letter: DeadLetter) -> Self {
        let message = letter.message;
        Self {
            id: format!("{}~{}~{}", message.topic, message.partition, message.offset),
            topic: letter.topic,
            key: message.key,
            group: letter.group,
            reason: letter.reason,
            attempts: letter.attempts,
        }
    }
}

/// Where a dead letter lies.
fn place(id: &str) -> Option<(&str, i32, i64)> {
    let (rest, offset) = id.rsplit_once('~')?;
    let (topic, partition) = rest.rsplit_once('~')?;
    Some((topic, partition.parse().ok()?, offset.parse().ok()?))
}

fn letters(bus: &dyn Bus) -> Result<&dyn DeadLetters, Problem> {
    bus.dead_letters().ok_or_else(|| {
        Problem::new(
            StatusCode::CONFLICT,
            "dead-letters-elsewhere",
            "Dead letters lie on the brokers",
            "Events go through Kafka here: dead letters lie on its topics that end with .dlq, for \
             Kafka's own tools.",
        )
    })
}

fn away(error: BusError) -> Problem {
    Problem::unavailable(1, error)
}

fn done(there: bool) -> Result<HttpResponse, Problem> {
    if there {
        return Ok(HttpResponse::NoContent().finish());
    }
    Err(no_such())
}

fn no_such() -> Problem {
    Problem::not_found("There is no dead letter with this id. Somebody may have been quicker.")
}

/// Lists messages that services gave up on.
#[utoipa::path(
    tag = "operation",
    params(ListDeadLetters),
    responses(
        (status = 200, description = "Dead letters", body = DeadLetterList),
        (status = 403, description = "The caller is no admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "They lie on Kafka", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api/admin/dead-letters")]
pub(crate) async fn list_dead_letters(
    principal: Principal,
    query: web::Query<ListDeadLetters>,
    bus: web::Data<Arc<dyn Bus>>,
) -> Result<web::Json<DeadLetterList>, Problem> {
    principal.demand_admin()?;
    let limit = query.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::bad_request(format!(
            "The limit has to be from 1 to {MOST}."
        )));
    }
    let found = letters(&***bus)?.list(limit).await.map_err(away)?;
    let items = found.into_iter().map(Into::into).collect();
    Ok(web::Json(DeadLetterList { items }))
}

/// Sends a dead letter again to where it came from: what made it one should be mended first.
#[utoipa::path(
    tag = "operation",
    params(("id" = String, Path, description = "The dead letter's id")),
    responses(
        (status = 204, description = "It was sent again"),
        (status = 403, description = "The caller is no admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "They lie on Kafka", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api/admin/dead-letters/{id}/replay")]
pub(crate) async fn replay_dead_letter(
    principal: Principal,
    id: web::Path<String>,
    bus: web::Data<Arc<dyn Bus>>,
) -> Result<HttpResponse, Problem> {
    principal.demand_admin()?;
    let letters = letters(&***bus)?;
    let (topic, partition, offset) = place(&id).ok_or_else(no_such)?;
    let replayed = letters.replay(topic, partition, offset).await;
    done(replayed.map_err(away)?)
}

/// Drops a dead letter: what it told is never heard.
#[utoipa::path(
    tag = "operation",
    params(("id" = String, Path, description = "The dead letter's id")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 403, description = "The caller is no admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "They lie on Kafka", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[delete("/api/admin/dead-letters/{id}")]
pub(crate) async fn drop_dead_letter(
    principal: Principal,
    id: web::Path<String>,
    bus: web::Data<Arc<dyn Bus>>,
) -> Result<HttpResponse, Problem> {
    principal.demand_admin()?;
    let letters = letters(&***bus)?;
    let (topic, partition, offset) = place(&id).ok_or_else(no_such)?;
    let gone = letters.discard(topic, partition, offset).await;
    done(gone.map_err(away)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_where_a_letter_lies() {
        assert_eq!(place("videos.dlq~3~17"), Some(("videos.dlq", 3, 17)));
        for id in ["", "videos.dlq", "videos.dlq~3", "videos.dlq~x~1", "~~"] {
            assert_eq!(place(id), None, "{id}");
        }
    }
}
