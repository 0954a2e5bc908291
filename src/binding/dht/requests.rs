//! The functions behind requests that JavaScript holds one by one. A request is named by the slot and
//! the serial of its key.

use napi::bindgen_prelude::BufferSlice;
use napi_derive::napi;

use super::commands::{self, Record};
use super::reads::fill;
use super::{nodes, records};
use crate::dht::{RequestError, RequestKey, RequestSpec};

/// Registers the packed request that `bytes` begins with, without sending it, and writes its tid,
/// slot and serial to the slab. `named`: it goes to whom the table has at that address, who leaves
/// it without an answer. 0, or the error for which it was refused.
#[napi(catch_unwind)]
pub fn prepare(bytes: &[u8], named: bool, mut slab: BufferSlice<'_>) -> u32 {
    let Some((handle, spec)) = parsed(bytes) else { return RequestError::TooLarge as u32 };
    let prepared = nodes::run(handle, |node, now| node.prepare(now, &spec, named));
    match prepared.unwrap_or(Err(RequestError::Destroyed)) {
        Err(error) => error as u32,
        Ok((RequestKey { slot, serial }, tid)) => {
            let numbers = [u32::from(tid), slot, serial].map(u32::to_le_bytes).concat();
            fill(&mut slab, Some(numbers));
            0
        }
    }
}

/// Sends a prepared request, as it is packed now. 0, or the error for which it was refused.
#[napi(catch_unwind)]
pub fn send_prepared(bytes: &[u8], slot: u32, serial: u32, force: bool) -> u32 {
    let Some((handle, spec)) = parsed(bytes) else { return RequestError::TooLarge as u32 };
    let key = RequestKey { slot, serial };
    let sent = nodes::run(handle, |node, now| node.send_prepared(now, key, &spec, force));
    sent.unwrap_or(Ok(())).map_or_else(|error| error as u32, |()| 0)
}

/// Sends one more try of a request.
#[napi(catch_unwind)]
pub fn send_again(handle: u32, slot: u32, serial: u32, force: bool) {
    let key = RequestKey { slot, serial };
    nodes::run(handle, |node, now| node.send_again(now, key, force));
}

/// Takes a request out of flight. No record tells of one that JavaScript made.
#[napi(catch_unwind)]
pub fn drop_request(handle: u32, slot: u32, serial: u32) -> bool {
    let key = RequestKey { slot, serial };
    nodes::run(handle, |node, now| node.drop_request(now, key)).unwrap_or(false)
}

/// Sets the sends after the first, and the time-out in ms (0 for none of its own).
#[napi(catch_unwind)]
pub fn change_request(handle: u32, slot: u32, serial: u32, retries: u32, timeout: u32) {
    let key = RequestKey { slot, serial };
    let retries = retries.min(u32::from(u8::MAX)) as u8;
    let timeout = (timeout != 0).then_some(timeout);
    nodes::run(handle, |node, _| node.change_request(key, retries, timeout));
}

/// Tries so far; -1 if the request is not in flight.
#[napi(catch_unwind)]
pub fn request_sent(handle: u32, slot: u32, serial: u32) -> i32 {
    let key = RequestKey { slot, serial };
    let sent = nodes::get(handle).and_then(|node| node.with(|node, _| node.request_sent(key)));
    sent.flatten().map_or(-1, |sent| i32::try_from(sent).unwrap_or(i32::MAX))
}

/// Changes whenever a request comes or goes; 0 if the node is gone.
#[napi(catch_unwind)]
pub fn requests_version(handle: u32) -> u32 {
    let version = nodes::get(handle).and_then(|node| node.with(|node, _| node.requests_version()));
    version.unwrap_or(0)
}

/// All requests in flight, or those of a session unless it is 0, as [`records`] lays them out.
#[napi(catch_unwind)]
pub fn requests_in_flight(handle: u32, session: u32, mut slab: BufferSlice<'_>) -> u32 {
    let session = (session != 0).then_some(session);
    let packed = nodes::get(handle).and_then(|node| {
        node.with(|node, _| {
            let mut out = Vec::new();
            let requests = node.requests_in_flight(session);
            requests.for_each(|request| records::in_flight(&mut out, &request));
            out
        })
    });
    fill(&mut slab, packed)
}

fn parsed(bytes: &[u8]) -> Option<(u32, RequestSpec)> {
    match commands::records(bytes).next()? {
        Record::Request { handle, body } => Some((handle, commands::request(body)?)),
        _ => None,
    }
}
