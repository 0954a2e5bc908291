//! Who may reach a stream: packets that wait for a verdict.

use std::net::SocketAddr;

use dht_rpc_native::udx::wire::flag;
use dht_rpc_native::udx::*;

use crate::link::Conditions;
use crate::lone::*;
use crate::world::{A, B, SECOND, World, bytes};

fn questions(lone: &mut Lone) -> usize {
    lone.told().iter().filter(|event| matches!(event, Event::FirewallWanted { .. })).count()
}

fn answer(lone: &mut Lone, passes: bool) {
    lone.hub.firewall_verdict(lone.now, lone.stream, passes);
    lone.drain();
}

fn go_on(lone: &mut Lone) {
    lone.hub.firewall_continue(lone.now, lone.stream);
    lone.drain();
}

#[test]
fn without_a_firewall_an_unconnected_stream_takes_nothing() {
    let mut lone = Lone::unconnected(Firewall::Reject);
    lone.receive(packet(flag::DATA, 0, 0), b"x");
    lone.receive(packet(flag::DESTROY, 0, 0), b"");
    assert_eq!((lone.told(), lone.sent(), lone.hub.drops().rejected), (vec![], vec![], 2));
}

#[test]
fn one_question_at_a_time_then_its_packet_then_the_next() {
    let mut lone = Lone::unconnected(Firewall::Ask);
    for seq in 0..3 {
        lone.receive(packet(flag::DATA, seq, 0), &[seq as u8]);
    }
    let wanted = Event::FirewallWanted { stream: lone.stream, socket: ON, from: peer() };
    assert_eq!(lone.told(), std::slice::from_ref(&wanted));
    answer(&mut lone, true);
    assert_eq!(lone.data(), [0]);
    answer(&mut lone, true);
    assert_eq!(lone.told(), [], "nobody was asked");
    go_on(&mut lone);
    assert_eq!(lone.told(), std::slice::from_ref(&wanted));
    answer(&mut lone, false);
    go_on(&mut lone);
    assert_eq!(lone.told(), [wanted]);
    answer(&mut lone, true);
    go_on(&mut lone);
    assert_eq!((lone.told(), lone.hub.drops().rejected), (vec![], 1));
    assert_eq!(lone.hub.waiting_bytes(), 1 + limits::PACKET_COST, "what came out of order");
}

#[test]
fn once_connected_within_the_question_the_rest_passes_unasked() {
    let mut lone = Lone::unconnected(Firewall::Ask);
    for seq in 0..3 {
        lone.receive(packet(flag::DATA, seq, 0), &[seq as u8]);
    }
    let connected = lone.hub.connect(0, lone.stream, remote(), &ConnectOptions::default());
    assert_eq!(connected, Ok(()));
    lone.receive(packet(flag::DATA, 3, 0), &[3]);
    assert_eq!(questions(&mut lone), 1);
    answer(&mut lone, true);
    assert_eq!(lone.data(), [0]);
    go_on(&mut lone);
    assert_eq!(lone.data(), [1, 2, 3]);
    assert_eq!(
        (lone.sent().pop().map(|out| out.header.ack), lone.hub.waiting_bytes()),
        (Some(4), 0)
    );
}

#[test]
fn a_stream_that_is_destroyed_within_the_question_takes_its_packets_along() {
    let mut lone = Lone::unconnected(Firewall::Ask);
    for seq in 0..3 {
        lone.receive(packet(flag::DATA, seq, 0), b"x");
    }
    lone.hub.destroy(0, lone.stream);
    answer(&mut lone, true);
    go_on(&mut lone);
    assert_eq!(lone.hub.waiting_bytes(), 0);
    assert_eq!(lone.closed(), Some(CloseReason::Destroyed));
}

#[test]
fn no_more_is_held_than_the_limits_say() {
    let mut lone = Lone::unconnected(Firewall::Ask);
    for seq in 0..100 {
        lone.receive(packet(flag::DATA, seq, 0), b"x");
    }
    assert_eq!(lone.hub.drops().held, 36);
    let mut lone = Lone::unconnected(Firewall::Ask);
    for seq in 0..100 {
        lone.receive(packet(flag::DATA, seq, 0), &[0; 10_000]);
    }
    assert!((1..=128 << 10).contains(&lone.hub.waiting_bytes()));
}

#[test]
fn port_0_is_rejected_before_the_user_is_asked() {
    let mut lone = Lone::unconnected(Firewall::Ask);
    let nowhere = SocketAddr::from(([10, 0, 0, 9], 0));
    lone.receive_from(nowhere, packet(flag::DATA, 0, 0), b"x");
    assert_eq!((lone.told(), lone.hub.drops().rejected), (vec![], 1));
}

#[test]
fn a_server_connects_within_its_firewall() {
    let mut world = World::new(Conditions::default(), 1);
    let a = world.stream(A, 1, Firewall::Reject);
    let b = world.stream(B, 2, Firewall::Ask);
    world.connect(A, a, B, 2);
    world.sides[B].answer = |hub, now, stream, socket, from| {
        let remote = Remote { socket, id: 1, addr: from };
        hub.connect(now, stream, remote, &ConnectOptions::default()).is_ok()
    };
    let data = bytes(1_000_000, 1);
    world.write(A, a, &data);
    world.end(A, a);
    world.run(5 * SECOND);
    world.end(B, b);
    world.run(SECOND);
    assert!(world.sides[B].told(b).data == data);
    assert_eq!(world.sides[B].questions.len(), 1);
    assert_eq!(world.sides[B].told(b).closed, Some(CloseReason::Ended));
}
