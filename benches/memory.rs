//! What a node of a network takes on the heap, and how often it asks for more while it joins.
//!
//! `cargo bench --no-default-features --bench memory -- [NODES]`

#[path = "rooms/network.rs"]
mod network;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use dht_rpc_native::dht::Node;

use network::Network;

/// The system's, and counts.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);
static BLOCKS: AtomicUsize = AtomicUsize::new(0);
static CALLS: AtomicUsize = AtomicUsize::new(0);

fn main() {
    let nodes = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(1000);
    let network = Network::persistent(nodes, 16);
    let Network { nodes, .. } = network;
    let count = nodes.len();
    let each = |counter: &AtomicUsize| counter.load(Ordering::Relaxed) / count;
    let entries: usize = nodes.iter().map(|node| node.table().len()).sum();
    println!("nodes                        {count}");
    println!("table entries each           {}", entries / count);
    println!("bytes on the heap each       {}", each(&BYTES));
    println!("of these, the node itself    {}", size_of::<Node>());
    println!("blocks on the heap each      {}", each(&BLOCKS));
    println!("allocations of a join        {}", each(&CALLS));
}

// SAFETY: every call goes on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        BLOCKS.fetch_add(1, Ordering::Relaxed);
        CALLS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        BLOCKS.fetch_sub(1, Ordering::Relaxed);
        unsafe { System.dealloc(block, layout) }
    }
}
