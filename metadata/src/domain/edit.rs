//! What an owner may write.

use super::{State, Video};

/// Longest title in characters.
const LONGEST_TITLE: usize = 200;
/// Longest description in characters.
const LONGEST_DESCRIPTION: usize = 5000;

/// Text that cannot be taken, in a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct EditError(String);

/// A change of title or description that is fit to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    title: Option<String>,
    description: Option<String>,
}

impl Edit {
    /// Checks what the owner wrote.
    pub(crate) fn new(title: Option<&str>, description: Option<&str>) -> Result<Self, EditError> {
        let refused = |sentence: String| Err(EditError(sentence));
        if title.is_none() && description.is_none() {
            return refused("Say what to change: a title, a description or both.".to_owned());
        }
        let title = title.map(str::trim);
        if let Some(title) = title {
            if title.is_empty() {
                return refused("The title is empty: give the video one.".to_owned());
            }
            if title.chars().count() > LONGEST_TITLE {
                return refused(format!(
                    "The title is too long: shorten it to {LONGEST_TITLE} characters."
                ));
            }
            if title.chars().any(char::is_control) {
                return refused(
                    "The title has to be a single line without control characters.".to_owned(),
                );
            }
        }
        let description = description.map(str::trim);
        if let Some(description) = description {
            if description.chars().count() > LONGEST_DESCRIPTION {
                return refused(format!(
                    "The description is too long: shorten it to {LONGEST_DESCRIPTION} characters."
                ));
            }
            let hidden = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
            if description.chars().any(hidden) {
                return refused("The description has control characters: remove them.".to_owned());
            }
        }
        Ok(Self {
            title: title.map(str::to_owned),
            description: description.map(str::to_owned),
        })
    }

    /// Makes the change; a deleted video has nothing to change.
    pub(crate) fn apply(&self, video: &mut Video) {
        if video.state == State::Deleted {
            return;
        }
        if let Some(title) = &self.title {
            video.title.clone_from(title);
            video.facts.edited.title = true;
        }
        if let Some(description) = &self.description {
            video.description.clone_from(description);
            video.facts.edited.description = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_checked() {
        assert!(Edit::new(Some(" My film "), None).is_ok());
        assert!(Edit::new(None, Some("")).is_ok());
        assert!(Edit::new(Some(&"ä".repeat(200)), Some(&"ä".repeat(5000))).is_ok());
        for (title, description) in [
            (None, None),
            (Some(" "), None),
            (Some("a\nb"), None),
            (Some("\u{202e}\0"), None),
            (None, Some("\u{1b}[2J")),
        ] {
            assert!(Edit::new(title, description).is_err(), "{title:?}");
        }
        assert!(Edit::new(Some(&"x".repeat(201)), None).is_err());
        assert!(Edit::new(None, Some(&"x".repeat(5001))).is_err());
    }
}
