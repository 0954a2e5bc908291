//! Options of sockets that are a number, and that no crate knows.

#[cfg(unix)]
pub use self::unix::{get, set};
#[cfg(windows)]
pub use self::windows::{get, set};

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::fd::AsRawFd;

    /// # Errors
    /// The operating system's.
    pub fn set(socket: &impl AsRawFd, (level, name): (i32, i32), number: i32) -> io::Result<()> {
        let (value, len) = (std::ptr::from_ref(&number).cast(), size_of_val(&number) as _);
        // SAFETY: the system reads `number`, no more.
        let done = unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, value, len) };
        if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// # Errors
    /// The operating system's.
    #[cfg_attr(target_vendor = "apple", allow(dead_code, reason = "nothing is asked there"))]
    pub fn get(socket: &impl AsRawFd, (level, name): (i32, i32)) -> io::Result<i32> {
        let mut number: i32 = 0;
        let mut len = size_of_val(&number) as libc::socklen_t;
        let value = std::ptr::from_mut(&mut number).cast();
        // SAFETY: the system writes no more than `len` bytes, which `number` has.
        let done = unsafe { libc::getsockopt(socket.as_raw_fd(), level, name, value, &mut len) };
        if done == 0 { Ok(number) } else { Err(io::Error::last_os_error()) }
    }
}

#[cfg(windows)]
mod windows {
    use std::ffi::c_void;
    use std::io;
    use std::os::windows::io::{AsRawSocket, RawSocket};

    #[link(name = "ws2_32")]
    unsafe extern "system" {
        fn setsockopt(s: RawSocket, level: i32, name: i32, value: *const c_void, len: i32) -> i32;
        fn getsockopt(
            s: RawSocket,
            level: i32,
            name: i32,
            value: *mut c_void,
            len: *mut i32,
        ) -> i32;
    }

    const LEN: i32 = size_of::<i32>() as i32;

    /// # Errors
    /// The operating system's.
    pub fn set(
        socket: &impl AsRawSocket,
        (level, name): (i32, i32),
        number: i32,
    ) -> io::Result<()> {
        let value = std::ptr::from_ref(&number).cast();
        // SAFETY: the system reads `number`, no more.
        let done = unsafe { setsockopt(socket.as_raw_socket(), level, name, value, LEN) };
        if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// # Errors
    /// The operating system's.
    pub fn get(socket: &impl AsRawSocket, (level, name): (i32, i32)) -> io::Result<i32> {
        let (mut number, mut len) = (0i32, LEN);
        let value = std::ptr::from_mut(&mut number).cast();
        // SAFETY: the system writes no more than `len` bytes, which `number` has.
        let done = unsafe { getsockopt(socket.as_raw_socket(), level, name, value, &mut len) };
        if done == 0 { Ok(number) } else { Err(io::Error::last_os_error()) }
    }
}
