//! The nodes of an environment, by their handles.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::super::crossing::environment::{self, Guest, Shared};
use super::commands::{self, Record};
use super::sink::{OwnCallSink, RecordSink};
use crate::dht::{Event, Node};
use crate::engine::{Runner, Sink};
use crate::net::Now;

/// A node, and the loading of the front that made it.
struct Owned {
    node: Arc<Runner>,
    shared: Arc<Shared>,
}

/// Replies that this thread sends by itself, which costs less than to wake a shard for them.
const DIRECT: usize = 4;

thread_local! {
    static NODES: RefCell<HashMap<u32, Owned>> = RefCell::default();
}

/// What an environment asks of its nodes.
pub struct Nodes;

impl Guest for Nodes {
    fn repack(&self, handle: u32, shared: &Arc<Shared>) {
        let Some(node) = get(handle) else { return };
        let sink = RecordSink { handle, shared: Arc::clone(shared) };
        node.with(|node, _| sink.event(Event::Status(Box::new(node.status()))));
    }

    fn tear_down(&self) {
        NODES.take().into_values().for_each(|owned| owned.node.destroy());
    }
}

/// Binds a handle to its node.
pub fn insert(handle: u32, node: Arc<Runner>, shared: Arc<Shared>) {
    environment::uses(node.shard());
    NODES.with_borrow_mut(|nodes| nodes.insert(handle, Owned { node, shared }));
}

/// Destroys a handle's node and forgets it; what comes of it waits for [`environment::drain_own`].
pub fn destroy(handle: u32) {
    if let Some(Owned { node, .. }) = NODES.with_borrow_mut(|nodes| nodes.remove(&handle)) {
        node.destroy_into(&OwnCallSink::last(handle, environment::own()));
    }
}

/// The node of a handle; `None` after it was destroyed.
pub fn get(handle: u32) -> Option<Arc<Runner>> {
    NODES.with_borrow(|nodes| nodes.get(&handle).map(|owned| Arc::clone(&owned.node)))
}

/// Runs `f` on a node; what comes of it waits for [`environment::drain_own`].
pub fn run<R>(handle: u32, f: impl FnOnce(&mut Node, Now) -> R) -> Option<R> {
    let (node, sink) = NODES.with_borrow(|nodes| {
        let Owned { node, shared } = nodes.get(&handle)?;
        let sink = OwnCallSink::new(handle, environment::own(), Arc::clone(shared));
        Some((Arc::clone(node), sink))
    })?;
    node.with_sink(&sink, f)
}

/// Hands the requests and replies of a batch to their shards: one call for each run of the same
/// node, which ends where what is deferred is to leave. To send them from this thread would cost it as much as all that JavaScript does for them.
pub fn submit(batch: &[u8]) {
    let mut records = commands::records(batch).peekable();
    while let Some(first) = records.next() {
        let handle = first.handle();
        let mut requests = Vec::new();
        let mut malformed = Vec::new();
        let mut answers = Vec::new();
        let mut answer_count = 0;
        let mut send_deferred = false;
        let mut next = Some(first);
        while let Some(record) = next {
            match record {
                Record::Request { body, .. } => match commands::request(body) {
                    Some(request) => requests.push(request),
                    None => malformed.push(commands::user(body)),
                },
                Record::Answer { bytes, .. } => {
                    answers.extend_from_slice(bytes);
                    answer_count += 1;
                }
                Record::SendDeferred { .. } => send_deferred = true,
            }
            next = records.next_if(|record| !send_deferred && record.handle() == handle);
        }
        let Some(node) = get(handle) else { continue };
        if !requests.is_empty() || send_deferred {
            node.request_on_shard(requests, send_deferred);
        }
        for user in malformed {
            node.call(move |node, _| node.refuse_request(user));
        }
        let answer = move |node: &mut Node, now| commands::answers(node, now, &answers);
        match answer_count {
            0 => {}
            1..=DIRECT => node.call(answer),
            _ => node.call_on_shard(answer),
        }
    }
}

/// Has the replies of this environment sent by this thread, as there may be no time for the shards
/// to.
pub fn flush_at_exit() {
    let nodes: Vec<_> =
        NODES.with_borrow(|nodes| nodes.values().map(|owned| Arc::clone(&owned.node)).collect());
    // Whoever gets hold of a node runs what waits for it.
    for node in nodes {
        node.with(|node, now| node.send_deferred(now));
    }
}
