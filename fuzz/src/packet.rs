//! Any bytes as a packet of UDX: what is decoded encodes to the same bytes.

use dht_rpc_native::udx::wire::{self, BLOCK_LEN, HEADER_LEN, Header, MAX_BLOCKS_READ};

pub fn run(input: &[u8]) {
    let Some(header) = Header::decode(input) else {
        assert!(input.len() < HEADER_LEN || input[..2] != [0xff, 1]);
        return;
    };
    let mut bytes = Vec::new();
    header.encode(&mut bytes);
    assert_eq!(bytes, input[..HEADER_LEN]);

    let rest = &input[HEADER_LEN..];
    let blocks: Vec<_> = wire::blocks(rest, header.data_offset).collect();
    assert!(blocks.len() <= MAX_BLOCKS_READ && blocks.len() * BLOCK_LEN <= rest.len());
    bytes.clear();
    blocks.iter().for_each(|(start, end)| wire::encode_block(*start, *end, &mut bytes));
    assert_eq!(bytes, rest[..bytes.len()]);

    let mut other = input.to_vec();
    wire::set_id(&mut other, !header.id);
    assert_eq!(Header::decode(&other), Some(Header { id: !header.id, ..header }));
}
