//! `/api/admin/verify`

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use futures_util::stream;
use platform_core::Lifecycle;
use platform_http::{Principal, Problem, ProblemDocument};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use utoipa::ToSchema;

use crate::proof::{LookError, Mending, Prover, Report, causes};

/// Lines that wait for whoever reads them; progress that finds no room is not told.
const LINES: usize = 64;

/// Time between two lines of progress, milliseconds.
const TELL_EVERY_MS: i64 = 500;

/// What to do besides looking.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Wish {
    /// Mend what can be mended. That takes a moment: look again afterwards.
    #[serde(default)]
    repair: bool,
}

/// One line of the answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// It goes on.
    Looking {
        /// At what.
        at: String,
        /// How much of it was seen.
        seen: u64,
    },
    /// The last line, if all went well.
    Done(Report),
    /// The last line, if something could not be looked at.
    Failed {
        /// Why.
        reason: String,
    },
}

/// What was found last.
#[derive(Debug, Serialize, ToSchema)]
struct Last {
    /// Absent when nobody has looked yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Report>,
}

/// Tells what the last look found at whether all parts of Marquee agree about what there is.
#[utoipa::path(
    tag = "operation",
    params(),
    responses(
        (status = 200, description = "What was found last", body = Last),
        (status = 403, description = "The caller is no admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api/admin/verify")]
pub(crate) async fn last_verification(
    principal: Principal,
    prover: web::Data<Prover>,
) -> Result<web::Json<Last>, Problem> {
    principal.demand_admin()?;
    let report = prover.last().await;
    let report = report.map_err(|error| Problem::unavailable(1, error))?;
    Ok(web::Json(Last { report }))
}

/// Looks whether all parts of Marquee agree about what there is: rows, objects, unfinished uploads,
/// edges and the search index. The answer is one JSON object a line while it goes on; the last one is
/// `done` or `failed`.
#[utoipa::path(
    tag = "operation",
    params(Wish),
    responses(
        (status = 200, description = "Lines", body = Line, content_type = "application/x-ndjson"),
        (status = 403, description = "The caller is no admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Somebody else has it looked at now", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api/admin/verify")]
pub(crate) async fn verify(
    principal: Principal,
    wish: web::Query<Wish>,
    prover: web::Data<Prover>,
    lifecycle: web::Data<Lifecycle>,
) -> Result<HttpResponse, Problem> {
    principal.demand_admin()?;
    let Ok(one) = Arc::clone(&prover.looking).try_lock_owned() else {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "verified-already",
            "This is being looked at",
            "Somebody else, or a round, is looking now. Try again when that is over, or ask what it \
             has found.",
        ));
    };
    let mending = if wish.repair {
        Mending::All
    } else {
        Mending::No
    };
    let (lines, told) = mpsc::channel(LINES);
    let prover = prover.get_ref().clone();
    // Whoever asked may leave: what was begun is done.
    lifecycle.spawn(async move {
        let line = look(&prover, mending, &lines).await;
        drop(one);
        drop(lines.send(line).await);
    });
    let lines = stream::unfold(told, async |mut told: mpsc::Receiver<Line>| {
        let line = told.recv().await?;
        let text = serde_json::to_string(&line);
        Some((text.map(|text| web::Bytes::from(text + "\n")), told))
    });
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .streaming(lines))
}

async fn look(prover: &Prover, mending: Mending, lines: &mpsc::Sender<Line>) -> Line {
    let told_ms = AtomicI64::new(0);
    let tell = |at: &'static str, seen| {
        let now = prover.clock.now_ms();
        if now - told_ms.load(Ordering::Relaxed) >= TELL_EVERY_MS {
            told_ms.store(now, Ordering::Relaxed);
            let at = at.to_owned();
            drop(lines.try_send(Line::Looking { at, seen }));
        }
    };
    match prover.prove(mending, &tell).await {
        Ok(report) => Line::Done(report),
        Err(error) => failed(&error),
    }
}

fn failed(error: &LookError) -> Line {
    let reason = causes(error);
    tracing::warn!(reason, "the parts cannot be compared now");
    Line::Failed { reason }
}
