//! Places in the order of results, as cursors carry them.

use super::{SearchError, SearchErrorKind};

/// A place in the order of results: text, then freshness, then anything that is always the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// Bits of a score that is not negative, which sort as it does.
    score: u32,
    pub(super) published_at_ms: i64,
    pub(super) tie: u64,
}

impl Rank {
    pub(super) fn new(score: f32, published_at_ms: i64, tie: u64) -> Self {
        Self {
            score: score.max(0.0).to_bits(),
            published_at_ms,
            tie,
        }
    }

    /// What the text is worth.
    pub(super) fn score(&self) -> f32 {
        f32::from_bits(self.score)
    }

    /// The place that a cursor names.
    pub(super) fn parse(text: &str) -> Result<Self, SearchError> {
        let mut numbers = text.split('.');
        let mut parse = || {
            let rank = Self {
                score: numbers.next()?.parse().ok()?,
                published_at_ms: numbers.next()?.parse().ok()?,
                tie: numbers.next()?.parse().ok()?,
            };
            let sound = rank.score().is_finite() && i64::try_from(rank.tie).is_ok();
            (sound && numbers.next().is_none()).then_some(rank)
        };
        parse().ok_or_else(|| {
            SearchError::new(SearchErrorKind::Invalid, "the cursor is not one of ours")
        })
    }
}

impl std::fmt::Display for Rank {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.score, self.published_at_ms, self.tie)
    }
}

/// Orders what is equally good and equally new. Ids are random: their beginning tells them apart.
pub(super) fn tie(video_id: &str) -> u64 {
    let first = video_id.as_bytes().first_chunk();
    // Ids are ASCII, so this changes nothing; other engines have no numbers above.
    first.map_or(0, |bytes| u64::from_be_bytes(*bytes)) & (u64::MAX >> 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_rank_comes_back_as_it_went_out_and_sorts_as_its_parts(
            a in (0_u16..500, any::<i64>(), 0..=u64::MAX >> 1),
            b in (0_u16..500, any::<i64>(), 0..=u64::MAX >> 1),
        ) {
            let rank = |(score, at, tie): (u16, i64, u64)| Rank::new(f32::from(score), at, tie);
            prop_assert_eq!(Rank::parse(&rank(a).to_string()).unwrap(), rank(a));
            prop_assert_eq!(rank(a).cmp(&rank(b)), a.cmp(&b));
        }

        #[test]
        fn whatever_is_sent_as_a_cursor_is_read_or_refused(text in "[0-9.-]{0,40}") {
            if let Ok(rank) = Rank::parse(&text) {
                prop_assert!(rank.score() >= 0.0);
            }
        }
    }
}
