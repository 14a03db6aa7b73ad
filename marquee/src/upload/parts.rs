//! How a file is cut into parts.

/// One part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartRange {
    /// From 1.
    pub(crate) number: u32,
    pub(crate) offset: u64,
    pub(crate) size: u64,
}

/// The parts of a file of `file_size` bytes: all of `part_size` but the last.
pub(crate) fn cut(file_size: u64, part_size: u64) -> Vec<PartRange> {
    let part_size = part_size.max(1);
    (1..)
        .zip((0..file_size).step_by(usize::try_from(part_size).unwrap_or(usize::MAX)))
        .map(|(number, offset)| PartRange {
            number,
            offset,
            size: part_size.min(file_size - offset),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_file_without_overlap() {
        for (file, part) in [(1, 5), (5, 5), (11, 5), (1 << 30, 5 << 20)] {
            let parts = cut(file, part);
            let mut next = 0;
            for (index, piece) in parts.iter().enumerate() {
                assert_eq!((piece.number as usize, piece.offset), (index + 1, next));
                next += piece.size;
            }
            assert_eq!(next, file);
        }
    }
}
