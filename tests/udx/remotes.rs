//! Remotes that change, and packets that come from where they did not.

use dht_rpc_native::udx::wire::flag;
use dht_rpc_native::udx::*;

use crate::link::Conditions;
use crate::lone::*;
use crate::world::{A, B, C, SECOND, SOCKET, World, bytes};

fn elsewhere(socket: u32) -> Remote {
    Remote { socket: SocketId(socket), id: 11, addr: ([10, 0, 0, 8], 8000).into() }
}

#[test]
fn nothing_on_its_way_changes_at_once() {
    let mut lone = Lone::connected();
    let changed = lone.hub.change_remote(0, lone.stream, elsewhere(2), None);
    assert_eq!(changed, Ok(RemoteChange::Done));
    let streams = |lone: &Lone| [1, 2].map(|socket| lone.hub.socket_streams(SocketId(socket)));
    assert_eq!(streams(&lone), [0, 1]);
    lone.write(b"x");
    let sent = lone.only_sent();
    assert_eq!((sent.to, sent.header.id), (elsewhere(2).addr, 11));
    assert_eq!(lone.told(), []);
}

#[test]
fn what_is_on_its_way_is_repeated_to_where_it_went() {
    let mut lone = Lone::connected();
    lone.write(&[1; 2000]);
    lone.sent();
    let changed = lone.hub.change_remote(0, lone.stream, elsewhere(1), None);
    assert_eq!(changed, Ok(RemoteChange::Pending));
    let again = lone.hub.change_remote(0, lone.stream, elsewhere(1), None);
    assert_eq!(again, Err(Error::RemoteChanging));
    lone.write(b"new");
    let new = lone.only_sent();
    assert_eq!((new.to, new.header.id, new.header.seq), (elsewhere(1).addr, 11, 2));
    lone.run_to(SECOND);
    let old = lone.only_sent();
    assert_eq!((old.to, old.header.id, old.header.seq), (peer(), PEER_ID, 0));
    lone.receive(packet(0, 0, 1), b"");
    lone.sent();
    assert!(lone.told().iter().all(|event| !matches!(event, Event::RemoteChanged { .. })));
    lone.receive(packet(0, 0, 2), b"");
    assert!(lone.told().contains(&Event::RemoteChanged { stream: lone.stream }));
    assert_eq!(
        lone.hub.change_remote(0, lone.stream, elsewhere(2), None),
        Ok(RemoteChange::Pending)
    );
}

#[test]
fn what_is_repeated_to_the_old_remote_acknowledges_nothing() {
    let mut lone = Lone::connected();
    lone.write(b"x");
    lone.hub.change_remote(0, lone.stream, elsewhere(1), None).expect("it changes");
    lone.sent();
    lone.now = SECOND;
    lone.feed(peer(), packet(flag::DATA, 0, 0), b"x");
    lone.hub.handle_timeout(SECOND);
    lone.drain();
    let sent: Vec<_> = lone.sent().iter().map(|out| (out.to, out.header.flags)).collect();
    assert_eq!(sent, [(peer(), flag::DATA), (elsewhere(1).addr, 0)]);
}

#[test]
fn the_old_socket_keeps_the_stream_until_the_change_is_over() {
    let mut lone = Lone::connected();
    lone.write(b"x");
    let changed = lone.hub.change_remote(0, lone.stream, elsewhere(2), None);
    assert_eq!(changed, Ok(RemoteChange::Pending));
    let streams = |lone: &Lone| [1, 2].map(|socket| lone.hub.socket_streams(SocketId(socket)));
    assert_eq!(streams(&lone), [1, 1]);
    lone.receive(packet(0, 0, 1), b"");
    assert_eq!(streams(&lone), [1, 1], "by the old socket the firewall rejects");
    let mut bytes = Vec::new();
    packet(0, 0, 1).encode(&mut bytes);
    lone.hub.handle_datagram(0, SocketId(2), peer(), &bytes.into());
    assert_eq!(streams(&lone), [0, 1]);
    lone.hub.destroy(0, lone.stream);
    assert_eq!(streams(&lone), [0, 0]);
}

#[test]
fn a_packet_that_waits_for_more_counts_as_sent() {
    let mut lone = Lone::connected();
    lone.hub.write(0, lone.stream, "x".into()).expect("it is written");
    let changed = lone.hub.change_remote(0, lone.stream, elsewhere(1), None);
    assert_eq!(changed, Ok(RemoteChange::Pending));
    lone.drain();
    assert_eq!(lone.only_sent().to, elsewhere(1).addr);
    lone.receive(packet(0, 0, 1), b"");
    assert!(lone.told().contains(&Event::RemoteChanged { stream: lone.stream }));
}

/// A sends a megabyte, which this returns. In the midst of it B is reached by another of its ports, and
/// answers from it.
fn change_amid_a_megabyte(world: &mut World, a: StreamKey, b: StreamKey) -> Vec<u8> {
    let data = bytes(1_000_000, 1);
    world.write(A, a, &data);
    world.end(A, a);
    world.run(SECOND / 3);
    let (now, third) = (world.now, SocketId(3));
    let to = Remote { socket: SOCKET, id: 2, addr: world.sides[B].addr(third) };
    assert_eq!(world.sides[A].hub.change_remote(now, a, to, None), Ok(RemoteChange::Pending));
    let back = Remote { socket: third, id: 1, addr: world.sides[A].addr(SOCKET) };
    assert_eq!(world.sides[B].hub.change_remote(now, b, back, None), Ok(RemoteChange::Done));
    world.run(30 * SECOND);
    data
}

#[test]
fn where_the_firewall_rejects_the_old_way_a_change_cannot_end() {
    let conditions = Conditions { loss: 0.02, rate: 1_000_000, ..Conditions::default() };
    let mut world = World::new(conditions, 4);
    let (a, b) = world.pair();
    change_amid_a_megabyte(&mut world, a, b);
    assert_eq!(world.sides[A].told(a).remote_changes, 0);
    assert_eq!(world.sides[A].told(a).closed, Some(CloseReason::TimedOut));
}

#[test]
fn a_remote_changes_in_the_midst_of_a_megabyte() {
    let conditions = Conditions { loss: 0.02, rate: 1_000_000, ..Conditions::default() };
    let mut world = World::new(conditions, 4);
    let a = world.stream(A, 1, Firewall::Accept);
    let b = world.stream(B, 2, Firewall::Accept);
    world.connect(A, a, B, 2);
    world.connect(B, b, A, 1);
    let data = change_amid_a_megabyte(&mut world, a, b);
    assert!(world.sides[B].told(b).data == data && world.sides[B].told(b).has_ended);
    assert_eq!(world.sides[A].told(a).remote_changes, 1);
    assert_eq!(world.stats(A, a).acked, 1_000_000);
}

#[test]
fn a_peer_whose_nat_gave_it_another_port_goes_on_while_the_old_one_delivers() {
    let mut world = World::new(Conditions::default(), 1);
    let (a, b) = world.pair();
    let data = bytes(5_000_000, 1);
    world.write(A, a, &data);
    world.end(A, a);
    // All that A sends comes from elsewhere; what B sends to the old port still arrives.
    world.rewrite = Some((A, ([10, 9, 9, 9], 9).into()));
    let done = world.run_until(world.now + 20 * SECOND, |world| world.sides[B].told(b).has_ended);
    assert!(done && world.sides[B].told(b).data == data);
    let remote = world.sides[B].hub.remote(b).map(|remote| remote.addr);
    assert_eq!(remote, Some(world.sides[A].addr(SOCKET)), "nothing moved it");
}

#[test]
fn a_peer_whose_old_port_is_dead_goes_on_once_the_remote_is_changed() {
    for changes in [true, false] {
        let mut world = World::new(Conditions { rate: 1_000_000, ..Conditions::default() }, 1);
        let (a, b) = world.pair();
        let data = bytes(5_000_000, 1);
        world.write(A, a, &data);
        world.end(A, a);
        world.run(SECOND);
        let (old, new) = (world.sides[A].addr(SOCKET), ([10, 9, 9, 9], 9).into());
        world.rewrite = Some((A, new));
        world.filter = Box::new(move |datagram| datagram.to != old);
        world.run(8 * SECOND);
        if changes {
            let (now, to) = (world.now, Remote { socket: SOCKET, id: 1, addr: new });
            let changed = world.sides[B].hub.change_remote(now, b, to, None);
            assert_eq!(changed, Ok(RemoteChange::Done));
        }
        world.run(20 * SECOND);
        let (told_a, told_b) = (world.sides[A].told(a), world.sides[B].told(b));
        assert_eq!((told_b.has_ended, told_b.data == data), (changes, changes));
        assert_eq!(told_a.closed, (!changes).then_some(CloseReason::TimedOut));
    }
}

#[test]
fn a_relay_forwards_both_ways_and_counts_as_received() {
    for loss in [0.0, 0.03] {
        let mut world = World::new(Conditions { loss, ..Conditions::default() }, 2);
        let (a, b) = relayed(&mut world);
        let data = bytes(2_000_000, 1);
        world.write(A, a, &data);
        world.write(B, b, b"and back");
        world.end(A, a);
        world.end(B, b);
        world.run(60 * SECOND);
        assert!(world.sides[B].told(b).data == data);
        assert_eq!(world.sides[A].told(a).data, b"and back");
        let closed = (world.sides[A].told(a).closed, world.sides[B].told(b).closed);
        assert_eq!(closed, (Some(CloseReason::Ended), Some(CloseReason::Ended)));
        let traffic = world.sides[C].hub.traffic();
        assert!(traffic.bytes_received > 2_000_000);
        assert_eq!(traffic.packets_transmitted, 0, "transmitted by nobody");
    }
}

/// A stream at A and one at B; all packets pass two streams of C.
fn relayed(world: &mut World) -> (StreamKey, StreamKey) {
    let a = world.stream(A, 1, Firewall::Reject);
    let b = world.stream(B, 2, Firewall::Reject);
    let to_a = world.stream(C, 3, Firewall::Accept);
    let to_b = world.stream(C, 4, Firewall::Accept);
    let hub = &mut world.sides[C].hub;
    assert_eq!(hub.relay_to(0, to_a, RelayTarget::Stream(to_b)), Ok(()));
    assert_eq!(hub.relay_to(0, to_b, RelayTarget::Stream(to_a)), Ok(()));
    assert_eq!(hub.relay_to(0, to_b, RelayTarget::Stream(to_a)), Err(Error::BadRelay));
    world.connect(C, to_a, A, 1);
    world.connect(C, to_b, B, 2);
    world.connect(A, a, C, 3);
    world.connect(B, b, C, 4);
    (a, b)
}

#[test]
fn a_destroy_passes_a_relay_and_ends_it() {
    let mut world = World::new(Conditions::default(), 1);
    let (a, b) = relayed(&mut world);
    world.write(A, a, b"hello");
    world.run(SECOND);
    let now = world.now;
    world.sides[A].hub.destroy(now, a);
    world.run(SECOND);
    assert_eq!(world.sides[B].told(b).closed, Some(CloseReason::Reset));
    let reasons: Vec<_> = world.sides[C].told.values().map(|told| told.closed).collect();
    assert_eq!(reasons, [Some(CloseReason::Reset), Some(CloseReason::RelayClosed)]);
    assert_eq!(world.sides[C].hub.socket_streams(SOCKET), 0);
}

#[test]
fn a_relay_that_is_not_connected_drops_and_one_that_is_destroyed_says_nothing() {
    let mut lone = Lone::unconnected(Firewall::Accept);
    let other = lone.hub.create_stream(0, 8, &StreamOptions::default()).expect("a stream");
    assert_eq!(lone.hub.relay_to(0, lone.stream, RelayTarget::Stream(other)), Ok(()));
    lone.receive(packet(flag::DATA, 0, 0), b"x");
    assert_eq!((lone.hub.drops().relay, lone.data()), (1, vec![]));
    let connected = lone.hub.connect(0, lone.stream, remote(), &ConnectOptions::default());
    assert_eq!(connected, Ok(()));
    lone.hub.destroy(0, lone.stream);
    lone.drain();
    assert_eq!((lone.sent(), lone.closed()), (vec![], Some(CloseReason::Destroyed)));
    let gone = lone.hub.relay_to(0, other, RelayTarget::Stream(lone.stream));
    assert_eq!(gone, Err(Error::BadRelay));
    lone.hub.destroy(0, other);
}

#[test]
fn a_relay_joins_streams_of_two_hubs() {
    let mut near = Lone::unconnected(Firewall::Accept);
    let mut far = Lone::connected();
    assert_eq!(near.hub.relay_to(0, near.stream, RelayTarget::Elsewhere), Ok(()));
    near.receive(packet(flag::DATA, 5, 6), b"hello");
    let told = near.told();
    let [Event::Forward { packet: forwarded, .. }] = &told[..] else {
        panic!("{told:?}");
    };
    far.hub.forward(0, far.stream, forwarded);
    far.drain();
    let sent = far.only_sent();
    assert_eq!((sent.to, sent.header.id, &sent.rest[..]), (peer(), PEER_ID, &b"hello"[..]));
    assert_eq!((sent.header.seq, sent.header.ack), (5, 6));
    near.hub.relay_target_closed(0, near.stream);
    near.drain();
    assert_eq!(near.closed(), Some(CloseReason::RelayClosed));
}

#[test]
fn a_chain_of_relays_of_any_length_closes() {
    let mut lone = Lone::connected();
    let mut last = lone.stream;
    for id in 100..100_100 {
        let next = lone.hub.create_stream(0, id, &StreamOptions::default()).expect("a stream");
        assert_eq!(lone.hub.relay_to(0, next, RelayTarget::Stream(last)), Ok(()));
        last = next;
    }
    lone.hub.destroy(0, lone.stream);
    assert_eq!(lone.hub.streams(), 0);
}
