//! Whole nodes, in a network in memory and virtual time.

mod endings;
mod filtering;
mod joining;
mod looking;
mod net;
mod properties;
mod requesting;
mod serving;
mod upkeep;
