//! Random nodes look random targets up; every id is known, so the true 20 nearest are, too.

use dht_rpc_native::dht::table::K;
use rand::RngExt;

use super::find_node;
use crate::simulator::network::Network;
use crate::simulator::options::Options;
use crate::simulator::report::{Report, Share};
use crate::simulator::scale::recall;

/// A lookup is good with so many of the true 20.
const GOOD: usize = 18;

/// How long the network lives under its conditions before the first lookup, in ms.
const LIVING_MS: u64 = 300_000;

/// Between two lookups, in ms.
const APART_MS: u64 = 100;

/// Counts the good ones.
pub fn run(options: &Options) -> Report {
    let mut network = Network::persistent(options.seed, options.nodes);
    network.model = options.model();
    network.run(LIVING_MS);
    count_good(&mut network, options)
}

/// Anybody looks any target up, again and again; counts the good ones.
pub fn count_good(network: &mut Network, options: &Options) -> Report {
    let first = network.users.lookups.len();
    for _ in 0..options.times {
        let n = network.anybody();
        let target = network.rng.random();
        network.look_up(n, find_node(target, options.thorough));
        network.run(APART_MS);
    }
    network.finish_lookups();
    let lookups = first..first + options.times;
    let share = Share::count(lookups.clone().map(|at| is_good(network, at)));
    network.report(share, network.mean_ms(lookups))
}

/// Whether it found 18 of the true 20.
fn is_good(network: &Network, lookup: usize) -> bool {
    let nodes = network.findable().count() - 1;
    let good = GOOD.min(nodes) as f64 / K.min(nodes) as f64;
    recall(network, &network.users.lookups[lookup]) >= good - 1e-9
}
