//! The box made of namespaces.

use std::ffi::OsString;
use std::path::Path;

use super::Order;

/// What the dynamic linker needs beside `/usr`, where it exists: Debian finds BLAS through
/// `/etc/alternatives`.
const LINKER_FILES: [&str; 3] = ["/etc/ld.so.cache", "/etc/alternatives", "/nix/store"];
/// Where libraries may lie; links on a merged-`/usr` system.
const ROOT_FOLDERS: [&str; 4] = ["/bin", "/sbin", "/lib", "/lib64"];
/// The devices that programs expect.
const DEVICES: [&str; 4] = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"];

/// `bwrap` and its arguments, up to the program that runs inside.
pub(super) fn argv(program: &Path, order: &Order<'_>) -> Vec<OsString> {
    let mut argv = Argv(vec![program.into()]);
    // New namespaces of every kind: no network, no one else's processes, no one else's files.
    // No `--new-session`: the process that holds the namespace together has to stay in the run's
    // process group. It asks to die with its parent only a moment after it began, so that a group
    // killed within that moment would leave it, and what it starts, for ever.
    argv.add(&["--unshare-all", "--die-with-parent"]);
    argv.add(&["--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"]);
    argv.add(&["--clearenv", "--setenv", "PATH", "/usr/bin"]);
    // An arena for each thread would eat the address space.
    argv.add(&[
        "--setenv",
        "MALLOC_ARENA_MAX",
        "2",
        "--setenv",
        "HOME",
        "/out",
    ]);
    argv.bind("--ro-bind", Path::new("/usr"), "/usr");
    for folder in ROOT_FOLDERS {
        match std::fs::read_link(folder) {
            Ok(target) => argv.bind("--symlink", &target, folder),
            Err(_) => argv.bind("--ro-bind-try", Path::new(folder), folder),
        }
    }
    for path in LINKER_FILES {
        argv.bind("--ro-bind-try", Path::new(path), path);
    }
    if let Some(folder) = order
        .program
        .parent()
        .filter(|folder| !folder.starts_with("/usr"))
    {
        argv.add(&["--ro-bind"]);
        argv.0.extend([folder.into(), folder.into()]);
    }
    argv.add(&["--proc", "/proc"]);
    // Not `--dev`: that has the terminal of whoever started this in it (`/dev/tty`).
    for device in DEVICES {
        argv.bind("--dev-bind", Path::new(device), device);
    }
    argv.bind("--ro-bind", order.source, "/in/source");
    argv.bind("--bind", &order.job.join("out"), "/out");
    argv.add(&["--remount-ro", "/", "--chdir", "/out"]);
    // The filter comes as standard input: the one descriptor that is handed over anyway.
    argv.add(&["--seccomp", "0", "--"]);
    argv.0
}

struct Argv(Vec<OsString>);

impl Argv {
    fn add(&mut self, args: &[&str]) {
        self.0.extend(args.iter().map(OsString::from));
    }

    fn bind(&mut self, how: &str, from: &Path, to: &str) {
        self.0.extend([how.into(), from.into(), to.into()]);
    }
}
