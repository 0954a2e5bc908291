//! A served request takes no memory, not one allocation from the datagram to its answer; an idle
//! node keeps no more than what it knows.

mod counting;

use dht_rpc_native::dht::wire::{Message, Request, command, decode};
use dht_rpc_native::dht::*;

use counting::{ALLOCATIONS, BYTES};

const NOW: Now = Now { mono_ms: 1_000_000, wall_ms: 1_700_000_000_000 };

#[test]
fn a_ping_is_answered_without_an_allocation() {
    let served = serve(&request(true, command::PING));
    assert_eq!(served, Served { error: 0, closer_nodes: 0, allocations: 0 });
}

#[test]
fn find_node_is_answered_without_an_allocation() {
    let served = serve(&Request { target: Some(&[9; 32]), ..request(true, command::FIND_NODE) });
    assert_eq!(served, Served { error: 0, closer_nodes: 20, allocations: 0 });
}

#[test]
fn an_unknown_command_is_refused_without_an_allocation() {
    for internal in [true, false] {
        let served = serve(&Request { target: Some(&[9; 32]), ..request(internal, 77) });
        let error = wire::UNKNOWN_COMMAND;
        assert_eq!(served, Served { error, closer_nodes: 20, allocations: 0 });
    }
}

#[test]
fn a_request_of_a_known_node_is_answered_without_an_allocation() {
    let id = Id::of(addr(1));
    let served = serve(&Request { id: Some(id.as_bytes()), ..request(true, command::PING) });
    assert_eq!(served, Served { error: 0, closer_nodes: 0, allocations: 0 });
}

#[test]
fn a_tick_gives_back_what_a_busy_time_took() {
    let mut node = node();
    node.tick(NOW);
    let before = BYTES.get();
    for user in 0..500 {
        let made = node.request(NOW, ping(user, addr(user)));
        assert_eq!(made, Ok(()));
    }
    while node.poll_transmit(&mut Vec::new()).is_some() {}
    assert!(BYTES.get() > before + 50_000, "500 requests in flight take {}", BYTES.get() - before);

    for user in 0..500 {
        node.cancel(NOW, user);
        while node.poll_transmit(&mut Vec::new()).is_some() {} // whoever got the place
    }
    while node.poll_event().is_some() {}
    assert!(BYTES.get() > before, "something is kept until the tick");
    node.tick(NOW);
    let kept = BYTES.get() - before;
    assert!(kept <= 0, "{kept} bytes more than before");
}

#[test]
fn allocations_are_counted() {
    let (calls, bytes) = (ALLOCATIONS.get(), BYTES.get());
    let block = std::hint::black_box(Box::new([0; 100]));
    assert_eq!((ALLOCATIONS.get(), BYTES.get()), (calls + 1, bytes + 400));
    drop(block);
    assert_eq!(BYTES.get(), bytes);
}

#[derive(Debug, PartialEq, Eq)]
struct Served {
    error: u64,
    closer_nodes: usize,
    allocations: usize,
}

/// Has a node with a full table answer the same request a second time: the first may warm it up.
fn serve(request: &Request<'_>) -> Served {
    let mut node = node();
    let mut datagram = Vec::new();
    request.encode(&mut datagram);
    let mut answer = Vec::with_capacity(wire::MAX_DATAGRAM);
    let mut allocations = 0;
    for _ in 0..2 {
        answer.clear();
        let before = ALLOCATIONS.get();
        node.handle_datagram(NOW, SocketKey::Server, addr(1), &datagram);
        assert!(node.poll_transmit(&mut answer).is_some(), "it is answered");
        assert!(node.poll_transmit(&mut answer).is_none(), "once");
        allocations = ALLOCATIONS.get() - before;
    }
    let Some(Message::Reply(reply)) = decode(&answer) else { panic!("the answer is a reply") };
    let closer_nodes = reply.closer_nodes.map_or(0, |nodes| nodes.len());
    Served { error: reply.error, closer_nodes, allocations }
}

/// A bound node that heard of enough others to fill several buckets.
fn node() -> Node {
    let mut node = Node::new(Config::default(), NOW);
    node.handle_bound(NOW, 1000, 2000);
    for n in 0..500 {
        let id = Id::of(addr(n));
        let mut ping = Vec::new();
        Request { id: Some(id.as_bytes()), ..request(true, command::PING) }.encode(&mut ping);
        node.handle_datagram(NOW, SocketKey::Server, addr(n), &ping);
    }
    while node.poll_transmit(&mut Vec::new()).is_some() {}
    while node.poll_event().is_some() {}
    assert!(node.table().len() > 60);
    node
}

fn request(internal: bool, command: u64) -> Request<'static> {
    Request {
        tid: 7,
        to: addr(0),
        id: None,
        token: None,
        internal,
        command,
        target: None,
        value: None,
    }
}

fn ping(user: u32, to: Addr) -> RequestSpec {
    RequestSpec {
        user,
        to,
        token: None,
        internal: true,
        command: command::PING,
        target: None,
        value: None,
        retries: 3,
        timeout_ms: None,
        ttl: 0,
        socket: None,
        session: None,
        deferred: false,
    }
}

fn addr(n: u32) -> Addr {
    Addr::new(std::net::Ipv4Addr::from_bits(0x1700_0001 + n), 49_737)
}
