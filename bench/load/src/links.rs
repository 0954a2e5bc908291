//! Links between pairs of ports of this machine, emulated: one link each way, which all pairs share.

use std::io::{self, BufRead, Write};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::time::{Duration, Instant};

use crate::link::{Conditions, Link};

/// Bytes of a datagram at most: what is longer is cut.
const ROOM: usize = 2048;

/// Bytes of the system's receive buffers: what comes while this thread sleeps waits there.
const RECEIVE_BUFFER: libc::c_int = 4 << 20;

/// The longest sleep: commands are heard that soon.
const NAP: Duration = Duration::from_millis(5);

/// A packet on its way: the socket that it leaves by, the port that it goes to, its bytes.
type Packet = (usize, u16, Vec<u8>);

/// Which way a packet goes: from the first port of a pair, or to it.
const WAYS: usize = 2;

/// A port of an end, and the socket that the other end takes for it.
struct End {
    port: u16,
    socket: UdpSocket,
}

struct Links {
    start: Instant,
    /// Those at 2 n and 2 n + 1 are a pair.
    ends: Vec<End>,
    links: [Link<Packet>; WAYS],
}

/// Until standard input is closed. Then it prints what was carried and lost each way.
pub fn run(conditions: Conditions, seed: u64) -> io::Result<()> {
    let commands = commands();
    let mut links = Links {
        start: Instant::now(),
        ends: Vec::new(),
        links: [0, 1].map(|way| Link::new(conditions, seed * WAYS as u64 + way)),
    };
    loop {
        match commands.try_recv() {
            Ok(line) => links.obey(&line)?,
            Err(TryRecvError::Empty) => links.turn()?,
            Err(TryRecvError::Disconnected) => return links.report(),
        }
    }
}

fn commands() -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

impl Links {
    fn obey(&mut self, line: &str) -> io::Result<()> {
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["pair", first, second] => match (first.parse(), second.parse()) {
                (Ok(first), Ok(second)) => self.join([first, second]),
                _ => Err(unknown(line)),
            },
            ["down"] => self.set_down(true),
            ["up"] => self.set_down(false),
            _ => Err(unknown(line)),
        }
    }

    /// Prints where the first of both ends reaches the second, and where the second reaches the first.
    fn join(&mut self, ports: [u16; WAYS]) -> io::Result<()> {
        for port in ports {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            socket.set_nonblocking(true)?;
            widen(&socket)?;
            self.ends.push(End { port, socket });
        }
        let [.., first, second] = self.ends.as_slice() else { return Ok(()) };
        let reached = [second, first].map(|end| end.socket.local_addr().map(|addr| addr.port()));
        let [by_first, by_second] = reached;
        println!("{} {}", by_first?, by_second?);
        io::stdout().flush()
    }

    fn set_down(&mut self, is_down: bool) -> io::Result<()> {
        self.links.iter_mut().for_each(|link| link.is_down = is_down);
        println!("{}", if is_down { "down" } else { "up" });
        io::stdout().flush()
    }

    fn turn(&mut self) -> io::Result<()> {
        self.wait()?;
        for n in 0..self.ends.len() {
            self.read(n)?;
        }
        let now = self.now();
        for link in &mut self.links {
            while let Some((by, port, bytes)) = link.pop(now) {
                // Nobody there, or no room: lost, as on any link.
                let _ = self.ends[by].socket.send_to(&bytes, (Ipv4Addr::LOCALHOST, port));
            }
        }
        Ok(())
    }

    /// What an end sends comes to the other's socket here, and leaves by its own.
    fn read(&mut self, n: usize) -> io::Result<()> {
        let other = n ^ 1;
        let mut room = [0; ROOM];
        loop {
            let (len, from) = match self.ends[n].socket.recv_from(&mut room) {
                Ok(read) => read,
                Err(e) if is_passing(&e) => return Ok(()),
                Err(e) => return Err(e),
            };
            if from != SocketAddr::from((Ipv4Addr::LOCALHOST, self.ends[other].port)) {
                continue;
            }
            let packet = (other, self.ends[n].port, room[..len].to_vec());
            let now = self.now();
            self.links[other % WAYS].send(now, len, packet);
        }
    }

    fn now(&self) -> u64 {
        self.start.elapsed().as_micros() as u64
    }

    /// Until a packet comes, or has arrived.
    fn wait(&self) -> io::Result<()> {
        let due = self.links.iter().filter_map(Link::next_us).min().unwrap_or(u64::MAX);
        let wait = Duration::from_micros(due.saturating_sub(self.now())).min(NAP);
        let mut polled: Vec<_> = self.ends.iter().map(|end| polled(&end.socket)).collect();
        let time = libc::timespec {
            tv_sec: wait.as_secs() as libc::time_t,
            tv_nsec: wait.subsec_nanos() as libc::c_long,
        };
        let count = polled.len() as libc::nfds_t;
        // SAFETY: the list is as long as it says, and lives until the call returns, as the time does.
        let ready = unsafe { libc::ppoll(polled.as_mut_ptr(), count, &time, std::ptr::null()) };
        match ready {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }

    fn report(&self) -> io::Result<()> {
        let [there, back] = &self.links;
        println!(
            r#"{{"carried":[{},{}],"lost":[{},{}]}}"#,
            there.carried, back.carried, there.lost, back.lost
        );
        io::stdout().flush()
    }
}

/// A datagram before came to a port that nobody has, or there is none.
fn is_passing(e: &io::Error) -> bool {
    matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::ConnectionRefused)
}

fn polled(socket: &UdpSocket) -> libc::pollfd {
    libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLIN, revents: 0 }
}

fn widen(socket: &UdpSocket) -> io::Result<()> {
    let size = std::ptr::from_ref(&RECEIVE_BUFFER).cast();
    let len = size_of_val(&RECEIVE_BUFFER) as libc::socklen_t;
    let fd = socket.as_raw_fd();
    // SAFETY: the option is a number, as long as it says.
    let set = unsafe { libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_RCVBUF, size, len) };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn unknown(line: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("no command: {line}; there are: pair PORT PORT, down, up"),
    )
}
