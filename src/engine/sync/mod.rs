//! The small protocols between threads, each a few atomics or a lock in a file of its own.
//! `models.rs` in the room above runs them in every order of events.

pub mod adaptive_spin;
pub mod combining_lock;
pub mod notification_flag;
pub mod park_deadline;
pub mod poll_ownership;
pub mod primitives;
