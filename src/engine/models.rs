//! The protocols between threads in every order of events that loom finds, up to a number of
//! preemptions: nothing is lost, nobody waits for ever (loom fails a run in which all threads do).
//!
//! `cargo test --lib --no-default-features --features loom models`

use loom::sync::{Arc, Condvar, Mutex as StdMutex};
use loom::thread;

use super::shard::deadlines::NEVER;
use super::shard::run_queue::RunQueue;
use super::sync::combining_lock::CombiningLock;
use super::sync::notification_flag::NotificationFlag;
use super::sync::poll_ownership::{Borrowed, PollOwnership};
use super::sync::primitives::atomic::{AtomicUsize, Ordering};

/// Enough for every mistake that two threads can make with one another, and for most of three.
const PREEMPTIONS: usize = 3;

fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS);
    builder.check(model);
}

/// What can be waited for, and be set before: the poll of a shard, the event loop of JavaScript.
#[derive(Default)]
struct Bell {
    rung: StdMutex<bool>,
    condition: Condvar,
}

impl Bell {
    fn ring(&self) {
        *self.rung.lock().unwrap() = true;
        self.condition.notify_one();
    }

    fn wait(&self) {
        let mut rung = self.rung.lock().unwrap();
        while !*rung {
            rung = self.condition.wait(rung).unwrap();
        }
        *rung = false;
    }
}

/// Runs a call as a node's runner does: now, or whoever holds the node does.
fn call(lock: &CombiningLock<usize, usize>, by: usize) {
    match lock.try_lock() {
        Some(mut node) => {
            *node += lock.take_calls().iter().sum::<usize>() + by;
        }
        None => lock.enqueue(by),
    }
    run_waiting(lock);
}

fn run_waiting(lock: &CombiningLock<usize, usize>) {
    while let Some(mut node) = lock.try_lock_pending() {
        *node += lock.take_calls().iter().sum::<usize>();
    }
}

#[test]
fn no_call_stays_with_nobody() {
    explore(|| {
        let lock = Arc::new(CombiningLock::new(0));
        let threads = [1, 10].map(|by| {
            let lock = Arc::clone(&lock);
            thread::spawn(move || call(&lock, by))
        });
        call(&lock, 100);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(*lock.lock(), 111);
        assert!(lock.take_calls().is_empty());
    });
}

#[test]
fn calls_left_with_a_waiting_holder_are_run() {
    explore(|| {
        let lock = Arc::new(CombiningLock::new(0));
        let holder = {
            let lock = Arc::clone(&lock);
            thread::spawn(move || {
                let mut node = lock.lock();
                *node += 1;
                drop(node);
                run_waiting(&lock);
            })
        };
        call(&lock, 10);
        call(&lock, 100);
        holder.join().unwrap();
        assert_eq!(*lock.lock(), 111);
    });
}

/// A shard's thread: sleeps as its queue allow, until both kinds of duty were done.
fn serve(queue: &RunQueue, bell: &Bell, calls: usize, timers: usize) {
    let (mut called, mut fired) = (Vec::new(), 0);
    let mut done = 0;
    while done < calls || fired < timers {
        // A deadline in the future is one that nobody reaches here, so only a wake helps.
        if queue.fall_asleep(|| false) == NEVER {
            bell.wait();
        }
        queue.wake_up();
        while queue.pop_due(1).is_some() {
            fired += 1;
        }
        queue.take_called(&mut called);
        done += called.drain(..).count();
    }
}

#[test]
fn calls_wake_a_sleeping_shard() {
    explore(|| {
        let world = Arc::new((RunQueue::default(), Bell::default()));
        let callers = [1, 2].map(|key| {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                if world.0.call(key) {
                    world.1.ring();
                }
            })
        });
        serve(&world.0, &world.1, 2, 0);
        callers.into_iter().for_each(|caller| caller.join().unwrap());
    });
}

#[test]
fn a_deadline_wakes_a_shard_that_sleeps_too_long() {
    explore(|| {
        let world = Arc::new((RunQueue::default(), Bell::default()));
        let setter = {
            let (world, key) = (Arc::clone(&world), 1);
            thread::spawn(move || {
                if world.0.arm(key, NEVER, 1) && world.0.ring() {
                    world.1.ring();
                }
            })
        };
        let caller = {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                if world.0.call(2) {
                    world.1.ring();
                }
            })
        };
        serve(&world.0, &world.1, 1, 1);
        setter.join().unwrap();
        caller.join().unwrap();
    });
}

#[derive(Default)]
struct Inbox {
    records: StdMutex<usize>,
    pushed: AtomicUsize,
    flag: NotificationFlag,
    bell: Bell,
}

impl Inbox {
    fn push(&self) {
        *self.records.lock().unwrap() += 1;
        self.pushed.fetch_add(1, Ordering::SeqCst);
        if self.flag.raise() {
            self.bell.ring();
        }
    }

    fn drain(&self) -> usize {
        self.flag.lower();
        std::mem::take(&mut *self.records.lock().unwrap())
    }
}

#[test]
fn one_wake_serves_all_and_none_is_missed() {
    explore(|| {
        let inbox = Arc::new(Inbox::default());
        let writers = [0, 1].map(|_| {
            let inbox = Arc::clone(&inbox);
            thread::spawn(move || inbox.push())
        });
        let mut read = 0;
        while read < 2 {
            inbox.bell.wait();
            read += inbox.drain();
        }
        writers.into_iter().for_each(|writer| writer.join().unwrap());
    });
}

#[test]
fn a_reader_that_looks_by_itself_is_told_again_afterwards() {
    explore(|| {
        let inbox = Arc::new(Inbox::default());
        let writer = {
            let inbox = Arc::clone(&inbox);
            thread::spawn(move || {
                inbox.push();
                inbox.push();
            })
        };
        inbox.flag.suppress();
        let mut read = inbox.drain();
        while read < 2 {
            inbox.bell.wait();
            read += inbox.drain();
        }
        writer.join().unwrap();
    });
}

/// A shard and JavaScript, which drives the shard's poll once and then sleeps.
#[derive(Default)]
struct World {
    queue: RunQueue,
    /// Datagrams that the poll reports.
    socket: AtomicUsize,
    poll: Bell,
    inbox: Inbox,
    drivers: AtomicUsize,
}

impl World {
    fn turn(&self, lent: &dyn Fn() -> bool, wait: bool) {
        assert_eq!(self.drivers.fetch_add(1, Ordering::SeqCst), 0, "two drive one poll");
        if wait {
            if self.queue.fall_asleep(lent) == NEVER {
                self.poll.wait();
            }
            self.queue.wake_up();
        }
        let read = self.socket.swap(0, Ordering::SeqCst);
        (0..read).for_each(|_| self.inbox.push());
        self.drivers.fetch_sub(1, Ordering::SeqCst);
    }

    fn receive(&self) {
        self.socket.fetch_add(1, Ordering::SeqCst);
        self.poll.ring();
    }
}

#[test]
fn what_comes_in_while_the_poll_is_borrowed_arrives() {
    explore(|| {
        let world = Arc::new((PollOwnership::new(()), World::default()));
        let shard = {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                let (ownership, world) = &*world;
                // What was read, by either thread, ends the shard of this model.
                let over = || world.inbox.pushed.load(Ordering::SeqCst) > 0;
                while !over() {
                    ownership.own(thread::yield_now, |()| {
                        if !over() {
                            world.turn(&|| ownership.is_lent(), true);
                        }
                    });
                }
            })
        };
        let (ownership, world) = &*world;
        world.receive();
        world.inbox.flag.suppress();
        if must_wake(&ownership.borrow(|()| world.turn(&|| false, false))) {
            world.poll.ring();
        }
        let mut read = world.inbox.drain();
        ownership.give_back();
        if read == 0 {
            world.inbox.bell.wait();
            read = world.inbox.drain();
        }
        assert_eq!(read, 1);
        // The shard of this model may wait for the next datagram.
        world.poll.ring();
        shard.join().unwrap();
    });
}

/// The shard's thread of a model: drives until so many datagrams were read, by whomever.
fn own_until_read(ownership: &PollOwnership<()>, world: &World, datagrams: usize) {
    let over = || world.inbox.pushed.load(Ordering::SeqCst) >= datagrams;
    while !over() {
        ownership.own(thread::yield_now, |()| {
            if !over() {
                world.turn(&|| ownership.is_lent(), true);
            }
        });
    }
}

fn borrow(ownership: &PollOwnership<()>, world: &World) -> bool {
    let mut drove = false;
    let mut turn = |()| {
        world.turn(&|| false, false);
        drove = true;
    };
    if must_wake(&ownership.borrow(|unit| turn(*unit))) {
        world.poll.ring();
    }
    drove
}

fn must_wake<R>(borrowed: &Borrowed<R>) -> bool {
    borrowed.anew && borrowed.turn.is_none()
}

/// A borrower that found the poll free drives it, and the owner sleeps for as long as nothing comes:
/// a model has to end that sleep, or loom takes it for a deadlock. One that found the owner asleep
/// wakes it.
#[test]
fn a_sleeping_shard_lets_go_of_its_poll() {
    explore(|| {
        let world = Arc::new((PollOwnership::new(()), World::default()));
        let shard = {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                let (ownership, world) = &*world;
                ownership.own(thread::yield_now, |()| world.turn(&|| ownership.is_lent(), true));
            })
        };
        let (ownership, world) = &*world;
        if borrow(ownership, world) {
            world.receive();
        }
        shard.join().unwrap();
    });
}

#[test]
fn what_comes_in_while_two_borrow_the_poll_arrives() {
    explore(|| {
        let world = Arc::new((PollOwnership::new(()), World::default()));
        let threads: [fn(&PollOwnership<()>, &World); 2] = [
            |ownership, world| own_until_read(ownership, world, 1),
            |ownership, world| {
                borrow(ownership, world);
                ownership.give_back();
            },
        ];
        let threads = threads.map(|run| {
            let world = Arc::clone(&world);
            thread::spawn(move || run(&world.0, &world.1))
        });
        let (ownership, world) = &*world;
        borrow(ownership, world);
        world.receive();
        ownership.give_back();
        world.inbox.bell.wait();
        assert_eq!(world.inbox.drain(), 1);
        // The shard of this model may wait for the next datagram.
        world.poll.ring();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

/// The second datagram comes while the owner ends the loan, or sleeps again.
#[test]
fn what_a_silent_borrower_leaves_arrives() {
    explore(|| {
        let world = Arc::new((PollOwnership::new(()), World::default()));
        let shard = {
            let world = Arc::clone(&world);
            thread::spawn(move || own_until_read(&world.0, &world.1, 2))
        };
        let (ownership, world) = &*world;
        world.receive();
        borrow(ownership, world);
        world.receive();
        borrow(ownership, world);
        let mut read = 0;
        while read < 2 {
            world.inbox.bell.wait();
            read += world.inbox.drain();
        }
        world.poll.ring();
        shard.join().unwrap();
    });
}

/// An event loop that waits on the poll itself, beside its owner: either is woken by the datagram, and
/// the owner may have taken its poll back before.
#[test]
fn what_comes_to_an_event_loop_that_waits_on_the_poll_arrives() {
    explore(|| {
        let world = Arc::new((PollOwnership::new(()), World::default()));
        let threads: [fn(&PollOwnership<()>, &World); 2] = [
            |ownership, world| own_until_read(ownership, world, 1),
            |_, world| {
                world.receive();
                world.inbox.bell.ring(); // the event loop sees that the poll is readable
            },
        ];
        let threads = threads.map(|run| {
            let world = Arc::clone(&world);
            thread::spawn(move || run(&world.0, &world.1))
        });
        let (ownership, world) = &*world;
        if ownership.lend() {
            world.poll.ring();
        }
        let mut read = 0;
        while read == 0 {
            world.inbox.bell.wait();
            world.inbox.flag.suppress();
            borrow(ownership, world);
            read = world.inbox.drain();
        }
        assert_eq!(read, 1);
        ownership.give_back();
        // The shard of this model may wait for the next datagram.
        world.poll.ring();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

/// What the node is, for who then runs the calls that came meanwhile, as whoever holds it does.
fn value(lock: &CombiningLock<usize, usize>) -> usize {
    let value = *lock.lock();
    run_waiting(lock);
    value
}

/// A call is left for the shard, which sleeps or has lent its poll to who leaves it.
#[test]
fn a_call_on_the_shard_is_run() {
    explore(|| {
        let world = Arc::new((PollOwnership::new(()), World::default(), CombiningLock::new(0)));
        let shard = {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                let (ownership, world, lock) = &*world;
                let mut called = Vec::new();
                while value(lock) == 0 {
                    ownership.own(thread::yield_now, |()| {
                        if value(lock) == 0 {
                            world.turn(&|| ownership.is_lent(), true);
                            world.queue.take_called(&mut called);
                            called.drain(..).for_each(|_| run_waiting(lock));
                        }
                    });
                }
            })
        };
        let (ownership, world, lock) = &*world;
        borrow(ownership, world);
        lock.enqueue(1);
        if ownership.is_lent() {
            run_waiting(lock);
            // The shard of this model may wait for its next duty.
            world.poll.ring();
        } else if world.queue.call(7) {
            world.poll.ring();
        }
        ownership.give_back();
        shard.join().unwrap();
        assert_eq!(*lock.lock(), 1);
    });
}
