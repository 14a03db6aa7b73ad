//! Places in lists, as clients carry them.

use platform_http::Problem;
use schemas::VideoId;

use super::failure::bad_cursor;
use crate::store::Position;

/// The place as text, to be given back as it is.
pub(super) fn write(position: &Position) -> String {
    format!("{}.{}", position.at_ms, position.video_id)
}

/// The place that `text` names; the start when there is none.
pub(super) fn read(text: Option<&str>) -> Result<Position, Problem> {
    let Some(text) = text else {
        return Ok(Position::start());
    };
    let parse = || {
        let (at_ms, video_id) = text.split_once('.')?;
        Some(Position {
            at_ms: at_ms.parse().ok()?,
            video_id: video_id.parse::<VideoId>().ok()?.into(),
        })
    };
    parse().ok_or_else(bad_cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went_out() {
        let position = Position {
            at_ms: -5,
            video_id: "a".repeat(26),
        };
        assert_eq!(read(Some(&write(&position))).unwrap(), position);
        for text in ["", ".", "1.", "x.aaaaaaaaaaaaaaaaaaaaaaaaaa", "1.' OR 1=1"] {
            assert!(read(Some(text)).is_err(), "{text}");
        }
    }
}
