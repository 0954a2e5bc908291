//! The functions behind a node's congestion window and its tokens.

use napi::bindgen_prelude::BufferSlice;
use napi_derive::napi;

use super::nodes;
use super::reads::fill;
use crate::dht::window::{SLOTS, Window};

/// The congestion window: which slot is current, the sends of all, those of each, their most.
#[napi(catch_unwind)]
pub fn window(handle: u32, mut slab: BufferSlice<'_>) -> u32 {
    let window = nodes::get(handle).and_then(|node| node.with(|node, now| node.window(now)));
    let packed = window.map(|window| {
        let [a, b, c, d] = window.slots();
        let numbers = [window.current() as u32, window.total(), a, b, c, d, window.max()];
        numbers.map(u32::to_le_bytes).concat()
    });
    fill(&mut slab, packed)
}

/// Overwrites the congestion window with what [`window`] would read.
#[napi(catch_unwind)]
pub fn set_window(handle: u32, numbers: Vec<u32>) {
    let [current, total, slots @ .., max] = &numbers[..] else { return };
    let Ok(slots) = <[u32; SLOTS]>::try_from(slots) else { return };
    change(handle, |window| window.overwrite(slots, *current as usize, *total, *max));
}

/// Does to the congestion window what is done to it when 0 a datagram is sent, 1 a reply is got,
/// 2 a slot is over, 3 the node is suspended.
#[napi(catch_unwind)]
pub fn turn_window(handle: u32, what: u32) {
    change(handle, |window| match what {
        0 => window.send(),
        1 => window.recv(),
        2 => window.drain(),
        _ => window.clear(),
    });
}

/// Writes a round-trip token for the name of a host: a fresh one, or one that is only accepted.
#[napi(catch_unwind)]
pub fn token(handle: u32, host: String, fresh: bool, mut slab: BufferSlice<'_>) -> u32 {
    let node = nodes::get(handle);
    let token = node.and_then(|n| n.with(|node, now| node.token(now, host.as_bytes(), fresh)));
    fill(&mut slab, token.map(Vec::from))
}

fn change(handle: u32, f: impl FnOnce(&mut Window)) {
    nodes::run(handle, |node, now| node.change_window(now, f));
}
