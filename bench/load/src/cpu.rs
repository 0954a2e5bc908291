//! CPU, user and system, that another process has used: to the nanosecond, not by the ticks of
//! /proc/PID/stat.

use std::io;

/// Of a process and of its main thread, in µs.
#[derive(Clone, Copy)]
pub struct Cpu {
    pub process: f64,
    pub main_thread: f64,
}

impl Cpu {
    pub fn of(pid: i32) -> io::Result<Self> {
        Ok(Self { process: process_clock(pid)?, main_thread: thread_time(pid)? })
    }

    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            process: self.process - earlier.process,
            main_thread: self.main_thread - earlier.main_thread,
        }
    }
}

/// All threads, those that have ended too.
fn process_clock(pid: i32) -> io::Result<f64> {
    let mut clock: libc::clockid_t = 0;
    // SAFETY: `clock` is valid for the call to write to.
    match unsafe { libc::clock_getcpuclockid(pid, &mut clock) } {
        0 => {}
        code => return Err(io::Error::from_raw_os_error(code)),
    }
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for the call to write to.
    if unsafe { libc::clock_gettime(clock, &mut time) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3)
}

fn thread_time(tid: i32) -> io::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{tid}/task/{tid}/schedstat"))?;
    let ns = text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok());
    ns.map(|ns| ns / 1e3).ok_or_else(|| io::Error::other("schedstat without a number"))
}
