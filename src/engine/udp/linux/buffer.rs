//! Memory that is large and hardly ever used.

use std::io;
use std::ops::{Deref, DerefMut};
use std::ptr::{NonNull, null_mut};

use super::receive::BUFFER;

/// Rooms for a batch, straight from the system, which gives memory only for what was ever read into.
/// An allocator would clear all of them, and has small objects beside them.
pub struct Buffer {
    start: NonNull<u8>,
}

impl Buffer {
    /// # Errors
    /// The operating system's, when it has no room.
    pub fn new() -> io::Result<Self> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: new memory at a place of the system's choice.
        let start = unsafe { libc::mmap(null_mut(), BUFFER, access, kind, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the memory of this mapping; nothing in it changes. Where there are no huge pages
        // there is nothing to forbid.
        unsafe { libc::madvise(start, BUFFER, libc::MADV_NOHUGEPAGE) };
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start })
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: so many bytes are mapped, all zeros at first, for as long as this lives.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), BUFFER) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above; nobody else has them.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), BUFFER) }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: what was mapped, and nobody has any more.
        unsafe { libc::munmap(self.start.as_ptr().cast(), BUFFER) };
    }
}

// SAFETY: plain memory that belongs to nobody else.
unsafe impl Send for Buffer {}
// SAFETY: whoever shares it only reads it.
unsafe impl Sync for Buffer {}
