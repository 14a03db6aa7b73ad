//! Which system calls a decoder never needs.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::{env, io};

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

/// What a run may start. Threads it always may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::toolbox) enum Children {
    /// Nothing: the filter is set right before the program itself.
    Denied,
    /// Only what halts its parent until it has become another program, the way `posix_spawn` does:
    /// the filter is set in the thread that starts the program from here.
    Spawned,
}

/// A compiled filter.
#[derive(Debug, Clone)]
pub(in crate::toolbox) struct Filter(Arc<BpfProgram>);

/// Calls that reach the network, other processes, the kernel's own state or a second namespace.
const DENIED: &[i64] = &[
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_fsconfig,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setreuid,
    libc::SYS_setregid,
    libc::SYS_setresuid,
    libc::SYS_setresgid,
    libc::SYS_setgroups,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    libc::SYS_mknodat,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_personality,
    libc::SYS_vhangup,
    libc::SYS_memfd_create,
];

/// Starting processes. `clone3` hides its flags from filters; without it the C library uses
/// `clone`, whose flags can be looked at.
#[cfg(target_arch = "x86_64")]
const FORKS: &[i64] = &[libc::SYS_fork, libc::SYS_vfork, libc::SYS_clone3];
#[cfg(not(target_arch = "x86_64"))]
const FORKS: &[i64] = &[libc::SYS_clone3];

impl Filter {
    /// Compiles the filter for this machine.
    pub(in crate::toolbox) fn new(children: Children) -> io::Result<Self> {
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
            DENIED.iter().map(|call| (*call, Vec::new())).collect();
        rules.extend(FORKS.iter().map(|call| (*call, Vec::new())));
        let allowed: &[i32] = match children {
            Children::Denied => {
                rules.insert(libc::SYS_capset, Vec::new());
                &[libc::CLONE_THREAD]
            }
            // `setpriv`, which comes before the decoder, sets its capabilities even to what they
            // are. Nothing is gained by that: the thread can have no new privileges.
            Children::Spawned => &[libc::CLONE_THREAD, libc::CLONE_VFORK],
        };
        let without = |flag: &i32| -> io::Result<SeccompCondition> {
            let flag = u64::try_from(*flag).map_err(io::Error::other)?;
            let mask = SeccompCmpOp::MaskedEq(flag);
            SeccompCondition::new(0, SeccompCmpArgLen::Qword, mask, 0).map_err(io::Error::other)
        };
        // Denied is what has none of these flags.
        let neither = allowed.iter().map(without).collect::<io::Result<_>>()?;
        let rule = SeccompRule::new(neither).map_err(io::Error::other)?;
        rules.insert(libc::SYS_clone, vec![rule]);
        // "No such call" is what a program expects from an old kernel, and falls back from.
        let denied = SeccompAction::Errno(u32::try_from(libc::ENOSYS).map_err(io::Error::other)?);
        let arch = TargetArch::try_from(env::consts::ARCH).map_err(io::Error::other)?;
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, denied, arch);
        let program: Result<BpfProgram, _> = filter.and_then(TryInto::try_into);
        Ok(Self(Arc::new(program.map_err(io::Error::other)?)))
    }

    /// Sets it on the calling thread and what it starts, for good.
    pub(super) fn apply(&self) -> io::Result<()> {
        seccompiler::apply_filter(&self.0).map_err(io::Error::other)
    }

    /// Writes it in the form that the kernel and `bwrap` read.
    pub(in crate::toolbox) fn write(&self, path: &Path) -> io::Result<()> {
        let mut file = io::BufWriter::new(std::fs::File::create(path)?);
        for step in self.0.iter() {
            file.write_all(&step.code.to_ne_bytes())?;
            file.write_all(&[step.jt, step.jf])?;
            file.write_all(&step.k.to_ne_bytes())?;
        }
        file.flush()
    }
}
