//! `marquee upload`: files in, watchable films out.

mod api;
mod output;
pub(crate) mod parts;
mod source;
mod transfer;
mod wait;

use std::process::ExitCode;

use platform_core::Redacted;

use crate::cli::{Failure, UploadArguments, fail};
use crate::kept::Kept;

use api::Api;
use output::Output;
use source::Source;

/// Why a file is not on its way to being watched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UploadError {
    /// The file cannot be read.
    #[error("{file} cannot be read: check the name and your permission to read it")]
    File {
        file: String,
        #[source]
        source: std::io::Error,
    },
    /// The server answered with a problem.
    #[error("{}", .0.detail)]
    Problem(api::ProblemReport),
    /// No answer for as long as we were willing to try.
    #[error("{server} gave no answer: check that Marquee runs there, or name another by --server")]
    Unreachable {
        server: String,
        #[source]
        source: reqwest::Error,
    },
    /// It does not prove that it is the server.
    #[error(
        "{server} has a certificate that this machine does not trust: check the address, or name \
         a file with the certificate of who signed it in SSL_CERT_FILE"
    )]
    Untrusted {
        server: String,
        #[source]
        source: reqwest::Error,
    },
    /// The answer is not what this version of Marquee understands.
    #[error("the server's answer cannot be understood: it may be another version, or not Marquee")]
    Answer(#[source] reqwest::Error),
    /// The file changed while it was read.
    #[error("{file} changed during the upload: upload it again once it is finished")]
    Changed { file: String },
}

/// A film has one file.
#[derive(Debug, thiserror::Error)]
#[error("a video is replaced by one file: name one alone with --replace")]
struct TooMany;

/// Uploads the files one after the other, all of each file's bandwidth to itself. Fails if any did.
pub(crate) async fn run(arguments: UploadArguments) -> ExitCode {
    let output = Output::new(arguments.json);
    if arguments.replace.is_some() && arguments.files.len() > 1 {
        return fail(&TooMany);
    }
    let token = match token(&arguments) {
        Ok(token) => token,
        Err(error) => return fail(error.as_ref()),
    };
    let mut code = ExitCode::SUCCESS;
    for file in &arguments.files {
        if let Err(error) = one(&arguments, token.as_ref(), file, &output).await {
            output.failed(file, &error);
            code = ExitCode::FAILURE;
        }
    }
    code
}

/// The token that was given, or else the one that is kept for the server.
fn token(arguments: &UploadArguments) -> Result<Option<Redacted>, Failure> {
    match &arguments.token {
        Some(token) => Ok(Some(token.clone())),
        None => Ok(Kept::of_this_user()?.token(&arguments.server)?),
    }
}

async fn one(
    arguments: &UploadArguments,
    token: Option<&Redacted>,
    file: &std::path::Path,
    output: &Output,
) -> Result<(), UploadError> {
    let api = Api::new(arguments.server.clone(), token.cloned())?;
    let source = Source::open(file).await?;
    let upload = api.create(&source, arguments).await?;
    let bar = output.bar(&source.name, source.size);
    transfer::transfer(&api, &source, &upload, &bar).await?;
    bar.uploaded();
    let video = wait::until(&api, &upload, arguments.wait, &bar).await?;
    bar.finish();
    output.done(&video.absolute(api.server()));
    Ok(())
}
