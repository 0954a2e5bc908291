//! Nodes come and go; values are committed anew by those who published them.

use dht_rpc_native::dht::Config;
use dht_rpc_native::dht::table::K;
use rand::RngExt;

use super::storage::Written;
use super::{ENTRIES, read, write};
use crate::simulator::network::Network;
use crate::simulator::options::Options;
use crate::simulator::peer::UnderWay;
use crate::simulator::report::{Report, Share};

/// In so many ms half of the nodes are replaced that were there before, and every value is committed
/// twice.
const HALF_LIFE_MS: u64 = 600_000;
const COMMITS_APART_MS: u64 = HALF_LIFE_MS / 2;

/// Peers who live for ever and publish, the entry points not among them, and values of each.
const PUBLISHERS: usize = 10;
const VALUES: usize = 4;

/// Everybody holds everything in a network that is smaller.
pub const LEAST_NODES: usize = ENTRIES + PUBLISHERS + K;

/// How often half of the network goes.
const HALF_LIVES: u64 = 3;

/// Counts the reads that find the value.
pub fn run(options: &Options) -> Report {
    let mut network = Network::persistent(options.seed, options.nodes);
    network.model = options.model();
    network.run(60_000);
    let values = new_values(&mut network);
    let life_ms = HALF_LIFE_MS * 2 / options.nodes as u64;
    let reads_apart_ms = HALF_LIVES * HALF_LIFE_MS / options.times as u64;
    let (begin_ms, end_ms) = (network.now_ms, network.now_ms + HALF_LIVES * HALF_LIFE_MS);
    let [mut commit_ms, mut replace_ms, mut read_ms] = [begin_ms, begin_ms, begin_ms + 30_000];
    let (mut half_life_ms, mut old) = (begin_ms, 0);
    let mut reads = Vec::new();
    while network.now_ms < end_ms {
        if network.now_ms >= commit_ms {
            commit_ms += COMMITS_APART_MS;
            commit(&mut network, &values, options.thorough);
        }
        while network.now_ms >= replace_ms {
            if replace_ms >= half_life_ms {
                half_life_ms += HALF_LIFE_MS;
                old = network.peers.len();
            }
            replace_ms += life_ms;
            replace(&mut network, old);
        }
        while network.now_ms >= read_ms {
            read_ms += reads_apart_ms;
            let written = &values[network.rng.random_range(0..values.len())].1;
            let (target, value) = (written.target, written.value.clone());
            if let Some(reader) = network.reader(&target) {
                reads.push((network.look_up(reader, read(target, options.thorough)), value));
            }
        }
        network.run(100);
    }
    network.finish_lookups();
    let over = reads.iter().filter_map(|(lookup, value)| {
        let lookup = &network.users.lookups[*lookup];
        // A reader that was replaced reads no more.
        lookup.ended.as_ref().map(|_| lookup.value.as_ref() == Some(value))
    });
    network.report(Share::count(over), network.mean_ms(reads.iter().map(|(lookup, _)| *lookup)))
}

fn new_values(network: &mut Network) -> Vec<(usize, Written)> {
    let publishers = (ENTRIES..ENTRIES + PUBLISHERS).flat_map(|n| [n; VALUES]);
    let written = publishers.map(|n| {
        let value: [u8; 8] = network.rng.random();
        (n, Written { target: network.rng.random(), value: value.into() })
    });
    written.collect()
}

fn commit(network: &mut Network, values: &[(usize, Written)], thorough: bool) {
    for (publisher, written) in values {
        let reading = |lookup: &UnderWay| lookup.target == written.target;
        // It commits with the next ones.
        if !network.peers[*publisher].lookups.iter().any(reading) {
            network.look_up(*publisher, write(written.target, &written.value, thorough));
        }
    }
}

/// One of the first `old` nodes goes without a word, another one joins.
fn replace(network: &mut Network, old: usize) {
    loop {
        let n = network.anybody();
        if (ENTRIES + PUBLISHERS..old).contains(&n) {
            network.kill(n);
            break;
        }
    }
    network.join(Config { ephemeral: Some(false), ..Config::default() });
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::simulator::peer::Peer;

    #[test]
    fn newcomers_are_not_replaced() {
        let mut network = Network::persistent(1, 40);
        for _ in 0..20 {
            replace(&mut network, 40);
            network.run(2000);
        }
        let alive = |peers: &[Peer]| peers.iter().filter(|peer| peer.is_alive()).count();
        assert_eq!(network.peers.len(), 60);
        assert_eq!([alive(&network.peers[..40]), alive(&network.peers[40..])], [20, 20]);
    }
}
