//! The size budget: the production part of a file stays readable in one sitting.

use std::path::{Path, PathBuf};

use crate::{Outcome, tell};

/// Lines before the tests of a `.rs` file; none may have more.
const RUST_LIMIT: usize = 500;
/// Lines of a `.tsx` file; none may have more.
const TSX_LIMIT: usize = 250;
/// Lines of a `main.rs`, which only wires; none may have more.
const MAIN_LIMIT: usize = 60;

/// Reports median and 90th percentile, and fails on files over their limit.
pub(crate) fn check(root: &Path) -> Outcome {
    let mut files = Vec::new();
    collect(root, &mut files)?;
    let mut sizes = Vec::new();
    let mut over = Vec::new();
    for file in files {
        let text =
            std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let shown = file
            .strip_prefix(root)
            .unwrap_or(&file)
            .display()
            .to_string();
        let lines = production_lines(&text);
        let limit = limit(&shown);
        if extension(&file) == "rs" {
            sizes.push(lines);
        }
        if lines > limit {
            over.push(format!(
                "{shown}: {lines} lines, {limit} are allowed: does it own one thing?"
            ));
        }
    }
    sizes.sort_unstable();
    let at = |share: usize| sizes.get(sizes.len() * share / 100).copied().unwrap_or(0);
    tell(&format!(
        "{} .rs files, lines: median {}, p90 {}",
        sizes.len(),
        at(50),
        at(90)
    ));
    if over.is_empty() {
        Ok(())
    } else {
        Err(over.join("\n"))
    }
}

fn limit(shown: &str) -> usize {
    let integration_test = shown.contains("/tests/") || shown.starts_with("tests/");
    if extension(Path::new(shown)) == "tsx" {
        TSX_LIMIT
    } else if shown.ends_with("main.rs") && !shown.starts_with("xtask") {
        MAIN_LIMIT
    } else if integration_test {
        usize::MAX
    } else {
        RUST_LIMIT
    }
}

fn extension(file: &Path) -> &str {
    file.extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
}

/// Lines before the unit tests.
fn production_lines(text: &str) -> usize {
    text.lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .count()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Outcome {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            let skipped =
                name.starts_with('.') || matches!(&*name, "target" | "node_modules" | "dist");
            if !skipped {
                collect(&path, files)?;
            }
        } else if matches!(extension(&path), "rs" | "tsx") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_do_not_count() {
        assert_eq!(production_lines("a\nb\n#[cfg(test)]\nmod tests {\n}\n"), 2);
    }

    #[test]
    fn limits_follow_the_kind_of_file() {
        assert_eq!(limit("frontend/src/App.tsx"), TSX_LIMIT);
        assert_eq!(limit("marquee/src/main.rs"), MAIN_LIMIT);
        assert_eq!(limit("media/src/lib.rs"), RUST_LIMIT);
    }
}
