use base64::{Engine, prelude::BASE64_STANDARD};
use crc_fast::{CrcAlgorithm, Digest};

/// CRC-32C as the protocol writes it: base64 of four big-endian bytes.
pub fn crc32c_base64(bytes: &[u8]) -> String {
    let mut digest = Digest::new(CrcAlgorithm::Crc32Iscsi);
    digest.update(bytes);
    let [.., a, b, c, d] = digest.finalize().to_be_bytes();
    BASE64_STANDARD.encode([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_checksum_of_rfc_3720() {
        assert_eq!(crc32c_base64(&[0; 32]), "ipE2qg==");
        assert_eq!(crc32c_base64(b""), "AAAAAA==");
    }
}
