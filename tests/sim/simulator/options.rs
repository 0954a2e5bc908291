//! What a run is asked to do, and the command that asks for it again.

use std::fmt;

use clap::{Args, ValueEnum};

use super::limits;
use super::model::{Loss, Model};
use super::workloads;

/// All that a run depends on.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// What happens in the network
    #[arg(long, value_enum, default_value_t = Workload::Lookups)]
    pub workload: Workload,
    /// Nodes of the network
    #[arg(long, value_parser = limits::nodes, allow_negative_numbers = true, default_value_t = 1000)]
    pub nodes: usize,
    /// Everything random is drawn from it
    #[arg(long, value_parser = limits::seed, allow_negative_numbers = true, default_value_t = 1)]
    pub seed: u64,
    /// Datagrams lost, of 1, each way
    #[arg(long, value_parser = limits::probability, allow_negative_numbers = true, default_value_t = 0.0)]
    pub loss: f64,
    /// The mean length of a burst of losses, in ms; 0 is each datagram by itself
    #[arg(long, value_parser = limits::duration_ms, allow_negative_numbers = true, default_value_t = 0.0)]
    pub burst: f64,
    /// Datagrams that arrive twice, of 1
    #[arg(long, value_parser = limits::probability, allow_negative_numbers = true, default_value_t = 0.0)]
    pub duplicated: f64,
    /// Datagrams held up until others overtake them, of 1
    #[arg(long, value_parser = limits::probability, allow_negative_numbers = true, default_value_t = 0.0)]
    pub held_up: f64,
    /// How often the workload does what it counts
    #[arg(long, value_parser = limits::times, allow_negative_numbers = true, default_value_t = 100)]
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
    /// Says what is wrong with options that are each allowed, but not together.
    pub fn check(&self) -> Result<(), String> {
        let Self { workload, nodes, loss, burst, .. } = self;
        let invalid = |value: &dyn fmt::Display, option: &str, allowed: String| {
            Err(format!("invalid value '{value}' for '{option}': {allowed}"))
        };
        let (least, most) = (workloads::least_nodes(*workload), limits::NODES.end());
        if *nodes < least {
            let allowed = format!("{least} to {most} are allowed with '--workload {workload}'");
            return invalid(nodes, "--nodes <NODES>", allowed);
        }
        if *burst > 0.0 && *loss == 0.0 {
            let allowed = "only 0 is allowed where '--loss <LOSS>' is 0".into();
            return invalid(burst, "--burst <BURST>", allowed);
        }
        Ok(())
    }

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

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

/// The command that does the same again.
impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { workload, nodes, .. } = self;
        write!(f, "npm run sim -- --workload {workload} --nodes {nodes}")?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::scale::Growth;
    use clap::{Parser, Subcommand};

    #[derive(Debug, Parser)]
    struct Line {
        #[command(subcommand)]
        command: Option<Command>,
        #[command(flatten)]
        options: Options,
    }

    #[derive(Debug, Subcommand)]
    enum Command {
        Scale(Growth),
    }

    fn parse(line: &str) -> Result<Line, String> {
        let words = line.split_whitespace();
        let line = Line::try_parse_from(words).map_err(|error| error.to_string())?;
        let Line { command, options } = &line;
        let checked = match command {
            Some(Command::Scale(growth)) => growth.check(),
            None => options.check(),
        };
        checked.map(|()| line)
    }

    /// The first line of what is said to options that are refused.
    fn refused(options: &str) -> String {
        let error = parse(&format!("sim {options}")).expect_err(options);
        error.lines().next().unwrap_or("").trim_start_matches("error: ").into()
    }

    #[test]
    fn what_is_refused_is_named_with_what_is_allowed() {
        for (option, name, values, allowed) in [
            ("--nodes", "NODES", &["0", "2", "-5", "1000001"][..], "from 3 to 1000000 is"),
            ("--times", "TIMES", &["0", "-1", "1000001"], "from 1 to 1000000 is"),
            (
                "--seed",
                "SEED",
                &["-1", "18446744073709551616", "x"],
                "from 0 to 18446744073709551615",
            ),
            ("--loss", "LOSS", &["30", "1.01", "-1", "-0.1", "nan", "inf", "x"], "from 0 to 1"),
            ("--duplicated", "DUPLICATED", &["2", "-1", "NaN"], "from 0 to 1"),
            ("--held-up", "HELD_UP", &["2", "-1", "nan"], "from 0 to 1"),
            ("--burst", "BURST", &["-1", "nan", "inf", "1e999"], "from 0 on"),
            ("scale --sizes", "SIZES", &["0", "1", "10,x", "-3", "3,,5"], "from 3 to 1000000 is"),
            ("scale --times", "TIMES", &["0", "-1"], "from 1 to 1000000 is"),
            ("scale --seed", "SEED", &["-1"], "from 0 to"),
        ] {
            for value in values {
                let said = refused(&format!("{option} {value}"));
                let option = option.trim_start_matches("scale ");
                let wrong = value.split(',').find(|part| !["10", "3"].contains(part));
                let value = wrong.unwrap_or(value);
                let begin = format!("invalid value '{value}' for '{option} <{name}>': ");
                assert!(said.starts_with(&begin), "{value}: {said}");
                assert!(said.contains(allowed), "{value}: {said}");
            }
        }
    }

    #[test]
    fn what_is_refused_together_is_named_with_what_is_allowed() {
        for (options, said) in [
            (
                "--workload churn --nodes 31",
                "'31' for '--nodes <NODES>': 32 to 1000000 are allowed",
            ),
            ("--workload storage --nodes 29", "'29' for '--nodes <NODES>': 30 to 1000000 are"),
            ("--workload adaptive --nodes 12", "'12' for '--nodes <NODES>': 13 to 1000000 are"),
            ("--burst 1000", "'1000' for '--burst <BURST>': only 0 is allowed"),
            ("--burst 1000 --loss 0", "'1000' for '--burst <BURST>': only 0 is allowed"),
            ("scale --sizes 10,5", "'5' for '--sizes <SIZES>': over 10 is allowed"),
            ("scale --sizes 10,20,20", "'20' for '--sizes <SIZES>': over 20 is allowed"),
        ] {
            assert!(refused(options).starts_with(&format!("invalid value {said}")), "{options}");
        }
    }

    #[test]
    fn a_command_that_is_printed_asks_for_the_same() {
        let line = "sim --workload chaos --nodes 60 --seed 18446744073709551615 --times 7 \
                    --loss 0.3 --burst 0.25 --duplicated 1 --held-up 0.000001 --thorough";
        for line in [line, "sim", "sim --loss 1 --burst 1e300"] {
            let options = parse(line).expect(line).options;
            let printed = options.to_string().replace("npm run sim --", "sim");
            assert_eq!(format!("{options:?}"), format!("{:?}", parse(&printed).unwrap().options));
        }
        let parsed = parse("sim scale --seed 3 --sizes 3,30 --times 9").unwrap();
        let Some(Command::Scale(growth)) = parsed.command else {
            panic!("it is a scale run");
        };
        assert_eq!(growth.to_string(), "npm run sim -- scale --seed 3 --sizes 3,30 --times 9");
    }
}
