//! `/api/accounts/oidc`

pub(super) mod callback;
pub(super) mod link;
pub(super) mod list;
pub(super) mod start;
pub(super) mod unlink;

use actix_web::HttpResponse;
use actix_web::http::header;
use platform_http::Problem;

use crate::error::AccountError;
use crate::flow::tell;
use crate::oidc::OidcError;

/// Sends the browser to `place`.
fn see_other(place: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, place))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

/// Sends whoever did not get in back to the sign-in page, which says why: they are in the middle of
/// going from page to page, where a problem document helps nobody.
fn not_in(provider: &str, error: AccountError) -> Result<HttpResponse, Problem> {
    tell(provider, &error);
    let reason = match &error {
        AccountError::Oidc(OidcError::Away(_) | OidcError::Odd(_)) => "away",
        AccountError::Oidc(OidcError::Refused(_)) => "refused",
        AccountError::Oidc(_) => "failed",
        AccountError::SignedOut => "signed-out",
        AccountError::Suspended => "suspended",
        AccountError::IdentityTaken => "taken",
        AccountError::RegistrationClosed(_) => "unknown",
        _ => return Err(error.into()),
    };
    Ok(see_other(&format!("/sign-in?oidc={reason}")))
}
