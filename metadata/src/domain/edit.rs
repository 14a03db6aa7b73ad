//! What an owner may write.

use std::collections::BTreeSet;

use platform_core::{Redacted, text};

use super::about::{self, AboutError, Choice};
use super::{AccessChange, PasswordMisfit, State, Video};

/// Fewest and most characters of a film's password. Whoever guesses has to wait, and it is often
/// passed on aloud.
const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 8..=256;

/// With how many people a video can be shared.
const MOST_SHARED_WITH: usize = 100;

/// A change that cannot be made, in a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EditError {
    /// It changes nothing.
    #[error("Say what to change: the title, for instance.")]
    Nothing,
    /// A text is not fit.
    #[error(transparent)]
    Text(#[from] text::TextError),
    /// What it says of the video is not fit.
    #[error(transparent)]
    About(#[from] AboutError),
    /// A password that is too short or too long.
    #[error(
        "The password has to have from {} to {} characters.",
        PASSWORD_LENGTH.start(),
        PASSWORD_LENGTH.end()
    )]
    Password,
    /// Too many people.
    #[error(
        "A video can be shared with {MOST_SHARED_WITH} people: make it unlisted and send them the link."
    )]
    TooMany,
}

/// Checks what somebody chose for the password of a film.
pub(crate) fn check_password(password: &Redacted) -> Result<(), EditError> {
    let characters = password.expose().chars().count();
    if PASSWORD_LENGTH.contains(&characters) {
        Ok(())
    } else {
        Err(EditError::Password)
    }
}

/// Checks with how many people a video is to be shared.
pub(crate) fn check_people(count: usize) -> Result<(), EditError> {
    if count > MOST_SHARED_WITH {
        return Err(EditError::TooMany);
    }
    Ok(())
}

/// What somebody wants to change; what is absent stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wish<'a> {
    pub(crate) title: Option<&'a str>,
    pub(crate) description: Option<&'a str>,
    pub(crate) access: AccessChange,
    pub(crate) tags: Option<&'a [String]>,
    /// Empty for none.
    pub(crate) category: Option<&'a str>,
    /// Empty for none.
    pub(crate) language: Option<&'a str>,
    pub(crate) poster: Option<Poster>,
}

/// The picture that stands for a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Poster {
    /// That which was made for it.
    Made,
    /// One of those from all over it, by its number.
    Hover(u32),
}

/// A change that is fit to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    title: Option<String>,
    description: Option<String>,
    access: AccessChange,
    tags: Option<BTreeSet<String>>,
    category: Option<Choice>,
    language: Option<Choice>,
    poster: Option<Poster>,
}

impl Edit {
    /// Checks what the owner wrote.
    pub(crate) fn new(wish: Wish<'_>) -> Result<Self, EditError> {
        let title = wish.title.map(text::title).transpose()?;
        let description = wish.description.map(text::description).transpose()?;
        let edit = Self {
            title: title.map(str::to_owned),
            description: description.map(str::to_owned),
            access: wish.access,
            tags: wish.tags.map(about::tags).transpose()?,
            category: wish.category.map(about::category).transpose()?,
            language: wish.language.map(about::language).transpose()?,
            poster: wish.poster,
        };
        check_people(edit.access.shared_with.as_ref().map_or(0, BTreeSet::len))?;
        if edit == Self::nothing() {
            return Err(EditError::Nothing);
        }
        Ok(edit)
    }

    fn nothing() -> Self {
        Self {
            title: None,
            description: None,
            access: AccessChange::default(),
            tags: None,
            category: None,
            language: None,
            poster: None,
        }
    }

    /// Whether the video has what is chosen.
    pub(crate) fn fits(&self, video: &Video) -> bool {
        match self.poster {
            None | Some(Poster::Made) => true,
            Some(Poster::Hover(number)) => number < video.facts.hover_images,
        }
    }

    /// Makes the change; a deleted video has nothing to change.
    pub(crate) fn apply(&self, video: &mut Video) -> Result<(), PasswordMisfit> {
        if video.state == State::Deleted {
            return Ok(());
        }
        video.access = video.access.after(&self.access)?;
        if let Some(title) = &self.title {
            video.title.clone_from(title);
            video.facts.edited.title = true;
        }
        if let Some(description) = &self.description {
            video.description.clone_from(description);
            video.facts.edited.description = true;
        }
        if let Some(tags) = &self.tags {
            video.about.tags.clone_from(tags);
        }
        if let Some(category) = &self.category {
            video.about.category.clone_from(&category.0);
        }
        if let Some(language) = &self.language {
            video.about.language.clone_from(&language.0);
        }
        match self.poster {
            None => {}
            Some(Poster::Made) => video.facts.poster = None,
            Some(Poster::Hover(number)) => video.facts.poster = Some(number),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use schemas::OwnerId;

    use super::super::Visibility;
    use super::*;

    fn edit(title: Option<&str>, description: Option<&str>) -> Result<Edit, EditError> {
        Edit::new(Wish {
            title,
            description,
            ..Wish::default()
        })
    }

    #[test]
    fn text_is_checked() {
        assert!(edit(Some(" My film "), None).is_ok());
        assert!(edit(None, Some("")).is_ok());
        assert!(edit(Some(&"ä".repeat(200)), Some(&"ä".repeat(5000))).is_ok());
        for (title, description) in [
            (None, None),
            (Some(" "), None),
            (Some("a\nb"), None),
            (Some("\u{202e}\0"), None),
            (None, Some("\u{1b}[2J")),
        ] {
            assert!(edit(title, description).is_err(), "{title:?}");
        }
        assert!(edit(Some(&"x".repeat(201)), None).is_err());
        assert!(edit(None, Some(&"x".repeat(5001))).is_err());
    }

    #[test]
    fn what_is_absent_stays() {
        let mut video = Video::unknown("a".repeat(26).parse().unwrap(), 1);
        let tags = ["one".to_owned()];
        let first = Wish {
            access: AccessChange {
                visibility: Some(Visibility::Public),
                ..AccessChange::default()
            },
            tags: Some(&tags),
            category: Some("music"),
            ..Wish::default()
        };
        Edit::new(first).unwrap().apply(&mut video).unwrap();
        let then = Wish {
            category: Some(""),
            language: Some("en"),
            ..Wish::default()
        };
        Edit::new(then).unwrap().apply(&mut video).unwrap();
        assert_eq!(video.access.visibility, Visibility::Public);
        assert_eq!(video.about.tags.len(), 1);
        assert_eq!(video.about.category, None);
        assert_eq!(video.about.language.as_deref(), Some("en"));
    }

    #[test]
    fn a_video_is_shared_with_as_many_as_one_can_name() {
        let people = (0..=MOST_SHARED_WITH).map(|n| OwnerId::new(n.to_string()));
        let wish = Wish {
            access: AccessChange {
                shared_with: Some(people.collect()),
                ..AccessChange::default()
            },
            ..Wish::default()
        };
        assert_eq!(Edit::new(wish), Err(EditError::TooMany));
    }
}
