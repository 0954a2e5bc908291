//! What can be seen of a node.

use super::super::config::BootstrapNode;
use super::super::contact::NodeEntry;
use super::super::counters::{Counters, SettledRequests};
use super::super::event::NodeStatus;
use super::super::health::Health;
use super::super::id::Id;
use super::super::nat::NatSampler;
use super::super::table::Table;
use super::Node;

impl Node {
    /// The table's id; `None` while ephemeral.
    pub fn id(&self) -> Option<Id> {
        (!self.ephemeral).then(|| self.table.id())
    }

    pub fn table_id(&self) -> Id {
        self.table.id()
    }

    pub fn is_ephemeral(&self) -> bool {
        self.ephemeral
    }

    pub fn is_firewalled(&self) -> bool {
        self.firewalled
    }

    pub fn is_adaptive(&self) -> bool {
        self.adaptive
    }

    pub fn is_bootstrapped(&self) -> bool {
        self.bootstrapped
    }

    pub fn is_suspended(&self) -> bool {
        self.suspended
    }

    pub fn is_destroyed(&self) -> bool {
        self.destroyed
    }

    /// What the node is to others, right now. An [`Event::Status`] tells when it changes.
    pub fn status(&self) -> NodeStatus {
        NodeStatus {
            serial: self.status_serial,
            bootstrapped: self.bootstrapped,
            ephemeral: self.ephemeral,
            firewalled: self.firewalled,
            online: self.online,
            degraded: self.degraded,
            health_online: self.health.online,
            health_degraded: self.health.degraded,
            host: self.nat.host(),
            port: self.nat.port(),
            table_id: self.table.id(),
        }
    }

    /// The local ports of the server and the client socket; `None` while they are not bound.
    pub fn ports(&self) -> Option<(u16, u16)> {
        self.ports.map(|ports| (ports.server, ports.client))
    }

    pub fn nat(&self) -> &NatSampler {
        &self.nat
    }

    pub fn health(&self) -> &Health {
        &self.health
    }

    pub fn settled(&self) -> &SettledRequests {
        &self.settled
    }

    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Ticks so far, from a random start.
    pub fn tick_count(&self) -> i32 {
        self.tick
    }

    /// Ticks until the table is refreshed.
    pub fn refresh_ticks(&self) -> i32 {
        self.refresh_ticks
    }

    /// Ticks until an adaptive node tries to go persistent.
    pub fn stable_ticks(&self) -> i32 {
        self.stable_ticks
    }

    /// When the last tick was, on the `wall_ms` clock: how sleep is noticed.
    pub fn last_tick_ms(&self) -> u64 {
        self.last_tick_wall_ms
    }

    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Every known node, the one not heard from longest first.
    pub fn nodes(&self) -> impl Iterator<Item = NodeEntry> {
        self.list.iter().filter_map(|slot| self.table.shown(slot))
    }

    /// Every known node, the one heard from last first.
    pub fn latest_nodes(&self) -> impl Iterator<Item = NodeEntry> {
        self.list.iter_latest_first().filter_map(|slot| self.table.shown(slot))
    }

    pub fn nodes_len(&self) -> usize {
        self.list.len()
    }

    /// Changes whenever the table, the list or an entry does.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Requests in flight or waiting.
    pub fn inflight(&self) -> usize {
        self.requests.len()
    }

    /// Counts requests modulo 65536, from a random start.
    pub fn tid_count(&self) -> u16 {
        self.tid_count
    }

    /// As they were configured, or last given.
    pub fn bootstrap_nodes(&self) -> &[BootstrapNode] {
        &self.config.bootstrap
    }
}
