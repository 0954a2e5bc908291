//! One poll, one thread, and the nodes that are on them.
//!
//! The poll can be driven by either of two threads. While JavaScript waits for a reply to a lone
//! request, handing that reply from thread to thread would cost more than the request itself; so
//! JavaScript borrows the poll and runs it between two turns of its event loop:
//!
//! ```text
//! shard thread   poll ── poll ──┐ naps (1 ms at a time)          ┌── poll ──
//!                          wake │                      release   │
//! JavaScript         request ───┴ drive  drive  drive ───────────┘
//! ```
//!
//! A borrower that falls silent for a nap loses the poll: JavaScript that computes for seconds
//! holds no datagram up for more than that.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Duration;

use mio::{Events, Poll, Registry, Token, Waker};
use parking_lot::{Mutex, RwLock};

use super::alarm::Alarm;
use super::batch::Batch;
use super::clock;
use super::loan::Loan;
use super::runner::Runner;
use super::timers::{NEVER, Timers};
use crate::proto::Socket;

/// How long the thread sleeps before it looks whether its borrower still drives.
const NAP: Duration = Duration::from_millis(1);
/// Sockets in a row that were said to be readable and were not, after which each round is followed
/// by a nap: while reading fails, the system says so again and again.
const MAX_FRUITLESS: u32 = 32;
/// The waker's token. Sockets have even and odd numbers from 0 on.
const WAKE: Token = Token(usize::MAX);
/// Readiness events taken from the operating system at a time.
const MAX_EVENTS: usize = 256;
/// Rounds of one [`Shard::drive`]: in the first a node on this shard answers, in the second the
/// answer is read.
const ROUNDS: usize = 2;

/// See the module's page.
pub struct Shard {
    registry: Registry,
    waker: Waker,
    driver: Mutex<Driver>,
    timers: Mutex<Timers>,
    nodes: RwLock<Vec<Option<Arc<Runner>>>>,
    len: AtomicUsize,
    /// Nodes with calls that wait for the shard.
    called: Mutex<Vec<usize>>,
    /// When the poll returns by itself, in ms of the monotonic clock.
    alarm: Alarm,
    loan: Loan,
    thread: OnceLock<Thread>,
}

/// What only the thread that runs the poll may touch.
struct Driver {
    poll: Poll,
    events: Events,
    batch: Batch,
    /// Sockets with more to read than a batch, of which the poll will not say so.
    unread: Vec<usize>,
    called: Vec<usize>,
    fruitless: u32,
}

impl Shard {
    /// Makes a shard and starts its thread.
    pub(super) fn start(index: usize) -> io::Result<Arc<Self>> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let waker = Waker::new(&registry, WAKE)?;
        let driver = Driver {
            poll,
            events: Events::with_capacity(MAX_EVENTS),
            batch: Batch::new(),
            unread: Vec::new(),
            called: Vec::new(),
            fruitless: 0,
        };
        let shard = Arc::new(Self {
            registry,
            waker,
            driver: Mutex::new(driver),
            timers: Mutex::default(),
            nodes: RwLock::default(),
            len: AtomicUsize::new(0),
            called: Mutex::default(),
            alarm: Alarm::default(),
            loan: Loan::default(),
            thread: OnceLock::new(),
        });
        let runs = Arc::clone(&shard);
        let thread = std::thread::Builder::new()
            .name(format!("dht-rpc-{index}"))
            .spawn(move || runs.run())?;
        let _ = shard.thread.set(thread.thread().clone());
        Ok(shard)
    }

    /// Runs the poll on this thread, without waiting, and borrows it for the time to come.
    pub fn drive(&self) {
        let first = self.loan.take();
        match self.driver.try_lock() {
            Some(mut driver) => {
                let _ = (0..ROUNDS).all(|_| self.turn(&mut driver, false));
            }
            None if first => self.wake(),
            None => {}
        }
    }

    /// Gives the poll back to the shard's thread.
    pub fn release(&self) {
        if self.loan.give_back()
            && let Some(thread) = self.thread.get()
        {
            thread.unpark();
        }
    }

    /// Whether another thread than the shard's own drives the poll.
    pub fn is_lent(&self) -> bool {
        self.loan.is_lent()
    }

    pub fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Tells every node here that the machine's network interfaces changed.
    pub fn network_changed(&self) {
        let nodes: Vec<_> = self.nodes.read().iter().flatten().cloned().collect();
        nodes.iter().for_each(|node| node.network_changed());
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(super) fn insert(&self, runner: &Arc<Runner>) {
        let mut nodes = self.nodes.write();
        let key = nodes.iter().position(Option::is_none).unwrap_or(nodes.len());
        if key == nodes.len() {
            nodes.push(None);
        }
        nodes[key] = Some(Arc::clone(runner));
        self.len.fetch_add(1, Ordering::Relaxed);
        drop(nodes);
        runner.placed(key);
    }

    pub(super) fn remove(&self, key: usize) {
        if let Some(place) = self.nodes.write().get_mut(key)
            && place.take().is_some()
        {
            self.len.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Moves a node's deadline. `true`: the shard sleeps too long for it, [`Self::wake`] it.
    pub(super) fn arm(&self, key: usize, old: u64, new: u64) -> bool {
        self.timers.lock().set(key, old, new);
        self.alarm.is_later_than(new)
    }

    /// Has the shard run a node's waiting calls.
    pub(super) fn call(&self, key: usize) {
        self.called.lock().push(key);
        self.wake_if_asleep();
    }

    pub(super) fn wake_if_asleep(&self) {
        if self.alarm.ring() {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            tracing::warn!(%error, "a shard could not be woken");
        }
    }

    fn run(&self) {
        loop {
            self.nap_while_lent();
            self.turn(&mut self.driver.lock(), true);
        }
    }

    fn nap_while_lent(&self) {
        while self.is_lent() {
            let beats = self.loan.beats();
            std::thread::park_timeout(NAP);
            self.loan.end_if_silent(beats);
        }
    }

    /// One round: wait for readiness, read, fire timers, run calls. `false`: nothing was ready.
    fn turn(&self, driver: &mut Driver, wait: bool) -> bool {
        let wait = wait && driver.unread.is_empty();
        let timeout = if wait { self.fall_asleep() } else { Some(0) };
        let polled = driver.poll.poll(&mut driver.events, timeout.map(Duration::from_millis));
        if wait {
            self.alarm.clear();
        }
        if let Err(error) = polled
            && error.kind() != io::ErrorKind::Interrupted
        {
            tracing::error!(%error, "the poll failed");
            std::thread::sleep(NAP);
        }
        let ready = !driver.events.is_empty() || !driver.unread.is_empty();
        self.read(driver);
        self.fire_timers();
        self.run_calls(driver);
        if wait && driver.fruitless > MAX_FRUITLESS {
            std::thread::sleep(NAP);
        }
        ready
    }

    /// Says until when the poll may wait, so that whoever needs it earlier knows to wake it.
    fn fall_asleep(&self) -> Option<u64> {
        let timers = self.timers.lock();
        let next = timers.next();
        self.alarm.set(next);
        drop(timers);
        if !self.called.lock().is_empty() || self.is_lent() {
            return Some(0);
        }
        (next != NEVER).then(|| next.saturating_sub(clock::mono_ms()))
    }

    fn read(&self, driver: &mut Driver) {
        let Driver { events, batch, unread, fruitless, .. } = driver;
        batch.next_round();
        let ready = std::mem::take(unread);
        if events.is_empty() && ready.is_empty() {
            *fruitless = 0;
        }
        let fresh = events.iter().map(|event| event.token()).filter(|&token| token != WAKE);
        for token in fresh.map(|token| token.0).chain(ready) {
            let Some(runner) = self.get(token / 2) else { continue };
            let socket = if token % 2 == 0 { Socket::Server } else { Socket::Client };
            if !runner.receive(socket, batch) && !unread.contains(&token) {
                unread.push(token);
            }
            *fruitless = if batch.is_empty() { fruitless.saturating_add(1) } else { 0 };
        }
        events.clear();
    }

    fn fire_timers(&self) {
        let now_ms = clock::mono_ms();
        loop {
            let Some((at, key)) = self.timers.lock().pop_due(now_ms) else { return };
            if let Some(runner) = self.get(key) {
                runner.timeout(at);
            }
        }
    }

    fn run_calls(&self, driver: &mut Driver) {
        std::mem::swap(&mut driver.called, &mut *self.called.lock());
        for key in driver.called.drain(..) {
            if let Some(runner) = self.get(key) {
                runner.run_waiting_calls();
            }
        }
    }

    fn get(&self, key: usize) -> Option<Arc<Runner>> {
        self.nodes.read().get(key)?.clone()
    }
}
