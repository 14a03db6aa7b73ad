//! Which parts count.

use std::collections::HashMap;

use data_encoding::BASE64;
use platform_blob::Part;

use super::PartPlan;

/// A part as the client announced it: what was signed, and what the store has to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownPart {
    /// From 1.
    pub(crate) number: u32,
    /// Bytes.
    pub(crate) size: u64,
    /// CRC-32C as base64 of four big-endian bytes.
    pub(crate) crc32c: String,
}

/// Says in a sentence what is wrong with `part`, if anything.
pub(crate) fn check_announced(part: &KnownPart, plan: &PartPlan) -> Result<(), String> {
    let number = part.number;
    let Some(size) = plan.size_of(number) else {
        let count = plan.count();
        return Err(format!(
            "There is no part {number}: this upload has parts 1 to {count}."
        ));
    };
    if part.size != size {
        return Err(format!(
            "Part {number} has {size} bytes, not {}. Cut the file by part_size_bytes.",
            part.size
        ));
    }
    let decoded = BASE64.decode(part.crc32c.as_bytes());
    if decoded.is_ok_and(|bytes| bytes.len() == 4) {
        return Ok(());
    }
    Err(format!(
        "The crc32c of part {number} has to be the base64 of four big-endian bytes."
    ))
}

/// Those of the `stored` parts that have the size and checksum they were announced with.
pub(crate) fn verified(announced: &[KnownPart], stored: Vec<Part>) -> Vec<Part> {
    let announced: HashMap<u32, &KnownPart> = announced.iter().map(|p| (p.number, p)).collect();
    let mut parts = stored;
    parts.retain(|part| {
        announced.get(&part.number).is_some_and(|known| {
            known.size == part.size && part.crc32c.as_deref() == Some(known.crc32c.as_str())
        })
    });
    parts.sort_by_key(|part| part.number);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(number: u32, size: u64, crc32c: &str) -> KnownPart {
        KnownPart {
            number,
            size,
            crc32c: crc32c.to_owned(),
        }
    }

    fn stored(number: u32, size: u64, crc32c: Option<&str>) -> Part {
        Part {
            number,
            size,
            etag: "e".to_owned(),
            crc32c: crc32c.map(str::to_owned),
        }
    }

    #[test]
    fn an_announced_part_has_its_place_size_and_checksum() {
        let plan = PartPlan::stored(25, 10, 1);
        assert_eq!(check_announced(&known(3, 5, "AAAAAA=="), &plan), Ok(()));
        for wrong in [
            known(0, 10, "AAAAAA=="),
            known(4, 5, "AAAAAA=="),
            known(3, 10, "AAAAAA=="),
            known(1, 10, "AAAA"),
            known(1, 10, "not base64!"),
            known(1, 10, ""),
        ] {
            assert!(check_announced(&wrong, &plan).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn only_what_is_stored_as_announced_counts() {
        let announced = [known(1, 10, "a"), known(2, 10, "b"), known(3, 5, "c")];
        let there = vec![
            stored(3, 5, Some("c")),
            stored(2, 10, Some("other")),
            stored(1, 10, Some("a")),
            stored(4, 10, Some("a")),
        ];
        let numbers: Vec<u32> = verified(&announced, there)
            .iter()
            .map(|p| p.number)
            .collect();
        assert_eq!(numbers, [1, 3]);
        assert!(verified(&announced, vec![stored(1, 10, None)]).is_empty());
    }
}
