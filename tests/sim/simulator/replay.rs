//! The command that makes a failed run again.

use std::fmt;

/// Prints the seed and the command if it is dropped because the run failed.
pub struct Replay<'a, Command: fmt::Display> {
    pub seed: u64,
    pub command: &'a Command,
}

impl<Command: fmt::Display> Drop for Replay<'_, Command> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}; to replay: {}", self.seed, self.command);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process::Command;

    use crate::simulator::options::{Options, Workload};
    use crate::simulator::scale::{self, Growth};
    use crate::simulator::watch::{Violation, enforce};
    use crate::simulator::workloads;

    /// Which run is to fail in the process that is watched.
    const FAILING: &str = "SIM_FAILING_RUN";

    /// Runs the test of this name once more, in a process of its own where `FAILING` is set;
    /// returns what it printed.
    fn printed_by(test: &str, failing: &str) -> String {
        let mut again = Command::new(env::current_exe().expect("a path"));
        again.args(["--exact", test, "--nocapture"]).env(FAILING, failing);
        let output = again.output().expect("it starts");
        assert!(!output.status.success(), "it did not fail");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    #[test]
    fn a_run_that_fails_says_how_to_replay_it() {
        const NAME: &str = "simulator::replay::tests::a_run_that_fails_says_how_to_replay_it";
        let growth = Growth { seed: 7, sizes: vec![5, 8], times: 3 };
        let options =
            Options { workload: Workload::Churn, nodes: 3, seed: 9, ..Options::default() };
        match env::var(FAILING).as_deref() {
            Ok("scale") => scale::run(&growth, |_| enforce(3, 0, Err(Violation::new("broken")))),
            Ok(_) => drop(workloads::run(&options)),
            Err(_) => {
                let printed = printed_by(NAME, "scale");
                assert!(printed.contains("peer 3 at 0 ms: broken"), "{printed}");
                let command = "npm run sim -- scale --seed 7 --sizes 5,8 --times 3";
                assert!(printed.contains(&format!("seed 7; to replay: {command}\n")), "{printed}");
                let printed = printed_by(NAME, "workload");
                assert!(printed.contains(&format!("seed 9; to replay: {options}\n")), "{printed}");
            }
        }
    }
}
