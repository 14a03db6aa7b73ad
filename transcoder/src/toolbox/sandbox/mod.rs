//! The box around every run: what it sees, and how it is kept in.

mod bubblewrap;
mod confine;
mod seccomp;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

pub(super) use confine::Confinement;
pub(super) use seccomp::{Children, Filter};

use super::View;
use super::limits::Limits;
use crate::encode::Urgency;

/// How runs are kept in.
#[derive(Debug, Clone)]
pub(super) enum Sandbox {
    /// Namespaces of their own, made by bubblewrap, and a seccomp filter.
    Bubblewrap {
        /// The `bwrap` program.
        program: PathBuf,
        /// The compiled filter, in a file that `bwrap` reads.
        filter: PathBuf,
    },
    /// Landlock rules and a seccomp filter on the thread that starts the run.
    Landlock(Filter),
    /// Only the resource limits.
    None,
}

/// What is to be run in the box.
#[derive(Debug)]
pub(super) struct Order<'a> {
    /// Absolute path of the program.
    pub(super) program: &'a Path,
    /// Its arguments, as written for the view in [`View`].
    pub(super) args: Vec<String>,
    /// The folder of the job: `in` and `out` lie in it.
    pub(super) job: &'a Path,
    /// The one file it may read.
    pub(super) source: &'a Path,
    /// What it may take.
    pub(super) limits: &'a Limits,
    /// Who waits.
    pub(super) urgency: Urgency,
}

/// A command line, ready to start.
#[derive(Debug)]
pub(super) struct Launch {
    /// The program and its arguments.
    pub(super) argv: Vec<OsString>,
    /// Its standard input; nothing when absent.
    pub(super) stdin: Option<PathBuf>,
    /// What the starting thread does to itself first.
    pub(super) confinement: Option<Confinement>,
}

impl Sandbox {
    /// What a run of the job in `job` sees.
    pub(super) fn view(&self, job: &Path) -> View {
        match self {
            Self::Bubblewrap { .. } => View {
                source: "file:/in/source".to_owned(),
                out: "/out".to_owned(),
            },
            Self::Landlock(_) | Self::None => View {
                source: format!("file:{}", job.join("in/source").display()),
                out: job.join("out").display().to_string(),
            },
        }
    }

    /// Puts `order` into the box. `wrappers` are `nice` and `prlimit`.
    pub(super) fn launch(&self, wrappers: &Wrappers, order: Order<'_>) -> io::Result<Launch> {
        let mut argv = wrappers.argv(order.limits, order.urgency);
        let mut launch = Launch {
            argv: Vec::new(),
            stdin: None,
            confinement: None,
        };
        match self {
            Self::Bubblewrap { program, filter } => {
                argv.extend(bubblewrap::argv(program, &order));
                launch.stdin = Some(filter.clone());
            }
            Self::Landlock(filter) => {
                argv.extend(wrappers.die_with_starter());
                link_source(&order)?;
                launch.confinement = Some(Confinement::new(&order, filter.clone()));
            }
            Self::None => link_source(&order)?,
        }
        argv.push(order.program.into());
        argv.extend(order.args.into_iter().map(OsString::from));
        launch.argv = argv;
        Ok(launch)
    }

    /// The name for people.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Bubblewrap { .. } => "bubblewrap",
            Self::Landlock(_) => "Landlock and seccomp",
            Self::None => "none",
        }
    }
}

/// Gives the input the name that the view promises.
fn link_source(order: &Order<'_>) -> io::Result<()> {
    let folder = order.job.join("in");
    std::fs::create_dir_all(&folder)?;
    match std::os::unix::fs::symlink(std::path::absolute(order.source)?, folder.join("source")) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The small programs that set priority and limits before the box is entered.
#[derive(Debug, Clone)]
pub(super) struct Wrappers {
    /// `nice`.
    pub(super) nice: PathBuf,
    /// `prlimit`.
    pub(super) prlimit: PathBuf,
    /// `setpriv`, where there is one.
    pub(super) setpriv: Option<PathBuf>,
}

impl Wrappers {
    fn argv(&self, limits: &Limits, urgency: Urgency) -> Vec<OsString> {
        let mut argv = Vec::new();
        if urgency == Urgency::Bulk {
            argv.extend([self.nice.clone().into(), "-n".into(), "19".into()]);
        }
        argv.push(self.prlimit.clone().into());
        // The hard limit a little above: the first signal says why, the second is final.
        let cpu = limits.cpu.as_secs().max(1);
        argv.extend(
            [
                format!("--as={}", limits.memory),
                format!("--cpu={cpu}:{}", cpu + 5),
                format!("--fsize={}", limits.output),
                "--nofile=256".to_owned(),
                "--nproc=512".to_owned(),
                "--core=0".to_owned(),
                "--".to_owned(),
            ]
            .map(OsString::from),
        );
        argv
    }

    /// Has the kernel kill what follows when the thread that starts it is gone.
    fn die_with_starter(&self) -> impl Iterator<Item = OsString> {
        let setpriv = self.setpriv.iter().map(OsString::from);
        setpriv.flat_map(|program| [program, "--pdeathsig".into(), "KILL".into(), "--".into()])
    }
}
