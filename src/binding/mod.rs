//! What JavaScript sees: free functions over handle numbers, packed records in both directions.
//!
//! Per JavaScript environment there is one weak thread-safe function, which only says that there
//! is something to drain; everything else crosses in slabs of memory that JavaScript owns. The
//! layouts are in [`records`] (to JavaScript), [`commands`] (from it) and [`view`] (reads);
//! `lib/records.js` and `lib/commands.js` are their other halves.

#[cfg_attr(test, allow(dead_code, reason = "only the addon exports them"))]
mod calls;
mod commands;
mod config;
mod environment;
mod outbox;
#[cfg_attr(test, allow(dead_code, reason = "only the addon exports them"))]
mod reads;
mod records;
mod sink;
mod view;
