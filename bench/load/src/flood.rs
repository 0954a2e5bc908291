//! Offers so many requests a second from many hosts of 127.9.0.0/16, and reads no reply.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::time::{Duration, Instant};

use crate::batch::{Batch, SIZE};
use crate::request::{Kind, Requests};

pub struct Settings {
    pub to: SocketAddrV4,
    pub request: Kind,
    /// Requests a second, at most [`MOST`].
    pub rate: usize,
    /// At most [`LONGEST`].
    pub time: Duration,
    /// At most [`MOST_HOSTS`].
    pub hosts: usize,
}

/// Bounds of what this does to a machine.
pub const MOST: usize = 1_000_000;
pub const LONGEST: Duration = Duration::from_secs(60);
pub const MOST_HOSTS: usize = 1000;

/// Requests, all of one kind, that one host sends before it is the next one's turn.
const TURN: usize = 32;
const _: () = assert!(TURN <= SIZE);

/// Requests that may be late, in seconds: what could not be offered in that time never is.
const LATE: f64 = 0.05;

pub fn run(settings: &Settings) -> io::Result<()> {
    let sockets = (0..settings.hosts.max(1))
        .map(|n| connected(host(n), settings.to))
        .collect::<io::Result<Vec<_>>>()?;
    let kinds = match settings.request {
        Kind::Mixed => vec![Kind::Ping, Kind::FindNode],
        kind => vec![kind],
    };
    let port = settings.to.port();
    let mut requests: Vec<_> = kinds.into_iter().map(|kind| Requests::new(kind, port)).collect();
    let mut batch = Batch::new(false);
    let rate = settings.rate.min(MOST) as f64;
    let time = settings.time.min(LONGEST);
    let (start, mut sent, mut due, mut turn) = (Instant::now(), 0, 0.0, 0);
    let mut tid: u16 = 0;
    let mut before = 0.0;
    while start.elapsed() < time {
        let now = start.elapsed().as_secs_f64();
        due = (due + (now - before) * rate).min(LATE * rate);
        before = now;
        if due < TURN as f64 {
            std::thread::sleep(Duration::from_micros(100));
            continue;
        }
        let kinds = requests.len();
        for i in 0..TURN {
            tid = tid.wrapping_add(1);
            batch.put(i, requests[turn % kinds].next(tid));
        }
        batch.send_alike(&sockets[turn / kinds % sockets.len()], 0..TURN)?;
        turn += 1;
        due -= TURN as f64;
        sent += TURN;
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{{\"sent\":{sent},\"seconds\":{seconds:.3}}}");
    Ok(())
}

fn host(n: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 9, (n / 250) as u8, (1 + n % 250) as u8)
}

fn connected(from: Ipv4Addr, to: SocketAddrV4) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((from, 0))?;
    socket.connect(to)?;
    Ok(socket)
}
