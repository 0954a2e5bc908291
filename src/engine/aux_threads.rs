//! The process's threads beside those of its shards.

use std::io;

use super::blocking_pool::{BlockingPool, Job};

/// A name lookup may hold its thread for as long as the resolver hangs.
const MAX_THREADS: usize = 16;

/// Where everything runs that may block. Nothing is waited for when the process ends.
pub static AUX_THREADS: BlockingPool = BlockingPool::new(MAX_THREADS, spawn);

fn spawn(job: Job) -> io::Result<()> {
    std::thread::Builder::new().name("dht-rpc-aux".to_owned()).spawn(job).map(drop)
}
