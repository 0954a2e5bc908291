//! Every datagram of a run, folded into one number: two runs with one number were the same.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use dht_rpc_native::dht::Addr;

#[derive(Clone, Debug, Default)]
pub struct Trace {
    hasher: DefaultHasher,
    datagrams: u64,
    bytes: u64,
}

impl Trace {
    /// A datagram left a peer.
    pub fn sent(&mut self, at_ms: u64, from: Addr, to: Addr, bytes: &[u8]) {
        (at_ms, from, to, bytes).hash(&mut self.hasher);
        self.datagrams += 1;
        self.bytes += bytes.len() as u64;
    }

    pub fn datagrams(&self) -> u64 {
        self.datagrams
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hasher, datagrams, bytes } = self;
        write!(f, "{datagrams} datagrams, {bytes} bytes, trace {:016x}", hasher.finish())
    }
}
