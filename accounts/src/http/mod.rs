//! The HTTP interface of accounts.

mod admin;
mod asks;
mod cookies;
mod failure;
mod internal;
mod me;
mod oidc;
mod origin;
mod password;
mod session;
mod sessions;
mod tokens;
mod view;

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(title = "Marquee accounts"),
    tags(
        (name = "accounts", description = "Signing up, in and out; sessions and API tokens"),
        (name = "users", description = "What admins decide about users"),
    ),
    paths(
        me::get_me::get_me,
        me::delete_me::delete_me,
        session::sign_up::sign_up,
        session::claim::claim,
        session::sign_in::sign_in,
        session::refresh::refresh,
        session::sign_out::sign_out,
        password::change::change_password,
        password::forgotten::forgot_password,
        password::reset::reset_password,
        sessions::list::list_sessions,
        sessions::end::end_session,
        sessions::end_others::end_other_sessions,
        tokens::list::list_tokens,
        tokens::create::create_token,
        tokens::delete::delete_token,
        oidc::list::list_providers,
        oidc::start::start_oidc,
        oidc::callback::end_oidc,
        oidc::link::link_oidc,
        oidc::unlink::unlink_oidc,
        admin::list::list_users,
        admin::edit::edit_user,
        admin::invite::invite,
        admin::end_sessions::end_sessions_of,
        admin::audit::list_audit,
    )
)]
struct Api;

/// What the service answers, as seen from outside.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::openapi()
}

/// Registers the routes.
pub(crate) fn configure(app: &mut ServiceConfig) {
    app.service(me::get_me::get_me)
        .service(me::delete_me::delete_me)
        .service(session::sign_up::sign_up)
        .service(session::claim::claim)
        .service(session::sign_in::sign_in)
        .service(session::refresh::refresh)
        .service(session::sign_out::sign_out)
        .service(password::change::change_password)
        .service(password::forgotten::forgot_password)
        .service(password::reset::reset_password)
        .service(sessions::list::list_sessions)
        .service(sessions::end::end_session)
        .service(sessions::end_others::end_other_sessions)
        .service(tokens::list::list_tokens)
        .service(tokens::create::create_token)
        .service(tokens::delete::delete_token)
        .service(oidc::list::list_providers)
        .service(oidc::start::start_oidc)
        .service(oidc::callback::end_oidc)
        .service(oidc::link::link_oidc)
        .service(oidc::unlink::unlink_oidc)
        .service(admin::list::list_users)
        .service(admin::edit::edit_user)
        .service(admin::invite::invite)
        .service(admin::end_sessions::end_sessions_of)
        .service(admin::audit::list_audit)
        .service(internal::keys)
        .service(internal::revocations)
        .service(internal::check_token);
}
