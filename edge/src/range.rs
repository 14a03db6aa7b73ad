//! `Range`, `If-Range` and `If-None-Match` (RFC 9110, sections 13 and 14).

use std::ops::Range;

/// What a request's `Range` asks for of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Everything: there is no range, or one that may be ignored.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes that the file does not have.
    Impossible,
}

/// Reads a `Range` for a file of `size` bytes. What is malformed, and what asks for several
/// ranges, is ignored, as the standard allows.
pub(crate) fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some(spec) = header.and_then(|text| text.trim().strip_prefix("bytes=")) else {
        return Wanted::Whole;
    };
    let Some((first, last)) = spec.trim().split_once('-') else {
        return Wanted::Whole;
    };
    match (position(first), position(last)) {
        (Some(Position::Absent), Some(Position::At(suffix))) => {
            satisfiable(size.saturating_sub(suffix)..size)
        }
        (Some(Position::At(first)), Some(Position::Absent)) => satisfiable(first..size),
        (Some(Position::At(first)), Some(Position::At(last))) if first <= last => {
            satisfiable(first..last.saturating_add(1).min(size))
        }
        _ => Wanted::Whole,
    }
}

fn satisfiable(range: Range<u64>) -> Wanted {
    if range.is_empty() {
        Wanted::Impossible
    } else {
        Wanted::Part(range)
    }
}

enum Position {
    Absent,
    At(u64),
}

/// `None` when it is not a number. One too large for us is larger than any file.
fn position(text: &str) -> Option<Position> {
    match text {
        "" => Some(Position::Absent),
        _ if text.bytes().all(|b| b.is_ascii_digit()) => {
            Some(Position::At(text.parse().unwrap_or(u64::MAX)))
        }
        _ => None,
    }
}

/// Whether an `If-None-Match` knows `etag` already.
pub(crate) fn is_known(if_none_match: Option<&str>, etag: &str) -> bool {
    if_none_match.is_some_and(|list| {
        list.trim() == "*"
            || list
                .split(',')
                .map(str::trim)
                .any(|one| one.strip_prefix("W/").unwrap_or(one) == etag)
    })
}

/// Whether the range may be answered: there is no `If-Range`, or it names this very `etag`.
pub(crate) fn range_holds(if_range: Option<&str>, etag: &str) -> bool {
    if_range.is_none_or(|one| one.trim() == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_file() {
        for (header, expected) in [
            ("bytes=0-0", 0..1),
            ("bytes=2-5", 2..6),
            ("bytes=2-", 2..10),
            ("bytes=2-99", 2..10),
            ("bytes=-3", 7..10),
            ("bytes=-99", 0..10),
            ("bytes=9-99999999999999999999999", 9..10),
            ("bytes=0-18446744073709551615", 0..10),
        ] {
            assert_eq!(wanted(Some(header), 10), Wanted::Part(expected), "{header}");
        }
    }

    #[test]
    fn what_the_file_does_not_have_is_impossible() {
        for header in [
            "bytes=10-",
            "bytes=10-20",
            "bytes=-0",
            "bytes=99999999999999999999-",
        ] {
            assert_eq!(wanted(Some(header), 10), Wanted::Impossible, "{header}");
        }
        assert_eq!(wanted(Some("bytes=0-0"), 0), Wanted::Impossible);
    }

    #[test]
    fn what_is_no_range_is_ignored() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-2",
            "bytes=a-b",
            "items=0-1",
            "bytes=0-1,3-4",
            "bytes=+1-2",
            "bytes=1--2",
        ] {
            assert_eq!(wanted(Some(header), 10), Wanted::Whole, "{header}");
        }
        assert_eq!(wanted(None, 10), Wanted::Whole);
    }

    #[test]
    fn tags_are_compared_as_the_standard_says() {
        assert!(is_known(Some("\"x\", W/\"a\""), "\"a\""));
        assert!(is_known(Some("*"), "\"a\""));
        assert!(!is_known(Some("\"b\""), "\"a\""));
        assert!(!is_known(None, "\"a\""));
        assert!(range_holds(None, "\"a\""));
        assert!(range_holds(Some("\"a\""), "\"a\""));
        assert!(!range_holds(Some("W/\"a\""), "\"a\""));
        assert!(!range_holds(Some("Wed, 21 Oct 2015 07:28:00 GMT"), "\"a\""));
    }
}
