//! What nodes allocate, counted.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Runs `work`; returns by how many bytes it changed what this thread has allocated.
pub fn during<T>(work: impl FnOnce() -> T) -> (T, i64) {
    let before = ALLOCATED.get();
    let result = work();
    (result, ALLOCATED.get() - before)
}

thread_local! {
    static ALLOCATED: Cell<i64> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(bytes: i64) {
    // A thread that ends may free after its counter is gone.
    ALLOCATED.try_with(|allocated| allocated.set(allocated.get() + bytes)).ok();
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        unsafe { System.dealloc(memory, layout) };
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(new_size as i64 - layout.size() as i64);
        unsafe { System.realloc(memory, layout, new_size) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_counted_and_what_is_freed_is_not() {
        let (kept, bytes) = during(|| {
            drop(vec![0u8; 5000]);
            let mut kept = Vec::with_capacity(1000);
            kept.push(1u8);
            kept
        });
        assert_eq!(bytes, 1000);
        assert_eq!(during(|| drop(kept)).1, -1000);
    }
}
