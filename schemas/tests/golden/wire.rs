//! Messages as the wire has them: <https://protobuf.dev/programming-guides/encoding>.

/// A field as it was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Field {
    pub(crate) number: u32,
    pub(crate) kind: u32,
    /// The bytes behind the tag, without a length before them.
    pub(crate) content: Vec<u8>,
}

/// The fields of a message, in their order.
pub(crate) fn fields(mut bytes: &[u8]) -> Vec<Field> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (tag, rest) = varint(bytes);
        let (number, kind) = (
            u32::try_from(tag >> 3).unwrap(),
            u32::try_from(tag & 7).unwrap(),
        );
        let (content, rest) = match kind {
            0 => {
                let (_, after) = varint(rest);
                rest.split_at(rest.len() - after.len())
            }
            1 => rest.split_at(8),
            2 => {
                let (length, rest) = varint(rest);
                rest.split_at(usize::try_from(length).unwrap())
            }
            5 => rest.split_at(4),
            other => panic!("a field of kind {other}"),
        };
        found.push(Field {
            number,
            kind,
            content: content.to_vec(),
        });
        bytes = rest;
    }
    found
}

/// The fields in the order of their numbers: what is written in another order means the same.
pub(crate) fn sorted(bytes: &[u8]) -> Vec<Field> {
    let mut fields = fields(bytes);
    fields.sort_by_key(|field| field.number);
    fields
}

fn varint(bytes: &[u8]) -> (u64, &[u8]) {
    let length = 1 + bytes.iter().position(|byte| byte & 0x80 == 0).unwrap();
    let (number, rest) = bytes.split_at(length);
    let value = number
        .iter()
        .rev()
        .fold(0, |value, byte| (value << 7) | u64::from(byte & 0x7f));
    (value, rest)
}
