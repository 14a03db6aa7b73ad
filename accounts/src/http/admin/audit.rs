//! `GET /api/admin/audit`

use actix_web::{get, web};
use platform_core::clock::rfc3339;
use platform_http::{Principal, Problem, ProblemDocument};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page_size;
use crate::error::AccountError;
use crate::flow::Accounts;
use crate::http::asks::Asks as _;
use crate::store::audit::{Filter, Place, Recorded};

/// Which page of which entries.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListAudit {
    /// The id of a user: what they did, and what was done to them.
    user: Option<String>,
    /// What was done, as in the entries: `signed in`.
    action: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many, by default 50.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// A page of the audit log.
#[derive(Debug, Serialize, ToSchema)]
struct AuditPage {
    /// The newest first.
    items: Vec<AuditView>,
    /// Gives the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Something that somebody did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
struct AuditView {
    /// RFC 3339.
    at: String,
    /// The id of the user who did it; empty for strangers.
    actor: String,
    action: String,
    /// The user, session or token that it was done to, or what it was about.
    subject: String,
    /// From where: an address, or `console`.
    address: String,
}

impl From<Recorded> for AuditView {
    fn from(entry: Recorded) -> Self {
        Self {
            at: rfc3339(entry.place.at_ms),
            actor: entry.actor,
            action: entry.action,
            subject: entry.subject,
            address: entry.address,
        }
    }
}

/// Lists who did what, when and from where, for the last year.
#[utoipa::path(
    tag = "users",
    params(ListAudit),
    responses(
        (status = 200, description = "A page of the audit log", body = AuditPage),
        (status = 403, description = "The caller is no admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api/admin/audit")]
pub(crate) async fn list_audit(
    principal: Principal,
    query: web::Query<ListAudit>,
    accounts: web::Data<Accounts>,
) -> Result<web::Json<AuditPage>, Problem> {
    principal.admin()?;
    let limit = page_size(query.limit)?;
    let before = query.cursor.as_deref().map(|cursor| {
        Place::read(cursor).ok_or_else(|| {
            Problem::bad_request("The cursor is none of ours: leave it out to begin anew.")
        })
    });
    let filter = Filter {
        user: query.user.as_deref().unwrap_or_default(),
        action: query.action.as_deref().unwrap_or_default(),
        before: before.transpose()?,
    };
    let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let entries = accounts.store.audit(&filter, one_more).await;
    let mut entries = entries.map_err(AccountError::from)?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let last = entries.last().filter(|_| more);
    Ok(web::Json(AuditPage {
        next_cursor: last.map(|entry| entry.place.write()),
        items: entries.into_iter().map(Into::into).collect(),
    }))
}
