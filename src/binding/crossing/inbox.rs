//! What JavaScript sends in batches: records one after the other, and their fields.

use std::net::Ipv4Addr;

use super::pack::{self, HEAD};

/// Largest integer that JavaScript holds exactly, which is also the protocol's largest `uint`.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// A record of a batch.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    pub kind: u32,
    pub handle: u32,
    /// Those of the whole record, its head among them.
    pub bytes: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The record that `bytes` begin with.
    pub fn first(bytes: &'a [u8]) -> Option<Self> {
        let mut head = Input(bytes);
        let word = head.word()?;
        let handle = head.word()?;
        let length = pack::length(word);
        let bytes = bytes.get(..length).filter(|bytes| bytes.len() >= HEAD)?;
        Some(Self { kind: pack::kind(word), handle, bytes })
    }

    /// The bytes after the head.
    pub fn body(&self) -> &'a [u8] {
        &self.bytes[HEAD..]
    }
}

/// The records of a batch, up to the first whose length is none.
pub fn frames(batch: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    let mut rest = batch;
    std::iter::from_fn(move || {
        let frame = Frame::first(rest)?;
        rest = &rest[frame.bytes.len()..];
        Some(frame)
    })
}

/// Reads fields in their order; `None` where the bytes end too early.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    pub fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn word(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    pub fn ip(&mut self) -> Option<Ipv4Addr> {
        self.word().map(Ipv4Addr::from_bits)
    }

    /// A double that is an unsigned integer.
    pub fn uint(&mut self) -> Option<u64> {
        let value = self.take(8)?.try_into().ok().map(f64::from_le_bytes)?;
        (value.fract() == 0.0 && (0.0..=MAX_SAFE_INTEGER).contains(&value)).then_some(value as u64)
    }

    pub fn bytes32(&mut self) -> Option<[u8; 32]> {
        self.take(32)?.try_into().ok()
    }

    pub fn bytes32_if(&mut self, present: bool) -> Option<Option<[u8; 32]>> {
        if present { self.bytes32().map(Some) } else { Some(None) }
    }

    pub fn boxed_if(&mut self, present: bool, len: usize) -> Option<Option<Box<[u8]>>> {
        if present { self.take(len).map(|bytes| Some(bytes.into())) } else { Some(None) }
    }
}
