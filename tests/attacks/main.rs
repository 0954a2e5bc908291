// slow: floods, in real time

//! Attacks on a node over real sockets: each with what came of it as a figure. Where it costs
//! little the attack is made without the protection as well, and is seen to work.
//!
//! 127.0.0.0/8 gives as many hosts as are wanted. `npm run attacks` runs these with more of
//! everything (`ATTACKS=long`) and writes the figures into docs/reliability.md.
//! Other systems have one loopback address, until told otherwise.
#![cfg(target_os = "linux")]

mod closer_nodes;
mod crowds;
mod delayed_pings;
mod down_hints;
mod floods;
mod ids;
mod reflection;
mod replies;
mod sizes;
mod support;
mod tokens;
