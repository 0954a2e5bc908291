//! The network falls apart for an hour and comes together again.

use rand::RngExt;

use super::lookups;
use crate::simulator::network::Network;
use crate::simulator::options::Options;
use crate::simulator::report::Report;

const SPLIT_MS: u64 = 3_600_000;

/// After this lookups have to find what is on the other side, in ms.
const HEALED_MS: u64 = 600_000;

/// Counts the good lookups when the network was whole again for ten minutes. Each side has one of
/// the two entry points, and half of the rest.
pub fn run(options: &Options) -> Report {
    let mut network = Network::persistent(options.seed, options.nodes);
    network.model = options.model();
    for n in 0..network.peers.len() {
        network.peers[n].side = if n < 2 { n as u8 } else { network.rng.random_range(0..2) };
    }
    network.split = true;
    network.run(SPLIT_MS);
    network.split = false;
    network.run(HEALED_MS);
    lookups::count_good(&mut network, options)
}
