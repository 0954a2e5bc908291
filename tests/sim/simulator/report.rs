//! What came of a run.

use std::fmt;

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    pub hits: usize,
    pub of: usize,
}

impl Share {
    pub fn count(outcomes: impl IntoIterator<Item = bool>) -> Self {
        outcomes.into_iter().fold(Self::default(), |share, hit| Self {
            hits: share.hits + usize::from(hit),
            of: share.of + 1,
        })
    }

    pub fn part(&self) -> f64 {
        self.hits as f64 / self.of.max(1) as f64
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} % ({} of {})", 100.0 * self.part(), self.hits, self.of)
    }
}

#[derive(Clone, Debug)]
pub struct Report {
    /// What the workload counts.
    pub share: Share,
    /// How long what it counts took, on average, in ms.
    pub mean_ms: u64,
    /// The run's datagrams, as one number.
    pub trace: String,
    /// How often the simulator looked into a node.
    pub audits: u64,
    /// The node that took most, in bytes.
    pub most_bytes: i64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { share, mean_ms, trace, audits, most_bytes } = self;
        writeln!(f, "{share}, {mean_ms} ms each")?;
        write!(f, "{trace}; {audits} audits, no node over {} kB", most_bytes / 1000)
    }
}
