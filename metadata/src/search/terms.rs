//! What a query's words match.

use super::words::words;

/// More words than this say nothing more.
const MOST_TERMS: usize = 12;
/// Letters of the longest word in which typos are looked for: the effort grows with them.
const LONGEST_WORD: usize = 50;
/// Letters of a word after which nobody looks: no word is as long.
const LONGEST_TERM: usize = 256;

/// The words somebody looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms(Vec<Term>);

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// In lower case, without accents.
    pub(super) text: String,
    /// How many typos are forgiven.
    pub(super) typos: u8,
    /// It is being typed: a word that begins so is meant too.
    pub(super) unfinished: bool,
}

impl Terms {
    /// The words of what somebody typed. A word that something follows is finished.
    pub(super) fn of(query: &str) -> Self {
        let words = words(query);
        let end = query.len();
        let terms = words.into_iter().take(MOST_TERMS).map(|word| Term {
            typos: forgiven(&word.folded),
            unfinished: word.range.end == end,
            text: word.folded.chars().take(LONGEST_TERM).collect(),
        });
        Self(terms.filter(|term| !term.text.is_empty()).collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Term> {
        self.0.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many of the words a text has to have: all of two, of more all but one.
    pub(super) fn required(&self) -> usize {
        match self.0.len() {
            n @ 0..=2 => n,
            n => n - 1,
        }
    }

    /// Whether a text's word is one of those looked for.
    pub(super) fn matches(&self, folded: &str) -> bool {
        self.0.iter().any(|term| term.matches(folded))
    }
}

impl Term {
    fn matches(&self, word: &str) -> bool {
        let typos = usize::from(self.typos);
        if self.unfinished {
            return word.starts_with(&self.text)
                || (typos > 0 && prefix_distance(&self.text, word) <= typos);
        }
        word == self.text || (typos > 0 && distance(&self.text, word) <= typos)
    }
}

/// Short words, numbers and what is no word mean what they say.
fn forgiven(word: &str) -> u8 {
    if !word.chars().all(char::is_alphabetic) {
        return 0;
    }
    match word.chars().count() {
        4..=7 => 1,
        8..=LONGEST_WORD => 2,
        _ => 0,
    }
}

/// Edits between two words; two letters that changed places are one.
fn distance(a: &str, b: &str) -> usize {
    last_row(a, b).last().copied().unwrap_or_default()
}

/// Edits between `a` and the beginning of `b` that is nearest to it.
fn prefix_distance(a: &str, b: &str) -> usize {
    last_row(a, b).into_iter().min().unwrap_or_default()
}

/// Edits between all of `a` and each beginning of `b`.
fn last_row(a: &str, b: &str) -> Vec<usize> {
    let b: Vec<char> = b.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous_a = None;
    for (i, ca) in a.chars().enumerate() {
        let mut row = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let at =
                |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&last, j) + usize::from(ca != *cb))
                .min(at(&last, j + 1) + 1)
                .min(at(&row, j) + 1);
            let swapped = j
                .checked_sub(1)
                .filter(|k| previous_a == Some(*cb) && b.get(*k) == Some(&ca));
            if let Some(k) = swapped {
                best = best.min(at(&before_last, k) + 1);
            }
            row.push(best);
        }
        previous_a = Some(ca);
        before_last = std::mem::replace(&mut last, row);
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_what_people_count() {
        for (a, b, edits) in [
            ("bunny", "bunny", 0),
            ("bunny", "buny", 1),
            ("bunny", "bunnny", 1),
            ("bunny", "bunyn", 1),
            ("bunny", "bonny", 1),
            ("bunny", "ponny", 2),
            ("", "abc", 3),
        ] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
            assert_eq!(distance(b, a), edits, "{b} {a}");
        }
        assert_eq!(prefix_distance("elepj", "elephant"), 1);
        assert_eq!(prefix_distance("x", "elephant"), 1);
    }

    #[test]
    fn the_last_word_is_finished_when_something_follows() {
        let unfinished = |query: &str| -> Vec<bool> {
            Terms::of(query)
                .iter()
                .map(|term| term.unfinished)
                .collect()
        };
        assert_eq!(unfinished("big bu"), [false, true]);
        assert_eq!(unfinished("big bunny "), [false, false]);
    }

    #[test]
    fn short_words_and_numbers_forgive_nothing() {
        let typos: Vec<u8> = Terms::of("big buny 20201 elephants ")
            .iter()
            .map(|term| term.typos)
            .collect();
        assert_eq!(typos, [0, 1, 0, 2]);
        assert!(Terms::of("buny ").matches("bunny"));
        assert!(!Terms::of("bug ").matches("big"));
    }
}
