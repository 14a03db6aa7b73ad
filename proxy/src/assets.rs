//! The frontend's files, which are inside the binary.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use data_encoding::HEXLOWER;
use platform_http::Problem;
use rust_embed::{EmbeddedFile, RustEmbed};

/// What `npm run build` made. `script/up` builds it before the binary; without it, the API works
/// and pages say what is missing.
#[derive(RustEmbed)]
#[folder = "../frontend/dist"]
#[allow_missing = true]
struct Frontend;

/// Serves a file, or the application's page for every address that the application routes itself.
pub(crate) async fn serve(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let path = request.path().trim_start_matches('/');
    if let Some(file) = Frontend::get(path).filter(|_| !path.is_empty()) {
        return Ok(answer(&request, path, file));
    }
    let names_a_file = path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'));
    if names_a_file {
        return Err(Problem::not_found("There is no such file."));
    }
    match Frontend::get("index.html") {
        Some(page) => Ok(answer(&request, "index.html", page)),
        None => Err(Problem::not_found(
            "This build has no pages: run `npm run build` in frontend/ and build again, or use \
             script/up, which does both.",
        )),
    }
}

fn answer(request: &HttpRequest, path: &str, file: EmbeddedFile) -> HttpResponse {
    let etag = format!("\"{}\"", HEXLOWER.encode(&file.metadata.sha256_hash()));
    // Vite puts a hash of the content into the names below assets/.
    let immutable = path.starts_with("assets/");
    let cache = if immutable {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let known = request.headers().get(header::IF_NONE_MATCH);
    let unchanged = known.is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let mut response = if unchanged {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((header::ETAG, etag))
        .insert_header((header::CACHE_CONTROL, cache));
    if unchanged {
        return response.finish();
    }
    response
        .content_type(file.metadata.mimetype())
        .body(file.data.into_owned())
}
