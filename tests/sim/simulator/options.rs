//! What a run is asked to do, and the command that asks for it again.

use std::fmt;

use clap::{Args, ValueEnum};

use super::model::{Loss, Model};

/// All that a run depends on.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// What happens in the network
    #[arg(long, value_enum, default_value_t = Workload::Lookups)]
    pub workload: Workload,
    /// Nodes of the network
    #[arg(long, default_value_t = 1000)]
    pub nodes: usize,
    /// Everything random is drawn from it
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Datagrams lost, of 1, each way
    #[arg(long, default_value_t = 0.0)]
    pub loss: f64,
    /// The mean length of a burst of losses, in ms; 0 is each datagram by itself
    #[arg(long, default_value_t = 0.0)]
    pub burst: f64,
    /// Datagrams that arrive twice, of 1
    #[arg(long, default_value_t = 0.0)]
    pub duplicated: f64,
    /// Datagrams held up until others overtake them, of 1
    #[arg(long, default_value_t = 0.0)]
    pub held_up: f64,
    /// How often the workload does what it counts
    #[arg(long, default_value_t = 100)]
    pub times: usize,
    /// Wait for slow nodes and ask again
    #[arg(long)]
    pub thorough: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Workload {
    /// Lookups of random targets by random nodes: 18 of the true 20 are good
    Lookups,
    /// Values whose holders are killed, all but one: reads that find the value
    Storage,
    /// Half of the nodes replaced every 10 minutes, commits every 5: reads that find the value
    Churn,
    /// Two halves that do not hear each other for an hour: good lookups 10 minutes after
    Partition,
    /// Adaptive nodes for hours, open and behind NATs, awake and asleep: those who are what they should be
    Adaptive,
    /// Everything at once: requests that end
    Chaos,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            workload: Workload::Lookups,
            nodes: 1000,
            seed: 1,
            loss: 0.0,
            burst: 0.0,
            duplicated: 0.0,
            held_up: 0.0,
            times: 100,
            thorough: false,
        }
    }
}

impl Options {
    /// The conditions of the network once it is built.
    pub fn model(&self) -> Model {
        let loss = match self.loss {
            0.0 => Loss::None,
            mean if self.burst > 0.0 => Loss::bursts(mean, self.burst),
            each => Loss::Uniform(each),
        };
        let Self { duplicated, held_up, .. } = *self;
        Model { loss, duplicated, held_up, ..Model::default() }
    }
}

/// The command that does the same again.
impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let workload = self.workload.to_possible_value();
        let name = workload.as_ref().map_or("", |value| value.get_name());
        write!(f, "npm run sim -- --workload {name} --nodes {}", self.nodes)?;
        write!(f, " --seed {} --times {}", self.seed, self.times)?;
        let parts = [
            ("loss", self.loss),
            ("burst", self.burst),
            ("duplicated", self.duplicated),
            ("held-up", self.held_up),
        ];
        for (name, value) in parts.into_iter().filter(|(_, value)| *value > 0.0) {
            write!(f, " --{name} {value}")?;
        }
        if self.thorough { f.write_str(" --thorough") } else { Ok(()) }
    }
}
