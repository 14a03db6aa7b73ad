//! `marquee admin`: looks after a Marquee. What runs is asked by calls that no gateway passes on.

mod api;
mod lists;
mod quota;
mod token;
mod verify;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use metadata::{REBUILD_PATH, RebuildStatus};
use platform_http::{Client, Discovery, Service};
use reqwest::Method;
use tokio::time::Instant;

use crate::cli::{AdminCommand, ConfigArguments, Failure, fail};
use crate::{backup, config};

/// The time between two lines that tell how far it is.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Runs `command`; its exit code.
pub(crate) async fn run(command: AdminCommand) -> ExitCode {
    let outcome = match command {
        AdminCommand::Reindex(arguments) => reindex(&arguments).await,
        AdminCommand::Backup(arguments) => backup::back_up(&arguments).await,
        AdminCommand::Restore(arguments) => backup::restore(&arguments).await,
        AdminCommand::Token(arguments) => token::print(arguments).await,
        AdminCommand::CheckBackup(arguments) => backup::check(&arguments.folder).await,
        AdminCommand::Jobs(arguments) => lists::jobs(&arguments).await,
        AdminCommand::Dlq(arguments) => lists::dlq(&arguments).await,
        AdminCommand::Users(arguments) => lists::users(&arguments).await,
        AdminCommand::Quota(arguments) => quota::quota(&arguments).await,
        AdminCommand::Audit(arguments) => lists::audit(&arguments).await,
        // Its exit code says more.
        AdminCommand::Verify(arguments) => return verify::run(&arguments).await,
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => fail(error.as_ref()),
    }
}

async fn reindex(arguments: &ConfigArguments) -> Result<bool, Failure> {
    let config = config::load(arguments)?;
    let data = std::path::absolute(&config.data)?;
    let discovery = Discovery::new(config.addresses(), Some(data.join("run")));
    let client = Client::new(discovery, config.trust(&data)?, "operator")?;
    let began = Instant::now();
    let mut answer = client
        .send(Method::POST, Service::Metadata, REBUILD_PATH, |request| {
            request
        })
        .await?
        .error_for_status()?;
    let mut lines = Lines::default();
    let mut told: Option<Instant> = None;
    while let Some(piece) = answer.chunk().await? {
        for line in lines.push(&piece) {
            match serde_json::from_slice(&line)? {
                RebuildStatus::Running { rows, of } => {
                    if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
                        told = Some(Instant::now());
                        writeln!(std::io::stdout(), "{rows} of {of} films looked at")?;
                    }
                }
                RebuildStatus::Done { videos } => {
                    let seconds = began.elapsed().as_secs_f64();
                    writeln!(
                        std::io::stdout(),
                        "{videos} films can be found in the new index, after {seconds:.1} s"
                    )?;
                    return Ok(true);
                }
                RebuildStatus::Failed { reason } => {
                    return Err(format!("the search index stays as it was: {reason}").into());
                }
            }
        }
    }
    Err("the catalogue's service ended before the index was built: run it again".into())
}

/// Puts lines together that come in pieces.
#[derive(Debug, Default)]
struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// The lines that `piece` completes.
    fn push(&mut self, piece: &[u8]) -> Vec<Vec<u8>> {
        self.rest.extend_from_slice(piece);
        let mut lines: Vec<Vec<u8>> = self
            .rest
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect();
        self.rest = lines.pop().unwrap_or_default();
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_from_pieces() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(b"a"), Vec::<Vec<u8>>::new());
        assert_eq!(
            lines.push(b"b\ncd\n\ne"),
            [b"ab".to_vec(), b"cd".to_vec(), Vec::new()]
        );
        assert_eq!(lines.push(b"\n"), [b"e".to_vec()]);
    }
}
