//! Replays the corpus of the fuzzers: inputs that reach every part of the code that fuzzing has
//! reached, and those that once showed a bug.

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::path::Path;

#[test]
fn decode() {
    replay("decode", targets::decode::run);
}

#[test]
fn node() {
    replay("node", targets::node::run);
}

#[test]
fn boundary() {
    replay("boundary", targets::boundary::run);
}

#[test]
fn packet() {
    replay("packet", targets::packet::run);
}

#[test]
fn hub() {
    replay("hub", targets::hub::run);
}

fn replay(target: &str, run: fn(&[u8])) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut count = 0;
    for file in std::fs::read_dir(&dir).expect("the corpus is in the project") {
        let path = file.expect("a folder can be read").path();
        let input = std::fs::read(&path).expect("an input can be read");
        // Named in what a failing test prints.
        println!("{}", path.display());
        run(&input);
        count += 1;
    }
    assert_eq!(count, recorded(target), "{} is not what was recorded", dir.display());
}

/// The inputs that a target's row in docs/reliability.md counts.
fn recorded(target: &str) -> usize {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reliability.md");
    let document = std::fs::read_to_string(document).expect("the document is in the project");
    let row = document.lines().find(|line| line.starts_with(&format!("| {target} |")));
    let inputs = row.and_then(|row| row.split('|').rev().nth(2));
    inputs.and_then(|inputs| inputs.trim().parse().ok()).expect("the row counts the inputs")
}
