//! What runs the nodes: shards that each own a poll, the two sockets of each node, timers, name
//! lookups, network interfaces.
//!
//! The operating system may refuse every thread. The first shard's is needed, and the error says so;
//! without a further one the shards that there are take more nodes, names count as not resolvable,
//! and the interfaces are looked at by a shard. All of it is tried again when it is needed next.
//!
//! The engine is one per process, so that nodes of several JavaScript environments share its
//! threads. A node lives on one shard for its whole life; any thread may call into it through its
//! [`Runner`].

mod aux_threads;
mod blocking_pool;
mod clock;
mod driver;
mod hub;
mod interface_watch;
mod interfaces;
#[cfg(all(test, feature = "loom"))]
mod models;
mod node;
mod processors;
mod resolver;
mod shard;
mod sync;
mod udp;

use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

pub use clock::mono;
pub use hub::held_acks;
pub use hub::{BindError, Hub, StreamSink, Submission, Watcher, When};
pub use interfaces::{NetworkInterface, network_interfaces};
pub use node::{BindOptions, Runner, Sink};
pub use resolver::lookup;
pub use shard::shared_socket::{Listener, SharedSocket};
pub use shard::start_error::StartError;
pub use shard::{Driven, Shard};
pub use sync::adaptive_spin::AdaptiveSpin;
pub use sync::notification_flag::NotificationFlag;
pub use udp::fragmentation::route_mtu;
pub use udp::receive_batch::ReceiveBatch;
pub use udp::socket_options::{BufferKind, SocketOptions};
pub use udp::traffic::TrafficSnapshot;

use self::interface_watch::InterfaceWatch;
use self::processors::processors;
use crate::dht::Config;

/// A shard is filled to this many nodes before the next is begun: nodes that talk to each other in
/// one small process share a poll, and a thread saved is a wake saved.
const NODES_BEFORE_NEXT_SHARD: usize = 16;

/// The shards of this process. Threads start with the first node that is placed on them.
pub struct Engine {
    shards: Mutex<Vec<Arc<Shard>>>,
}

impl Engine {
    /// The process's engine. It is never torn down: its threads end with the process.
    pub fn get() -> &'static Engine {
        static ENGINE: OnceLock<Engine> = OnceLock::new();
        ENGINE.get_or_init(|| Engine { shards: Mutex::new(Vec::new()) })
    }

    /// Makes a node and places it on one of the first `shards` shards; 0 means as many as the
    /// process has processors.
    ///
    /// # Errors
    /// What the operating system says when it has no poll or no thread for the first node to give.
    pub fn add(
        &self,
        config: Config,
        bind: BindOptions,
        shards: usize,
        sink: Box<dyn Sink>,
    ) -> Result<Arc<Runner>, StartError> {
        let shard = self.place(if shards == 0 { processors() } else { shards })?;
        let runner = Runner::new(config, bind, Arc::clone(&shard), sink);
        shard.insert(runner.clone());
        Ok(runner)
    }

    /// As [`Self::add`], a node whose sockets are of `hub`: on the hub's shard.
    pub fn add_to(
        &self,
        hub: &Arc<Hub>,
        config: Config,
        bind: BindOptions,
        sink: Box<dyn Sink>,
    ) -> Arc<Runner> {
        let runner = Runner::new(config, bind, Arc::clone(hub.shard()), sink);
        runner.share(hub);
        hub.shard().insert(runner.clone());
        runner
    }

    /// Makes a hub, on whichever shard a node would be placed.
    ///
    /// # Errors
    /// As those of [`Self::add`].
    pub fn add_hub(&self) -> Result<Arc<Hub>, StartError> {
        Ok(Hub::start(&self.place(processors())?))
    }

    /// Runs `each` on every shard that has nodes.
    pub fn for_each_shard(&self, mut each: impl FnMut(&Arc<Shard>)) {
        let shards = self.shards.lock().clone();
        shards.iter().filter(|shard| !shard.is_empty()).for_each(&mut each);
    }

    fn place(&self, allowed: usize) -> Result<Arc<Shard>, StartError> {
        let mut shards = self.shards.lock();
        let open = shards.len().min(allowed);
        let least = shards[..open].iter().min_by_key(|s| s.len()).cloned();
        if let Some(shard) = shards[..open].iter().find(|s| s.len() < NODES_BEFORE_NEXT_SHARD) {
            return Ok(Arc::clone(shard));
        }
        if open == allowed
            && let Some(shard) = least
        {
            return Ok(shard);
        }
        match (Shard::start(shards.len()), least) {
            (Ok(shard), _) => {
                if shards.is_empty() {
                    InterfaceWatch::start(&shard, network_changed);
                }
                shards.push(Arc::clone(&shard));
                Ok(shard)
            }
            (Err(error), Some(shard)) => {
                tracing::warn!(%error, "the shards that there are take more nodes");
                Ok(shard)
            }
            (Err(error), None) => Err(error),
        }
    }
}

fn network_changed() {
    let shards = Engine::get().shards.lock().clone();
    shards.iter().for_each(|shard| shard.network_changed());
}
