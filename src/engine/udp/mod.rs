//! UDP sockets: datagrams of one socket, many at a time where the operating system can, and how the
//! socket fares.

mod batch_size;
pub mod datagram;
mod drop_counter;
mod family;
pub mod fragmentation;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
mod portable;
mod queue_occupancy;
mod raw_option;
pub mod receive_batch;
pub mod socket;
pub mod socket_options;
mod system;
pub mod tally;
pub mod traffic;

#[cfg(test)]
mod tests;
