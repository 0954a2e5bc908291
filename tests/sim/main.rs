//! The simulator, and what it has to show in a short time. `npm run sim` runs it at length.

#[allow(dead_code, unused_imports, reason = "the program uses the rest")]
mod simulator;

use simulator::options::Options;
use simulator::workloads;

#[test]
fn a_run_is_replayed_to_the_datagram() {
    let options =
        Options { nodes: 60, loss: 0.1, held_up: 0.01, duplicated: 0.01, ..Options::default() };
    let run = |seed| workloads::run(&Options { seed, ..options.clone() }).trace;
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn lookups_without_loss_find_everybody() {
    let report = workloads::run(&Options { nodes: 500, ..Options::default() });
    assert_eq!(report.share.hits, report.share.of, "{report}");
}
