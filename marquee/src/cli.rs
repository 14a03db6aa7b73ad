//! The command line.

use std::convert::Infallible;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use platform_auth::Scope;
use platform_core::Redacted;
use serde::Serialize;
use url::Url;

/// Any error that ends a command; told with all its causes.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A self-hosted video platform: upload a film, watch it seconds later, alone or together.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything in one process, on embedded defaults.
    Up(UpArguments),
    /// Run some roles in this process, beside others that share the data folder.
    Serve(ServeArguments),
    /// Upload films and wait until they can be watched.
    Upload(UploadArguments),
    /// Sign in to a Marquee, and keep an API token for the commands that follow.
    Login(LoginArguments),
    /// End the token that `login` kept, and forget it.
    Logout(LoginArguments),
    /// Look after a Marquee.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Print the OpenAPI document of the HTTP API.
    Openapi,
    /// Ask a service of this machine whether it is ready; fails when it is not.
    Health(HealthArguments),
    /// Read the configuration as `up` would, and print it or every mistake in it.
    CheckConfig(ConfigArguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// Build the search index anew from the catalogue, while everything goes on.
    Reindex(ConfigArguments),
    /// Copy everything into a new folder, while everything goes on.
    Backup(BackupArguments),
    /// Put a backup where nothing is yet.
    Restore(BackupArguments),
    /// Make sure that a backup is whole, byte by byte.
    CheckBackup(CheckBackupArguments),
    /// Print a new API token, on the machine with the data folder.
    Token(TokenArguments),
    /// Look whether rows, objects, unfinished uploads, edges and the search index agree. Exits with 0
    /// when they do, 1 when something is wrong, and 2 when not everything could be looked at.
    Verify(VerifyArguments),
    /// List what the transcoder is to do, does and gave up on, and why; or try one again.
    Jobs(JobsArguments),
    /// List messages that services gave up on, and why; send one again, or drop it.
    Dlq(DlqArguments),
    /// List users.
    Users(UsersArguments),
    /// Print how much a user may upload and has, or change it.
    Quota(QuotaArguments),
    /// List who did what, the newest first.
    Audit(AuditArguments),
}

/// Where a task of the transcoder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum JobState {
    /// For a worker.
    Waiting,
    /// A worker has it.
    Running,
    /// It is not tried again unless somebody says so.
    Failed,
}

impl JobState {
    /// Its name in the API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct JobsArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    /// Only those in this state.
    #[arg(long, value_enum)]
    pub(crate) state: Option<JobState>,
    /// Try this failed task, and all of its film, again.
    #[arg(long, value_name = "TASK")]
    pub(crate) retry: Option<String>,
    /// Write one JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DlqArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    /// Send this one again to where it came from.
    #[arg(long, value_name = "ID")]
    pub(crate) replay: Option<String>,
    /// Drop this one: what it told is never heard.
    #[arg(long, value_name = "ID", conflicts_with = "replay")]
    pub(crate) drop: Option<String>,
    /// Write one JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UsersArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    /// Write one JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct QuotaArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    /// Whose: a name.
    pub(crate) user: String,
    /// All their files together, GB.
    #[arg(long, value_name = "GB", value_parser = not_negative)]
    pub(crate) storage_gb: Option<f64>,
    /// Files whose upload begins within a day, GB.
    #[arg(long, value_name = "GB", value_parser = not_negative)]
    pub(crate) daily_gb: Option<f64>,
    /// The longest film, minutes.
    #[arg(long, value_name = "MINUTES", value_parser = not_negative)]
    pub(crate) film_minutes: Option<f64>,
    /// First let them upload what everybody may.
    #[arg(long)]
    pub(crate) reset: bool,
}

/// A measure that makes sense.
fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        Ok(_) | Err(_) => Err("it has to be a number, 0 or more".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct AuditArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    /// Only what this user id did, or what was done to them.
    #[arg(long, value_name = "ID")]
    pub(crate) user: Option<String>,
    /// Write one JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    /// Mend what can be mended, then look again until nothing is left to mend, for two minutes at most.
    #[arg(long)]
    pub(crate) repair: bool,
    /// Write one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A Marquee that runs, and who asks it.
#[derive(Debug, Args)]
pub(crate) struct ServerArguments {
    /// Address of the Marquee.
    #[arg(
        long,
        value_name = "URL",
        env = "MARQUEE_SERVER",
        default_value = "http://127.0.0.1:8080"
    )]
    pub(crate) server: Url,
    /// An API token of an admin, where people sign in. Default: what `marquee login` kept.
    #[arg(
        long,
        value_name = "TOKEN",
        env = "MARQUEE_TOKEN",
        hide_env_values = true,
        value_parser = secret
    )]
    pub(crate) token: Option<Redacted>,
}

#[derive(Debug, Args)]
pub(crate) struct TokenArguments {
    /// Whose it is: a name or an address. Default: the first admin.
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// What it may be used for: read, upload, edit, admin. Default: all that the user may.
    #[arg(long, value_name = "SCOPE", value_delimiter = ',')]
    pub(crate) scope: Vec<Scope>,
    /// What it is called on the page of the account.
    #[arg(long, value_name = "NAME", default_value = "marquee admin token")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
}

#[derive(Debug, Args)]
pub(crate) struct LoginArguments {
    /// Address of the Marquee.
    #[arg(
        value_name = "URL",
        env = "MARQUEE_SERVER",
        default_value = "http://127.0.0.1:8080"
    )]
    pub(crate) server: Url,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// The backup's folder.
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
}

#[derive(Debug, Args)]
pub(crate) struct CheckBackupArguments {
    /// The backup's folder.
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    /// Where everything is kept.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Address of the web page and the API; port 0 takes any free one.
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Configuration file. Default: marquee.toml in the working folder, if there is one.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct UpArguments {
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
    /// Run only these roles.
    #[arg(long, value_name = "ROLES", value_delimiter = ',')]
    pub(crate) services: Vec<Role>,
    /// Ask nobody to sign in: whoever reaches this address is the owner. Only on loopback.
    #[arg(long)]
    pub(crate) open: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
    /// What to run.
    #[arg(required = true, value_name = "ROLE")]
    pub(crate) roles: Vec<Role>,
}

#[derive(Debug, Args)]
pub(crate) struct HealthArguments {
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
    /// The service, as configured under `listen`, or `gateway`.
    #[arg(value_name = "SERVICE")]
    pub(crate) service: String,
}

/// A part of Marquee that can run in a process of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Role {
    /// The embedded object store.
    Objects,
    /// Users, sessions and API tokens.
    Accounts,
    /// Uploads.
    Ingress,
    /// The catalogue and its search.
    Metadata,
    /// Plans what an upload becomes.
    Planner,
    /// Encodes. Any number of processes share the work.
    Worker,
    /// Seeds edges and takes films live.
    PostProcessor,
    /// Knows the edges, and is their origin.
    EdgeProvider,
    /// The embedded edge.
    Edge,
    /// The public address: API, pages, media.
    Gateway,
}

/// Until when `marquee upload` waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Wait {
    /// Until the upload is complete.
    None,
    /// Until playback can begin.
    Playable,
    /// Until others can find and watch it.
    Live,
    /// Until every planned segment exists.
    Complete,
}

/// For whom a film is at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Visibility {
    /// Everybody, who also finds it.
    Public,
    /// Everybody who has its address.
    Unlisted,
    /// Its owner alone.
    Private,
}

#[derive(Debug, Args)]
pub(crate) struct UploadArguments {
    /// The films.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Address of the Marquee to upload to.
    #[arg(
        long,
        value_name = "URL",
        env = "MARQUEE_SERVER",
        default_value = "http://127.0.0.1:8080"
    )]
    pub(crate) server: Url,
    /// An API token, where people sign in: made on the page of one's account. Better given by the
    /// environment, since everybody on a machine sees arguments. Default: what `marquee login` kept.
    #[arg(
        long,
        value_name = "TOKEN",
        env = "MARQUEE_TOKEN",
        hide_env_values = true,
        value_parser = secret
    )]
    pub(crate) token: Option<Redacted>,
    /// Title. Default: the file's name without its ending.
    #[arg(long, value_name = "TITLE")]
    pub(crate) title: Option<String>,
    /// For whom the films are at the start. Default: what the operator chose.
    #[arg(long, value_enum, conflicts_with = "replace")]
    pub(crate) visibility: Option<Visibility>,
    /// The id of a video of yours that gets this file instead of the one it has. It keeps its address
    /// and all that was said of it, and plays what it was until the new file does.
    #[arg(long, value_name = "ID", conflicts_with = "title")]
    pub(crate) replace: Option<String>,
    /// Until when to wait.
    #[arg(long, value_enum, default_value_t = Wait::Live)]
    pub(crate) wait: Wait,
    /// Write one JSON object a line instead of progress bars.
    #[arg(long)]
    pub(crate) json: bool,
}

#[expect(clippy::unnecessary_wraps, reason = "what clap wants of a parser")]
fn secret(text: &str) -> Result<Redacted, Infallible> {
    Ok(Redacted::new(text))
}

/// Tells why a command failed, cause by cause.
pub(crate) fn fail(error: &dyn std::error::Error) -> ExitCode {
    let mut text = format!("marquee: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}\n  because: {error}");
        cause = error.source();
    }
    // Nobody is left to tell when standard error is closed.
    drop(writeln!(std::io::stderr(), "{text}"));
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn roles_are_named_as_documented() {
        let cli = Cli::try_parse_from(["marquee", "up", "--services", "gateway,post-processor"]);
        let Ok(Cli {
            command: Command::Up(arguments),
        }) = cli
        else {
            panic!("{cli:?}")
        };
        assert_eq!(arguments.services, [Role::Gateway, Role::PostProcessor]);
    }
}
