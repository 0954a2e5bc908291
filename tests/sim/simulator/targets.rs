//! What the network has to achieve, beside what the contract's own rules do on the same seed.

use super::options::{Options, Workload};
use super::report::Report;
use super::workloads;

#[derive(Clone, Debug)]
pub struct Target {
    pub name: &'static str,
    /// The part of what the workload counts.
    pub at_least: f64,
    pub options: Options,
}

/// Every target, on as many samples as it takes to tell.
pub fn all(seed: u64) -> Vec<Target> {
    let options = Options { seed, thorough: true, ..Options::default() };
    let lossy = Options { loss: 0.3, times: 2000, ..options.clone() };
    let storage =
        Options { workload: Workload::Storage, nodes: 500, times: 4000, ..options.clone() };
    let churn = Options { workload: Workload::Churn, nodes: 500, times: 1500, ..options.clone() };
    let partition = Options { workload: Workload::Partition, times: 1000, nodes: 500, ..options };
    let target = |name, at_least, options| Target { name, at_least, options };
    vec![
        target(
            "30 % of the datagrams lost, each by itself: lookups with 18 of the true 20",
            0.99,
            lossy.clone(),
        ),
        target(
            "30 % lost in bursts of 1 s: lookups with 18 of the true 20",
            0.95,
            Options { burst: 1000.0, ..lossy },
        ),
        target("19 of 20 holders killed: reads that find the value", 0.999, storage),
        target("half of the nodes replaced in 10 minutes: reads that find the value", 0.99, churn),
        target("ten minutes after an hour apart: lookups with 18 of the true 20", 0.99, partition),
    ]
}

impl Target {
    /// The same seed by the contract's own rules.
    pub fn by_contract(&self) -> Report {
        let options = Options { thorough: false, ..self.options.clone() };
        workloads::run(&options)
    }

    pub fn reached(&self, report: &Report) -> bool {
        report.share.part() >= self.at_least
    }
}
