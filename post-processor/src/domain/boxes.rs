//! Whether bytes are the fragmented MP4 that they should be, as far as a player looks first.

/// Bytes that no player would take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BoxesError {
    /// A box ends where the file does not.
    #[error("the boxes do not add up to the file")]
    Sizes,
    /// A box that must be there is not.
    #[error("there is no {0} box")]
    Missing(&'static str),
}

/// Checks an init segment.
pub(crate) fn init(bytes: &[u8]) -> Result<(), BoxesError> {
    require(bytes, ["ftyp", "moov"])
}

/// Checks a media segment.
pub(crate) fn segment(bytes: &[u8]) -> Result<(), BoxesError> {
    require(bytes, ["moof", "mdat"])
}

fn require(bytes: &[u8], kinds: [&'static str; 2]) -> Result<(), BoxesError> {
    let found = kinds_of(bytes)?;
    kinds
        .into_iter()
        .find(|kind| !found.contains(&kind.as_bytes()))
        .map_or(Ok(()), |kind| Err(BoxesError::Missing(kind)))
}

/// The types of the boxes, which must fill `bytes` exactly.
fn kinds_of(mut bytes: &[u8]) -> Result<Vec<&[u8]>, BoxesError> {
    let mut kinds = Vec::new();
    while !bytes.is_empty() {
        let (size, rest) = bytes.split_first_chunk::<4>().ok_or(BoxesError::Sizes)?;
        let (kind, rest) = rest.split_first_chunk::<4>().ok_or(BoxesError::Sizes)?;
        let size = match u32::from_be_bytes(*size) {
            1 => rest
                .first_chunk::<8>()
                .map(|long| u64::from_be_bytes(*long)),
            short => Some(u64::from(short)),
        };
        let size = size.and_then(|size| usize::try_from(size).ok());
        let size = size.filter(|size| *size >= 8).ok_or(BoxesError::Sizes)?;
        bytes = bytes.get(size..).ok_or(BoxesError::Sizes)?;
        kinds.push(kind.as_slice());
    }
    Ok(kinds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &str, body: usize) -> Vec<u8> {
        let size = u32::try_from(8 + body).unwrap();
        [&size.to_be_bytes(), kind.as_bytes(), &vec![0; body]].concat()
    }

    #[test]
    fn whole_boxes_of_the_right_kinds_pass() {
        let good = [boxed("styp", 4), boxed("moof", 9), boxed("mdat", 0)].concat();
        assert_eq!(segment(&good), Ok(()));
        assert_eq!(init(&good), Err(BoxesError::Missing("ftyp")));
        let long = [&[0, 0, 0, 1], b"mdat".as_slice(), &16_u64.to_be_bytes()].concat();
        assert_eq!(segment(&[boxed("moof", 0), long].concat()), Ok(()));
    }

    #[test]
    fn what_is_cut_or_no_mp4_does_not() {
        let good = [boxed("moof", 9), boxed("mdat", 5)].concat();
        for cut in 1..good.len() {
            assert!(segment(&good[..cut]).is_err(), "{cut}");
        }
        assert!(segment(b"").is_err());
        assert!(segment(b"<html></html>").is_err());
    }
}
