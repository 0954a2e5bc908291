//! One JavaScript environment: its wake, its shards, who lives in it.
//!
//! An environment is a thread (the main one or a worker), so its state is thread-local. What other
//! threads reach of it is [`Shared`].

use std::cell::RefCell;
use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Function, Result};
use parking_lot::Mutex;

use super::lent_memory::LentMemory;
use super::outbox::{BATCH, Outbox};
use super::wake::Wake;
use crate::engine::{AdaptiveSpin, Driven, NotificationFlag, Shard, held_acks};

/// Rounds of the polls in one go: a lookup among nodes of this process takes several.
const ROUNDS: usize = 8;

/// What the shards see of an environment.
#[derive(Default)]
pub struct Shared {
    pub outbox: Outbox,
    /// What JavaScript lent, for bytes beside the records.
    pub memory: LentMemory,
    /// Raised: JavaScript was told, or will look by itself; no need to wake it.
    pub notified: NotificationFlag,
    /// JavaScript's.
    pub spin: Mutex<AdaptiveSpin>,
    wake: Mutex<Option<Wake>>,
}

impl Shared {
    /// Has JavaScript drain the outbox, unless it is about to.
    pub fn wake(&self) {
        if !self.notified.raise() {
            return;
        }
        if let Some(wake) = &*self.wake.lock() {
            wake.call();
        }
    }
}

/// A room above, some of whose things live in environments.
pub trait Guest {
    /// Packs anew what changed about `handle` while there was no room for it.
    fn repack(&self, handle: u32, shared: &Arc<Shared>);

    /// This thread's environment ends, and nothing reaches it any more.
    fn tear_down(&self);
}

#[derive(Default)]
struct Environment {
    /// One for each copy of the front that has nodes: module caches can be reset. The places of those that were closed
    /// are taken again.
    opened: Vec<Option<Arc<Shared>>>,
    guests: Vec<&'static dyn Guest>,
    /// The last handle given; they are not used again.
    last_handle: u32,
    /// Those that things of this environment were placed on.
    shards: Vec<Arc<Shard>>,
    /// What came of JavaScript's own calls.
    own: Arc<Outbox>,
}

thread_local! {
    static ENVIRONMENT: RefCell<Environment> = RefCell::default();
}

/// Opens this thread's environment for one copy of the front and returns its number; `wake` is
/// called when there is something to drain.
pub fn open(env: Env, wake: Function<'_, (), ()>, guests: &[&'static dyn Guest]) -> Result<u32> {
    napi::bindgen_prelude::retain_current_module_for_unload_safety();
    let wake = Wake::new(env, wake)?;
    let shared = Arc::new(Shared { wake: Mutex::new(Some(wake)), ..Shared::default() });
    ENVIRONMENT.with_borrow_mut(|e| {
        if e.guests.is_empty() {
            e.guests = guests.to_vec();
            // Hooks run before what Node-API made is taken down, so that nothing calls into that.
            env.add_env_cleanup_hook((), |()| tear_down())?;
        }
        let free = e.opened.iter().position(Option::is_none);
        let number = free.unwrap_or(e.opened.len());
        if free.is_none() {
            e.opened.push(None);
        }
        e.opened[number] = Some(shared);
        Ok(number as u32)
    })
}

/// The last node of what was opened as `number` is gone: nothing wakes it any more.
pub fn close(number: u32) {
    let closed =
        ENVIRONMENT.with_borrow_mut(|e| e.opened.get_mut(number as usize).and_then(Option::take));
    if let Some(shared) = closed {
        shared.wake.lock().take();
    }
}

/// Takes `wake` in the place of what was called so far: Node-API may keep to the asynchronous context in
/// which it is handed a function.
pub fn rewake(env: Env, number: u32, wake: Function<'_, (), ()>, alive: bool) -> Result<()> {
    let Some(shared) = shared(number) else { return Ok(()) };
    let wake = Wake::new(env, wake)?;
    wake.keep_alive(env, alive);
    // A call of the one before may be lost with it.
    wake.call();
    let before = shared.wake.lock().replace(wake);
    if let Some(before) = before {
        before.keep_alive(env, false);
    }
    Ok(())
}

/// Keeps the process alive, or no longer.
pub fn reference(env: Env, number: u32, on: bool) {
    let Some(shared) = shared(number) else { return };
    if let Some(wake) = &*shared.wake.lock() {
        wake.keep_alive(env, on);
    }
}

/// What was opened as `number`.
pub fn shared(number: u32) -> Option<Arc<Shared>> {
    ENVIRONMENT.with_borrow(|e| e.opened.get(number as usize).cloned().flatten())
}

/// What came of JavaScript's own calls.
pub fn own() -> Arc<Outbox> {
    ENVIRONMENT.with_borrow(|e| Arc::clone(&e.own))
}

/// Reserves the next handle.
pub fn next_handle() -> u32 {
    ENVIRONMENT.with_borrow_mut(|e| {
        e.last_handle += 1;
        e.last_handle
    })
}

/// Something of this environment lives on `shard`.
pub fn uses(shard: &Arc<Shard>) {
    ENVIRONMENT.with_borrow_mut(|e| {
        if !e.shards.iter().any(|known| Arc::ptr_eq(known, shard)) {
            e.shards.push(Arc::clone(shard));
        }
    });
}

/// Moves the records of JavaScript's own calls to the slab.
pub fn drain_own(slab: &mut [u8]) -> usize {
    own().drain(slab, BATCH)
}

/// Packs what there was no room for when it changed.
pub fn repack(shared: &Arc<Shared>) {
    for handle in shared.outbox.unsent() {
        guests().iter().for_each(|guest| guest.repack(handle, shared));
    }
}

/// The shards that have something of this environment.
pub fn shards() -> Vec<Arc<Shard>> {
    ENVIRONMENT.with_borrow(|e| e.shards.clone())
}

/// Runs the polls of this environment's shards on this thread, without waiting: again while there is
/// more, and while nodes of this process answer each other.
pub fn drive() -> Driven {
    let shards = shards();
    let mut all = Driven::default();
    for _ in 0..ROUNDS {
        let mut ready = false;
        for shard in &shards {
            let driven = shard.drive();
            ready |= driven.ready;
            all.anew |= driven.anew;
        }
        all.ready |= ready;
        // What JavaScript answers comes first.
        if !ready || held_acks::are_some() {
            break;
        }
    }
    all
}

/// Gives the polls back.
pub fn release() {
    ENVIRONMENT.with_borrow(|e| e.shards.iter().for_each(|shard| shard.release()));
}

fn guests() -> Vec<&'static dyn Guest> {
    ENVIRONMENT.with_borrow(|e| e.guests.clone())
}

/// The environment ends: nothing may reach it any more, and its guests go.
fn tear_down() {
    release();
    let environment = ENVIRONMENT.take();
    for shared in environment.opened.iter().flatten() {
        shared.wake.lock().take();
    }
    environment.guests.iter().for_each(|guest| guest.tear_down());
}
