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
    assert!(count > 0, "{} is empty", dir.display());
}
