//! The functions that read: state, counters.
//!
//! Those that fill a slab return the bytes written. A node that is gone has 0; a slab that is too
//! small is left alone and the bytes needed are returned.

use napi::bindgen_prelude::BufferSlice;
use napi_derive::napi;

use super::{nodes, records, view};
use crate::dht::Node;
use crate::engine::network_interfaces;

/// One address of one network interface.
#[napi(object)]
pub struct InterfaceAddress {
    pub name: String,
    pub host: String,
    /// 4 or 6
    pub family: u32,
    pub internal: bool,
}

/// The port that a socket is bound to, or was last; 0 before the first bind.
#[napi(catch_unwind)]
pub fn bound_port(handle: u32, which: u32) -> u32 {
    let Some(node) = nodes::get(handle) else { return 0 };
    let ports = node.ports();
    u32::from(if which == 0 { ports.server } else { ports.client })
}

/// The node's state, laid out as [`view`] says.
#[napi(catch_unwind)]
pub fn read(handle: u32, mut slab: BufferSlice<'_>) -> u32 {
    let state = nodes::get(handle).and_then(|node| view::state(&node));
    fill(&mut slab, state)
}

/// The entries of the node list, oldest first.
#[napi(catch_unwind)]
pub fn read_nodes(handle: u32, mut slab: BufferSlice<'_>) -> u32 {
    fill(&mut slab, with(handle, |node| view::nodes(node)))
}

/// Where a query stands; 0 if it is over.
#[napi(catch_unwind)]
pub fn query_read(handle: u32, query: u32, mut slab: BufferSlice<'_>) -> u32 {
    let state = with(handle, |node| node.query_state(query)).flatten();
    fill(&mut slab, state.map(|state| view::query(&state)))
}

/// The ids of `count` nodes packed as `ip, port` each, from byte `at` of `nodes` on, 32 bytes each.
#[napi(catch_unwind)]
pub fn node_ids(nodes: &[u8], at: u32, count: u32, mut slab: BufferSlice<'_>) -> u32 {
    let end = at as usize + 8 * count as usize;
    fill(&mut slab, nodes.get(at as usize..end).map(records::ids))
}

/// A number of the node's, as it is once JavaScript was told of `delivered` of its settled requests.
/// `lib/dht/stats.js` names the indices.
#[napi(catch_unwind)]
pub fn counter(handle: u32, index: u32, delivered: f64) -> f64 {
    let Some(runner) = nodes::get(handle) else { return 0.0 };
    let unsent = if index == 15 { runner.dropped() as i64 } else { 0 };
    let read = |node: &mut Node, _| {
        number(node, index) + undelivered(node, index, delivered as i64) + unsent
    };
    runner.with(read).unwrap_or(0) as f64
}

/// Writes a number of the node's, so that it reads as `value` now.
#[napi(catch_unwind)]
pub fn set_counter(handle: u32, index: u32, value: f64, delivered: f64) {
    with(handle, |node| {
        let shown_later = undelivered(node, index, delivered as i64);
        set_number(node, index, (value as i64).saturating_sub(shown_later));
    });
}

#[napi(catch_unwind, js_name = "networkInterfaces")]
pub fn list_network_interfaces() -> Vec<InterfaceAddress> {
    let convert = |i: crate::engine::NetworkInterface| InterfaceAddress {
        name: i.name,
        host: i.host.to_string(),
        family: if i.host.is_ipv4() { 4 } else { 6 },
        internal: i.internal,
    };
    network_interfaces().unwrap_or_default().into_iter().map(convert).collect()
}

fn with<R>(handle: u32, f: impl FnOnce(&mut Node) -> R) -> Option<R> {
    nodes::get(handle)?.with(|node, _| f(node))
}

pub(super) fn fill(slab: &mut [u8], bytes: Option<Vec<u8>>) -> u32 {
    let bytes = bytes.unwrap_or_default();
    if let Some(place) = slab.get_mut(..bytes.len()) {
        place.copy_from_slice(&bytes);
    }
    bytes.len() as u32
}

/// What is to be added to a number for the settled requests that JavaScript does not know of.
fn undelivered(node: &Node, index: u32, delivered: i64) -> i64 {
    let settled = node.settled();
    match index {
        2 | 16 => settled.all - delivered,
        4 => delivered - settled.responses,
        5 => delivered - settled.timeouts,
        11..=14 => delivered - settled.commands_rx[index as usize - 11],
        _ => 0,
    }
}

fn number(node: &mut Node, index: u32) -> i64 {
    match index {
        16 => node.inflight() as i64,
        17 => i64::from(node.tid_count()),
        18 => i64::from(node.tick_count()),
        19 => i64::from(node.refresh_ticks()),
        20 => i64::from(node.stable_ticks()),
        21 => node.last_tick_ms() as i64,
        _ => counter_place(node, index).map_or(0, |place| *place),
    }
}

fn set_number(node: &mut Node, index: u32, value: i64) {
    let ticks = value.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
    match index {
        17 => node.set_tid_count(value as u16),
        18 => node.set_tick_count(ticks),
        19 => node.set_refresh_ticks(ticks),
        20 => node.set_stable_ticks(ticks),
        21 => node.set_last_tick_ms(value.max(0) as u64),
        22 => node.set_concurrency(ticks.max(1).cast_unsigned()),
        23 => node.set_max_ping_delay(ticks.max(0).cast_unsigned()),
        _ => {
            if let Some(place) = counter_place(node, index) {
                *place = value;
            }
        }
    }
}

/// Where the counters of the protections begin; `lib/dht/stats.js` names them in their order.
const PROTECTIONS: u32 = 24;

fn counter_place(node: &mut Node, index: u32) -> Option<&mut i64> {
    let counters = node.counters_mut();
    Some(match index {
        0 => &mut counters.queries_active,
        1 => &mut counters.queries_total,
        2 => &mut counters.requests_active,
        3 => &mut counters.requests_total,
        4 => &mut counters.responses,
        5 => &mut counters.timeouts,
        6 => &mut counters.retries,
        7..=10 => &mut counters.commands_tx[index as usize - 7],
        11..=14 => &mut counters.commands_rx[index as usize - 11],
        15 => &mut counters.dropped,
        PROTECTIONS.. => counters.protections.get_mut((index - PROTECTIONS) as usize)?,
        _ => return None,
    })
}
