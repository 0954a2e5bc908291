//! How a node answers, datagram by datagram.

use dht_rpc_native::dht::wire::{self, Message, command};
use dht_rpc_native::dht::*;

use crate::net::{Net, Packet};

const STRANGER: Addr = Addr::new(std::net::Ipv4Addr::new(99, 1, 2, 3), 4000);
const TARGET: Bytes32 = [9; 32];

fn ask(command: u64) -> wire::Request<'static> {
    wire::Request {
        tid: 77,
        to: STRANGER,
        id: None,
        token: None,
        internal: true,
        command,
        target: None,
        value: None,
    }
}

/// What a node of `net` sends at once when a stranger asks.
fn answers(net: &mut Net, n: usize, socket: SocketKey, request: wire::Request<'_>) -> Vec<Packet> {
    let mut bytes = Vec::new();
    request.encode(&mut bytes);
    net.take_sent();
    net.inject(n, socket, STRANGER, &bytes);
    net.take_sent()
}

/// The only answer.
fn answer(net: &mut Net, n: usize, request: wire::Request<'_>) -> Packet {
    let mut sent = answers(net, n, SocketKey::Server, request);
    assert_eq!(sent.len(), 1, "{sent:?}");
    sent.remove(0)
}

fn decoded(packet: &Packet) -> wire::Reply<'_> {
    match wire::decode(&packet.bytes) {
        Some(Message::Reply(reply)) => reply,
        other => panic!("{other:?}"),
    }
}

#[test]
fn ping_is_answered_empty_and_with_the_id_on_the_server_socket_only() {
    let mut net = Net::persistent(2);
    let packet = answer(&mut net, 1, wire::Request { target: Some(&TARGET), ..ask(command::PING) });
    let reply = decoded(&packet);
    assert_eq!((packet.from, packet.to), (net.addr(1), STRANGER));
    assert_eq!((reply.tid, reply.to, reply.error), (77, STRANGER, 0));
    assert_eq!(reply.id, Some(Id::of(net.addr(1)).as_bytes()));
    assert_eq!((reply.token, reply.closer_nodes, reply.value), (None, None, None));

    let sent = answers(&mut net, 1, SocketKey::Client, ask(command::PING));
    assert_eq!(sent[0].from, net.client_addr(1));
    assert_eq!(decoded(&sent[0]).id, None);
}

#[test]
fn an_ephemeral_node_hides_its_id() {
    let mut net = Net::new();
    let n = net.add(Config::default());
    assert_eq!(decoded(&answer(&mut net, n, ask(command::PING))).id, None);
}

#[test]
fn ping_nat_is_answered_at_the_port_it_names() {
    let mut net = Net::new();
    let n = net.add(Config::default());
    let port = 5001u16.to_le_bytes();
    let request = wire::Request { value: Some(&port), ..ask(command::PING_NAT) };
    let packet = answer(&mut net, n, request);
    let named = Addr::new(*STRANGER.ip(), 5001);
    assert_eq!((packet.from, packet.to), (net.addr(n), named));
    assert_eq!(decoded(&packet).to, named);

    for value in [None, Some(&[1u8][..]), Some(&[0, 0])] {
        let request = wire::Request { value, ..ask(command::PING_NAT) };
        assert_eq!(answers(&mut net, n, SocketKey::Server, request), []);
    }
}

#[test]
fn find_node_is_answered_with_exactly_the_nearest() {
    let mut net = Net::persistent(40);
    assert_eq!(answers(&mut net, 1, SocketKey::Server, ask(command::FIND_NODE)), []);

    let request = wire::Request { target: Some(&TARGET), ..ask(command::FIND_NODE) };
    let packet = answer(&mut net, 1, request);
    let reply = decoded(&packet);
    assert_eq!((reply.token, reply.error), (None, 0));
    let mut known: Vec<NodeEntry> = net.node(1).nodes().collect();
    known.sort_by(|a, b| Id::cmp_distance(&TARGET, &a.id, &b.id));
    let nearest: Vec<Addr> = known.iter().take(20).map(|entry| entry.addr).collect();
    let closer: Vec<Addr> = reply.closer_nodes.unwrap().iter().collect();
    assert_eq!(closer, nearest);
}

#[test]
fn unknown_commands_are_refused_with_closer_nodes_if_there_is_a_target() {
    let mut net = Net::persistent(3);
    for (internal, command) in [(true, 5), (true, u64::from(u32::MAX)), (false, 0), (false, 1234)] {
        let request = wire::Request { internal, ..ask(command) };
        let packet = answer(&mut net, 1, request);
        let reply = decoded(&packet);
        assert_eq!((reply.error, reply.closer_nodes, reply.token), (1, None, None));

        let packet = answer(&mut net, 1, wire::Request { target: Some(&TARGET), ..request });
        let reply = decoded(&packet);
        assert_eq!((reply.error, reply.token), (1, None));
        assert_eq!(reply.closer_nodes.unwrap().len(), 2);
    }
}

#[test]
fn a_users_command_is_handed_over_and_answered_with_token_and_closer_nodes() {
    let mut net = Net::persistent(3);
    net.with(1, |node, _| node.set_interest(Interest { requests: true, ..Interest::default() }));
    net.take_events(1);
    let request =
        wire::Request { internal: false, target: Some(&TARGET), value: Some(b""), ..ask(3) };
    assert_eq!(answers(&mut net, 1, SocketKey::Client, request), []);
    let events = net.take_events(1);
    let [Event::Request(incoming)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(incoming.from, Contact { id: None, addr: STRANGER });
    assert_eq!((incoming.socket, incoming.tid, incoming.command), (SocketKey::Client, 77, 3));
    assert_eq!((incoming.target, incoming.value.as_deref()), (Some(TARGET), Some(&b""[..])));

    let spec = ReplySpec {
        socket: incoming.socket,
        tid: incoming.tid,
        to: incoming.from.addr,
        token: true,
        closer_nodes: true,
        target: incoming.target.as_ref(),
        error: 0,
        value: Some(b"yes"),
    };
    net.with(1, |node, now| node.reply(now, spec.clone()));
    let sent = net.take_sent();
    let reply = decoded(&sent[0]);
    assert_eq!(sent[0].from, net.client_addr(1));
    assert_eq!((reply.closer_nodes.unwrap().len(), reply.value), (2, Some(&b"yes"[..])));
    assert!(reply.token.is_some());

    let to = Addr::new(*STRANGER.ip(), 0);
    net.with(1, |node, now| node.reply(now, ReplySpec { to, ..spec.clone() }));
    net.with(1, |node, now| node.reply(now, ReplySpec { value: Some(&[0; 2048]), ..spec }));
    assert_eq!(net.take_sent(), []);
}

#[test]
fn a_relay_keeps_the_tid_and_loses_the_token() {
    let mut net = Net::persistent(3);
    let third = net.addr(2);
    net.take_sent();
    let spec = RelaySpec {
        socket: SocketKey::Server,
        tid: 77,
        to: third,
        internal: false,
        command: 9,
        target: Some(&TARGET),
        value: Some(b"on"),
    };
    net.with(1, |node, now| node.relay(now, spec.clone()));
    let sent = net.take_sent();
    let own = Id::of(net.addr(1));
    let expected = wire::Request {
        to: third,
        id: Some(own.as_bytes()),
        internal: false,
        target: Some(&TARGET),
        value: Some(b"on"),
        ..ask(9)
    };
    assert_eq!(wire::decode(&sent[0].bytes), Some(Message::Request(expected)));
    assert_eq!((sent[0].from, sent[0].to), (net.addr(1), third));

    let nowhere = Addr::new(*third.ip(), 0);
    net.with(1, |node, now| node.relay(now, RelaySpec { to: nowhere, ..spec.clone() }));
    net.with(1, |node, now| node.relay(now, RelaySpec { value: Some(&[0; 2030]), ..spec }));
    assert_eq!(net.take_sent(), []);
}

#[test]
fn a_token_is_good_for_its_host_and_for_a_while() {
    let mut net = Net::persistent(3);
    net.with(1, |node, _| node.set_interest(Interest { requests: true, ..Interest::default() }));
    net.take_events(1);
    let token = |net: &mut Net, host| {
        let spec = ReplySpec {
            socket: SocketKey::Server,
            tid: 1,
            to: host,
            token: true,
            closer_nodes: false,
            target: None,
            error: 0,
            value: None,
        };
        net.take_sent();
        net.with(1, |node, now| node.reply(now, spec));
        *decoded(&net.take_sent()[0]).token.unwrap()
    };
    let good = token(&mut net, Addr::new(*STRANGER.ip(), 1));
    let anothers = token(&mut net, Addr::new([99, 1, 2, 4].into(), 4000));
    let request = wire::Request { internal: false, target: Some(&TARGET), ..ask(1) };

    net.run(7400);
    net.take_events(1);
    assert_eq!(
        answers(&mut net, 1, SocketKey::Server, wire::Request { token: Some(&good), ..request }),
        []
    );
    let events = net.take_events(1);
    assert!(matches!(&events[..], [Event::Request(r)] if r.token == Some(good)), "{events:?}");

    let other = wire::Request { token: Some(&anothers), ..request };
    let packet = answer(&mut net, 1, other);
    let reply = decoded(&packet);
    assert_eq!((reply.error, reply.closer_nodes.unwrap().len()), (2, 2));
    let fresh = *reply.token.unwrap();
    let again = wire::Request { token: Some(&fresh), ..request };
    assert_eq!(answers(&mut net, 1, SocketKey::Server, again), []);

    net.run(15_000);
    let packet = answer(&mut net, 1, wire::Request { token: Some(&good), ..request });
    assert_eq!(decoded(&packet).error, 2);
}

#[test]
fn a_delayed_ping_is_answered_when_its_time_has_come() {
    let mut net = Net::new();
    let n = net.add(Config::default());
    let ask_for = |net: &mut Net, delay_ms: u32| {
        let value = delay_ms.to_le_bytes();
        let request = wire::Request { value: Some(&value), ..ask(command::DELAYED_PING) };
        answers(net, n, SocketKey::Server, request)
    };
    assert_eq!(ask_for(&mut net, 10_001), []);
    net.run(20_000);
    assert_eq!(net.take_sent(), []);

    assert_eq!(ask_for(&mut net, 1500), []);
    let asked_ms = net.now.mono_ms;
    net.run(3000);
    let sent = net.take_sent();
    assert_eq!((sent.len(), sent[0].at_ms - asked_ms), (1, 1500));
    assert_eq!((sent[0].to, decoded(&sent[0]).tid), (STRANGER, 77));

    (0..2000).for_each(|_| assert_eq!(ask_for(&mut net, 10_000), []));
    assert_eq!(net.node(n).counters().dropped, 2000 - 1024);
    net.run(10_000);
    assert_eq!(net.take_sent().len(), 1024);
}

#[test]
fn a_sender_is_known_by_an_id_that_is_the_hash_of_its_address_only() {
    let mut net = Net::new();
    let n = net.add(Config::default());
    net.with(n, |node, _| node.set_interest(Interest { nodes: true, ..Interest::default() }));
    let (own, wrong) = (Id::of(STRANGER), Id::of(Addr::new(*STRANGER.ip(), 1)));

    answer(&mut net, n, wire::Request { id: Some(wrong.as_bytes()), ..ask(command::PING) });
    assert_eq!(net.node(n).nodes_len(), 0);

    answer(&mut net, n, wire::Request { id: Some(own.as_bytes()), ..ask(command::PING) });
    let events = net.take_events(n);
    let added = events.iter().any(|e| matches!(e, Event::NodeAdded(entry) if entry.id == own));
    assert!(added, "{events:?}");
    assert_eq!(net.node(n).table().get(&own).unwrap().to, Some(STRANGER));
    assert_eq!(net.node(n).nat().size(), 1, "a new node gives a sample, external or not");

    answer(&mut net, n, wire::Request { id: Some(own.as_bytes()), ..ask(command::PING) });
    assert_eq!(net.node(n).nat().size(), 1);
}
