//! The way of this operating system.

#[cfg(any(target_os = "linux", target_os = "android"))]
pub use super::linux::{BUFFER, Receiver, Sender, backlog, deregister, register};
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub use super::portable::{BUFFER, Receiver, Sender, backlog, deregister, register};
