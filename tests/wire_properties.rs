//! Whatever comes in, reading it does not panic; what was written reads the same.

use std::net::{Ipv4Addr, SocketAddrV4};

use dht_rpc_native::dht::wire::{self, MAX_DATAGRAM, MAX_UINT, Message, Reply, ReplyHead, Request};
use dht_rpc_native::dht::{Addr, Bytes32};
use dht_rpc_native::net::addr::{decode_addr, encode_addr};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..MAX_DATAGRAM + 2)) {
        read_all(&bytes);
    }

    #[test]
    fn arbitrary_fields_are_read_or_refused(
        kind in prop_oneof![Just(0x03), Just(0x13)],
        flags in any::<u8>(),
        fields in vec(any::<u8>(), 0..400)
    ) {
        let datagram = [&[kind, flags], &fields[..]].concat();
        read_all(&datagram);
    }

    #[test]
    fn arbitrary_changes_are_read_or_refused(
        reply in replies(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>()
    ) {
        let mut datagram = reply.write();
        for (at, byte) in changes {
            let at = at.index(datagram.len());
            datagram[at] = byte;
        }
        datagram.truncate(cut.index(datagram.len() + 1));
        read_all(&datagram);
    }

    #[test]
    fn requests_read_as_they_were_written(request in requests(), before in vec(any::<u8>(), 0..9)) {
        let request = request.view();
        let mut out = before.clone();
        request.encode(&mut out);

        let (kept, datagram) = out.split_at(before.len());
        prop_assert_eq!(kept, &before);
        prop_assert_eq!(datagram.len(), request.encoded_len());
        prop_assert_eq!(wire::decode(datagram), Some(Message::Request(request)));
    }

    #[test]
    fn replies_read_as_they_were_written(reply in replies()) {
        let datagram = reply.write();
        prop_assert_eq!(datagram.len(), reply.view().encoded_len());

        let Some(Message::Reply(read)) = wire::decode(&datagram) else {
            return Err(TestCaseError::fail("not a reply"));
        };
        let closer_nodes = read.closer_nodes.map(|nodes| nodes.iter().collect::<Vec<_>>());
        prop_assert_eq!(closer_nodes.clone().unwrap_or_default(), reply.closer_nodes.clone());
        prop_assert_eq!(closer_nodes.is_some(), !reply.closer_nodes.is_empty());

        let sent = reply.view();
        let rest = Reply {
            tid: sent.tid,
            to: sent.to,
            id: sent.id,
            token: sent.token,
            closer_nodes: read.closer_nodes,
            error: sent.error,
            value: sent.value,
        };
        prop_assert_eq!(read, rest);
    }

    #[test]
    fn bytes_after_the_last_field_mean_nothing(reply in replies(), after in vec(any::<u8>(), 1..9)) {
        let datagram = reply.write();
        let longer = [&datagram[..], &after].concat();
        prop_assert_eq!(wire::decode(&longer), wire::decode(&datagram));
    }

    #[test]
    fn a_request_that_is_cut_short_is_refused(
        request in requests(),
        cut in any::<prop::sample::Index>()
    ) {
        let mut datagram = Vec::new();
        request.view().encode(&mut datagram);
        datagram.truncate(cut.index(datagram.len()));
        prop_assert_eq!(wire::decode(&datagram), None);
    }

    #[test]
    fn addresses_read_as_they_were_written(addr in addrs(), after in vec(any::<u8>(), 0..3)) {
        let bytes = encode_addr(addr);
        prop_assert_eq!(decode_addr(&[&bytes[..], &after].concat()), Some(addr));
        prop_assert_eq!(decode_addr(&bytes[..5]), None);
    }
}

#[test]
fn a_datagram_over_the_limit_is_refused() {
    let to = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1);
    let value = [0; MAX_DATAGRAM];
    let request = |value| Request {
        tid: 0,
        to,
        id: None,
        token: None,
        internal: false,
        command: 0,
        target: None,
        value: Some(value),
    };

    let mut datagram = Vec::new();
    request(&value[..2034]).encode(&mut datagram);
    assert_eq!(datagram.len(), MAX_DATAGRAM);
    assert!(wire::decode(&datagram).is_some());

    datagram.push(0);
    assert_eq!(wire::decode(&datagram), None);
}

/// Reads a datagram to its last field.
fn read_all(datagram: &[u8]) {
    match wire::decode(datagram) {
        Some(Message::Reply(Reply { closer_nodes: Some(nodes), .. })) => {
            assert_eq!(nodes.iter().count(), nodes.len());
            assert_eq!(nodes.iter().next().is_none(), nodes.is_empty());
            assert!(nodes.len() * 6 <= datagram.len());
        }
        Some(Message::Request(request)) => assert!(request.encoded_len() <= datagram.len()),
        _ => {}
    }
}

#[derive(Clone, Debug)]
struct OwnedRequest {
    tid: u16,
    to: Addr,
    id: Option<Bytes32>,
    token: Option<Bytes32>,
    internal: bool,
    command: u64,
    target: Option<Bytes32>,
    value: Option<Vec<u8>>,
}

impl OwnedRequest {
    fn view(&self) -> Request<'_> {
        Request {
            tid: self.tid,
            to: self.to,
            id: self.id.as_ref(),
            token: self.token.as_ref(),
            internal: self.internal,
            command: self.command,
            target: self.target.as_ref(),
            value: self.value.as_deref(),
        }
    }
}

#[derive(Clone, Debug)]
struct OwnedReply {
    tid: u16,
    to: Addr,
    id: Option<Bytes32>,
    token: Option<Bytes32>,
    closer_nodes: Vec<Addr>,
    error: u64,
    value: Option<Vec<u8>>,
}

impl OwnedReply {
    fn view(&self) -> ReplyHead<'_> {
        ReplyHead {
            tid: self.tid,
            to: self.to,
            id: self.id.as_ref(),
            token: self.token.as_ref(),
            closer_nodes: &self.closer_nodes,
            error: self.error,
            value: self.value.as_deref(),
        }
    }

    fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.view().encode(&mut out);
        out
    }
}

fn requests() -> impl Strategy<Value = OwnedRequest> {
    let fixed = || option::of(any::<Bytes32>());
    let fields =
        (any::<u16>(), addrs(), fixed(), fixed(), any::<bool>(), uints(), fixed(), values());
    fields.prop_map(|(tid, to, id, token, internal, command, target, value)| OwnedRequest {
        tid,
        to,
        id,
        token,
        internal,
        command,
        target,
        value,
    })
}

fn replies() -> impl Strategy<Value = OwnedReply> {
    let fixed = || option::of(any::<Bytes32>());
    let nodes = vec(addrs(), 0..21);
    let fields = (any::<u16>(), addrs(), fixed(), fixed(), nodes, uints(), values());
    fields.prop_map(|(tid, to, id, token, closer_nodes, error, value)| OwnedReply {
        tid,
        to,
        id,
        token,
        closer_nodes,
        error,
        value,
    })
}

fn addrs() -> impl Strategy<Value = Addr> {
    any::<(u32, u16)>().prop_map(|(host, port)| SocketAddrV4::new(Ipv4Addr::from_bits(host), port))
}

fn uints() -> impl Strategy<Value = u64> {
    let bits = 0..=53u32;
    (bits, 0..=MAX_UINT).prop_map(|(bits, n)| n & ((1 << bits) - 1))
}

fn values() -> impl Strategy<Value = Option<Vec<u8>>> {
    option::of(vec(any::<u8>(), 0..1000))
}
