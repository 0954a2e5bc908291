//! The hot rooms, each as something to be run over and over.

mod lookup;
mod network;
mod served;

use std::hint::black_box;

use dht_rpc_native::dht::wire::{ReplyHead, Request, decode};
use dht_rpc_native::dht::*;

pub use network::Network;

/// Something to measure.
pub struct RecordClass {
    pub name: &'static str,
    pub set_up: fn() -> Work,
}

/// What is run over and over.
pub struct Work {
    /// Units of work in one run.
    pub units: u32,
    pub run: Box<dyn FnMut()>,
}

/// Every room, in the order of the tables.
pub const ROOMS: [RecordClass; 11] = [
    RecordClass { name: "decode: FIND_NODE", set_up: || decoding(encoded(find_node)) },
    RecordClass { name: "decode: its reply, 20 closer nodes", set_up: || decoding(encoded(reply)) },
    RecordClass { name: "encode: FIND_NODE", set_up: || encoding(find_node) },
    RecordClass { name: "encode: its reply, 20 closer nodes", set_up: || encoding(reply) },
    RecordClass { name: "id of an address", set_up: id },
    RecordClass { name: "closest: 20 of a full table, with their ids", set_up: served::closest },
    RecordClass { name: "served: PING", set_up: served::ping },
    RecordClass { name: "served: FIND_NODE, full table", set_up: served::find_node },
    RecordClass { name: "served: unknown command", set_up: served::unknown_command },
    RecordClass { name: "served: user request and its reply", set_up: served::user_request },
    RecordClass { name: "lookup: one visit", set_up: lookup::visit },
];

fn work(run: impl FnMut() + 'static) -> Work {
    Work { units: 1, run: Box::new(run) }
}

fn find_node(out: &mut Vec<u8>) {
    Request {
        tid: 7,
        to: addr(1),
        id: Some(&[1; 32]),
        token: None,
        internal: true,
        command: wire::command::FIND_NODE,
        target: Some(&[2; 32]),
        value: None,
    }
    .encode(out);
}

fn reply(out: &mut Vec<u8>) {
    let closer: [Addr; 20] = std::array::from_fn(|n| addr(n as u32));
    ReplyHead {
        tid: 7,
        to: addr(1),
        id: Some(&[1; 32]),
        token: None,
        closer_nodes: &closer,
        error: 0,
        value: None,
    }
    .encode(out);
}

fn encoded(encode: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(&mut bytes);
    bytes
}

fn decoding(datagram: Vec<u8>) -> Work {
    work(move || {
        black_box(decode(black_box(&datagram)));
    })
}

fn encoding(encode: impl Fn(&mut Vec<u8>) + 'static) -> Work {
    let mut out = Vec::new();
    work(move || {
        out.clear();
        encode(&mut out);
        black_box(&out);
    })
}

fn id() -> Work {
    let mut n = 0;
    work(move || {
        n += 1;
        black_box(Id::of(addr(black_box(n))));
    })
}

/// The address of a made-up node.
fn addr(n: u32) -> Addr {
    Addr::new(std::net::Ipv4Addr::from_bits(0x1700_0001 + n), 49_737)
}
