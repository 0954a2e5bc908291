//! Values committed to the 20 nearest, whose holders go; somebody reads.

use dht_rpc_native::proto::*;
use rand::RngExt;
use rand::seq::SliceRandom;

use super::{read, write};
use crate::simulator::network::Network;
use crate::simulator::options::Options;
use crate::simulator::report::{Report, Share};

/// Values of a round, and reads of each.
const VALUES: usize = 5;
const READS: usize = 10;

/// Between two reads, in ms.
const APART_MS: u64 = 500;

/// What was written, for readers to compare.
pub struct Written {
    pub target: Bytes32,
    pub value: Box<[u8]>,
}

/// Commits values, kills all holders of each but one, and counts the reads that find the value;
/// then others join in the place of the dead.
pub fn run(options: &Options) -> Report {
    let mut network = Network::persistent(options.seed, options.nodes);
    network.model = options.model();
    network.run(60_000);
    let first = network.users.lookups.len();
    let mut reads = Vec::new();
    while reads.len() < options.times {
        let values: Vec<Written> =
            (0..VALUES).map(|_| network.commit_any(options.thorough)).collect();
        network.finish_lookups();
        let killed = network.kill_holders(&values);
        for _ in 0..READS {
            for written in &values {
                let reader = network.reader(&written.target);
                let lookup = network.look_up(reader, read(written.target, options.thorough));
                reads.push((lookup, written.value.clone()));
                network.run(APART_MS);
            }
        }
        network.finish_lookups();
        network.grow_by(killed);
        network.run(30_000);
    }
    let found = reads
        .iter()
        .map(|(lookup, value)| network.users.lookups[*lookup].value.as_deref() == Some(value));
    network.report(Share::count(found), network.mean_ms(first))
}

impl Network {
    /// Somebody commits a new value.
    pub fn commit_any(&mut self, thorough: bool) -> Written {
        let publisher = self.anybody();
        let target: Bytes32 = self.rng.random();
        let value: [u8; 8] = self.rng.random();
        self.look_up(publisher, write(target, &value, thorough));
        Written { target, value: value.into() }
    }

    /// Of each value one holder stays alive. Returns how many were killed.
    fn kill_holders(&mut self, values: &[Written]) -> usize {
        let mut spared = Vec::new();
        let mut doomed = Vec::new();
        for written in values {
            let peers = self.peers.iter().enumerate();
            let holders = peers.filter(|(_, peer)| peer.store.contains_key(&written.target));
            let mut holders: Vec<usize> = holders.map(|(n, _)| n).collect();
            holders.shuffle(&mut self.rng);
            spared.extend(holders.pop());
            doomed.extend(holders);
        }
        doomed.sort_unstable();
        doomed.dedup();
        // The entry points stay.
        doomed.retain(|n| *n > 1 && !spared.contains(n));
        doomed.iter().for_each(|n| self.kill(*n));
        doomed.len()
    }
}
