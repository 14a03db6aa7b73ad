//! The project's own checks: `cargo xtask check`.

mod dependencies;
mod sizes;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// What went wrong, for the one who ran it.
type Outcome<T = ()> = Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["check"] => check(),
        _ => Err("usage: cargo xtask check".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            tell(&reason);
            ExitCode::FAILURE
        }
    }
}

/// Everything that can be said of the code without running it.
fn check() -> Outcome {
    let root = workspace()?;
    let root = root.as_path();
    dependencies::check(&cargo_output(
        root,
        ["metadata", "--format-version=1", "--no-deps"],
    )?)?;
    sizes::check(root)?;
    cargo(root, ["fmt", "--all", "--check"], None)?;
    let clippy = [
        "clippy",
        "--locked",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    cargo(root, clippy, None)?;
    let doc = [
        "doc",
        "--locked",
        "--quiet",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ];
    cargo(root, doc, Some(("RUSTDOCFLAGS", "-D warnings")))
}

/// The folder of the workspace that cargo was called in. Not the one of this build: checkouts may
/// share a build cache.
fn workspace() -> Outcome<PathBuf> {
    let here = Path::new(".");
    let manifest = cargo_output(
        here,
        ["locate-project", "--workspace", "--message-format=plain"],
    )?;
    let manifest = String::from_utf8_lossy(&manifest);
    let folder = Path::new(manifest.trim()).parent();
    folder
        .map(Path::to_owned)
        .ok_or_else(|| "there is no workspace here".to_owned())
}

fn tell(text: &str) {
    use std::io::Write as _;
    // Nobody is left to tell when standard error is closed.
    drop(writeln!(std::io::stderr(), "xtask: {text}"));
}

fn cargo<I: IntoIterator<Item: AsRef<OsStr>>>(
    root: &Path,
    arguments: I,
    variable: Option<(&str, &str)>,
) -> Outcome {
    let mut command = command(root, arguments);
    if let Some((name, value)) = variable {
        command.env(name, value);
    }
    let shown = format!("{command:?}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{shown}: {status}")),
        Err(error) => Err(format!("{shown}: {error}")),
    }
}

fn cargo_output<I: IntoIterator<Item: AsRef<OsStr>>>(
    root: &Path,
    arguments: I,
) -> Outcome<Vec<u8>> {
    let output = command(root, arguments)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    output
        .status
        .success()
        .then_some(output.stdout)
        .ok_or_else(|| "cargo failed".to_owned())
}

#[expect(
    clippy::disallowed_methods,
    reason = "running cargo is what xtask is for"
)]
fn command<I: IntoIterator<Item: AsRef<OsStr>>>(root: &Path, arguments: I) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root).args(arguments);
    command
}
