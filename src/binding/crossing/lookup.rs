//! Names that JavaScript has looked up by the operating system.

use std::net::IpAddr;
use std::sync::Arc;

use napi_derive::napi;

use super::environment::{self, Shared};
use super::outbox::RecordClass;
use super::pack;
use crate::engine;

/// Any address will do.
const ANY: u32 = 0;

/// Looks `name` up: the first address of that family (4, 6, or 0 for either) comes in a record of the
/// returned handle. Its kind is the address's family, 0 if there is none; then the text's length and
/// the text.
#[napi(catch_unwind)]
pub fn lookup(environment: u32, name: String, family: u32) -> u32 {
    let handle = environment::next_handle();
    if let Some(shared) = environment::shared(environment) {
        let fits = move |ip: &IpAddr| family == ANY || family == family_of(ip);
        let teller = Arc::clone(&shared);
        let begun = engine::lookup(name, fits, move |found| tell(&teller, handle, found));
        if begun.is_err() {
            tell(&shared, handle, None);
        }
    }
    handle
}

fn tell(shared: &Shared, handle: u32, found: Option<IpAddr>) {
    let (kind, text) = found.map_or((0, String::new()), |ip| (family_of(&ip), ip.to_string()));
    shared.outbox.push(RecordClass::Always, |out| {
        pack::record(out, kind as u8, handle, |out| {
            pack::words(out, &[text.len() as u32]);
            out.extend_from_slice(text.as_bytes());
        });
    });
    shared.wake();
}

fn family_of(ip: &IpAddr) -> u32 {
    if ip.is_ipv4() { 4 } else { 6 }
}
