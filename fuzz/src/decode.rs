//! Any bytes as a datagram: what is decoded encodes to something that decodes to the same.

use dht_rpc_native::dht::wire::{self, MAX_DATAGRAM, Message, Reply, ReplyHead};

pub fn run(input: &[u8]) {
    let Some(message) = wire::decode(input) else {
        return;
    };
    let mut bytes = Vec::new();
    match message {
        Message::Request(request) => {
            request.encode(&mut bytes);
            assert_eq!(bytes.len(), request.encoded_len());
            assert_eq!(wire::decode(&bytes), Some(message));
        }
        Message::Reply(reply) => encode_reply(&reply, &mut bytes),
    }
    assert!(bytes.len() <= input.len() && input.len() <= MAX_DATAGRAM);
}

fn encode_reply(reply: &Reply<'_>, bytes: &mut Vec<u8>) {
    let closer_nodes: Vec<_> = reply.closer_nodes.iter().flat_map(|nodes| nodes.iter()).collect();
    assert_eq!(closer_nodes.len(), reply.closer_nodes.map_or(0, |nodes| nodes.len()));
    let head = ReplyHead {
        tid: reply.tid,
        to: reply.to,
        id: reply.id,
        token: reply.token,
        closer_nodes: &closer_nodes,
        error: reply.error,
        value: reply.value,
    };
    head.encode(bytes);
    assert_eq!(bytes.len(), head.encoded_len());
    // An empty list of closer nodes is sent by leaving it out.
    let sent =
        Reply { closer_nodes: reply.closer_nodes.filter(|nodes| !nodes.is_empty()), ..*reply };
    assert_eq!(wire::decode(bytes), Some(Message::Reply(sent)));
}
