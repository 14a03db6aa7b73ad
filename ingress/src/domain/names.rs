//! File names and titles: data from strangers that people will read.

use platform_core::text::{self, LONGEST_TITLE, TextError, is_not_for_reading};

/// Longest file name in bytes.
const LONGEST_FILE_NAME: usize = 1024;
/// The title and description an upload starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    /// One line.
    pub(crate) title: String,
    /// May have several lines.
    pub(crate) description: String,
}

impl Names {
    /// Checks what the uploader wrote; without a title the file's name is one.
    pub(crate) fn new(
        file_name: &str,
        title: Option<&str>,
        description: Option<&str>,
    ) -> Result<Self, TextError> {
        let title = match title.map(str::trim).filter(|title| !title.is_empty()) {
            None => title_of(file_name),
            Some(title) => text::title(title)?.to_owned(),
        };
        let description = text::description(description.unwrap_or_default())?;
        Ok(Self {
            title,
            description: description.to_owned(),
        })
    }
}

/// The file's name without characters that are not for reading. It is never used as a path.
pub(crate) fn clean_file_name(name: &str) -> Result<String, String> {
    if name.len() > LONGEST_FILE_NAME {
        return Err(format!(
            "The file name is too long: shorten it to {LONGEST_FILE_NAME} bytes."
        ));
    }
    let clean: String = name.chars().filter(|c| !is_not_for_reading(*c)).collect();
    let clean = clean.trim();
    if clean.is_empty() {
        return Err("The file has no name: give it one.".into());
    }
    Ok(clean.to_owned())
}

/// `holiday_in-rome.final.mp4` is titled `holiday_in-rome.final`.
fn title_of(file_name: &str) -> String {
    let base = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    let stem = match base.rsplit_once('.') {
        Some((stem, extension)) if !stem.trim().is_empty() && extension.len() <= 5 => stem,
        _ => base,
    };
    let title: String = stem.trim().chars().take(LONGEST_TITLE).collect();
    if title.is_empty() {
        return "Untitled".to_owned();
    }
    title
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_comes_from_the_file_name() {
        for (file, title) in [
            ("holiday.mp4", "holiday"),
            ("holiday.final.mp4", "holiday.final"),
            (".mp4", ".mp4"),
            ("no extension", "no extension"),
            ("Dr. Strangelove", "Dr. Strangelove"),
            ("../../etc/passwd.mov", "passwd"),
            ("C:\\films\\a.avi", "a"),
            ("dir/", "Untitled"),
        ] {
            assert_eq!(title_of(file), title, "{file}");
        }
        assert_eq!(title_of(&"x".repeat(500)).len(), LONGEST_TITLE);
    }

    #[test]
    fn file_names_are_data_without_control_characters() {
        assert_eq!(
            clean_file_name("a\nb\0c\u{1b}[31m.mp4"),
            Ok("abc[31m.mp4".to_owned())
        );
        assert_eq!(
            clean_file_name("film\u{202e}4pm.exe"),
            Ok("film4pm.exe".to_owned())
        );
        assert_eq!(clean_file_name("-i.mp4"), Ok("-i.mp4".to_owned()));
        assert!(clean_file_name("\n").is_err());
        assert!(clean_file_name(&"ä".repeat(513)).is_err());
    }

    #[test]
    fn what_the_uploader_wrote_is_checked() {
        let names = Names::new("f.mp4", Some("  My film "), Some("a\nb")).unwrap();
        assert_eq!(
            (names.title.as_str(), names.description.as_str()),
            ("My film", "a\nb")
        );
        assert_eq!(Names::new("f.mp4", Some(" "), None).unwrap().title, "f");
        assert!(Names::new("f", Some("a\nb"), None).is_err());
        assert!(Names::new("f", Some(&"x".repeat(201)), None).is_err());
        assert!(Names::new("f", None, Some(&"x".repeat(5001))).is_err());
        assert!(Names::new("f", None, Some("bell \u{7}")).is_err());
    }
}
