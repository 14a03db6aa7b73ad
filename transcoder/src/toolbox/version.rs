//! Which ffmpeg this is, and whether its known holes are closed.

/// The first release with the fixes of RELIABILITY.md's row S8.
const SAFE: (u32, u32, u32) = (8, 1, 3);

/// A version as `ffmpeg -version` says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    text: String,
    number: Option<(u32, u32, u32)>,
}

impl Version {
    /// Reads the first line of `ffmpeg -version`.
    pub(super) fn parse(output: &str) -> Option<Self> {
        let text = ffmpeg_sidecar::log_parser::try_parse_version(output.lines().next()?)?;
        let digits = text.trim_start_matches(['n', 'N', 'v']);
        let mut parts = digits.split(|c: char| !c.is_ascii_digit());
        let mut part = || parts.next().and_then(|digits| digits.parse::<u32>().ok());
        let number = part().map(|major| (major, part().unwrap_or(0), part().unwrap_or(0)));
        Some(Self { text, number })
    }

    /// A sentence when it should be updated. Distributions mend old releases under the old
    /// number; theirs carry a suffix (`5.1.9-0+deb12u1`).
    pub(super) fn warning(&self) -> Option<String> {
        let patched = self.text.contains("deb") || self.text.contains("ubuntu");
        let safe = self.number.is_some_and(|number| number >= SAFE);
        (!patched && !safe).then(|| {
            format!(
                "ffmpeg {} has known security holes: update it to 8.1.3 or later, or use the one of your distribution",
                self.text
            )
        })
    }

    /// As it calls itself.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warns(version: &str) -> bool {
        let line =
            format!("ffmpeg version {version} Copyright (c) 2000-2026 the FFmpeg developers");
        Version::parse(&line).unwrap().warning().is_some()
    }

    #[test]
    fn old_releases_are_told_of_and_mended_ones_are_not() {
        for old in [
            "4.4",
            "8.1.2",
            "8.0",
            "n7.1",
            "6.1.1-static",
            "N-109-gabcdef",
        ] {
            assert!(warns(old), "{old}");
        }
        for good in ["8.1.3", "n8.2", "9.0", "5.1.9-0+deb12u1", "6.1.1-3ubuntu5"] {
            assert!(!warns(good), "{good}");
        }
    }
}
