//! What an owner may write.

use platform_core::text;

use super::{State, Video};

/// A change that cannot be made, in a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EditError {
    /// It changes nothing.
    #[error("Say what to change: a title, a description or both.")]
    Nothing,
    /// A text is not fit.
    #[error(transparent)]
    Text(#[from] text::TextError),
}

/// A change of title or description that is fit to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    title: Option<String>,
    description: Option<String>,
}

impl Edit {
    /// Checks what the owner wrote.
    pub(crate) fn new(title: Option<&str>, description: Option<&str>) -> Result<Self, EditError> {
        if title.is_none() && description.is_none() {
            return Err(EditError::Nothing);
        }
        let title = title.map(text::title).transpose()?;
        let description = description.map(text::description).transpose()?;
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
