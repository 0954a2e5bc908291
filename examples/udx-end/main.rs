//! An end of a stream that programs of the benchmark join to another:
//! `udx-end WRITES`, where WRITES is `yes` if it writes as much as it may.
//!
//! It prints its port. Told `connect PORT OWN_ID PEER_ID` on its standard input it begins; told `report`
//! it prints what came in and what was sent as JSON; it ends when its standard input is closed.

#[path = "../udx/endpoint.rs"]
mod endpoint;

use std::error::Error;
use std::io::BufRead;
use std::net::Ipv4Addr;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use dht_rpc_native::udx::{
    ConnectOptions, Event, Hub, Remote, StreamKey, StreamOptions, StreamStats,
};

use self::endpoint::{Endpoint, SOCKET};

/// Bytes of a write.
const PIECE: usize = 1 << 16;

/// The longest sleep: commands are heard that soon.
const NAP: Duration = Duration::from_millis(5);

/// The stream, once there is one.
struct Traffic {
    writes: bool,
    stream: Option<StreamKey>,
    may_write: bool,
    received: usize,
    piece: Bytes,
}

fn main() -> Result<(), Box<dyn Error>> {
    let writes = std::env::args().nth(1).is_some_and(|arg| arg == "yes");
    let mut end = Endpoint::bind(Instant::now())?;
    println!("{}", end.addr()?.port());
    let piece = Bytes::from(vec![7; PIECE]);
    let mut traffic = Traffic { writes, stream: None, may_write: true, received: 0, piece };
    let commands = commands();
    loop {
        match commands.try_recv() {
            Ok(line) => traffic.obey(&mut end, &line)?,
            Err(TryRecvError::Empty) => traffic.turn(&mut end)?,
            Err(TryRecvError::Disconnected) => return Ok(()),
        }
    }
}

fn commands() -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

impl Traffic {
    fn obey(&mut self, end: &mut Endpoint, line: &str) -> Result<(), Box<dyn Error>> {
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["connect", port, own, id] => {
                let addr = (Ipv4Addr::LOCALHOST, port.parse()?).into();
                let remote = Remote { socket: SOCKET, id: id.parse()?, addr };
                let now = end.now();
                let stream = end.hub.create_stream(now, own.parse()?, &StreamOptions::default())?;
                end.hub.connect(now, stream, remote, &ConnectOptions::default())?;
                self.stream = Some(stream);
            }
            ["report"] => println!("{}", self.report(&end.hub)),
            _ => return Err(format!("no command: {line}; there are: connect, report").into()),
        }
        Ok(())
    }

    fn report(&self, hub: &Hub) -> String {
        let stats = self.stream.and_then(|stream| hub.stats(stream));
        let of = |figure: fn(&StreamStats) -> u64| stats.as_ref().map_or(0, figure);
        format!(
            r#"{{"received":{},"sent":{},"retransmits":{},"timeouts":{},"cwnd":{},"rtt":{},"state":{},"bandwidth":{}}}"#,
            self.received,
            of(|stats| stats.traffic.packets_transmitted),
            of(|stats| stats.retransmits),
            of(|stats| u64::from(stats.rto_count)),
            of(|stats| u64::from(stats.cwnd)),
            of(|stats| stats.rtt_us / 1000),
            of(|stats| stats.bbr_state as u64),
            of(|stats| stats.bandwidth),
        )
    }

    fn turn(&mut self, end: &mut Endpoint) -> Result<(), Box<dyn Error>> {
        let Some(stream) = self.stream else {
            return Ok(end.wait(NAP)?);
        };
        while self.writes && self.may_write {
            let now = end.now();
            self.may_write = end.hub.write(now, stream, self.piece.clone())?.is_drained;
        }
        let was_busy = end.turn(|hub, now, event| self.handle(hub, now, event))?;
        match was_busy || (self.writes && self.may_write) {
            true => Ok(()),
            false => Ok(end.wait(NAP)?),
        }
    }

    fn handle(&mut self, hub: &mut Hub, now: u64, event: Event) {
        match event {
            Event::Data { stream, bytes } => {
                self.received += bytes.len();
                hub.consumed(now, stream, bytes.len() as u64);
            }
            Event::Drain { .. } => self.may_write = true,
            Event::Closed { reason, .. } => panic!("the stream closed: {reason:?}"),
            _ => {}
        }
    }
}
