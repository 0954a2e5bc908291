//! An endpoint in Rust and one of `udx-native` in a process of its own send each other bytes, and
//! compare the hashes of all of them. Needs Node and the development packages:
//! `cargo run --release --no-default-features --example udx-native -- 100` for 100 MB each way.
//! A second argument is the folder of another `udx-native`.

#[path = "../udx/endpoint.rs"]
mod endpoint;
#[path = "../udx/transfer.rs"]
mod transfer;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dht_rpc_native::udx::{ConnectOptions, Remote, StreamOptions};

use self::endpoint::{Endpoint, SOCKET};
use self::transfer::Transfer;

const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/udx-native/peer.cjs");

/// Ids of the two streams.
const OURS: u32 = 1;
const THEIRS: u32 = 2;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let megabytes = args.next().unwrap_or_else(|| "100".to_owned());
    let package = args.next().unwrap_or_else(|| "udx-native".to_owned());

    let mut end = Endpoint::bind(Instant::now())?;
    let port = end.addr()?.port().to_string();
    let mut peer = Command::new("node")
        .args([PEER, &package, &port, &megabytes])
        .stdout(Stdio::piped())
        .spawn()?;
    let outcome = exchange(&mut end, &mut peer, megabytes.parse()?);
    if outcome.is_err() {
        peer.kill()?;
    }
    peer.wait()?;
    outcome
}

fn exchange(
    end: &mut Endpoint,
    peer: &mut Child,
    megabytes: usize,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut said = BufReader::new(peer.stdout.take().ok_or("the peer says nothing")?);
    let mut line = String::new();
    said.read_line(&mut line)?;
    let port: u16 = line.trim().parse()?;

    let stream = end.hub.create_stream(0, OURS, &StreamOptions::default())?;
    let remote = Remote { socket: SOCKET, id: THEIRS, addr: ([127, 0, 0, 1], port).into() };
    end.hub.connect(end.now(), stream, remote, &ConnectOptions::default())?;
    let mut transfer = Transfer::new(stream, megabytes * 1_000_000, 7);

    let begin = Instant::now();
    let mut stats = None;
    while !transfer.is_closed() {
        let now = end.now();
        transfer.write(&mut end.hub, now)?;
        stats = end.hub.stats(stream).or(stats);
        if !end.turn(|hub, now, event| transfer.handle(hub, now, event))? {
            end.wait(Duration::from_millis(100))?;
        }
    }
    let seconds = begin.elapsed().as_secs_f64();

    let mut report = String::new();
    said.read_to_string(&mut report)?;
    println!("{stats:?}");
    print!("{report}");
    for (what, hash) in [("received", transfer.sent_hash()), ("sent", transfer.received_hash())] {
        if !report.contains(&format!("{what} {hash}")) {
            return Err(format!("the peer {what} other bytes than {hash}").into());
        }
    }
    println!(
        "{megabytes} MB each way in {seconds:.2} s: {:.0} MB/s",
        2.0 * megabytes as f64 / seconds
    );
    Ok(())
}
