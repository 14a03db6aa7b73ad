//! The upload service's HTTP interface.

mod failure;
mod holdings;
mod origin;
mod quota;
mod uploads;
mod view;

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(title = "Marquee uploads"),
    tags((name = "uploads", description = "Sending films, in parts, straight to object storage")),
    paths(
        uploads::create::create_upload,
        uploads::list::list_uploads,
        uploads::get::get_upload,
        uploads::delete::delete_upload,
        uploads::sign_parts::sign_parts,
        uploads::complete::complete_upload,
        quota::own::own_quota,
        quota::show::user_quota,
        quota::set::set_quota,
        quota::reset::reset_quota,
    )
)]
struct Api;

/// What the service answers, as seen from outside.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::openapi()
}

/// Registers the routes.
pub(crate) fn configure(app: &mut ServiceConfig) {
    app.service(uploads::create::create_upload)
        .service(uploads::list::list_uploads)
        .service(uploads::get::get_upload)
        .service(uploads::delete::delete_upload)
        .service(uploads::sign_parts::sign_parts)
        .service(uploads::complete::complete_upload)
        .service(quota::own::own_quota)
        .service(quota::show::user_quota)
        .service(quota::set::set_quota)
        .service(quota::reset::reset_quota)
        .service(holdings::holdings);
}
