//! What a video is about, beside its title and description: by this people browse.

use std::collections::BTreeSet;

use platform_core::text;
use serde::{Deserialize, Serialize};

/// Most tags of a video.
const MOST_TAGS: usize = 10;
/// Most characters of a tag.
const LONGEST_TAG: usize = 30;
/// Most characters of a language's name.
const LONGEST_LANGUAGE: usize = 35;

/// What a video can be about.
pub(crate) const CATEGORIES: [&str; 16] = [
    "activism",
    "animals",
    "art",
    "comedy",
    "education",
    "entertainment",
    "family",
    "films",
    "food",
    "gaming",
    "how-to",
    "music",
    "news",
    "science",
    "sports",
    "travel",
];

/// Tags, category and language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct About {
    /// In lower case, each once.
    pub(crate) tags: BTreeSet<String>,
    /// One of [`CATEGORIES`].
    pub(crate) category: Option<String>,
    /// Language tag (BCP 47).
    pub(crate) language: Option<String>,
}

/// One of several, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice(pub(crate) Option<String>);

/// A text that is not fit, in a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct AboutError(String);

/// The tags that somebody wrote.
pub(crate) fn tags(written: &[String]) -> Result<BTreeSet<String>, AboutError> {
    let tags: BTreeSet<String> = written
        .iter()
        .map(|one| tag(one))
        .collect::<Result<_, _>>()?;
    if tags.len() > MOST_TAGS {
        return Err(AboutError(format!(
            "A video has at most {MOST_TAGS} tags: choose the best ones."
        )));
    }
    Ok(tags)
}

/// A tag as everybody writes it.
pub(crate) fn tag(written: &str) -> Result<String, AboutError> {
    let tag = written.trim().trim_start_matches('#').trim().to_lowercase();
    let fits = (1..=LONGEST_TAG).contains(&tag.chars().count());
    let odd = |c: char| text::is_not_for_reading(c) || c == ',' || c == '#';
    if fits && !tag.contains(odd) {
        return Ok(tag);
    }
    Err(AboutError(format!(
        "A tag has 1 to {LONGEST_TAG} characters, and neither commas nor # in it."
    )))
}

/// The category called `name`; none if that is empty.
pub(crate) fn category(name: &str) -> Result<Choice, AboutError> {
    match name {
        "" => Ok(Choice(None)),
        name if CATEGORIES.contains(&name) => Ok(Choice(Some(name.to_owned()))),
        _ => Err(AboutError(format!(
            "There is no such category: choose one of {}.",
            CATEGORIES.join(", ")
        ))),
    }
}

/// The language that the tag `name` (BCP 47) names; none if that is empty.
pub(crate) fn language(name: &str) -> Result<Choice, AboutError> {
    if name.is_empty() {
        return Ok(Choice(None));
    }
    let mut parts = name.split('-');
    let first = parts.next().unwrap_or_default();
    let is_language =
        (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_lowercase());
    let is_more = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    if is_language && name.len() <= LONGEST_LANGUAGE && parts.all(is_more) {
        return Ok(Choice(Some(name.to_owned())));
    }
    Err(AboutError(
        "A language is written as in en, de or pt-BR.".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tags_that_mean_the_same_are_the_same() {
        let written = ["#Bunny", " bunny ", "Big Film"].map(str::to_owned);
        let tags = tags(&written).unwrap();
        assert_eq!(tags.into_iter().collect::<Vec<_>>(), ["big film", "bunny"]);
    }

    #[test]
    fn what_is_not_fit_is_refused() {
        for tag in ["", " ", "a,b", "a#b", "a\nb", "\u{202e}x", &"x".repeat(31)] {
            assert!(tags(&[tag.to_owned()]).is_err(), "{tag:?}");
        }
        let many: Vec<String> = (0..=MOST_TAGS).map(|n| n.to_string()).collect();
        assert!(tags(&many).is_err());
        assert!(category("nonsense").is_err());
        assert_eq!(category("").unwrap().0, None);
        assert_eq!(category("how-to").unwrap().0.as_deref(), Some("how-to"));
        for tag in [
            "e",
            "EN",
            "english",
            "en-",
            "en_US",
            "en-toolongpart",
            "e\u{301}n",
        ] {
            assert!(language(tag).is_err(), "{tag}");
        }
        for tag in ["en", "yue", "pt-BR", "zh-Hant-TW"] {
            assert_eq!(language(tag).unwrap().0.as_deref(), Some(tag));
        }
    }

    proptest! {
        #[test]
        fn a_tag_that_was_taken_stays_as_it_is(written in ".{0,40}") {
            if let Ok(taken) = tag(&written) {
                prop_assert_eq!(tag(&taken), Ok(taken));
            }
        }
    }
}
