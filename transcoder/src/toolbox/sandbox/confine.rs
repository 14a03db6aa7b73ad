//! The box made of Landlock rules and a seccomp filter, for machines without bubblewrap.
//!
//! Both hold for the thread that sets them and for what it starts, for good: a thread is made for
//! each run, and ends with it. The kernel kills the run when that thread is gone (`setpriv
//! --pdeathsig`), and so when this process is, however it ends.
//!
//! What this box cannot do, and bubblewrap can: the filter is set before the program is started, so
//! the one way of starting a program must stay open ([`super::Children::Spawned`]). Whoever takes
//! over a decoder can therefore start programs of `/usr`, one waiting for the next, in the same
//! box; they share its limits a process, and die with its process group unless they leave it. A
//! filter set between fork and exec would be `unsafe` code here.

use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope, path_beneath_rules,
};

use super::{Filter, Order};

/// What the dynamic linker and ffmpeg read.
const READABLE: [&str; 9] = [
    "/usr",
    "/bin",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/nix/store",
    "/dev/urandom",
    "/dev/zero",
];

/// What the starting thread does to itself.
#[derive(Debug)]
pub(in crate::toolbox) struct Confinement {
    readable: Vec<PathBuf>,
    executable: PathBuf,
    writable: PathBuf,
    filter: Filter,
}

impl Confinement {
    pub(super) fn new(order: &Order<'_>, filter: Filter) -> Self {
        let mut readable: Vec<PathBuf> = READABLE.map(PathBuf::from).to_vec();
        readable.push(order.source.to_owned());
        // The link to the source lies here, and nothing else.
        readable.push(order.job.join("in"));
        Self {
            readable,
            executable: order
                .program
                .parent()
                .unwrap_or(Path::new("/usr/bin"))
                .to_owned(),
            writable: order.job.join("out"),
            filter,
        }
    }

    /// Confines the calling thread.
    pub(in crate::toolbox) fn apply(&self) -> io::Result<()> {
        let abi = ABI::V6;
        let status = Ruleset::default()
            // The file rules are what this is for; network and signal rules need newer kernels,
            // and the filter covers most of them.
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(ABI::V1))
            .map(|rules| rules.set_compatibility(CompatLevel::BestEffort))
            .and_then(|rules| rules.handle_access(AccessFs::from_all(abi)))
            .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
            .and_then(|rules| rules.scope(Scope::from_all(abi)))
            .and_then(Ruleset::create)
            .and_then(|rules| {
                let readable = self.readable.iter().chain([&self.executable]);
                rules.add_rules(path_beneath_rules(readable, AccessFs::from_read(abi)))
            })
            .and_then(|rules| {
                rules.add_rules(path_beneath_rules([&self.writable], AccessFs::from_all(abi)))
            })
            .and_then(|rules| {
                let null = AccessFs::ReadFile | AccessFs::WriteFile;
                rules.add_rules(path_beneath_rules(["/dev/null"], null))
            })
            .and_then(RulesetCreated::restrict_self)
            .map_err(io::Error::other)?;
        if status.ruleset == RulesetStatus::NotEnforced {
            return Err(io::Error::other(
                "the kernel does not enforce Landlock rules",
            ));
        }
        self.filter.apply()
    }
}
