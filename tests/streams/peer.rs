//! Streams with those of `udx-native`, on real sockets.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

use dht_rpc_native::udx::*;
use serde_json::{Value, json};

use crate::rig::{End, hex, hub, open};

const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/udx_native/peer.cjs");

struct Theirs {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Theirs {
    /// A stream with the id 2, whose packets go to one with the id 1.
    fn start(port: u16, scenario: &str, bytes: usize) -> (Self, SocketAddr) {
        let package = std::env::var("UDX_NATIVE").unwrap_or_else(|_| "udx-native".to_owned());
        let mut child = Command::new("node")
            .args([PEER, &package, &port.to_string(), "2", "1", scenario, &bytes.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("node runs");
        let said = BufReader::new(child.stdout.take().expect("its output"));
        let mut theirs = Self { child, said };
        let port = theirs.line()[0].as_u64().expect("a port") as u16;
        (theirs, SocketAddr::from(([127, 0, 0, 1], port)))
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.said.read_line(&mut line).expect("the peer can be read");
        serde_json::from_str(&line).expect("a line of JSON")
    }
}

impl Drop for Theirs {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn bytes_are_the_same_both_ways() {
    let bytes = 50_000_000;
    let hub = hub();
    let (socket, addr) = open(&hub);
    let (mut theirs, to) = Theirs::start(addr.port(), "bulk", bytes);
    let mut ours = End::new(&hub, 1, Firewall::Reject);
    let reads = End::of(&ours);
    hub.connect(ours.key, &socket, 2, to, 0).expect("connected");
    std::thread::scope(|scope| {
        scope.spawn(|| reads.read_until("all bytes", |came| came.has_ended));
        ours.write_all(bytes);
        ours.hub.end(ours.key).expect("it ends");
    });
    let outcome = theirs.line();
    assert_eq!(ours.came(|came| came.received), bytes);
    assert_eq!(outcome["received"], json!(hex(&ours.sent)));
    assert_eq!(outcome["sent"], json!(ours.received_hash()));
    assert_eq!((&outcome["error"], &outcome["ended"]), (&json!(null), &json!(true)));
}
