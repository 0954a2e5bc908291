//! Why a shard could not be started.

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::io;

/// What the operating system refused.
#[derive(Debug)]
pub enum StartError {
    Poll(io::Error),
    Memory(io::Error),
    Thread(io::Error),
}

impl StartError {
    /// What the operating system said.
    pub fn system(&self) -> &io::Error {
        match self {
            Self::Poll(error) | Self::Memory(error) | Self::Thread(error) => error,
        }
    }
}

impl Display for StartError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Poll(error) => write!(
                f,
                "the poll for the sockets of nodes could not be made: {error}. Raise the limit on \
                 open files (ulimit -n)"
            ),
            Self::Memory(error) => {
                write!(f, "the memory that datagrams are read into could not be had: {error}")
            }
            Self::Thread(error) => write!(
                f,
                "the thread that runs nodes could not be started: {error}. Raise the limit on \
                 threads: that of the user (ulimit -u) or of the container (pids.max of its \
                 control group)"
            ),
        }
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.system())
    }
}
