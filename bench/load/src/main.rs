//! The load of the benchmark, and its floor: a responder that does nothing else.
//!
//! usage:
//!   load drive PORT PID REQUEST WARM_UP_MS MS (in-flight N | rate N) [bundles]
//!   load floor REPLY_BYTES [bundles]
//!   load flood HOST:PORT REQUEST RATE MS HOSTS
//!   load links SEED [NAME=VALUE ...]
//!
//! `drive` sends requests (ping, find-node, user, or mixed: ping and find-node in turn) from one
//! socket to PORT of 127.0.0.1. It prints `measuring` when the warm-up is over, then a line of
//! JSON: what was answered, how fast, and the CPU that process PID used for it. With `bundles` it
//! sends what is of one length as one message, and reads such. `floor` prints its port, then answers
//! every datagram with that many bytes until its standard input is closed, with `bundles` a message
//! of several by one; told `spin MS` there, it prints `spinning`, and a thread of it does nothing else
//! for as many ms. `flood` offers RATE requests a second, or replies that nobody asked for, from HOSTS
//! hosts, and reads no reply; it prints what it sent as JSON. `links` emulates links between ports of this
//! machine: told `pair PORT PORT` it prints the ports by which the two reach each other; told `down` and
//! `up` it loses all between; when its standard input is closed it prints what it carried and lost as
//! JSON. What the links do: delay-ms, jitter-ms, rate (bytes a second), queue (bytes), loss, duplicated,
//! held-up (parts of 1), held-up-ms, mtu.

mod batch;
mod bundles;
mod control;
mod cpu;
mod drive;
mod flood;
mod floor;
mod incoming;
#[path = "../../../tests/link/mod.rs"]
mod link;
mod links;
mod request;
mod window;

use std::str::FromStr;
use std::time::Duration;

use drive::{Pace, Settings};
use request::Kind;

const USAGE: &str = "usage: load drive PORT PID ping|find-node|user|mixed WARM_UP_MS MS (in-flight N | rate N) [bundles]\n       load floor REPLY_BYTES [bundles]\n       load flood HOST:PORT ping|find-node|user|mixed|reply RATE MS HOSTS\n       load links SEED [delay-ms=N] [jitter-ms=N] [rate=N] [queue=N] [loss=N] [duplicated=N] [held-up=N] [held-up-ms=N] [mtu=N]";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["drive", rest @ ..] => settings(rest).map(|settings| drive::run(&settings)),
        ["floor", bytes] => number(bytes).map(|bytes| floor::run(bytes, false)),
        ["floor", bytes, "bundles"] => number(bytes).map(|bytes| floor::run(bytes, true)),
        ["flood", rest @ ..] => flood_settings(rest).map(|settings| flood::run(&settings)),
        ["links", seed, rest @ ..] => number(seed)
            .and_then(|seed| Some((conditions(rest)?, seed)))
            .map(|(conditions, seed)| links::run(conditions, seed)),
        _ => None,
    };
    match done {
        Some(Ok(())) => {}
        Some(Err(e)) => fail(&e.to_string(), 1),
        None => fail(USAGE, 2),
    }
}

fn settings(args: &[&str]) -> Option<Settings> {
    let (args, bundles) = match args {
        [args @ .., "bundles"] => (args, true),
        args => (args, false),
    };
    let [port, pid, request, warm_up, ms, pace, n] = args else { return None };
    let n = number(n)?;
    Some(Settings {
        port: number(port)?,
        pid: number(pid)?,
        request: request.parse().ok().filter(|kind| *kind != Kind::Reply)?,
        warm_up: Duration::from_millis(number(warm_up)?),
        window: Duration::from_millis(number(ms)?),
        pace: match *pace {
            "in-flight" if n > 0 && n <= window::MOST => Pace::InFlight(n),
            "rate" if n > 0 => Pace::Rate(n),
            _ => return None,
        },
        bundles,
    })
}

fn flood_settings(args: &[&str]) -> Option<flood::Settings> {
    let [to, request, rate, ms, hosts] = args else { return None };
    let to: std::net::SocketAddrV4 = to.parse().ok().filter(is_loopback)?;
    Some(flood::Settings {
        to,
        request: request.parse().ok()?,
        rate: number(rate)?,
        time: Duration::from_millis(number(ms)?),
        hosts: number(hosts).filter(|hosts| *hosts <= flood::MOST_HOSTS)?,
    })
}

fn conditions(args: &[&str]) -> Option<link::Conditions> {
    let mut conditions = link::Conditions { delay_us: 0, ..Default::default() };
    for arg in args {
        let (name, value) = arg.split_once('=')?;
        let value: f64 = number(value).filter(|value| *value >= 0.0)?;
        let us = (value * 1000.0) as u64;
        match name {
            "delay-ms" => conditions.delay_us = us,
            "jitter-ms" => conditions.jitter_us = us,
            "rate" => conditions.rate = value as u64,
            "queue" => conditions.queue = value as usize,
            "loss" if value <= 1.0 => conditions.loss = value,
            "duplicated" if value <= 1.0 => conditions.duplicated = value,
            "held-up" if value <= 1.0 => conditions.held_up = value,
            "held-up-ms" => conditions.held_up_us = us,
            "mtu" => conditions.mtu = value as usize,
            _ => return None,
        }
    }
    Some(conditions)
}

/// A flood is for this machine only.
fn is_loopback(to: &std::net::SocketAddrV4) -> bool {
    to.ip().is_loopback()
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn fail(reason: &str, code: i32) -> ! {
    eprintln!("load: {reason}");
    std::process::exit(code)
}
