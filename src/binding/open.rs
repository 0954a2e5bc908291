//! Opening an environment, for all rooms that have something in it.

use napi::Env;
use napi::bindgen_prelude::{Function, Result};
use napi_derive::napi;

use super::crossing::environment;
use super::dht::nodes::Nodes;
use super::udx::sockets::Sockets;

/// Opens the environment of this thread and returns its number; `wake` is called when there is
/// something to drain.
#[napi(catch_unwind)]
pub fn open(env: Env, wake: Function<'_, (), ()>) -> Result<u32> {
    environment::open(env, wake, &[&Nodes, &Sockets])
}

/// The version of the package that this was built for: what crosses has the layout of that one.
#[napi(catch_unwind)]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
