//! A few threads for calls that may block, such as the resolver's.
//!
//! The operating system may refuse a thread. Then a job waits for one that is there, and if there is
//! none at all it goes back to who brought it: no job is forgotten, and each is another try.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};

/// How long a thread without a job is kept.
const IDLE: Duration = Duration::from_secs(10);

pub type Job = Box<dyn FnOnce() + Send>;

/// See the module's page.
pub struct BlockingPool {
    max_threads: usize,
    spawn: fn(Job) -> io::Result<()>,
    state: Mutex<State>,
    job_came: Condvar,
}

struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    /// Those without a job; one that was started is among them.
    idle: usize,
}

impl BlockingPool {
    /// `spawn` runs what it is given on a new thread.
    pub const fn new(max_threads: usize, spawn: fn(Job) -> io::Result<()>) -> Self {
        let state = State { jobs: VecDeque::new(), threads: 0, idle: 0 };
        Self { max_threads, spawn, state: Mutex::new(state), job_came: Condvar::new() }
    }

    /// Has `job` run by a thread that is free, or by a new one.
    ///
    /// # Errors
    /// The job, if there is neither.
    pub fn hand_over(&'static self, job: Job) -> Result<(), Job> {
        let mut state = self.state.lock();
        if !self.has_thread_for_one_more(&mut state) {
            return Err(job);
        }
        self.push(state, job);
        Ok(())
    }

    /// As [`Self::hand_over`]; if all threads have jobs it waits for one of them.
    ///
    /// # Errors
    /// The job, if there is no thread at all.
    pub fn enqueue(&'static self, job: Job) -> Result<(), Job> {
        let mut state = self.state.lock();
        if !self.has_thread_for_one_more(&mut state) && state.threads == 0 {
            return Err(job);
        }
        self.push(state, job);
        Ok(())
    }

    fn push(&self, mut state: MutexGuard<'_, State>, job: Job) {
        state.jobs.push_back(job);
        drop(state);
        self.job_came.notify_one();
    }

    fn has_thread_for_one_more(&'static self, state: &mut State) -> bool {
        state.jobs.len() < state.idle || self.start_thread(state)
    }

    fn start_thread(&'static self, state: &mut State) -> bool {
        if state.threads == self.max_threads {
            return false;
        }
        if let Err(error) = (self.spawn)(Box::new(|| self.run())) {
            tracing::warn!(%error, threads = state.threads, "no thread could be started");
            return false;
        }
        state.threads += 1;
        state.idle += 1;
        true
    }

    fn run(&'static self) {
        let mut state = self.state.lock();
        loop {
            let Some(job) = state.jobs.pop_front() else {
                let waited = self.job_came.wait_for(&mut state, IDLE);
                if waited.timed_out() && state.jobs.is_empty() {
                    break;
                }
                continue;
            };
            state.idle -= 1;
            // It may have been refused when the jobs behind this one came.
            if state.jobs.len() > state.idle {
                self.start_thread(&mut state);
            }
            MutexGuard::unlocked(&mut state, || {
                if catch_unwind(AssertUnwindSafe(job)).is_err() {
                    tracing::error!("a job panicked");
                }
            });
            state.idle += 1;
        }
        state.idle -= 1;
        state.threads -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    const MAX: usize = 3;

    fn pool(spawn: fn(Job) -> io::Result<()>) -> &'static BlockingPool {
        Box::leak(Box::new(BlockingPool::new(MAX, spawn)))
    }

    fn spawn(job: Job) -> io::Result<()> {
        std::thread::Builder::new().spawn(job).map(drop)
    }

    fn refuse(_: Job) -> io::Result<()> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    /// Jobs that say when they begin, and end when they are told to.
    struct Jobs {
        begun: (Sender<usize>, Receiver<usize>),
        releases: Vec<Sender<()>>,
    }

    impl Jobs {
        fn new() -> Self {
            Self { begun: channel(), releases: Vec::new() }
        }

        fn next(&mut self) -> Job {
            let (release, released) = channel();
            let (begun, number) = (self.begun.0.clone(), self.releases.len());
            self.releases.push(release);
            Box::new(move || {
                begun.send(number).unwrap();
                let _ = released.recv();
            })
        }

        fn begun(&self) -> usize {
            self.begun.1.recv().unwrap()
        }

        fn has_begun(&self) -> bool {
            self.begun.1.try_recv().is_ok()
        }

        fn release(&self, number: usize) {
            self.releases[number].send(()).unwrap();
        }
    }

    #[test]
    fn jobs_over_the_bound_wait_for_their_turn() {
        let (pool, mut jobs) = (pool(spawn), Jobs::new());
        for _ in 0..MAX {
            assert!(pool.enqueue(jobs.next()).is_ok());
        }
        let mut begun: Vec<_> = (0..MAX).map(|_| jobs.begun()).collect();
        begun.sort_unstable();
        assert_eq!(begun, (0..MAX).collect::<Vec<_>>());
        assert!(pool.enqueue(jobs.next()).is_ok());
        assert!(pool.hand_over(jobs.next()).is_err(), "no thread is free");
        assert!(!jobs.has_begun());
        jobs.release(1);
        assert_eq!(jobs.begun(), MAX);
    }

    #[test]
    fn without_a_thread_the_job_comes_back() {
        let (pool, mut jobs) = (pool(refuse), Jobs::new());
        assert!(pool.enqueue(jobs.next()).is_err());
        assert!(pool.hand_over(jobs.next()).is_err());
        assert_eq!(pool.state.lock().jobs.len(), 0);
    }

    #[test]
    fn refused_jobs_wait_for_the_thread_that_is_there() {
        static LEFT: AtomicUsize = AtomicUsize::new(1);
        fn spawn_if_left(job: Job) -> io::Result<()> {
            let take = |left: usize| left.checked_sub(1);
            match LEFT.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take) {
                Ok(_) => spawn(job),
                Err(_) => refuse(job),
            }
        }
        let (pool, mut jobs) = (pool(spawn_if_left), Jobs::new());
        for _ in 0..4 {
            assert!(pool.enqueue(jobs.next()).is_ok());
        }
        assert_eq!(jobs.begun(), 0);
        assert!(pool.hand_over(jobs.next()).is_err(), "that one is not free");
        jobs.release(0);
        assert_eq!(jobs.begun(), 1);
        assert!(!jobs.has_begun());

        // The limit is raised: whoever takes the next one starts a thread for those behind it.
        LEFT.store(MAX, Ordering::SeqCst);
        jobs.release(1);
        let mut begun = [jobs.begun(), jobs.begun()];
        begun.sort_unstable();
        assert_eq!(begun, [2, 3]);
    }

    #[test]
    fn a_job_that_panics_takes_no_thread_with_it() {
        let (pool, mut jobs) = (pool(spawn), Jobs::new());
        for _ in 0..2 * MAX {
            assert!(pool.enqueue(Box::new(|| panic!("a job"))).is_ok());
        }
        for _ in 0..MAX {
            assert!(pool.enqueue(jobs.next()).is_ok());
        }
        for _ in 0..MAX {
            jobs.begun();
        }
        assert!(pool.state.lock().threads <= MAX);
    }
}
