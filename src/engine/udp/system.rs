//! The way of this operating system.

#[cfg(any(target_os = "linux", target_os = "android"))]
pub use super::linux::{backlog, deregister, receive, register, send};
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub use super::portable::{backlog, deregister, receive, register, send};
