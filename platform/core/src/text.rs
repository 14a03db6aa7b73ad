//! Titles, descriptions and file names: text from strangers that people will read.

/// Longest title in characters.
pub const LONGEST_TITLE: usize = 200;
/// Longest description in characters.
const LONGEST_DESCRIPTION: usize = 5000;

/// Text that cannot be taken, in a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TextError(String);

/// `text` without the spaces around it, if it is fit to be a title.
pub fn title(text: &str) -> Result<&str, TextError> {
    let text = text.trim();
    let refusal = if text.is_empty() {
        "The title is empty: give the video one.".to_owned()
    } else if text.chars().count() > LONGEST_TITLE {
        format!("The title is too long: shorten it to {LONGEST_TITLE} characters.")
    } else if text.chars().any(is_not_for_reading) {
        "The title has to be a single line without control characters.".to_owned()
    } else {
        return Ok(text);
    };
    Err(TextError(refusal))
}

/// `text` without the spaces around it, if it is fit to be a description: any number of lines.
pub fn description(text: &str) -> Result<&str, TextError> {
    let text = text.trim();
    let hidden = |c: char| is_not_for_reading(c) && !matches!(c, '\n' | '\r' | '\t');
    let refusal = if text.chars().count() > LONGEST_DESCRIPTION {
        format!("The description is too long: shorten it to {LONGEST_DESCRIPTION} characters.")
    } else if text.chars().any(hidden) {
        "The description has control characters: remove them.".to_owned()
    } else {
        return Ok(text);
    };
    Err(TextError(refusal))
}

/// Control characters, line separators, and what turns the direction of other text: a name that
/// ends in `\u{202E}4pm.exe` reads as if it ended in `exe.mp4` (Unicode TR 36, section 2.6).
pub fn is_not_for_reading(c: char) -> bool {
    let turns = matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line_that_reads_as_it_is_written() {
        assert_eq!(title("  Holiday in Ελλάδα  "), Ok("Holiday in Ελλάδα"));
        for (text, said) in [
            ("  ", "empty"),
            ("two\nlines", "single line"),
            ("two\u{2028}lines", "single line"),
            ("photo\u{202E}4pm.exe", "control characters"),
            (&"x".repeat(LONGEST_TITLE + 1), "too long"),
        ] {
            let refusal = title(text).unwrap_err().to_string();
            assert!(refusal.contains(said), "{text:?}: {refusal}");
        }
    }

    #[test]
    fn a_description_has_lines_but_nothing_hidden() {
        assert_eq!(description("one\r\n\ttwo\n"), Ok("one\r\n\ttwo"));
        assert_eq!(description(""), Ok(""));
        for text in ["bell\u{7}", "turned \u{2067}around"] {
            assert!(description(text).is_err(), "{text:?}");
        }
        assert!(description(&"x".repeat(LONGEST_DESCRIPTION + 1)).is_err());
    }
}
