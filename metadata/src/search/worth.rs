//! What it is worth to find a word, the same on every engine.
//!
//! Every way in which a word can be found has a fixed worth, and a word counts once, by its best.
//! A text's worth is then a small whole number that depends on nothing but the text and the
//! query: equally good texts are exactly equal, so that freshness decides, and pages stay in
//! order while films come and go.

/// What it is worth to find a word in a field.
pub(super) struct Worth {
    pub(super) exact: f32,
    pub(super) beginning: f32,
    pub(super) typo: f32,
    pub(super) beginning_with_typo: f32,
}

pub(super) const IN_TITLE: Worth = Worth {
    exact: 12.0,
    beginning: 8.0,
    typo: 4.0,
    beginning_with_typo: 2.0,
};
pub(super) const IN_DESCRIPTION: Worth = Worth {
    exact: 5.0,
    beginning: 3.0,
    typo: 2.0,
    beginning_with_typo: 1.0,
};
/// The words stand in the title side by side.
pub(super) const PHRASE: f32 = 6.0;
/// The words are the title.
pub(super) const WHOLE_TITLE: f32 = 20.0;
