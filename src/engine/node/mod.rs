//! Nodes of the DHT on their shards.

mod output;
mod ports;
mod runner;
mod sink;
mod sockets;

pub use ports::BindOptions;
pub use runner::Runner;
pub use sink::Sink;
