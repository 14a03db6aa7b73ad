//! What people are told when an upload does not go on.

use actix_web::http::StatusCode;
use platform_blob::BlobErrorKind;
use platform_http::Problem;

use crate::domain::{Full, State};
use crate::error::UploadError;

/// More part numbers than this are of no use in a sentence.
const NAMED: usize = 20;

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::NotFound => Self::not_found(
                "There is no upload with this id. It may have been given up; start again.",
            ),
            UploadError::NothingToReplace => Self::not_found(
                "There is no film of yours with this id whose file could be replaced. One whose first \
                 file is still on its way has none yet.",
            ),
            UploadError::Invalid(sentence) => Self::bad_request(sentence),
            UploadError::TooLarge { limit } => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "upload-too-large",
                "The file is too large",
                format!("Files of up to {} are taken here.", readable(limit)),
            ),
            UploadError::Full(full) => quota_reached(full),
            UploadError::Closed(state) => closed(state),
            UploadError::PartsMissing(missing) => Self::new(
                StatusCode::CONFLICT,
                "upload-parts-missing",
                "Parts are missing",
                parts_missing(&missing),
            ),
            UploadError::Restarted => Self::new(
                StatusCode::CONFLICT,
                "upload-restarted",
                "The upload has to begin again",
                "The object store has lost what was sent. Ask for the upload and send its parts again.",
            ),
            UploadError::Db(cause) if cause.retryable() => Self::unavailable(2, cause),
            UploadError::Blob(cause) if cause.kind() == BlobErrorKind::Full => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "storage-full",
                "There is no space left",
                "The object store is full. Try again when its operator has made space.",
            )
            .retry_after(60)
            .caused_by(cause),
            UploadError::Blob(cause) if cause.retryable() => Self::unavailable(2, cause),
            error @ (UploadError::Db(_) | UploadError::Blob(_)) => Self::internal(error),
        }
    }
}

fn quota_reached(full: Full) -> Problem {
    let detail = match full {
        Full::Storage { left, limit } => format!(
            "{} of your {} are left. Delete films that you do not need, or ask an admin for more.",
            about(left),
            about(limit)
        ),
        Full::Day { left, limit } => format!(
            "{} of the {} that you may upload in a day are left. Go on tomorrow, or ask an admin for \
             more.",
            about(left),
            about(limit)
        ),
    };
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "quota-reached",
        "The file does not fit into what you may upload",
        detail,
    )
}

/// In the largest unit of which there is one at least, rounded down, lest a file is made that does
/// not fit after all.
fn about(bytes: u64) -> String {
    let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    let fitting = units.into_iter().find(|(bits, _)| bytes >> bits > 0);
    fitting.map_or_else(
        || format!("{bytes} bytes"),
        |(bits, unit)| {
            let tenths = (u128::from(bytes) * 10) >> bits;
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        },
    )
}

fn closed(state: State) -> Problem {
    let detail = match state {
        State::Complete | State::Completing | State::Discarding | State::Discarded => {
            "This upload is complete: nothing can be added to it or taken from it."
        }
        State::Abandoned => "This upload was given up. Start it again.",
        State::Opening | State::Open => "The upload has just changed. Ask for it and try again.",
    };
    Problem::new(
        StatusCode::CONFLICT,
        "upload-closed",
        "The upload does not take this any more",
        detail,
    )
}

fn parts_missing(missing: &[u32]) -> String {
    let named: Vec<String> = missing.iter().take(NAMED).map(u32::to_string).collect();
    let named = named.join(", ");
    match missing.len() {
        1 => format!("Part {named} is not stored as announced. Send it and complete again."),
        n if n > NAMED => format!(
            "{n} parts are not stored as announced: {named} and others. Send them and complete again."
        ),
        _ => format!("Parts {named} are not stored as announced. Send them and complete again."),
    }
}

fn readable(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes;
    let mut units = UNITS.into_iter();
    let mut unit = units.next().unwrap_or_default();
    for next in units {
        if value < 1024 || !value.is_multiple_of(1024) {
            break;
        }
        value /= 1024;
        unit = next;
    }
    format!("{value} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_name_what_is_missing() {
        assert!(parts_missing(&[3]).starts_with("Part 3 is"));
        assert!(parts_missing(&[3, 5]).starts_with("Parts 3, 5 are"));
        let many: Vec<u32> = (1..=50).collect();
        assert!(parts_missing(&many).contains("50 parts"));
    }

    #[test]
    fn what_is_left_is_rounded_down() {
        assert_eq!(about(1023), "1023 bytes");
        assert_eq!(about((3 << 30) + (999 << 20)), "3.9 GiB");
        assert_eq!(about(u64::MAX), "16777215.9 TiB");
    }

    #[test]
    fn sizes_are_readable() {
        assert_eq!(readable(64 << 30), "64 GiB");
        assert_eq!(readable(1000), "1000 bytes");
        assert_eq!(readable(5000 << 10), "5000 KiB");
    }
}
