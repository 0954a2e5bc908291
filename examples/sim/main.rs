//! Runs the simulator: `npm run sim -- --nodes 1000 --loss 0.3 --thorough`.

#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
#[path = "../../tests/sim/simulator/mod.rs"]
mod simulator;

use std::process::ExitCode;
use std::time::Instant;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use simulator::limits;
use simulator::options::Options;
use simulator::report::Report;
use simulator::scale::{self, Growth};
use simulator::{targets, workloads};

/// Simulates a network of real nodes, in virtual time and from one seed
#[derive(Parser)]
#[command(name = "npm run sim --", args_conflicts_with_subcommands = true)]
struct Program {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Subcommand)]
enum Command {
    /// What a lookup costs and finds in a network that grows, a line of JSON for each size
    Scale(Growth),
    /// Every target beside the contract's own rules, as a table
    Targets {
        #[arg(long, value_parser = limits::seed, allow_negative_numbers = true, default_value_t = 1)]
        seed: u64,
    },
}

fn main() -> ExitCode {
    let Program { command, options } = Program::parse();
    let start = Instant::now();
    match command {
        Some(Command::Scale(growth)) => {
            allowed(growth.check());
            scale::run(&growth, |point| println!("{point}"));
        }
        Some(Command::Targets { seed }) => return print_targets(seed),
        None => {
            allowed(options.check());
            println!("{options}");
            println!("{}", workloads::run(&options));
        }
    }
    eprintln!("{:.1} s", start.elapsed().as_secs_f64());
    ExitCode::SUCCESS
}

/// Ends the program, as it does for any option that is wrong, if these are wrong together.
fn allowed(checked: Result<(), String>) {
    if let Err(message) = checked {
        Program::command().error(ErrorKind::ValueValidation, message).exit();
    }
}

/// One row each, in Markdown; fails if a target is missed.
fn print_targets(seed: u64) -> ExitCode {
    let mut missed = 0;
    let targets = targets::all(seed);
    let runs: Vec<Options> = targets.iter().flat_map(targets::Target::runs).collect();
    let reports = targets::run_all(&runs);
    println!("| | at least | contract | thorough | replay |");
    println!("|---|---|---|---|---|");
    for (target, reports) in targets.iter().zip(reports.as_chunks::<2>().0) {
        missed += u8::from(!target.reached(&reports[1]));
        let (name, at_least, options) = (target.name, 100.0 * target.at_least, &target.options);
        let [contract, thorough] = reports.each_ref().map(|report: &Report| {
            format!("{}, {:.1} s each", report.share, report.mean_ms as f64 / 1000.0)
        });
        println!("| {name} | {at_least} % | {contract} | {thorough} | `{options}` |");
    }
    ExitCode::from(missed)
}
