//! Finding the network's entry points, one after the other.

use std::net::Ipv4Addr;

use super::super::calls::QueryOutcome;
use super::super::config::BootstrapNode;
use super::super::contact::Contact;
use super::super::event::Event;
use super::super::id::Id;
use super::requesting::{RequestKind, ping};
use super::{FollowUp, Node};
use crate::net::addr::Addr;
use crate::net::clock::Now;

/// Who wants the entry points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryPointUser {
    Query(u32),
    Probe(u32),
}

/// Entry points on their way from names to addresses.
#[derive(Debug)]
pub(super) struct Resolution {
    pub wanted_by: EntryPointUser,
    /// In reverse.
    left: Vec<BootstrapNode>,
    /// The one that is being pinged or looked up.
    current: Option<BootstrapNode>,
}

impl Node {
    pub(super) fn resolve(&mut self, now: Now, wanted_by: EntryPointUser) {
        let key = self.next_key();
        let left = self.config.bootstrap.iter().rev().cloned().collect();
        self.resolutions.insert(key, Resolution { wanted_by, left, current: None });
        if self.config.bootstrap_dynamic {
            self.emit(Event::BootstrapWanted { key });
        } else {
            self.resolve_next(now, key);
        }
    }

    /// The answer to [`Event::BootstrapWanted`].
    pub fn handle_bootstrap_nodes(&mut self, now: Now, key: u32, nodes: Vec<BootstrapNode>) {
        if self.destroyed {
            return;
        }
        if let Some(resolution) = self.resolutions.get_mut(&key) {
            resolution.left = nodes.iter().rev().cloned().collect();
        }
        self.config.bootstrap = nodes;
        self.resolve_next(now, key);
        self.settle(now);
    }

    /// The answer to [`Event::LookupWanted`]; `None` if the name has no address.
    pub fn handle_lookup(&mut self, now: Now, key: u32, address: Option<Ipv4Addr>) {
        if self.destroyed {
            return;
        }
        let resolution = self.resolutions.get_mut(&key);
        let Some(node) = resolution.and_then(|resolution| resolution.current.take()) else {
            return;
        };
        if let Some(host) = address {
            self.resolved(key, host, node.port);
        }
        self.resolve_next(now, key);
        self.settle(now);
    }

    /// The node is destroyed: whoever waits for entry points goes without.
    pub(super) fn give_up_resolutions(&mut self) {
        for resolution in std::mem::take(&mut self.resolutions).into_values() {
            match resolution.wanted_by {
                EntryPointUser::Query(query) => self.end_query(query, QueryOutcome::NodeDestroyed),
                EntryPointUser::Probe(probe) => self.tasks.push_back(FollowUp::ProbeOver(probe)),
            }
        }
    }

    /// A suggested address was pinged.
    pub(super) fn bootstrap_pinged(&mut self, now: Now, key: u32, answered: bool) {
        let Some(resolution) = self.resolutions.get_mut(&key) else {
            return;
        };
        let Some(node) = resolution.current.take() else {
            return;
        };
        match node.suggested {
            Some(host) if answered => self.resolved(key, host, node.port),
            _ if self.look_up(key, node) => return,
            _ => {}
        }
        self.resolve_next(now, key);
    }
}

impl Node {
    fn resolve_next(&mut self, now: Now, key: u32) {
        loop {
            let Some(resolution) = self.resolutions.get_mut(&key) else {
                return;
            };
            if resolution.current.is_some() {
                return;
            }
            let Some(node) = resolution.left.pop() else {
                break;
            };
            if let Some(host) = node.suggested {
                let addr = Addr::new(host, node.port);
                resolution.current = Some(node.clone());
                let kind = RequestKind::Bootstrap { resolution: key };
                if self.ask(now, ping(addr, kind)).is_ok() {
                    return;
                }
                if let Some(resolution) = self.resolutions.get_mut(&key) {
                    resolution.current = None;
                }
            }
            if self.look_up(key, node) {
                return;
            }
        }
        let Some(Resolution { wanted_by, .. }) = self.resolutions.remove(&key) else {
            return;
        };
        match wanted_by {
            EntryPointUser::Query(query) => self.query_opened(now, query),
            EntryPointUser::Probe(probe) => self.probe_opened(now, probe),
        }
    }

    /// Whether the driver is to look up the name.
    fn look_up(&mut self, key: u32, node: BootstrapNode) -> bool {
        if let Ok(host) = node.host.parse() {
            self.resolved(key, host, node.port);
            return false;
        }
        let name = node.host.clone();
        if let Some(resolution) = self.resolutions.get_mut(&key) {
            resolution.current = Some(node);
        }
        self.emit(if self.config.user_lookup {
            Event::UserLookupWanted { key, name }
        } else {
            Event::LookupWanted { key, name }
        });
        true
    }

    fn resolved(&mut self, key: u32, host: Ipv4Addr, port: u16) {
        if port == 0 {
            return;
        }
        let addr = Addr::new(host, port);
        let node = Contact { id: Some(Id::of(addr)), addr };
        match self.resolutions.get(&key).map(|resolution| resolution.wanted_by) {
            Some(EntryPointUser::Query(query)) => self.query_candidate(query, node),
            Some(EntryPointUser::Probe(probe)) => self.probe_candidate(probe, node),
            None => {}
        }
    }
}
