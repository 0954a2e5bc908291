//! Keeps requests in flight, or sends so many a second, and measures who answers them.

use std::io::{self, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use crate::batch::{Batch, SIZE};
use crate::bundles::Bundles;
use crate::cpu::Cpu;
use crate::incoming::Incoming;
use crate::request::{Kind, REPLY, Requests, TID};
use crate::window::{MOST, Window};

/// Age at which a request counts as lost and another one takes its place.
const LOST_AFTER: Duration = Duration::from_millis(200);
/// How often to look for lost ones, and how long to wait for a datagram at most.
const SWEEP: Duration = Duration::from_millis(20);

pub struct Settings {
    pub port: u16,
    pub pid: i32,
    pub request: Kind,
    pub warm_up: Duration,
    pub window: Duration,
    pub pace: Pace,
    /// Sends and reads bundles.
    pub bundles: bool,
}

#[derive(Clone, Copy)]
pub enum Pace {
    InFlight(usize),
    /// Requests a second, whether or not they are answered.
    Rate(usize),
}

pub fn run(settings: &Settings) -> io::Result<()> {
    let mut load = Load::new(settings)?;
    load.run(settings.warm_up)?;
    println!("measuring");
    io::stdout().flush()?;

    let cpu = Cpu::of(settings.pid)?;
    let start = Instant::now();
    load.results = Results::default();
    load.run(settings.window)?;
    let seconds = start.elapsed().as_secs_f64();
    let used = Cpu::of(settings.pid)?.since(&cpu);
    load.wait_for_the_rest()?;
    println!("{}", load.results.json(seconds, &used));
    Ok(())
}

struct Load {
    socket: UdpSocket,
    pace: Pace,
    requests: Requests,
    window: Window,
    incoming: Box<dyn Incoming>,
    outgoing: Batch,
    bundles: bool,
    /// Filled places of `outgoing`.
    queued: usize,
    results: Results,
}

impl Load {
    fn new(settings: &Settings) -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect((Ipv4Addr::LOCALHOST, settings.port))?;
        let places = match settings.pace {
            Pace::InFlight(n) => n,
            Pace::Rate(_) => MOST,
        };
        let incoming: Box<dyn Incoming> = match settings.bundles {
            true => Box::new(Bundles::new(&socket)?),
            false => Box::new(Batch::new(false)),
        };
        Ok(Self {
            socket,
            pace: settings.pace,
            requests: Requests::new(settings.request, settings.port),
            window: Window::new(places),
            incoming,
            outgoing: Batch::new(false),
            bundles: settings.bundles,
            queued: 0,
            results: Results::default(),
        })
    }

    fn run(&mut self, time: Duration) -> io::Result<()> {
        match self.pace {
            Pace::InFlight(n) => self.keep_in_flight(n, time),
            Pace::Rate(rate) => self.keep_rate(rate, time),
        }
    }

    fn keep_in_flight(&mut self, in_flight: usize, time: Duration) -> io::Result<()> {
        let start = Instant::now();
        let mut swept = start;
        let idle: Vec<usize> = (0..in_flight).filter(|place| self.window.is_free(*place)).collect();
        idle.into_iter().for_each(|place| self.queue(place, start));
        self.flush();
        self.socket.set_read_timeout(Some(SWEEP))?;
        loop {
            let received = self.incoming.receive(&self.socket);
            let freed = self.take(received)?;
            let now = Instant::now();
            freed.into_iter().for_each(|place| self.queue(place, now));
            if now.duration_since(swept) > SWEEP {
                swept = now;
                let lost = self.window.overdue(LOST_AFTER, now);
                self.results.lost += lost.len();
                lost.into_iter().for_each(|place| self.queue(place, now));
            }
            self.flush();
            if now.duration_since(start) >= time {
                return Ok(());
            }
        }
    }

    fn keep_rate(&mut self, rate: usize, time: Duration) -> io::Result<()> {
        let start = Instant::now();
        let mut sent: u32 = 0;
        loop {
            let due = start + Duration::from_secs(1) * sent / rate as u32;
            let now = Instant::now();
            if now.duration_since(start) >= time {
                return Ok(());
            }
            if now < due {
                self.wait(due - now)?;
                continue;
            }
            match self.window.free() {
                Some(place) => self.queue(place, now),
                None => self.results.refused += 1,
            }
            sent += 1;
            self.flush();
        }
    }

    /// What was sent within the window counts as answered if the reply comes shortly after it.
    fn wait_for_the_rest(&mut self) -> io::Result<()> {
        let Pace::Rate(_) = self.pace else { return Ok(()) };
        let end = Instant::now() + LOST_AFTER;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.wait(left)?;
        }
        let now = Instant::now();
        let never = self.window.overdue(Duration::ZERO, now);
        self.results.lost += never.len() + self.results.refused;
        let unanswered = never.into_iter().filter_map(|place| self.window.sent_at(place));
        self.results.latencies.extend(unanswered.map(|sent| now - sent));
        self.results.latencies.extend(std::iter::repeat_n(LOST_AFTER, self.results.refused));
        Ok(())
    }

    /// Waits for a datagram, at most that long, and takes what is there.
    fn wait(&mut self, time: Duration) -> io::Result<()> {
        let received = self.incoming.receive_within(&self.socket, time);
        self.take(received).map(drop)
    }

    fn queue(&mut self, place: usize, now: Instant) {
        if self.queued == SIZE {
            self.flush();
        }
        let tid = self.window.begin(place, now);
        self.outgoing.put(self.queued, self.requests.next(tid));
        self.queued += 1;
    }

    fn flush(&mut self) {
        match self.bundles {
            true => self.outgoing.send_bundled(&self.socket, self.queued),
            false => self.outgoing.send(&self.socket, self.queued),
        }
        self.queued = 0;
    }

    /// The places that replies made free.
    fn take(&mut self, received: io::Result<usize>) -> io::Result<Vec<usize>> {
        let count = match received {
            Ok(count) => count,
            Err(e) if is_silence(&e) => 0,
            Err(e) => return Err(e),
        };
        let now = Instant::now();
        let mut freed = Vec::with_capacity(count);
        for i in 0..count {
            let reply = self.incoming.get(i);
            let Some(&[low, high]) = reply.get(TID) else { continue };
            if reply[0] != REPLY {
                continue;
            }
            if let Some((place, sent)) = self.window.end(u16::from_le_bytes([low, high])) {
                self.results.bytes += reply.len();
                self.results.answered += 1;
                self.results.latencies.push(now - sent);
                freed.push(place);
            }
        }
        Ok(freed)
    }
}

/// Nothing came in time, or nobody listens there (any more).
fn is_silence(e: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, Interrupted, TimedOut, WouldBlock};
    matches!(e.kind(), WouldBlock | TimedOut | ConnectionRefused | Interrupted)
}

#[derive(Default)]
struct Results {
    answered: usize,
    lost: usize,
    /// Not even sent, because too many were unanswered.
    refused: usize,
    bytes: usize,
    latencies: Vec<Duration>,
}

impl Results {
    fn json(&mut self, seconds: f64, cpu: &Cpu) -> String {
        self.latencies.sort_unstable();
        let answered = self.answered.max(1) as f64;
        let numbers = [
            ("answered", self.answered as f64),
            ("lost", self.lost as f64),
            ("seconds", seconds),
            ("cpu", cpu.process / answered),
            ("thread", cpu.main_thread / answered),
            ("replyBytes", (self.bytes as f64 / answered).round()),
            ("p50", self.percentile(0.5)),
            ("p99", self.percentile(0.99)),
            ("max", self.percentile(1.0)),
        ];
        let fields: Vec<String> =
            numbers.iter().map(|(name, n)| format!("\"{name}\":{n:.3}")).collect();
        format!("{{{}}}", fields.join(","))
    }

    /// In µs.
    fn percentile(&self, share: f64) -> f64 {
        let at = (self.latencies.len().saturating_sub(1) as f64 * share) as usize;
        self.latencies.get(at).map_or(0.0, |latency| latency.as_secs_f64() * 1e6)
    }
}
