//! What JavaScript reads of a node at the first look of a turn.
//!
//! ```text
//! state   flags, nat ip, nat port, nat samples, tick, refresh ticks (both signed), table size,
//!         generation, requests in flight, tid count, server port, client port, stable ticks
//!         (signed), health snapshots, cold | idle << 1, health updates, table id 32,
//!         then for each of 4 snapshots, oldest first: responses f64, time-outs f64,
//!         offline, degraded (0 no, 1 yes, 2 not judged)
//! query   successes, errors, in flight, count, count × reply body
//! ```

use std::net::Ipv4Addr;

use super::super::crossing::pack::words;
use super::{records, status};
use crate::dht::health::Snapshot;
use crate::dht::{Node, NodeEntry, QueryState};
use crate::engine::Runner;

/// Packs the node's state.
pub fn state(runner: &Runner) -> Option<Vec<u8>> {
    let ports = runner.ports();
    runner.with(|node, _| {
        let mut out = Vec::with_capacity(192);
        let health = node.health();
        let status = node.status();
        let flags = status::flags(&status, node.is_adaptive());
        let numbers = [
            flags,
            status.host.map_or(0, Ipv4Addr::to_bits),
            u32::from(status.port),
            node.nat().size() as u32,
            node.tick_count().cast_unsigned(),
            node.refresh_ticks().cast_unsigned(),
            node.table().len() as u32,
            node.generation(),
            node.inflight() as u32,
            u32::from(node.tid_count()),
            u32::from(ports.server),
            u32::from(ports.client),
            node.stable_ticks().cast_unsigned(),
            health.window().len() as u32,
            u32::from(health.cold()) | u32::from(health.idle()) << 1,
            health.updates(),
        ];
        words(&mut out, &numbers);
        out.extend_from_slice(node.table_id().as_bytes());
        health.window().iter().for_each(|snapshot| push_snapshot(&mut out, snapshot));
        out
    })
}

/// Packs the entries of the node list, oldest first.
pub fn nodes(node: &Node) -> Vec<u8> {
    entries(node.nodes_len(), node.nodes())
}

/// Packs where a query stands.
pub fn query(state: &QueryState) -> Vec<u8> {
    let mut out = Vec::new();
    let numbers = [state.successes, state.errors, state.inflight, state.closest.len() as u32];
    words(&mut out, &numbers);
    records::bodies(&mut out, &state.closest);
    out
}

fn entries(len: usize, nodes: impl Iterator<Item = NodeEntry>) -> Vec<u8> {
    let mut out = Vec::with_capacity(len * records::ENTRY);
    nodes.for_each(|node| records::entry(&mut out, &node));
    out
}

fn push_snapshot(out: &mut Vec<u8>, snapshot: &Snapshot) {
    let judged = |flag: Option<bool>| flag.map_or(2, u32::from);
    out.extend_from_slice(&(snapshot.responses as f64).to_le_bytes());
    out.extend_from_slice(&(snapshot.timeouts as f64).to_le_bytes());
    out.extend_from_slice(&judged(snapshot.offline).to_le_bytes());
    out.extend_from_slice(&judged(snapshot.degraded).to_le_bytes());
}
