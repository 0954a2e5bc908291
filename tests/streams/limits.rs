//! What a hub refuses, and what survives it.

use std::sync::Arc;

use dht_rpc_native::engine::{Engine, Hub};
use dht_rpc_native::udx::*;

use crate::rig::{Ear, End, hub, open};

#[test]
fn no_more_streams_and_no_longer_backlogs_than_a_hub_may_have() {
    let limits = Limits { streams: 2, backlog: 1000, ..Limits::default() };
    let hub = Hub::start_with(Engine::get().add_hub().unwrap().shard(), limits);
    let (socket, addr) = open(&hub);
    let [one, _two] = [1, 2].map(|id| End::new(&hub, id, Firewall::Reject));
    let third = hub.create_stream(3, &StreamOptions::default(), Arc::new(Ear::default()));
    assert_eq!(third, Err(Error::TooManyStreams { max: 2 }));
    // To a port where nobody answers.
    let nobody = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    hub.connect(one.key, &socket, 9, nobody.local_addr().unwrap(), 0).unwrap();
    assert!(hub.write(one.key, vec![0; 1000].into()).is_ok());
    assert_eq!(hub.write(one.key, vec![0; 1].into()), Err(Error::BacklogFull { max: 1000 }));
    hub.destroy(one.key);
    assert!(hub.create_stream(3, &StreamOptions::default(), Arc::new(Ear::default())).is_ok());
    assert_ne!(addr.port(), 0);
    hub.close();
}

#[test]
fn a_socket_that_is_closed_takes_its_streams_with_it_and_no_others() {
    let (a, b) = (hub(), hub());
    let ((gone, to_gone), (stays, to_stays), (at_b, to_b)) = (open(&a), open(&a), open(&b));
    let mut ends = [(1, &gone), (2, &stays)].map(|(id, socket)| {
        let (near, far) = (End::new(&a, id, Firewall::Reject), End::new(&b, id, Firewall::Reject));
        let to = if id == 1 { to_gone } else { to_stays };
        near.hub.connect(near.key, socket, id, to_b, 0).unwrap();
        far.hub.connect(far.key, &at_b, id, to, 0).unwrap();
        (near, far)
    });
    std::thread::scope(|scope| {
        for (near, far) in &mut ends {
            scope.spawn(|| far.read_until("some", |came| came.received > 1_000_000));
            near.write_all(2_000_000);
        }
    });
    a.close_socket(&gone);
    let [(one, _), (two, far)] = &mut ends;
    one.wait("its end", |came| came.closed.is_some());
    assert_eq!(a.connect(two.key, &gone, 3, to_b, 0), Err(Error::AlreadyConnected));
    let late = End::new(&a, 7, Firewall::Reject);
    assert_eq!(a.connect(late.key, &gone, 3, to_b, 0), Err(Error::SocketClosed));
    std::thread::scope(|scope| {
        scope.spawn(|| far.read_until("the rest", |came| came.received == 3_000_000));
        two.write_all(1_000_000);
    });
}
