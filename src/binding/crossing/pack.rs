//! The frame of records, in either direction: little-endian, a head of two words,
//! `length | kind << 24` and the handle of whom it is about, then the fields. Its length is a multiple
//! of 8 bytes, so that words and doubles are aligned in the slab.

/// Bytes of a record's head.
pub const HEAD: usize = 8;

const KIND_SHIFT: u32 = 24;

/// The length that a record's first word tells.
pub fn length(first_word: u32) -> usize {
    (first_word & ((1 << KIND_SHIFT) - 1)) as usize
}

/// The kind that a record's first word tells.
pub fn kind(first_word: u32) -> u32 {
    first_word >> KIND_SHIFT
}

/// Appends a record with the fields that `write` appends.
pub fn record(out: &mut Vec<u8>, kind: u8, handle: u32, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    words(out, &[0, handle]);
    write(out);
    pad(out);
    let head = (out.len() - start) as u32 | u32::from(kind) << KIND_SHIFT;
    out[start..start + 4].copy_from_slice(&head.to_le_bytes());
}

pub fn words(out: &mut Vec<u8>, words: &[u32]) {
    words.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
}

pub fn double(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// Fills up to the next multiple of 8 bytes.
pub fn pad(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(8), 0);
}

/// `bit` if it is on.
pub fn flag(on: bool, bit: u32) -> u32 {
    if on { bit } else { 0 }
}
