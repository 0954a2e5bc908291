//! What the network has to achieve, beside what the contract's own rules do on the same seed.

use std::iter;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

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
    /// The same seed by the contract's own rules, and what the target is about.
    pub fn runs(&self) -> [Options; 2] {
        [Options { thorough: false, ..self.options.clone() }, self.options.clone()]
    }

    pub fn reached(&self, report: &Report) -> bool {
        report.share.part() >= self.at_least
    }
}

/// Makes so many runs at a time as there are processors: a run is one thread's own, and comes out
/// the same beside others.
pub fn run_all(runs: &[Options]) -> Vec<Report> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mine = iter::from_fn(|| {
            let at = next.fetch_add(1, Ordering::Relaxed);
            runs.get(at).map(|options| (at, workloads::run(options)))
        });
        mine.collect::<Vec<_>>()
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut reports: Vec<(usize, Report)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a run failed")).collect()
    });
    reports.sort_by_key(|(at, _)| *at);
    reports.into_iter().map(|(_, report)| report).collect()
}
