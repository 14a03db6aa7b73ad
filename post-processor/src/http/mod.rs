//! What operators ask the post-processor.

mod seeding;

use actix_web::web::{self, ServiceConfig};

use crate::store::Tasks;

pub(crate) fn routes(app: &mut ServiceConfig, tasks: &Tasks) {
    app.app_data(web::Data::new(tasks.clone()))
        .route("/internal/seeding", web::get().to(seeding::get));
}
