//! One JavaScript environment: its handles, its wake.
//!
//! An environment is a thread (the main one or a worker), so its state is thread-local. What other
//! threads reach of it is [`Shared`].

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use napi::bindgen_prelude::{Function, Result, Status};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, sys};
use parking_lot::Mutex;

use super::commands::{self, Record};
use super::outbox::{BATCH, Outbox};
use super::sink::{Own, Packer};
use crate::engine::{Patience, Runner, Shard, Sink, Told};
use crate::proto::{Event, Node, Now};

/// Weak: it does not keep the process alive unless it is referenced for a live node.
type Wake = ThreadsafeFunction<(), (), (), Status, false, true, 0>;

/// What the shards see of an environment.
#[derive(Default)]
pub struct Shared {
    pub outbox: Outbox,
    /// JavaScript was told, or will look by itself: no need to wake it.
    pub told: Told,
    /// JavaScript's.
    pub patience: Mutex<Patience>,
    wake: Mutex<Option<Wake>>,
}

impl Shared {
    /// Has JavaScript drain the outbox, unless it is about to.
    pub fn wake(&self) {
        if !self.told.tell() {
            return;
        }
        if let Some(wake) = &*self.wake.lock() {
            wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}

#[derive(Default)]
struct Environment {
    /// One for each time that the front was loaded: module caches can be reset.
    opened: Vec<Arc<Shared>>,
    nodes: HashMap<u32, Owned>,
    /// The last handle given; they are not used again.
    last_handle: u32,
    /// Those that the nodes of this environment were placed on.
    shards: Vec<Arc<Shard>>,
    /// What came of JavaScript's own calls.
    own: Arc<Outbox>,
}

/// A node, and the loading of the front that made it.
struct Owned {
    node: Arc<Runner>,
    shared: Arc<Shared>,
}

thread_local! {
    static ENVIRONMENT: RefCell<Environment> = RefCell::default();
}

/// Opens this thread's environment for one loading of the front and returns its number; `wake` is
/// called when there is something to drain.
pub fn open(env: Env, wake: Function<'_, (), ()>) -> Result<u32> {
    napi::bindgen_prelude::retain_current_module_for_unload_safety();
    let wake =
        wake.build_threadsafe_function::<()>().weak::<true>().callee_handled::<false>().build()?;
    let shared = Arc::new(Shared { wake: Mutex::new(Some(wake)), ..Shared::default() });
    ENVIRONMENT.with_borrow_mut(|e| {
        e.opened.push(shared);
        let number = e.opened.len() as u32 - 1;
        if number == 0 {
            // Registered after the first function, so that it runs before that is torn down; the
            // functions of later loadings are detached by it as well, and calling one that was
            // torn down is refused by N-API.
            env.add_env_cleanup_hook((), |()| tear_down())?;
        }
        Ok(number)
    })
}

/// Keeps the process alive, or no longer.
pub fn reference(env: Env, number: u32, on: bool) {
    let Some(shared) = shared(number) else { return };
    if let Some(wake) = &*shared.wake.lock() {
        // SAFETY: on the environment's own thread, with a function that was not released.
        unsafe {
            match on {
                true => sys::napi_ref_threadsafe_function(env.raw(), wake.raw()),
                false => sys::napi_unref_threadsafe_function(env.raw(), wake.raw()),
            }
        };
    }
}

/// What was opened as `number`.
pub fn shared(number: u32) -> Option<Arc<Shared>> {
    ENVIRONMENT.with_borrow(|e| e.opened.get(number as usize).cloned())
}

/// Reserves the next handle.
pub fn next_handle() -> u32 {
    ENVIRONMENT.with_borrow_mut(|e| {
        e.last_handle += 1;
        e.last_handle
    })
}

/// Binds a handle to its node.
pub fn insert(handle: u32, node: Arc<Runner>, shared: Arc<Shared>) {
    ENVIRONMENT.with_borrow_mut(|e| {
        if !e.shards.iter().any(|shard| Arc::ptr_eq(shard, node.shard())) {
            e.shards.push(Arc::clone(node.shard()));
        }
        e.nodes.insert(handle, Owned { node, shared });
    });
}

/// Forgets a handle's node.
pub fn remove(handle: u32) -> Option<Arc<Runner>> {
    ENVIRONMENT.with_borrow_mut(|e| e.nodes.remove(&handle)).map(|owned| owned.node)
}

/// The node of a handle; `None` after it was destroyed.
pub fn node(handle: u32) -> Option<Arc<Runner>> {
    ENVIRONMENT.with_borrow(|e| e.nodes.get(&handle).map(|owned| Arc::clone(&owned.node)))
}

/// Runs `f` on a node; what comes of it waits for [`drain_own`].
pub fn run<R>(handle: u32, f: impl FnOnce(&mut Node, Now) -> R) -> Option<R> {
    let (node, own) = ENVIRONMENT.with_borrow(|e| {
        let Owned { node, shared } = e.nodes.get(&handle)?;
        Some((Arc::clone(node), Own::new(handle, Arc::clone(&e.own), Arc::clone(shared))))
    })?;
    node.with_sink(&own, f)
}

/// Moves the records of JavaScript's own calls to the slab.
pub fn drain_own(slab: &mut [u8]) -> usize {
    let outbox = ENVIRONMENT.with_borrow(|e| Arc::clone(&e.own));
    outbox.drain(slab, BATCH)
}

/// Hands the requests and replies of a batch to their shards: one call for each run of the same
/// node. To send them from this thread would cost it as much as all that JavaScript does for them.
pub fn submit(batch: &[u8]) {
    let mut records = commands::records(batch).peekable();
    while let Some(first) = records.next() {
        let handle = first.handle();
        let mut requests = Vec::new();
        let mut malformed = Vec::new();
        let mut answers = Vec::new();
        let mut next = Some(first);
        while let Some(record) = next {
            match record {
                Record::Request { body, .. } => match commands::request(body) {
                    Some(request) => requests.push(request),
                    None => malformed.push(commands::user(body)),
                },
                Record::Answer { bytes, .. } => answers.extend_from_slice(bytes),
            }
            next = records.next_if(|record| record.handle() == handle);
        }
        let Some(node) = node(handle) else { continue };
        if !requests.is_empty() {
            node.request_on_shard(requests);
        }
        for user in malformed {
            node.call(move |node, _| node.refuse_request(user));
        }
        if !answers.is_empty() {
            node.call_on_shard(move |node, now| commands::answers(node, now, &answers));
        }
    }
}

/// Tells the standings for which there was no room.
pub fn tell_standings(shared: &Arc<Shared>) {
    for handle in shared.outbox.untold() {
        let Some(node) = node(handle) else { continue };
        let packer = Packer { handle, shared: Arc::clone(shared) };
        node.with(|node, _| packer.event(Event::Standing(Box::new(node.standing()))));
    }
}

/// Has the replies of this environment sent by this thread, as there may be no time for the shards
/// to.
pub fn flush_at_exit() {
    let nodes: Vec<_> = ENVIRONMENT
        .with_borrow(|e| e.nodes.values().map(|owned| Arc::clone(&owned.node)).collect());
    // Whoever gets hold of a node runs what waits for it.
    for node in nodes {
        node.with(|_, _| ());
    }
}

/// Runs the polls of this environment's shards on this thread, without waiting.
pub fn drive() {
    let shards = ENVIRONMENT.with_borrow(|e| e.shards.clone());
    shards.iter().for_each(|shard| shard.drive());
}

/// Gives the polls back.
pub fn release() {
    ENVIRONMENT.with_borrow(|e| e.shards.iter().for_each(|shard| shard.release()));
}

/// The environment ends: nothing may reach it any more, and its nodes go.
fn tear_down() {
    release();
    let environment = ENVIRONMENT.take();
    for shared in &environment.opened {
        shared.wake.lock().take();
    }
    environment.nodes.values().for_each(|owned| owned.node.destroy());
}
