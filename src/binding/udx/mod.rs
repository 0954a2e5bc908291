//! What JavaScript sees of UDX instances: hubs and their sockets, by handles.

pub mod datagrams;
pub mod records;

#[cfg(feature = "node-api")]
mod address;
#[cfg(feature = "node-api")]
#[cfg_attr(test, allow(dead_code, reason = "only the addon exports them"))]
mod calls;
#[cfg(feature = "node-api")]
mod lane;
#[cfg(feature = "node-api")]
mod sink;
#[cfg(feature = "node-api")]
pub mod sockets;
#[cfg(feature = "node-api")]
#[cfg_attr(test, allow(dead_code, reason = "only the addon exports them"))]
mod stream_calls;
#[cfg(feature = "node-api")]
mod stream_sink;
#[cfg(feature = "node-api")]
pub mod streams;
