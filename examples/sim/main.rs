//! Runs the simulator: `npm run sim -- --nodes 1000 --loss 0.3 --thorough`.

#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
#[path = "../../tests/sim/simulator/mod.rs"]
mod simulator;

use std::time::Instant;

use clap::Parser;

use simulator::options::Options;
use simulator::workloads;

/// Simulates a network of real nodes, in virtual time and from one seed
#[derive(Parser)]
#[command(name = "npm run sim --")]
struct Command {
    #[command(flatten)]
    options: Options,
}

fn main() {
    let Command { options } = Command::parse();
    println!("{options}");
    let start = Instant::now();
    println!("{}", workloads::run(&options));
    println!("{:.1} s", start.elapsed().as_secs_f64());
}
