//! One network that grows, and what a lookup costs and finds at each size.

use std::collections::HashSet;
use std::fmt;

use clap::Args;
use dht_rpc_native::dht::Id;
use dht_rpc_native::dht::table::K;
use rand::RngExt;

use super::limits;
use super::network::Network;
use super::replay::Replay;
use super::users::Lookup;
use super::workloads::{SETTLING_MS, find_node};

/// Beyond this the network is watched less closely: up to it that costs a sixth of the time at most.
const WATCHED_NODES: usize = 10_000;

/// Between two lookups, in ms.
const APART_MS: u64 = 100;

/// All that a run depends on.
#[derive(Args, Clone, Debug)]
pub struct Growth {
    /// Sizes of the network, ascending
    #[arg(
        long,
        value_parser = limits::nodes,
        value_delimiter = ',',
        allow_negative_numbers = true,
        default_value = "10,30,100,300,1000,3000,10000,30000,100000"
    )]
    pub sizes: Vec<usize>,
    /// Lookups at each size
    #[arg(long, value_parser = limits::times, allow_negative_numbers = true, default_value_t = 400)]
    pub times: usize,
    #[arg(long, value_parser = limits::seed, allow_negative_numbers = true, default_value_t = 1)]
    pub seed: u64,
}

/// What was measured at one size: means over its lookups.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub nodes: usize,
    pub lookups: usize,
    /// The part of the true 20 nearest that was found.
    pub recall: f64,
    /// Requests of a lookup. Nothing is lost: each has a reply.
    pub requests: f64,
    /// From the asker to the nearest node that was found.
    pub hops: f64,
    /// Until a lookup ended, in ms.
    pub took_ms: f64,
    /// What a node has allocated, in bytes.
    pub node_bytes: f64,
    /// All datagrams of the run so far.
    pub datagrams: u64,
    /// Simulated so far, in s.
    pub simulated_s: u64,
}

/// Grows a network by real joins through all the sizes, with so many lookups at each.
pub fn run(growth: &Growth, mut measured: impl FnMut(Point)) {
    let _replay = Replay { seed: growth.seed, command: growth };
    let mut network = Network::persistent(growth.seed, 2);
    let began_ms = network.now_ms;
    for size in &growth.sizes {
        network.watch.light = *size > WATCHED_NODES;
        network.grow(*size);
        network.run(SETTLING_MS);
        let first = network.users.lookups.len();
        for _ in 0..growth.times {
            let n = network.anybody();
            let target = network.rng.random();
            network.look_up(n, find_node(target, false));
            network.run(APART_MS);
        }
        network.finish_lookups();
        measured(Point {
            simulated_s: (network.now_ms - began_ms) / 1000,
            ..point(&network, first)
        });
    }
}

impl Growth {
    /// Says what is wrong with sizes that are each allowed, but not together.
    pub fn check(&self) -> Result<(), String> {
        let sinks = self.sizes.windows(2).find(|pair| pair[0] >= pair[1]);
        sinks.map_or(Ok(()), |pair| {
            let [before, size] = [pair[0], pair[1]];
            Err(format!("invalid value '{size}' for '--sizes <SIZES>': over {before} is allowed"))
        })
    }
}

/// The command that does the same again.
impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sizes, times, seed } = self;
        let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
        write!(f, "npm run sim -- scale --seed {seed} --sizes {} --times {times}", sizes.join(","))
    }
}

impl fmt::Display for Point {
    /// One line of JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { nodes, lookups, recall, requests, hops, took_ms, .. } = self;
        let Self { node_bytes, datagrams, simulated_s, .. } = self;
        write!(f, r#"{{"nodes":{nodes},"lookups":{lookups},"recall":{recall:.6},"#)?;
        write!(f, r#""requests":{requests:.3},"hops":{hops:.3},"tookMs":{took_ms:.1},"#)?;
        write!(f, r#""nodeBytes":{node_bytes:.0},"datagrams":{datagrams},"#)?;
        write!(f, r#""simulatedSeconds":{simulated_s}}}"#)
    }
}

fn point(network: &Network, first: usize) -> Point {
    let lookups = &network.users.lookups[first..];
    let count = lookups.len().max(1) as f64;
    let mean = |of: &dyn Fn(&Lookup) -> f64| lookups.iter().map(of).sum::<f64>() / count;
    let ended = |lookup: &Lookup, of: &dyn Fn(&super::users::Ended) -> f64| {
        lookup.ended.as_ref().map_or(f64::NAN, of)
    };
    let alive = network.peers.iter().filter(|peer| peer.is_alive());
    let bytes: i64 = alive.map(|peer| peer.bytes).sum();
    Point {
        nodes: network.findable().count(),
        lookups: lookups.len(),
        recall: mean(&|lookup| recall(network, lookup)),
        requests: mean(&|lookup| ended(lookup, &|ended| f64::from(ended.visits))),
        hops: mean(&|lookup| ended(lookup, &|ended| f64::from(ended.hops))),
        took_ms: mean(&|lookup| ended(lookup, &|ended| (ended.at_ms - lookup.made_ms) as f64)),
        node_bytes: bytes as f64 / network.peers.len() as f64,
        datagrams: network.trace.datagrams(),
        simulated_s: 0,
    }
}

/// The part of the true nearest that a lookup found.
pub fn recall(network: &Network, lookup: &Lookup) -> f64 {
    let nearest: HashSet<Id> =
        network.nearest(&lookup.target, K, lookup.peer).into_iter().collect();
    let closest = lookup.ended.iter().flat_map(|ended| &ended.closest);
    closest.filter(|id| nearest.contains(id)).count() as f64 / nearest.len().max(1) as f64
}
