//! Memory of JavaScript's that is written into by whichever thread has something for it.

use std::ptr::NonNull;

use parking_lot::Mutex;

/// Bytes of a chunk, and of a `data` event at most.
pub const CHUNK: usize = 64 * 1024;

/// So many bytes that JavaScript allocated and keeps until it is told that they are written.
pub struct Chunk {
    /// By which JavaScript knows it.
    pub id: u32,
    start: NonNull<u8>,
}

// SAFETY: plain memory, which nobody but the chunk's owner touches.
unsafe impl Send for Chunk {}

impl Chunk {
    /// # Safety
    /// [`CHUNK`] bytes from `start` on stay where they are, and nobody touches them, until the chunk
    /// is dropped.
    pub unsafe fn new(id: u32, start: NonNull<u8>) -> Self {
        Self { id, start }
    }

    /// Writes at a place. What is beyond the end is left out.
    pub fn write(&mut self, at: usize, bytes: &[u8]) {
        let len = bytes.len().min(CHUNK.saturating_sub(at));
        // SAFETY: within the bytes that `new` was promised.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.start.as_ptr().add(at), len);
        }
    }
}

/// Those of an environment that are free.
#[derive(Default)]
pub struct LentMemory(Mutex<Vec<Chunk>>);

impl LentMemory {
    pub fn give(&self, chunk: Chunk) {
        self.0.lock().push(chunk);
    }

    pub fn take(&self) -> Option<Chunk> {
        self.0.lock().pop()
    }

    /// JavaScript takes all of them back.
    pub fn clear(&self) {
        self.0.lock().clear();
    }
}
