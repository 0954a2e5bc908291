//! Streams of UDX in memory: two hubs, a link between them, and a clock of our own.

#[path = "../link/mod.rs"]
mod link;
mod lone;
mod world;

mod attacks;
mod firewall;
mod goodput;
mod late;
mod properties;
mod receiving;
mod recovery;
mod remotes;
mod states;
mod timers;
mod transfer;
mod windows;
