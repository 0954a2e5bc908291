//! Looks for changes of the machine's network interfaces, from a shard's deadlines.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::aux_threads::AUX_THREADS;
use super::clock;
use super::interfaces::{NetworkInterface, network_interfaces};
use super::shard::Shard;
use super::shard::deadlines::{MS, NEVER, on_grid};
use super::shard::tenant::{Panic, Tenant};
use super::udp::receive_batch::ReceiveBatch;

/// How often the interfaces are compared, in ms: as often as udx does it under the reference.
const INTERVAL_MS: u64 = 5000;

/// A tenant of the process's first shard.
pub struct InterfaceWatch {
    shard: Arc<Shard>,
    key: AtomicUsize,
    changes: Arc<Changes>,
}

struct Changes {
    known: Mutex<Option<Vec<NetworkInterface>>>,
    changed: fn(),
}

impl InterfaceWatch {
    /// Has `changed` called after each change from now on.
    pub fn start(shard: &Arc<Shard>, changed: fn()) {
        let changes = Arc::new(Changes { known: Mutex::default(), changed });
        let shard = Arc::clone(shard);
        let watch = Self { shard: Arc::clone(&shard), key: AtomicUsize::new(usize::MAX), changes };
        shard.attach(Arc::new(watch));
    }

    /// The system may take its time to tell. Where it gives no thread for that, this one waits.
    fn look(&self) {
        let changes = Arc::clone(&self.changes);
        if let Err(look) = AUX_THREADS.hand_over(Box::new(move || changes.look())) {
            look();
        }
    }

    fn arm(&self) {
        let at = on_grid(clock::mono_ms() + INTERVAL_MS) * MS;
        if self.shard.arm(self.key.load(Ordering::Relaxed), NEVER, at) {
            self.shard.wake_if_asleep();
        }
    }
}

impl Changes {
    fn look(&self) {
        // Whoever still looks for them tells of them.
        let Some(mut known) = self.known.try_lock() else { return };
        // Once the system does not tell: nothing is known to have changed.
        let Ok(found) = network_interfaces() else { return };
        let before = known.replace(found);
        let is_changed = before.is_some() && before != *known;
        drop(known);
        if is_changed {
            (self.changed)();
        }
    }
}

impl Tenant for InterfaceWatch {
    fn placed(&self, key: usize) {
        self.key.store(key, Ordering::Relaxed);
        self.arm();
        self.look();
    }

    fn timeout(&self, _: u64) {
        self.arm();
        self.look();
    }

    fn receive(&self, _: usize, _: &ReceiveBatch) -> bool {
        false
    }

    fn run_waiting_calls(&self) {}

    fn network_changed(&self) {}

    fn crash(&self, _: Panic) {
        tracing::error!("a look at the network interfaces panicked");
    }
}
