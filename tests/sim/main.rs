// slow: thousands of nodes in long simulations

//! The simulator, and in short what `npm run sim -- targets` and `npm run sim -- scale` show at
//! length.

#[allow(dead_code, unused_imports, reason = "the program uses the rest")]
mod simulator;

use clap::ValueEnum;
use dht_rpc_native::dht::Config;
use serde_json::Value;
use simulator::model::Latency;
use simulator::network::Network;
use simulator::options::{Options, Workload};
use simulator::report::Report;
use simulator::scale::{self, Growth};
use simulator::workloads;

/// Runs the workload and holds it to a part of what it counts.
fn at_least(part: f64, options: Options) -> Report {
    let report = workloads::run(&options);
    assert!(report.share.part() >= part, "seed {}: {report}\nto replay: {options}", options.seed);
    report
}

fn thorough(workload: Workload, nodes: usize, times: usize) -> Options {
    Options { workload, nodes, times, thorough: true, ..Options::default() }
}

#[test]
fn a_run_is_replayed_to_the_datagram() {
    let options = Options { loss: 0.1, held_up: 0.01, duplicated: 0.01, ..Options::default() };
    let options = Options { nodes: 60, times: 40, workload: Workload::Chaos, ..options };
    let run = |seed| workloads::run(&Options { seed, ..options.clone() }).trace;
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn lookups_without_loss_find_everybody() {
    at_least(1.0, Options { nodes: 300, ..Options::default() });
}

#[test]
fn thorough_lookups_stand_losses() {
    at_least(0.99, Options { loss: 0.3, ..thorough(Workload::Lookups, 300, 200) });
}

#[test]
fn thorough_lookups_stand_bursts_of_losses() {
    let lossy = Options { loss: 0.3, burst: 1000.0, ..thorough(Workload::Lookups, 300, 200) };
    at_least(0.95, lossy);
}

#[test]
fn one_holder_of_twenty_is_enough_for_readers() {
    at_least(0.999, thorough(Workload::Storage, 200, 100));
}

#[test]
fn values_outlive_the_nodes_that_hold_them() {
    at_least(0.99, thorough(Workload::Churn, 100, 200));
}

#[test]
fn a_network_that_fell_apart_comes_together_again() {
    let together = at_least(0.99, thorough(Workload::Partition, 80, 100));
    let by_contract = Options { thorough: false, ..thorough(Workload::Partition, 80, 100) };
    let apart = workloads::run(&by_contract);
    assert!(apart.share.part() < 0.5, "by the contract {apart}, with more {together}");
}

#[test]
fn adaptive_nodes_become_what_their_networks_let_them() {
    at_least(1.0, Options { workload: Workload::Adaptive, nodes: 100, ..Options::default() });
}

#[test]
fn the_first_lookup_ends_before_or_after_the_quick_check_as_with_the_reference() {
    let recorded = include_str!("../vectors/quick-check.json");
    for check in serde_json::from_str::<Vec<Value>>(recorded).unwrap() {
        let number = |name: &str| check[name].as_u64().unwrap();
        let mut network = Network::persistent(1, number("peers") as usize);
        network.model.latency = Latency::constant(number("latency"));
        let n = network.join(Config::default());
        network.run(10_000);
        assert!(network.node(n).is_bootstrapped(), "{check}");
        assert_eq!(network.node(n).is_firewalled(), check["firewalled"], "{check}");
    }
}

#[test]
fn everything_at_once_breaks_no_rule() {
    let rough = Options { loss: 0.05, duplicated: 0.02, held_up: 0.02, ..Options::default() };
    at_least(1.0, Options { workload: Workload::Chaos, nodes: 100, times: 400, ..rough });
}

#[test]
fn the_smallest_networks_are_large_enough() {
    for workload in Workload::value_variants() {
        let (workload, nodes) = (*workload, workloads::least_nodes(*workload));
        let report = workloads::run(&thorough(workload, nodes, 30));
        assert!(report.share.of > 0, "{workload}: {report}");
    }
}

#[test]
#[ignore = "a step of its own in npm test"]
fn ten_thousand_nodes_find_each_other() {
    let growth = Growth { seed: 1, sizes: vec![10_000], times: 100 };
    scale::run(&growth, |point| {
        assert_eq!(point.nodes, 10_000);
        assert!(point.recall > 0.999, "{point}");
    });
}
