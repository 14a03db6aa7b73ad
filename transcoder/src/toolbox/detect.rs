//! Finding the tools, and the best box that works here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::outcome::judge;
use super::process;
use super::sandbox::{Children, Filter, Launch, Order, Sandbox, Wrappers};
use super::{Limits, SandboxChoice, Scratch, ToolConfig, ToolError, Toolbox, Version};
use crate::encode::Urgency;

/// Where programs are searched; the environment is not asked, so that a service and a shell find
/// the same ones.
const FOLDERS: [&str; 4] = ["/usr/local/bin", "/usr/bin", "/bin", "/opt/ffmpeg/bin"];

const NO_SANDBOX: &str = "uploaded files are decoded WITHOUT a sandbox: install bubblewrap (apt install bubblewrap) or use a kernel with Landlock; until then accept only files that you trust";
const LANDLOCK_ONLY: &str = "uploaded files are decoded behind Landlock and seccomp only: install bubblewrap (apt install bubblewrap) for the stronger sandbox";

pub(super) async fn toolbox(config: &ToolConfig) -> Result<Toolbox, ToolError> {
    let ffmpeg = program(config.ffmpeg.as_deref(), "ffmpeg")?;
    let ffprobe = program(config.ffprobe.as_deref(), "ffprobe")?;
    let wrappers = Wrappers {
        nice: program(None, "nice")?,
        prlimit: program(None, "prlimit")?,
        setpriv: program(None, "setpriv").ok(),
    };
    let scratch = Scratch::open(&config.scratch).map_err(ToolError::Scratch)?;
    let trial = Trial {
        config,
        ffmpeg: &ffmpeg,
        wrappers: &wrappers,
        scratch: &scratch,
    };
    let version = trial.version().await?;
    trial
        .answers(&Sandbox::None, &ffprobe)
        .await
        .map_err(|detail| ToolError::Broken {
            name: "ffprobe",
            detail,
        })?;
    let (sandbox, refused) = trial.best_sandbox().await?;
    let mut warnings: Vec<String> = version.warning().into_iter().collect();
    let weakness = match sandbox {
        Sandbox::Bubblewrap { .. } => None,
        Sandbox::Landlock(_) => Some(LANDLOCK_ONLY),
        Sandbox::None => Some(NO_SANDBOX),
    };
    warnings.extend(weakness.map(|weakness| match refused.as_str() {
        "" => weakness.to_owned(),
        refused => format!("{weakness} ({refused})"),
    }));
    let config = config.clone();
    Ok(Toolbox {
        config,
        ffmpeg,
        ffprobe,
        version,
        sandbox,
        wrappers,
        scratch,
        warnings,
    })
}

fn program(configured: Option<&Path>, name: &'static str) -> Result<PathBuf, ToolError> {
    let found = match configured {
        Some(path) => Some(path.to_owned()).filter(|path| path.is_file()),
        None => FOLDERS
            .iter()
            .map(|folder| Path::new(folder).join(name))
            .find(|p| p.is_file()),
    };
    let path = found.ok_or(ToolError::Missing { name })?;
    path.canonicalize().map_err(|error| ToolError::Broken {
        name,
        detail: error.to_string(),
    })
}

/// Runs `-version` in one way or another.
struct Trial<'a> {
    config: &'a ToolConfig,
    ffmpeg: &'a Path,
    wrappers: &'a Wrappers,
    scratch: &'a Scratch,
}

impl Trial<'_> {
    async fn version(&self) -> Result<Version, ToolError> {
        let broken = |detail| ToolError::Broken {
            name: "ffmpeg",
            detail,
        };
        let output = self
            .answers(&Sandbox::None, self.ffmpeg)
            .await
            .map_err(broken)?;
        Version::parse(&output).ok_or_else(|| broken("its version cannot be read".to_owned()))
    }

    /// The box to use, and why better ones were passed over.
    async fn best_sandbox(&self) -> Result<(Sandbox, String), ToolError> {
        match self.config.sandbox {
            SandboxChoice::Off => Ok((Sandbox::None, "the sandbox is switched off".to_owned())),
            SandboxChoice::Bubblewrap => {
                let sandbox = self.bubblewrap().await;
                let sandbox = sandbox.map_err(|detail| ToolError::Sandbox {
                    name: "bubblewrap",
                    detail,
                })?;
                Ok((sandbox, String::new()))
            }
            SandboxChoice::Landlock => {
                let sandbox = self.landlock().await;
                let sandbox = sandbox.map_err(|detail| ToolError::Sandbox {
                    name: "landlock",
                    detail,
                })?;
                Ok((sandbox, String::new()))
            }
            SandboxChoice::Auto => Ok(match self.bubblewrap().await {
                Ok(sandbox) => (sandbox, String::new()),
                Err(without) => match self.landlock().await {
                    Ok(sandbox) => (sandbox, format!("bubblewrap: {without}")),
                    Err(either) => (
                        Sandbox::None,
                        format!("bubblewrap: {without}; Landlock: {either}"),
                    ),
                },
            }),
        }
    }

    async fn bubblewrap(&self) -> Result<Sandbox, String> {
        let program = program(None, "bwrap").map_err(|_missing| "not installed".to_owned())?;
        let path = self.scratch.path().join("seccomp.bpf");
        let filter = Filter::new(Children::Denied).map_err(|error| error.to_string())?;
        filter.write(&path).map_err(|error| error.to_string())?;
        let sandbox = Sandbox::Bubblewrap {
            program,
            filter: path,
        };
        self.answers(&sandbox, self.ffmpeg).await.map(|_| sandbox)
    }

    async fn landlock(&self) -> Result<Sandbox, String> {
        let filter = Filter::new(Children::Spawned).map_err(|error| error.to_string())?;
        let sandbox = Sandbox::Landlock(filter);
        self.answers(&sandbox, self.ffmpeg).await.map(|_| sandbox)
    }

    /// What `program -version` prints in the box.
    async fn answers(&self, sandbox: &Sandbox, program: &Path) -> Result<String, String> {
        let launch = |job: &Path, source: &Path, limits: &Limits| -> std::io::Result<Launch> {
            std::fs::write(source, b"")?;
            let args = vec!["-version".to_owned()];
            let urgency = Urgency::Urgent;
            sandbox.launch(
                self.wrappers,
                Order {
                    program,
                    args,
                    job,
                    source,
                    limits,
                    urgency,
                },
            )
        };
        let limits = Limits {
            wall: Duration::from_secs(20),
            ..Limits::probe(self.config)
        };
        let run = async {
            let job = self.scratch.job()?;
            let launch = launch(job.path(), &job.path().join("empty"), &limits)?;
            process::run(launch, &job.out(), &limits, &CancellationToken::new()).await
        };
        let finished = run.await.map_err(|error| error.to_string())?;
        let tail = finished.log.tail();
        let report = judge(finished).map_err(|error| match tail.as_str() {
            "" => error.to_string(),
            tail => tail.to_owned(),
        })?;
        Ok(String::from_utf8_lossy(&report.stdout).into_owned())
    }
}
