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

use super::records;
use crate::engine::Runner;
use crate::proto::health::Snapshot;
use crate::proto::{Flag, Node, NodeEntry, QueryState, Standing};

const BOOTSTRAPPED: u32 = 1;
const EPHEMERAL: u32 = 2;
const FIREWALLED: u32 = 4;
const ONLINE: u32 = 32;
const DEGRADED: u32 = 64;
const HEALTH_ONLINE: u32 = 128;
const HEALTH_DEGRADED: u32 = 256;
const HAS_NAT_HOST: u32 = 512;
const ADAPTIVE: u32 = 1024;

/// Packs the node's state.
pub fn state(runner: &Runner) -> Option<Vec<u8>> {
    let ports = runner.ports();
    runner.with(|node, _| {
        let mut out = Vec::with_capacity(192);
        let health = node.health();
        let standing = node.standing();
        let flags = standing_flags(&standing) | on(node.is_adaptive(), ADAPTIVE);
        let words = [
            flags,
            standing.host.map_or(0, Ipv4Addr::to_bits),
            u32::from(standing.port),
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
        words.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
        out.extend_from_slice(node.table_id().as_bytes());
        health.window().iter().for_each(|snapshot| push_snapshot(&mut out, snapshot));
        out
    })
}

/// Appends what a node is to others: the first three words of a state, the serial, the table's id.
pub fn standing(out: &mut Vec<u8>, standing: &Standing) {
    let ip = standing.host.map_or(0, Ipv4Addr::to_bits);
    let words = [standing_flags(standing), ip, u32::from(standing.port), standing.serial];
    words.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
    out.extend_from_slice(standing.table_id.as_bytes());
}

/// Packs the entries of the node list, oldest first.
pub fn nodes(node: &Node) -> Vec<u8> {
    entries(node.nodes_len(), node.nodes())
}

/// Packs where a query stands.
pub fn query(state: &QueryState) -> Vec<u8> {
    let mut out = Vec::new();
    let words = [state.successes, state.errors, state.inflight, state.closest.len() as u32];
    words.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
    records::bodies(&mut out, &state.closest);
    out
}

/// What a flag of a state stands for, if it can be overwritten.
pub fn flag(bit: u32) -> Option<Flag> {
    Some(match bit {
        BOOTSTRAPPED => Flag::Bootstrapped,
        EPHEMERAL => Flag::Ephemeral,
        FIREWALLED => Flag::Firewalled,
        ADAPTIVE => Flag::Adaptive,
        ONLINE => Flag::Online,
        DEGRADED => Flag::Degraded,
        HEALTH_ONLINE => Flag::HealthOnline,
        HEALTH_DEGRADED => Flag::HealthDegraded,
        _ => return None,
    })
}

fn standing_flags(standing: &Standing) -> u32 {
    on(standing.bootstrapped, BOOTSTRAPPED)
        | on(standing.ephemeral, EPHEMERAL)
        | on(standing.firewalled, FIREWALLED)
        | on(standing.online, ONLINE)
        | on(standing.degraded, DEGRADED)
        | on(standing.health_online, HEALTH_ONLINE)
        | on(standing.health_degraded, HEALTH_DEGRADED)
        | on(standing.host.is_some(), HAS_NAT_HOST)
}

fn on(flag: bool, bit: u32) -> u32 {
    if flag { bit } else { 0 }
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
