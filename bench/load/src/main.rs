//! Keeps requests in flight from one socket against a port of 127.0.0.1, until its standard input
//! is closed, and for a minute at most.
//!
//! usage: load PORT [IN_FLIGHT]

use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const IN_FLIGHT: usize = 64;
const AT_MOST: Duration = Duration::from_secs(60);
/// A silence after which what was in flight counts as lost.
const SILENCE: Duration = Duration::from_millis(200);

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<usize>().ok());
    let Some(port) = args.next().flatten().and_then(|port| u16::try_from(port).ok()) else {
        eprintln!("usage: load PORT [IN_FLIGHT]");
        std::process::exit(2);
    };
    let in_flight = args.next().flatten().unwrap_or(IN_FLIGHT);

    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.connect((Ipv4Addr::LOCALHOST, port))?;
    socket.set_read_timeout(Some(SILENCE))?;
    run(&socket, &mut user_request(port), in_flight, &stopped())
}

fn run(
    socket: &UdpSocket,
    request: &mut [u8],
    in_flight: usize,
    stopped: &AtomicBool,
) -> std::io::Result<()> {
    let start = Instant::now();
    let mut tid: u16 = 0;
    let mut missing = in_flight;
    let mut reply = [0; 2048];
    while !stopped.load(Ordering::Relaxed) && start.elapsed() < AT_MOST {
        for _ in 0..missing {
            tid = tid.wrapping_add(1);
            request[2..4].copy_from_slice(&tid.to_le_bytes());
            let _ = socket.send(request);
        }
        missing = match socket.recv(&mut reply) {
            Ok(_) => 1,
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => in_flight,
            Err(e) if e.kind() == ErrorKind::ConnectionRefused => 0,
            Err(e) => return Err(e),
        };
    }
    Ok(())
}

/// Command 7 with a target and a value of 32 bytes.
fn user_request(port: u16) -> Vec<u8> {
    const TARGET: u8 = 8;
    const VALUE: u8 = 16;
    let mut request = vec![0x03, TARGET | VALUE, 0, 0, 127, 0, 0, 1];
    request.extend_from_slice(&port.to_le_bytes());
    request.push(7);
    request.extend_from_slice(&[0xab; 32]);
    request.push(32);
    request.extend_from_slice(&[0xcd; 32]);
    request
}

/// Set when standard input is closed, which is when whoever started this has ended or had enough.
fn stopped() -> Arc<AtomicBool> {
    let stopped = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&stopped);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        set.store(true, Ordering::Relaxed);
    });
    stopped
}
