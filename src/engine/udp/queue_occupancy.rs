//! How far a socket's receive buffer is running full.

use std::sync::atomic::{AtomicU32, Ordering};

use super::datagram::Backlog;

/// Datagrams that wait at most while there is a choice: 5 ms of answering. The rest of the buffer is
/// for the time in which the thread is not scheduled.
const LONG: u32 = 1400;

/// Enough for any use that is made of them.
const MAX_STEPS: u32 = 16;

/// A step more with every full batch behind which the buffer runs full, a step less with every other
/// one, none once all is read. Only the thread that drives the poll touches it.
#[derive(Default)]
pub struct QueueOccupancy {
    steps: AtomicU32,
    /// Datagrams that waited after the last full batch.
    waited: AtomicU32,
}

impl QueueOccupancy {
    /// What waits after a full batch was read, of how many datagrams. Returns the steps.
    pub fn note(&self, backlog: Backlog, datagrams: u32) -> u32 {
        let before = self.waited.swap(datagrams, Ordering::Relaxed);
        let grows = datagrams >= before;
        let steps = self.steps.load(Ordering::Relaxed);
        let fuller = runs_full(backlog, datagrams, grows);
        let steps = if fuller { steps + 1 } else { steps.saturating_sub(1) };
        self.steps.store(steps.min(MAX_STEPS), Ordering::Relaxed);
        steps.min(MAX_STEPS)
    }

    /// All was read.
    pub fn clear(&self) {
        self.steps.store(0, Ordering::Relaxed);
        self.waited.store(0, Ordering::Relaxed);
    }
}

/// Half of it is taken, or [`LONG`] wait, and it is getting more; or three quarters are taken: a burst
/// that fits is read in peace.
fn runs_full(Backlog { waiting, room, .. }: Backlog, datagrams: u32, grows: bool) -> bool {
    let much = waiting > room / 2 || datagrams > LONG;
    (much && grows) || waiting > room / 4 * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: u32 = 1000;

    fn note(pressure: &QueueOccupancy, waiting: u32) -> u32 {
        pressure.note(Backlog { waiting, room: ROOM, lost: 0 }, waiting)
    }

    #[test]
    fn a_burst_that_fits_is_no_pressure() {
        let pressure = QueueOccupancy::default();
        note(&pressure, 450);
        for waiting in (0..750).rev().step_by(30) {
            assert!(note(&pressure, waiting) <= 1, "only that it came at all");
        }
        assert_eq!(note(&pressure, 500), 0);
    }

    #[test]
    fn what_grows_is_pressed_until_there_is_room() {
        let pressure = QueueOccupancy::default();
        let steps = [400, 510, 520, 520, 800, 760].map(|waiting| note(&pressure, waiting));
        assert_eq!(steps, [0, 1, 2, 3, 4, 5]);
        let steps = [740, 730, 740, 400].map(|waiting| note(&pressure, waiting));
        assert_eq!(steps, [4, 3, 4, 3]);
        pressure.clear();
        assert_eq!(note(&pressure, 10), 0);
    }

    #[test]
    fn a_large_buffer_is_not_for_a_long_queue() {
        let pressure = QueueOccupancy::default();
        let mut note =
            |many| pressure.note(Backlog { waiting: 1 << 20, room: 8 << 20, lost: 0 }, many);
        let steps = [LONG, LONG + 1, 3 * LONG, 2 * LONG].map(&mut note);
        assert_eq!(steps, [0, 1, 2, 1]);
    }

    #[test]
    fn steps_are_bounded_and_so_is_the_way_back() {
        let pressure = QueueOccupancy::default();
        assert_eq!((0..1000).map(|_| note(&pressure, 999)).max(), Some(MAX_STEPS));
        let back = (0..).take_while(|_| note(&pressure, 0) > 0).count();
        assert_eq!(back as u32, MAX_STEPS - 1);
    }
}
