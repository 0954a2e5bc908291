//! Requests that a node answers, with a full table.

use std::hint::black_box;

use dht_rpc_native::dht::wire::{Request, command};
use dht_rpc_native::dht::*;

use super::{Network, Work, addr, work};

/// Nodes that were heard of: enough to fill the buckets that they fall into.
const HEARD: u32 = 5000;

const CLIENT: u32 = 0x10_0000;

/// Different targets that are asked for in turn.
const TARGETS: u32 = 64;

/// The `closest` of a full table.
pub fn closest() -> Work {
    let server = Server::new();
    let targets: Vec<Bytes32> = (0..TARGETS).map(target).collect();
    let mut targets = targets.into_iter().cycle();
    let mut out = Vec::new();
    work(move || {
        out.clear();
        let target = targets.next().unwrap_or_default();
        server.node.table().closest(&target, 20, &mut out);
        black_box(&out);
    })
}

pub fn ping() -> Work {
    serving(vec![encoded(&request(true, command::PING))])
}

pub fn find_node() -> Work {
    let datagram = |n| {
        let target = target(n);
        encoded(&Request { target: Some(&target), ..request(true, command::FIND_NODE) })
    };
    serving((0..TARGETS).map(datagram).collect())
}

pub fn unknown_command() -> Work {
    serving(vec![encoded(&request(false, 77))])
}

/// The event is taken and answered with 32 bytes, a token and closer nodes.
pub fn user_request() -> Work {
    let mut server = Server::new();
    server.node.set_interest(Interest { requests: true, ..Interest::default() });
    let datagram = encoded(&Request { target: Some(&[9; 32]), ..request(false, 77) });
    work(move || {
        server.serve(CLIENT, &datagram);
        while let Some(event) = server.node.poll_event() {
            if let Event::Request(incoming) = event {
                answer(&mut server, &incoming);
            }
        }
    })
}

/// The node, and its clock, which stands still.
struct Server {
    node: Node,
    now: Now,
    out: Vec<u8>,
}

impl Server {
    fn new() -> Self {
        let mut network = Network::persistent(1, 1);
        let mut server = Self { node: network.nodes.remove(0), now: network.now, out: Vec::new() };
        for n in 0..HEARD {
            let id = Id::of(addr(n));
            let ping = Request { id: Some(id.as_bytes()), ..request(true, command::PING) };
            server.serve(n, &encoded(&ping));
        }
        server
    }

    /// Hands a datagram in and takes what is to be sent.
    fn serve(&mut self, from: u32, datagram: &[u8]) {
        self.node.handle_datagram(self.now, SocketKey::Server, addr(from), datagram);
        self.send();
    }

    fn send(&mut self) {
        self.out.clear();
        while self.node.poll_transmit(&mut self.out).is_some() {}
        black_box(&self.out);
    }
}

fn serving(datagrams: Vec<Vec<u8>>) -> Work {
    let mut server = Server::new();
    let mut next = (0..datagrams.len()).cycle();
    work(move || server.serve(CLIENT, &datagrams[next.next().unwrap_or_default()]))
}

fn answer(server: &mut Server, incoming: &Incoming) {
    let spec = ReplySpec {
        socket: incoming.socket,
        tid: incoming.tid,
        to: incoming.from.addr,
        token: true,
        closer_nodes: true,
        target: incoming.target.as_ref(),
        error: 0,
        value: Some(&[7; 32]),
    };
    server.node.reply(server.now, spec);
    server.send();
}

fn request(internal: bool, command: u64) -> Request<'static> {
    Request {
        tid: 7,
        to: addr(1),
        id: None,
        token: None,
        internal,
        command,
        target: None,
        value: None,
    }
}

fn encoded(request: &Request<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    request.encode(&mut bytes);
    bytes
}

fn target(n: u32) -> Bytes32 {
    *Id::of(addr(HEARD + n)).as_bytes()
}
