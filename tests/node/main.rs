//! Whole nodes, in a network in memory and virtual time.

mod joining;
mod net;
mod serving;
