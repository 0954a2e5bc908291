//! Values committed to the 20 nearest, whose holders go; somebody reads.

use dht_rpc_native::dht::table::K;
use dht_rpc_native::dht::*;
use rand::RngExt;
use rand::seq::SliceRandom;

use super::{ENTRIES, read, write};
use crate::simulator::network::Network;
use crate::simulator::options::Options;
use crate::simulator::report::{Report, Share};

/// Reads of each value.
const READS: usize = 10;

/// All but one of the holders go; readers are others, and read at the same time.
pub const LEAST_NODES: usize = K + READS;

/// Between two reads, in ms.
const APART_MS: u64 = 500;

/// After this no commit is under way any more, in ms.
const COMMITTED_MS: u64 = 5000;

/// So many values in a row can only be of no use if the network lets no commit through.
const MAX_USELESS: usize = 1000;

/// What was written, for readers to compare.
pub struct Written {
    pub target: Bytes32,
    pub value: Box<[u8]>,
}

/// Commits a value, kills all of its holders but one, and counts the reads that find it; then
/// others join in the place of the dead, and another value is committed.
///
/// # Panics
/// If the network lets no commit through.
pub fn run(options: &Options) -> Report {
    let mut network = Network::persistent(options.seed, options.nodes);
    network.model = options.model();
    network.run(60_000);
    let mut reads = Vec::new();
    while reads.len() < options.times {
        let (written, holders) = network.hold_any(options.thorough);
        let killed = network.kill_but_one(holders);
        for _ in 0..READS.min(options.times - reads.len()) {
            if let Some(reader) = network.reader(&written.target) {
                let lookup = network.look_up(reader, read(written.target, options.thorough));
                reads.push((lookup, written.value.clone()));
            }
            network.run(APART_MS);
        }
        network.finish_lookups();
        network.grow_by(killed);
        network.run(30_000);
    }
    let found = reads
        .iter()
        .map(|(lookup, value)| network.users.lookups[*lookup].value.as_deref() == Some(value));
    network.report(Share::count(found), network.mean_ms(reads.iter().map(|(lookup, _)| *lookup)))
}

impl Network {
    /// Commits values until one is held by `K` peers who may all go; returns it, with them. The
    /// entry points may not: others join by them.
    fn hold_any(&mut self, thorough: bool) -> (Written, Vec<usize>) {
        for _ in 0..MAX_USELESS {
            let written = self.commit_any(thorough);
            self.finish_lookups();
            self.run(COMMITTED_MS);
            let holders = self.holders(&written.target);
            if holders.len() == K && holders.iter().all(|n| *n >= ENTRIES) {
                return (written, holders);
            }
        }
        panic!("none of {MAX_USELESS} values reached {K} holders");
    }

    /// Somebody commits a new value.
    fn commit_any(&mut self, thorough: bool) -> Written {
        let publisher = self.anybody();
        let target: Bytes32 = self.rng.random();
        let value: [u8; 8] = self.rng.random();
        self.look_up(publisher, write(target, &value, thorough));
        Written { target, value: value.into() }
    }

    /// Peers that live and hold a value.
    fn holders(&self, target: &Bytes32) -> Vec<usize> {
        let peers = self.peers.iter().enumerate();
        let holders = peers.filter(|(_, peer)| peer.is_alive() && peer.store.contains_key(target));
        holders.map(|(n, _)| n).collect()
    }

    /// Any one of them stays alive. Returns how many were killed.
    fn kill_but_one(&mut self, mut holders: Vec<usize>) -> usize {
        holders.shuffle(&mut self.rng);
        holders.pop();
        holders.iter().for_each(|n| self.kill(*n));
        holders.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_twenty_holders_is_left() {
        let mut network = Network::persistent(1, 60);
        for killed in (19..100).step_by(19) {
            let (written, holders) = network.hold_any(true);
            assert_eq!(network.holders(&written.target), holders);
            assert_eq!(network.kill_but_one(holders), 19);
            assert_eq!(network.holders(&written.target).len(), 1);
            network.grow_by(19);
            assert_eq!(network.peers.iter().filter(|peer| !peer.is_alive()).count(), killed);
            assert!((0..ENTRIES).all(|n| network.peers[n].is_alive()));
        }
    }
}
