//! What lives on a shard.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::super::udp::receive_batch::ReceiveBatch;

/// What a panic left behind.
pub type Panic = Box<dyn Any + Send>;

/// All that a shard knows of those that live on it. Called by whichever thread drives the poll, with
/// no lock held.
pub trait Tenant: Send + Sync {
    /// The key by which the shard knows it for as long as it lives there.
    fn placed(&self, key: usize);

    /// This was read from its socket with this index. `true`: the rest of what waits there is to be
    /// read before any other socket.
    fn receive(&self, socket: usize, batch: &ReceiveBatch) -> bool;

    /// The deadline `at` has come, in µs of the monotonic clock.
    fn timeout(&self, at: u64);

    /// Runs the calls that were left for whoever has time.
    fn run_waiting_calls(&self);

    /// The machine's network interfaces changed.
    fn network_changed(&self);

    /// It panicked: it is gone, and its neighbours live on.
    fn crash(&self, panic: Panic);
}

/// Runs what may panic for a tenant: then this one is gone, and no other.
pub fn guarded<R>(tenant: &(impl Tenant + ?Sized), f: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => Some(result),
        Err(panic) => {
            tenant.crash(panic);
            None
        }
    }
}
