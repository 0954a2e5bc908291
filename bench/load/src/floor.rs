//! The floor: what answering costs when nothing is looked at.

use std::io::{self, BufRead, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use crate::batch::{Batch, DATAGRAM};
use crate::request::REPLY;

/// Answers every datagram with `bytes` bytes, of which the first four are those of a reply to it.
pub fn run(bytes: usize) -> io::Result<()> {
    let bytes = bytes.clamp(4, DATAGRAM);
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{}", socket.local_addr()?.port());
    io::stdout().flush()?;
    std::thread::spawn(obey);

    let mut batch = Batch::new(true);
    loop {
        let count = batch.receive(&socket)?;
        for i in 0..count {
            batch.buffer(i)[0] = REPLY;
            batch.set_length(i, bytes);
        }
        batch.send(&socket, count);
    }
}

/// Until standard input is closed, and this process with it.
fn obey() {
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let ms = line.strip_prefix("spin ").and_then(|ms| ms.parse().ok());
        if let Some(ms) = ms {
            println!("spinning");
            spin(Duration::from_millis(ms));
        }
    }
    std::process::exit(0);
}

fn spin(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        std::hint::black_box(end);
    }
}
