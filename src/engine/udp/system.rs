//! The way of this operating system.

#[cfg(any(target_os = "linux", target_os = "android"))]
pub use super::linux::{Buffer, Receiver, Sender, backlog, deregister, register};
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub use super::portable::{Buffer, Receiver, Sender, backlog, deregister, register};
