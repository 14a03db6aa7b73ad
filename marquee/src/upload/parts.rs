//! How a file is cut into parts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::{CrcAlgorithm, checksum};

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

/// CRC-32C (Castagnoli) of `bytes`, as S3 writes it: base64 of four big-endian bytes.
pub(crate) fn crc32c(bytes: &[u8]) -> String {
    let [.., a, b, c, d] = checksum(CrcAlgorithm::Crc32Iscsi, bytes).to_be_bytes();
    STANDARD.encode([a, b, c, d])
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

    #[test]
    fn the_checksum_is_the_one_that_s3_uses() {
        // RFC 3720, B.4: 32 bytes of zeroes have the CRC aa 36 91 8a in little-endian order.
        assert_eq!(crc32c(&[0; 32]), STANDARD.encode([0x8a, 0x91, 0x36, 0xaa]));
    }
}
