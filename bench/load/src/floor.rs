//! The floor: what answering costs when nothing is looked at.

use std::io::{self, BufRead, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsRawFd;
use std::ptr;
use std::time::{Duration, Instant};

use crate::batch::{Batch, DATAGRAM, SIZE};
use crate::bundles::{Bundles, Message};
use crate::control::{Control, say_segment};
use crate::incoming::Incoming;
use crate::request::REPLY;

/// Bytes of a reply that are those of its request, but for the first.
const HEAD: usize = 4;

/// Bytes of a message that the system cuts no earlier than it has to.
const MAX_BUNDLE: usize = 65_000;

/// Answers every datagram with `bytes` bytes, of which the first four are those of a reply to it. With
/// `bundles` it reads bundles, and answers each by one.
pub fn run(bytes: usize, bundles: bool) -> io::Result<()> {
    let bytes = bytes.clamp(HEAD, DATAGRAM);
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{}", socket.local_addr()?.port());
    io::stdout().flush()?;
    std::thread::spawn(obey);

    if bundles { answer_bundles(&socket, bytes) } else { answer(&socket, bytes) }
}

fn answer(socket: &UdpSocket, bytes: usize) -> io::Result<()> {
    let mut batch = Batch::new(true);
    loop {
        let count = batch.receive(socket)?;
        for i in 0..count {
            batch.buffer(i)[0] = REPLY;
            batch.set_length(i, bytes);
        }
        batch.send(socket, count);
    }
}

fn answer_bundles(socket: &UdpSocket, bytes: usize) -> io::Result<()> {
    let mut bundles = Bundles::new(socket)?;
    let most = SIZE.min(MAX_BUNDLE / bytes);
    let mut replies = vec![REPLY; most * bytes];
    loop {
        bundles.receive(socket)?;
        for Message { datagrams, from } in bundles.messages() {
            for first in datagrams.clone().step_by(most) {
                let these = first..datagrams.end.min(first + most);
                for (i, reply) in these.clone().zip(replies.chunks_exact_mut(bytes)) {
                    if let Some(head) = bundles.get(i).get(1..HEAD) {
                        reply[1..HEAD].copy_from_slice(head);
                    }
                }
                send_alike(socket, from, &replies[..these.len() * bytes], bytes);
            }
        }
    }
}

/// What the system refuses is lost.
fn send_alike(socket: &UdpSocket, to: &libc::sockaddr_in, bytes: &[u8], each: usize) {
    let base = bytes.as_ptr().cast_mut().cast();
    let mut part = libc::iovec { iov_base: base, iov_len: bytes.len() };
    let mut control = Control::default();
    // SAFETY: a plain C structure, for which zeros are valid.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_name = ptr::from_ref(to).cast_mut().cast();
    message.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
    message.msg_iov = &mut part;
    message.msg_iovlen = 1;
    say_segment(&mut message, &mut control, each);
    // SAFETY: the message points into memory of ours, as large as it says; sending writes to none of it.
    unsafe { libc::sendmsg(socket.as_raw_fd(), &message, 0) };
}

/// Until standard input is closed, and this process with it.
fn obey() {
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let ms = line.strip_prefix("spin ").and_then(|ms| ms.parse().ok());
        if let Some(ms) = ms {
            println!("spinning");
            spin(Duration::from_millis(ms));
        }
    }
    std::process::exit(0);
}

fn spin(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        std::hint::black_box(end);
    }
}
