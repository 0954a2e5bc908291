//! Thousands of real nodes in one thread: virtual time, everything from one seed, every datagram
//! again from the same seed.
//!
//! [`workloads::run`] does what [`options::Options`] say; [`watch`] looks on all the while.

pub mod limits;
pub mod memory;
pub mod model;
pub mod network;
pub mod options;
pub mod peer;
pub mod queue;
pub mod replay;
pub mod report;
pub mod scale;
pub mod targets;
pub mod trace;
pub mod users;
pub mod watch;
pub mod workloads;
