//! Things that happen in a network, and what they count.

mod adaptive;
mod chaos;
mod churn;
mod hostile;
mod lookups;
mod partition;
mod storage;

use dht_rpc_native::dht::wire::command;
use dht_rpc_native::dht::*;
use rand::RngExt;
use rand::seq::IteratorRandom;

use super::network::Network;
use super::options::{Options, Workload};
use super::replay::Replay;
use super::report::{Report, Share};
use super::users::STORE;

/// Runs the workload that the options name.
pub fn run(options: &Options) -> Report {
    let _replay = Replay { seed: options.seed, command: options };
    options.check().unwrap_or_else(|message| panic!("{message}"));
    match options.workload {
        Workload::Lookups => lookups::run(options),
        Workload::Storage => storage::run(options),
        Workload::Churn => churn::run(options),
        Workload::Partition => partition::run(options),
        Workload::Adaptive => adaptive::run(options),
        Workload::Chaos => chaos::run(options),
    }
}

/// The fewest nodes that the workload can do with.
pub fn least_nodes(workload: Workload) -> usize {
    match workload {
        Workload::Lookups | Workload::Partition | Workload::Chaos => ENTRIES + 1,
        Workload::Storage => storage::LEAST_NODES,
        Workload::Churn => churn::LEAST_NODES,
        Workload::Adaptive => adaptive::LEAST_NODES,
    }
}

/// Entry points: the first peers, who are always there.
const ENTRIES: usize = 2;

/// Time that a fresh network is given to settle, in ms.
pub const SETTLING_MS: u64 = 10_000;

/// In each second one node joins for so many that are there, and no more than so many at once.
const GROWTH: usize = 20;
const MAX_JOINS: usize = 500;

impl Network {
    /// `count` persistent nodes that joined one after the other by real lookups, a twentieth of
    /// the network each second; the first two are its entry points.
    pub fn persistent(seed: u64, count: usize) -> Self {
        let mut network = Self::new(seed);
        (0..ENTRIES).for_each(|_| network.add_bootstrapper());
        network.grow(count);
        network.run(SETTLING_MS);
        network
    }

    /// Lets nodes join until there are `count`.
    pub fn grow(&mut self, count: usize) {
        while self.peers.len() < count {
            let at_once =
                (self.peers.len() / GROWTH).clamp(1, MAX_JOINS).min(count - self.peers.len());
            for _ in 0..at_once {
                self.join(Config { ephemeral: Some(false), ..Config::default() });
                self.run(1000 / at_once as u64);
            }
        }
    }

    /// So many more nodes join.
    pub fn grow_by(&mut self, count: usize) {
        self.grow(self.peers.len() + count);
    }

    /// One more peer that knows the entry points; returns its number.
    pub fn join(&mut self, config: Config) -> usize {
        let n = self.add(self.joining(config), None);
        self.start(n);
        n
    }

    pub fn joining(&self, config: Config) -> Config {
        let entries = (0..ENTRIES).map(|n| self.addr(n)).map(|addr| BootstrapNode {
            suggested: None,
            host: addr.ip().to_string(),
            port: addr.port(),
        });
        Config { bootstrap: entries.collect(), ..config }
    }

    pub fn add_bootstrapper(&mut self) {
        let public_address = Some(Addr::new(self.next_host(), super::peer::SERVER_PORT));
        let (ephemeral, firewalled) = (Some(false), false);
        let n =
            self.add(Config { ephemeral, firewalled, public_address, ..Config::default() }, None);
        self.start(n);
    }

    /// Any peer that others may find.
    pub fn anybody(&mut self) -> usize {
        loop {
            let n = self.rng.random_range(0..self.peers.len());
            if self.peers[n].is_persistent() {
                return n;
            }
        }
    }

    /// Any such peer that neither holds this target's value nor looks it up already, if there is
    /// one.
    fn reader(&mut self, target: &Bytes32) -> Option<usize> {
        let peers = self.peers.iter().enumerate();
        let readers = peers.filter(|(_, peer)| {
            let looking = || peer.lookups.iter().any(|lookup| lookup.target == *target);
            peer.is_persistent() && !peer.store.contains_key(target) && !looking()
        });
        readers.map(|(n, _)| n).choose(&mut self.rng)
    }

    /// The `k` nearest of those that can be found, but for one.
    pub fn nearest(&self, target: &Bytes32, k: usize, except: usize) -> Vec<Id> {
        let others = self.findable().filter(|(n, _)| *n != except);
        let mut ids: Vec<Id> = others.map(|(_, id)| id).collect();
        if ids.len() > k {
            ids.select_nth_unstable_by(k, |a, b| Id::cmp_distance(target, a, b));
            ids.truncate(k);
        }
        ids
    }

    /// How long these lookups took, on average.
    pub fn mean_ms(&self, lookups: impl IntoIterator<Item = usize>) -> u64 {
        let took = lookups.into_iter().filter_map(|lookup| {
            let lookup = &self.users.lookups[lookup];
            Some(lookup.ended.as_ref()?.at_ms - lookup.made_ms)
        });
        let took: Vec<u64> = took.collect();
        took.iter().sum::<u64>() / took.len().max(1) as u64
    }

    pub fn report(&self, share: Share, mean_ms: u64) -> Report {
        Report {
            share,
            mean_ms,
            trace: self.trace.to_string(),
            audits: self.watch.audits(),
            most_bytes: self.peers.iter().map(|peer| peer.bytes).max().unwrap_or(0),
        }
    }
}

/// A lookup of a node's own kind.
pub fn find_node(target: Bytes32, thorough: bool) -> QuerySpec {
    QuerySpec {
        target,
        internal: true,
        command: command::FIND_NODE,
        value: None,
        concurrency: Config::default().concurrency,
        retries: requests::QUERY_RETRIES,
        force: false,
        thorough,
        commit: Commit::None,
        session: None,
        given: Given::Nothing,
        only_closest: false,
        rows: true,
    }
}

/// A lookup with the users' command: what is stored for this target.
fn read(target: Bytes32, thorough: bool) -> QuerySpec {
    QuerySpec { internal: false, command: STORE, ..find_node(target, thorough) }
}

/// A value for the nearest to store.
fn write(target: Bytes32, value: &[u8], thorough: bool) -> QuerySpec {
    QuerySpec { value: Some(value.into()), commit: Commit::Auto, ..read(target, thorough) }
}

/// One request with the users' command.
pub fn request(to: Addr) -> RequestSpec {
    RequestSpec {
        user: 0,
        to,
        token: None,
        internal: false,
        command: STORE,
        target: Some([0xaa; 32]),
        value: None,
        retries: requests::RETRIES,
        timeout_ms: None,
        ttl: 0,
        socket: None,
        session: None,
        deferred: false,
    }
}
