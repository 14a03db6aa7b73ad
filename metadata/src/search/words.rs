//! Text becomes words that compare equal when people would say they are the same.

use std::ops::Range;

use ::tantivy::tokenizer::{AsciiFoldingFilter, TextAnalyzer, Token, TokenStream, Tokenizer};

/// The analyzer's name in the index.
pub(super) const ANALYZER: &str = "marquee-words-1";

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// In lower case, without accents.
    pub(super) folded: String,
    /// Where it stands in the text, in bytes.
    pub(super) range: Range<usize>,
}

/// The words of `text`.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut analyzer = analyzer();
    analyzer.token_stream(text).process(&mut |token| {
        found.push(Word {
            folded: token.text.clone(),
            range: token.offset_from..token.offset_to,
        });
    });
    found
}

/// The words of `text` with spaces between them.
pub(super) fn joined(text: &str) -> String {
    let folded: Vec<String> = words(text).into_iter().map(|word| word.folded).collect();
    folded.join(" ")
}

/// How titles and descriptions are indexed.
pub(super) fn analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(WordTokenizer)
        .filter(AsciiFoldingFilter)
        .build()
}

/// Splits where no letter, digit or accent is; writing without spaces is split everywhere.
#[derive(Debug, Clone)]
struct WordTokenizer;

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = Words;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Words {
        Words {
            tokens: split(text).into_iter(),
            current: Token::default(),
        }
    }
}

struct Words {
    tokens: std::vec::IntoIter<Token>,
    current: Token,
}

impl TokenStream for Words {
    fn advance(&mut self) -> bool {
        match self.tokens.next() {
            Some(token) => {
                self.current = token;
                true
            }
            None => false,
        }
    }

    fn token(&self) -> &Token {
        &self.current
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.current
    }
}

fn split(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut open = false;
    for (at, c) in text.char_indices() {
        let alone = is_written_without_spaces(c);
        let continues = is_accent(c) || (c.is_alphanumeric() && !alone);
        if !(c.is_alphanumeric() || (open && is_accent(c))) {
            open = false;
            continue;
        }
        if !(open && continues) {
            tokens.push(Token {
                offset_from: at,
                position: tokens.len(),
                position_length: 1,
                ..Token::default()
            });
        }
        open = !alone;
        if let Some(token) = tokens.last_mut() {
            token.offset_to = at + c.len_utf8();
            let folded = c.to_lowercase().filter(|c| !is_accent(*c));
            token.text.extend(folded);
        }
    }
    tokens
}

/// Combining marks, which come after their letter where text is decomposed, as in file names of
/// some systems.
fn is_accent(c: char) -> bool {
    matches!(
        u32::from(c),
        0x0300..=0x036f | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xfe20..=0xfe2f
    )
}

/// Han, Hiragana and Katakana.
fn is_written_without_spaces(c: char) -> bool {
    matches!(
        u32::from(c),
        0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3134f
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.folded).collect()
    }

    #[test]
    fn case_and_accents_do_not_matter() {
        for text in [
            "Crème brûlée",
            "CREME  BRULEE!",
            "cre\u{300}me bru\u{302}le\u{301}e",
        ] {
            assert_eq!(folded(text), ["creme", "brulee"], "{text}");
        }
        assert_eq!(
            folded("İstanbul Straße Łódź"),
            ["istanbul", "strasse", "lodz"]
        );
        assert_eq!(folded("Фильм"), ["фильм"]);
    }

    #[test]
    fn words_are_split_where_people_would() {
        assert_eq!(
            folded("big_buck-bunny.720p"),
            ["big", "buck", "bunny", "720p"]
        );
        assert_eq!(folded("映画 2個"), ["映", "画", "2", "個"]);
        assert_eq!(folded(" \u{301}... "), Vec::<String>::new());
    }

    #[test]
    fn a_word_knows_where_it_stands() {
        let text = "«Café» noir";
        let cut: Vec<&str> = words(text)
            .into_iter()
            .filter_map(|word| text.get(word.range))
            .collect();
        assert_eq!(cut, ["Café", "noir"]);
    }
}
