//! The processors that this process may use.

/// How many there are: 1 where the system does not tell.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}
