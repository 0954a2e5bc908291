//! What a node is to others, as it crosses: a word of flags, and what goes with it.

use std::net::Ipv4Addr;

use super::super::crossing::pack::{flag, words};
#[cfg(feature = "node-api")]
use crate::dht::Flag;
use crate::dht::NodeStatus;

const BOOTSTRAPPED: u32 = 1;
const EPHEMERAL: u32 = 2;
const FIREWALLED: u32 = 4;
const ONLINE: u32 = 32;
const DEGRADED: u32 = 64;
const HEALTH_ONLINE: u32 = 128;
const HEALTH_DEGRADED: u32 = 256;
const HAS_NAT_HOST: u32 = 512;
const ADAPTIVE: u32 = 1024;

/// The flags of a state.
pub fn flags(status: &NodeStatus, adaptive: bool) -> u32 {
    status_flags(status) | flag(adaptive, ADAPTIVE)
}

/// Appends what a node is to others: the first three words of a state, the serial, the table's id.
pub fn append(out: &mut Vec<u8>, status: &NodeStatus) {
    let ip = status.host.map_or(0, Ipv4Addr::to_bits);
    let numbers = [status_flags(status), ip, u32::from(status.port), status.serial];
    words(out, &numbers);
    out.extend_from_slice(status.table_id.as_bytes());
}

/// What a flag of a state stands for, if it can be overwritten.
#[cfg(feature = "node-api")]
pub fn flag_of(bit: u32) -> Option<Flag> {
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

fn status_flags(status: &NodeStatus) -> u32 {
    flag(status.bootstrapped, BOOTSTRAPPED)
        | flag(status.ephemeral, EPHEMERAL)
        | flag(status.firewalled, FIREWALLED)
        | flag(status.online, ONLINE)
        | flag(status.degraded, DEGRADED)
        | flag(status.health_online, HEALTH_ONLINE)
        | flag(status.health_degraded, HEALTH_DEGRADED)
        | flag(status.host.is_some(), HAS_NAT_HOST)
}
