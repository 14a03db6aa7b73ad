//! Shows where words were found, as pieces of plain text: what a stranger wrote is never markup.

use super::terms::Terms;
use super::words::{Word, words};

/// Bytes of a description that are shown, about.
const WINDOW: usize = 160;
/// Bytes before the first word that was found.
const LEAD: usize = 40;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The piece, as it was written.
    pub text: String,
    /// It is a word that was looked for.
    pub hit: bool,
}

/// All of `text`, cut where words were found.
pub(super) fn whole(text: &str, terms: &Terms) -> Vec<Segment> {
    cut(text, 0, text.len(), &found(text, terms))
}

/// The piece of `text` around the first words that were found; empty when there are none.
pub(super) fn fragment(text: &str, terms: &Terms) -> Vec<Segment> {
    let found = found(text, terms);
    let Some(first) = found.first() else {
        return Vec::new();
    };
    let all = words(text);
    // Begin and end where a word does.
    let from = all
        .iter()
        .map(|word| word.range.start)
        .find(|start| start + LEAD >= first.range.start)
        .unwrap_or(first.range.start);
    let to = all
        .iter()
        .map(|word| word.range.end)
        .take_while(|end| *end <= from + WINDOW)
        .last()
        .unwrap_or(first.range.end)
        .max(first.range.end);
    let from = if from <= LEAD { 0 } else { from };
    let to = if to + LEAD >= text.len() {
        text.len()
    } else {
        to
    };
    cut(text, from, to, &found)
}

fn found(text: &str, terms: &Terms) -> Vec<Word> {
    let mut words = words(text);
    words.retain(|word| terms.matches(&word.folded));
    words
}

fn cut(text: &str, from: usize, to: usize, found: &[Word]) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut piece = |from: usize, to: usize, hit: bool| {
        if let Some(text) = text.get(from..to).filter(|text| !text.is_empty()) {
            segments.push(Segment {
                text: text.to_owned(),
                hit,
            });
        }
    };
    let mut at = from;
    for word in found {
        if word.range.start < at || word.range.end > to {
            continue;
        }
        piece(at, word.range.start, false);
        piece(word.range.start, word.range.end, true);
        at = word.range.end;
    }
    piece(at, to, false);
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(segments: &[Segment]) -> String {
        segments
            .iter()
            .map(|segment| match segment {
                Segment { text, hit: true } => format!("[{text}]"),
                Segment { text, hit: false } => text.clone(),
            })
            .collect()
    }

    #[test]
    fn found_words_are_marked_as_they_were_written() {
        let title = "The <b>Crème</b> of Bunnies";
        assert_eq!(
            shown(&whole(title, &Terms::of("creme bunn"))),
            "The <b>[Crème]</b> of [Bunnies]"
        );
        assert_eq!(shown(&whole(title, &Terms::of("x"))), title);
    }

    #[test]
    fn a_long_description_is_shown_where_words_were_found() {
        let text = format!(
            "{} the elephants dream {}",
            "été ".repeat(200),
            "of ".repeat(200)
        );
        let fragment = shown(&fragment(&text, &Terms::of("elefants ")));
        assert!(fragment.contains("the [elephants] dream"), "{fragment}");
        assert!(fragment.len() < WINDOW + LEAD + 10, "{fragment}");
        assert!(super::fragment(&text, &Terms::of("bunny")).is_empty());
    }

    #[test]
    fn pieces_make_up_the_text() {
        for text in ["", "a", "a b", "Bunny", "bunny bunny!", "日本の映画"] {
            let pieces = whole(text, &Terms::of("bunny 映"));
            let joined: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
            assert_eq!(joined, text);
        }
    }
}
