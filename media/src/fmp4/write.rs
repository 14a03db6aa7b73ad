//! Writing boxes.

/// A box of `kind` with the content that `fill` writes.
///
/// Callers bound what they write; a box above 4 GiB would get the size that says "to the end".
pub(super) fn mp4_box(out: &mut Vec<u8>, kind: [u8; 4], fill: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&kind);
    fill(out);
    let size = u32::try_from(out.len() - start).unwrap_or(0);
    if let Some(field) = out.get_mut(start..start + 4) {
        field.copy_from_slice(&size.to_be_bytes());
    }
}

/// A box with version and flags.
pub(super) fn full_box(
    out: &mut Vec<u8>,
    kind: [u8; 4],
    version: u8,
    flags: u32,
    fill: impl FnOnce(&mut Vec<u8>),
) {
    mp4_box(out, kind, |out| {
        put_u32(out, (u32::from(version) << 24) | (flags & 0x00FF_FFFF));
        fill(out);
    });
}

pub(super) fn put_u16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_be_bytes());
}

pub(super) fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_be_bytes());
}

pub(super) fn put_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_be_bytes());
}

pub(super) fn put_zeros(out: &mut Vec<u8>, count: usize) {
    out.resize(out.len() + count, 0);
}

/// `ftyp` or `styp`: the first brand is the major one.
pub(super) fn brands(out: &mut Vec<u8>, kind: [u8; 4], brands: &[[u8; 4]]) {
    mp4_box(out, kind, |out| {
        if let Some(major) = brands.first() {
            out.extend_from_slice(major);
        }
        put_u32(out, 0);
        for brand in brands {
            out.extend_from_slice(brand);
        }
    });
}

/// Brands of a CMAF track's init segment.
pub(super) const INIT_BRANDS: [[u8; 4]; 4] = [*b"cmfc", *b"iso6", *b"isom", *b"mp41"];
/// Brands of a CMAF segment.
pub(super) const SEGMENT_BRANDS: [[u8; 4]; 4] = [*b"cmfs", *b"msdh", *b"cmfc", *b"iso6"];
