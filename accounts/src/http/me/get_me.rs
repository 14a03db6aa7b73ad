//! `GET /api/accounts/me`

use actix_web::{HttpRequest, get, web};
use platform_auth::Identity;
use platform_http::{Problem, ProblemDocument, Visitor};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Registration;
use crate::error::AccountError;
use crate::flow::Accounts;
use crate::http::cookies::Cookies;
use crate::http::failure;
use crate::http::view::UserView;

/// Who asks, and whether others can sign up.
#[derive(Debug, Serialize, ToSchema)]
struct Me {
    /// `null`: nobody is signed in.
    user: Option<UserView>,
    registration: RegistrationView,
}

/// Who may sign up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Registration)]
#[serde(rename_all = "snake_case")]
enum RegistrationView {
    /// Everybody.
    Open,
    /// Whoever has an invitation.
    Invitation,
    /// Nobody.
    Closed,
}

/// Says who is signed in.
#[utoipa::path(
    tag = "accounts",
    responses(
        (status = 200, description = "Who asks", body = Me),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api/accounts/me")]
pub(crate) async fn get_me(
    visitor: Visitor,
    request: HttpRequest,
    accounts: web::Data<Accounts>,
) -> Result<web::Json<Me>, Problem> {
    let user = match visitor.identity {
        Some(identity) if identity == Identity::local() => Some(UserView::local()),
        Some(identity) => {
            let user = accounts.store.user(identity.user.as_str()).await;
            user.map_err(AccountError::from)?.map(Into::into)
        }
        // Their access token has expired: they are to refresh it, and ask again.
        None if Cookies::of(&request).refresh_token(&request).is_some() => {
            return Err(failure::signed_out());
        }
        None => None,
    };
    Ok(web::Json(Me {
        user,
        registration: match accounts.config.registration {
            Registration::Open => RegistrationView::Open,
            Registration::Invitation => RegistrationView::Invitation,
            Registration::Closed => RegistrationView::Closed,
        },
    }))
}
