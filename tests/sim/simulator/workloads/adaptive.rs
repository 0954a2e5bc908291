//! Adaptive nodes live for hours: open ones, ones behind every kind of NAT, ones that sleep.

use dht_rpc_native::dht::Config;
use rand::RngExt;

use crate::simulator::model::{Dependence, NatKind};
use crate::simulator::network::Network;
use crate::simulator::options::Options;
use crate::simulator::report::{Report, Share};

const LIFE_MS: u64 = 4 * 3_600_000;

/// Nodes that are persistent from the start: a quarter, and no fewer.
const LEAST_PERSISTENT: usize = 10;

/// The first three of the others are two open ones and one behind a NAT.
pub const LEAST_NODES: usize = LEAST_PERSISTENT + 3;

/// How long a host sleeps, and how long it is awake in between, in ms.
const ASLEEP_MS: u64 = 1_200_000;
const AWAKE_MS: u64 = 1_800_000;

const DEPENDENCES: [Dependence; 3] =
    [Dependence::Endpoint, Dependence::Address, Dependence::AddressAndPort];

/// Counts the open nodes that are persistent in the end, and those behind a NAT that are not.
pub fn run(options: &Options) -> Report {
    let mut network = Network::persistent(options.seed, (options.nodes / 4).max(LEAST_PERSISTENT));
    network.model = options.model();
    network.watch.calm = options.loss == 0.0;
    let mut open = Vec::new();
    let mut hidden = Vec::new();
    let mut sleepers = Vec::new();
    while network.peers.len() < options.nodes {
        match network.peers.len() % 4 {
            0 => hidden.push(behind_nat(&mut network, hidden.len())),
            1 => sleepers.push(network.join(Config::default())),
            _ => open.push(network.join(Config::default())),
        }
        network.run(1000);
    }
    live(&mut network, &sleepers);
    let ephemeral = |n: &usize| network.node(*n).is_ephemeral();
    let as_they_should = open.iter().map(|n| !ephemeral(n)).chain(hidden.iter().map(ephemeral));
    network.report(Share::count(as_they_should), 0)
}

/// A node behind a NAT of its own, of each kind in turn.
fn behind_nat(network: &mut Network, kind: usize) -> usize {
    let (mapping, filtering) = (DEPENDENCES[kind % 3], DEPENDENCES[kind / 3 % 3]);
    let random_ports = kind / 9 % 2 == 1;
    let hairpin = kind / 18 % 2 == 1;
    let nat =
        network.add_nat(NatKind { random_ports, hairpin, ..NatKind::new(mapping, filtering) });
    let n = network.add(network.joining(Config::default()), Some(nat));
    network.start(n);
    n
}

/// Hours go by. Sleepers sleep in turn, and now and then somebody sets a clock.
fn live(network: &mut Network, sleepers: &[usize]) {
    let end_ms = network.now_ms + LIFE_MS;
    while network.now_ms < end_ms {
        network.run(AWAKE_MS);
        sleepers.iter().for_each(|n| network.peers[*n].sleep());
        network.run(ASLEEP_MS);
        sleepers.iter().for_each(|n| network.wake(*n, ASLEEP_MS));
        if let Some(n) = sleepers.first() {
            let by_ms = network.rng.random_range(-3_600_000..3_600_000);
            network.peers[*n].set_clock(by_ms);
        }
    }
}
