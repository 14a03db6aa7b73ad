//! `GET /api/accounts/oidc`

use actix_web::{get, web};
use platform_http::{Problem, ProblemDocument, Visitor};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::AccountError;
use crate::flow::Accounts;

/// By which providers people can sign in.
#[derive(Debug, Serialize, ToSchema)]
struct ProviderList {
    items: Vec<ProviderView>,
}

/// A provider by which people can sign in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Provider)]
struct ProviderView {
    id: String,
    name: String,
    /// Whether the caller can sign in by it.
    linked: bool,
}

/// Lists by which providers people can sign in.
#[utoipa::path(
    tag = "accounts",
    responses(
        (status = 200, description = "The providers", body = ProviderList),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api/accounts/oidc")]
pub(crate) async fn list_providers(
    visitor: Visitor,
    accounts: web::Data<Accounts>,
) -> Result<web::Json<ProviderList>, Problem> {
    let linked = match &visitor.identity {
        Some(identity) => accounts.store.issuers(identity.user.as_str()).await,
        None => Ok(Vec::new()),
    };
    let linked = linked.map_err(AccountError::from)?;
    let items = accounts.providers.iter().map(|provider| ProviderView {
        id: provider.config.id.clone(),
        name: provider.config.name.clone(),
        linked: linked.contains(&provider.config.issuer),
    });
    Ok(web::Json(ProviderList {
        items: items.collect(),
    }))
}
