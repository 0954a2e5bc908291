//! Two UDX endpoints in one thread send each other a file's worth of bytes over loopback:
//! `cargo run --release --no-default-features --example udx -- 100` for 100 MB each way.

mod endpoint;
mod transfer;

use std::time::Instant;

use dht_rpc_native::udx::{ConnectOptions, Remote, StreamOptions};

use self::endpoint::{Endpoint, SOCKET};
use self::transfer::Transfer;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let megabytes: usize = std::env::args().nth(1).map_or(Ok(100), |text| text.parse())?;
    let start = Instant::now();
    let mut ends = [Endpoint::bind(start)?, Endpoint::bind(start)?];
    let addrs = [ends[0].addr()?, ends[1].addr()?];

    let mut transfers = Vec::new();
    for (n, end) in ends.iter_mut().enumerate() {
        let stream = end.hub.create_stream(0, n as u32, &StreamOptions::default())?;
        let other = 1 - n;
        let remote = Remote { socket: SOCKET, id: other as u32, addr: addrs[other] };
        end.hub.connect(0, stream, remote, &ConnectOptions::default())?;
        transfers.push(Transfer::new(stream, megabytes * 1_000_000, n as u8));
    }

    let [a, b] = &mut ends;
    while !transfers.iter().all(Transfer::is_closed) {
        let mut was_busy = false;
        for (end, transfer) in [&mut *a, &mut *b].into_iter().zip(&mut transfers) {
            let now = end.now();
            transfer.write(&mut end.hub, now)?;
            was_busy |= end.turn(|hub, now, event| transfer.handle(hub, now, event))?;
        }
        if !was_busy {
            a.wait(b.hub.poll_timeout().map_or(std::time::Duration::from_millis(1), |at| {
                std::time::Duration::from_micros(at.saturating_sub(b.now()).min(1000))
            }))?;
        }
    }

    let seconds = start.elapsed().as_secs_f64();
    for n in [0, 1] {
        let (sent, received) = (transfers[n].sent_hash(), transfers[1 - n].received_hash());
        println!("{n} sent {sent}, the other received {received}");
        assert_eq!(sent, received);
    }
    println!(
        "{megabytes} MB each way in {seconds:.2} s: {:.0} MB/s",
        2.0 * megabytes as f64 / seconds
    );
    Ok(())
}
