//! A node among hostile peers.

use std::net::Ipv4Addr;

use dht_rpc_native::dht::wire::{self, command};
use dht_rpc_native::dht::*;

use crate::net::{Net, Packet, command_of, wire_ping};

pub const EVIL: Ipv4Addr = Ipv4Addr::new(66, 6, 6, 6);

/// A node that is up and knows nobody.
pub fn node_up(config: Config) -> (Net, usize) {
    let mut net = Net::new();
    let n = net.add(config);
    net.with(n, |node, now| node.start(now));
    net.take_events(n);
    (net, n)
}

pub fn say(net: &mut Net, n: usize, from: Addr, request: wire::Request<'_>) {
    let mut bytes = Vec::new();
    request.encode(&mut bytes);
    net.inject(n, SocketKey::Client, from, &bytes);
}

/// A PING that shows an id.
pub fn hello(net: &mut Net, n: usize, from: Addr) {
    let id = Id::of(from);
    let ping = wire::Request { id: Some(id.as_bytes()), ..wire_ping(net.addr(n)) };
    say(net, n, from, ping);
}

/// How many requests of its user were answered since.
pub fn answered(net: &mut Net, n: usize) -> usize {
    let events = net.take_events(n).into_iter();
    events.filter(|event| matches!(event, Event::Response { .. })).count()
}

pub fn counted(net: &Net, n: usize) -> ProtectionCounters {
    net.node(n).counters().protections
}

pub fn pings(sent: &[Packet]) -> Vec<Packet> {
    let ping = |packet: &&Packet| command_of(packet) == Some((true, command::PING));
    sent.iter().filter(ping).cloned().collect()
}
