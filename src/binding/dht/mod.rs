//! What JavaScript sees of nodes of the DHT.

#[cfg(any(feature = "node-api", test))]
mod classes;
pub mod commands;
pub mod records;
mod status;
pub mod view;

#[cfg(feature = "node-api")]
#[cfg_attr(test, allow(dead_code, reason = "only the addon exports them"))]
mod calls;
#[cfg(feature = "node-api")]
mod config;
#[cfg(feature = "node-api")]
pub(super) mod nodes;
#[cfg(feature = "node-api")]
#[cfg_attr(test, allow(dead_code, reason = "only the addon exports them"))]
mod reads;
#[cfg(feature = "node-api")]
#[cfg_attr(test, allow(dead_code, reason = "only the addon exports them"))]
mod requests;
#[cfg(feature = "node-api")]
mod sink;
#[cfg(feature = "node-api")]
#[cfg_attr(test, allow(dead_code, reason = "only the addon exports them"))]
mod window;
