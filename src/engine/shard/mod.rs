//! One poll, one thread, and the tenants that are on them.
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
//!
//! Nothing that panics ends the thread: neither a tenant, which is gone then, nor what is done for
//! one, nor a round of the poll.

pub mod deadlines;
pub mod run_queue;
pub mod shared_socket;
pub mod sockets;
pub mod start_error;
pub mod tenant;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};
use parking_lot::RwLock;

use self::deadlines::NEVER;
use self::run_queue::RunQueue;
use self::sockets::{Sockets, Source};
use self::start_error::StartError;
use self::tenant::{Tenant, guarded};
use super::clock;
use super::sync::adaptive_spin::AdaptiveSpin;
use super::sync::poll_ownership::{Borrowed, PollOwnership};
use super::udp::datagram::MAX_BATCH;
use super::udp::receive_batch::ReceiveBatch;

/// How long the thread sleeps before it looks whether its borrower still drives.
const NAP: Duration = Duration::from_millis(1);
/// Sockets in a row that were said to be readable and were not, after which each round is followed
/// by a nap: while reading fails, the system says so again and again.
const MAX_FRUITLESS: u32 = 32;
/// The waker's token; those of sockets count from 0 on.
const WAKE: Token = Token(usize::MAX);
/// Readiness events taken from the operating system at a time.
const MAX_EVENTS: usize = 256;
/// Waits after requests that may be awake: for the answers, for what JavaScript makes of them. Those
/// who ask from elsewhere wait for longer than a wake takes.
const WAITS: u32 = 4;

/// See the module's page.
pub struct Shard {
    waker: Waker,
    poll: PollOwnership<PollState>,
    queue: RunQueue,
    sockets: Arc<Sockets>,
    tenants: RwLock<Vec<Option<Arc<dyn Tenant>>>>,
    len: AtomicUsize,
    /// Somebody made requests and waits for the answers.
    awaited: AtomicBool,
    thread: OnceLock<Thread>,
    #[cfg(target_os = "linux")]
    descriptor: std::os::fd::RawFd,
}

/// What a drive of a borrowed poll found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Driven {
    /// Something was to be done.
    pub ready: bool,
    /// The poll was not lent before, or had been taken back; or it is readable again and again while
    /// reading fails, and had better be the shard's, which naps.
    pub anew: bool,
}

/// What only the thread that runs the poll may touch.
struct PollState {
    poll: Poll,
    events: Events,
    batch: ReceiveBatch,
    /// Sockets with more to read than a batch, of which the poll will not say so.
    unread: Vec<usize>,
    called: Vec<usize>,
    fruitless: u32,
    spin: AdaptiveSpin,
    /// Waits that may still be awake, see [`WAITS`].
    waits: u32,
}

impl Shard {
    /// Makes a shard and starts its thread.
    ///
    /// # Errors
    /// When the operating system has no poll or no thread to give. Nothing is left of it then.
    pub(super) fn start(index: usize) -> Result<Arc<Self>, StartError> {
        let batch = ReceiveBatch::new().map_err(StartError::Memory)?;
        let shard = Arc::new(Self::new(batch).map_err(StartError::Poll)?);
        let runs = Arc::clone(&shard);
        let thread = std::thread::Builder::new()
            .name(format!("dht-rpc-{index}"))
            .spawn(move || runs.run())
            .map_err(StartError::Thread)?;
        let _ = shard.thread.set(thread.thread().clone());
        Ok(shard)
    }

    fn new(batch: ReceiveBatch) -> io::Result<Self> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let waker = Waker::new(&registry, WAKE)?;
        #[cfg(target_os = "linux")]
        let descriptor = std::os::fd::AsRawFd::as_raw_fd(&poll);
        let state = PollState {
            poll,
            events: Events::with_capacity(MAX_EVENTS),
            batch,
            unread: Vec::new(),
            called: Vec::new(),
            fruitless: 0,
            spin: AdaptiveSpin::default(),
            waits: 0,
        };
        Ok(Self {
            waker,
            poll: PollOwnership::new(state),
            queue: RunQueue::default(),
            sockets: Arc::new(Sockets::new(registry)),
            tenants: RwLock::default(),
            len: AtomicUsize::new(0),
            awaited: AtomicBool::new(false),
            thread: OnceLock::new(),
            #[cfg(target_os = "linux")]
            descriptor,
        })
    }

    /// Runs the poll on this thread, without waiting, and borrows it for the time to come.
    pub fn drive(&self) -> Driven {
        let Borrowed { anew, turn } = self.poll.borrow(|state| {
            let ready = self.turn_safely(state, false);
            (ready, state.fruitless > MAX_FRUITLESS)
        });
        if anew && turn.is_none() {
            self.wake();
        }
        let (ready, fruitless) = turn.unwrap_or_default();
        Driven { ready: ready && !fruitless, anew: anew || fruitless }
    }

    /// Lends the poll to who will drive it when it is readable, see [`Self::descriptor`].
    #[cfg(target_os = "linux")]
    pub fn lend(&self) {
        if self.poll.lend() {
            self.wake();
        }
    }

    /// What an event loop can wait on: readable when [`Self::drive`] has something to do.
    #[cfg(target_os = "linux")]
    pub fn descriptor(&self) -> std::os::fd::RawFd {
        self.descriptor
    }

    /// Gives the poll back to the shard's thread.
    pub fn release(&self) {
        if self.poll.give_back()
            && let Some(thread) = self.thread.get()
        {
            thread.unpark();
        }
    }

    /// Whether another thread than the shard's own drives the poll.
    pub fn is_lent(&self) -> bool {
        self.poll.is_lent()
    }

    pub fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Tells every tenant here that the machine's network interfaces changed.
    pub fn network_changed(&self) {
        let tenants: Vec<_> = self.tenants.read().iter().flatten().cloned().collect();
        tenants.iter().for_each(|tenant| tenant.network_changed());
    }

    pub(super) fn sockets(&self) -> &Arc<Sockets> {
        &self.sockets
    }

    pub(super) fn insert(&self, tenant: Arc<dyn Tenant>) {
        self.len.fetch_add(1, Ordering::Relaxed);
        self.attach(tenant);
    }

    /// As [`Self::insert`], for one that stays and that [`Self::len`] does not count.
    pub(super) fn attach(&self, tenant: Arc<dyn Tenant>) {
        let mut tenants = self.tenants.write();
        let key = tenants.iter().position(Option::is_none).unwrap_or(tenants.len());
        if key == tenants.len() {
            tenants.push(None);
        }
        tenants[key] = Some(Arc::clone(&tenant));
        drop(tenants);
        tenant.placed(key);
    }

    pub(super) fn remove(&self, key: usize) {
        if self.detach(key) {
            self.len.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// As [`Self::remove`], for one that [`Self::len`] does not count.
    pub(super) fn detach(&self, key: usize) -> bool {
        let tenant = self.tenants.write().get_mut(key).and_then(Option::take);
        tenant.is_some()
    }

    /// Moves a tenant's deadline. `true`: the shard sleeps too long for it, [`Self::wake`] it.
    pub(super) fn arm(&self, key: usize, old: u64, new: u64) -> bool {
        self.queue.arm(key, old, new)
    }

    /// Has the shard run a tenant's waiting calls.
    pub(super) fn call(&self, key: usize) {
        if self.queue.call(key) {
            self.wake();
        }
    }

    /// Somebody is about to wait for answers to what waits in calls.
    pub(super) fn expect_answers(&self) {
        self.awaited.store(true, Ordering::Relaxed);
    }

    pub(super) fn wake_if_asleep(&self) {
        if self.queue.ring() {
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
            let turn = |state: &mut PollState| {
                self.turn_safely(state, true);
            };
            self.poll.own(|| std::thread::park_timeout(NAP), turn);
        }
    }

    /// A round, and the thread outlives it.
    fn turn_safely(&self, state: &mut PollState, wait: bool) -> bool {
        let turn = catch_unwind(AssertUnwindSafe(|| self.turn(state, wait)));
        turn.unwrap_or_else(|_| {
            tracing::error!("a shard's round panicked");
            self.queue.wake_up();
            state.events.clear();
            false
        })
    }

    /// One round: wait for readiness, read, fire timers, run calls. `false`: nothing was ready.
    fn turn(&self, state: &mut PollState, wait: bool) -> bool {
        let wait = wait && state.unread.is_empty();
        let polled = match wait {
            true if self.wait_awake(state) => Ok(()),
            true => self.sleep(state),
            false => state.poll.poll(&mut state.events, Some(Duration::ZERO)),
        };
        if let Err(error) = polled
            && error.kind() != io::ErrorKind::Interrupted
        {
            tracing::error!(%error, "the poll failed");
            std::thread::sleep(NAP);
        }
        let ready = !state.events.is_empty() || !state.unread.is_empty();
        self.read(state);
        self.fire_timers();
        self.run_calls(state);
        if wait && state.fruitless > MAX_FRUITLESS {
            std::thread::sleep(NAP);
        }
        ready
    }

    /// `true`: there is something to do.
    fn wait_awake(&self, state: &mut PollState) -> bool {
        let PollState { poll, events, spin, waits, .. } = state;
        if *waits == 0 {
            return false;
        }
        *waits -= 1;
        spin.spin(Instant::now, || {
            let polled = poll.poll(events, Some(Duration::ZERO));
            polled.is_err() || !events.is_empty() || self.queue.are_called() || self.is_lent()
        })
    }

    fn sleep(&self, state: &mut PollState) -> io::Result<()> {
        let PollState { poll, events, spin, .. } = state;
        let timeout = self.fall_asleep();
        spin.fall_asleep(Instant::now());
        let polled = poll.poll(events, timeout.map(Duration::from_micros));
        self.queue.wake_up();
        spin.wake_up(Instant::now());
        polled
    }

    /// How long the poll may wait, in µs.
    fn fall_asleep(&self) -> Option<u64> {
        let until = self.queue.fall_asleep(|| self.is_lent());
        (until != NEVER).then(|| until.saturating_sub(clock::mono_us()))
    }

    fn read(&self, state: &mut PollState) {
        let PollState { events, batch, unread, fruitless, .. } = state;
        batch.next_round();
        let ready = std::mem::take(unread);
        if events.is_empty() && ready.is_empty() {
            *fruitless = 0;
        }
        let fresh = events.iter().map(|event| event.token()).filter(|&token| token != WAKE);
        for token in fresh.map(|token| token.0).chain(ready) {
            let Some(socket) = self.sockets.get(token) else { continue };
            let emptied = socket.read(batch);
            if !emptied && !unread.contains(&token) {
                unread.push(token);
            }
            *fruitless = if batch.is_empty() { fruitless.saturating_add(1) } else { 0 };
            if socket.deliver(batch) {
                read_on(&*socket, batch);
            }
        }
        events.clear();
    }

    fn fire_timers(&self) {
        let now_us = clock::mono_us();
        loop {
            let Some((at, key)) = self.queue.pop_due(now_us) else { return };
            if let Some(tenant) = self.get(key) {
                guarded(&*tenant, || tenant.timeout(at));
            }
        }
    }

    fn run_calls(&self, state: &mut PollState) {
        self.queue.take_called(&mut state.called);
        if self.awaited.load(Ordering::Relaxed) {
            self.awaited.store(false, Ordering::Relaxed);
            state.waits = WAITS;
        }
        for key in state.called.drain(..) {
            if let Some(tenant) = self.get(key) {
                guarded(&*tenant, || tenant.run_waiting_calls());
            }
        }
    }

    fn get(&self, key: usize) -> Option<Arc<dyn Tenant>> {
        self.tenants.read().get(key)?.clone()
    }
}

/// Reads the rest of what waits, if that is not more than one round may read of a busy socket.
fn read_on(socket: &dyn Source, batch: &mut ReceiveBatch) {
    for _ in 0..MAX_BATCH {
        socket.read(batch);
        if batch.is_empty() || !socket.deliver(batch) {
            return;
        }
    }
}
