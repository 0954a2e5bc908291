//! What JavaScript sends by its sockets in one go: records one after the other, the socket's handle in
//! the head of each, then `ip, port, bytes, a word of nothing, datagram`. Their other half is
//! `lib/crossing/datagram-queue.js`.

use super::super::crossing::inbox::{Frame, Input, frames};
use crate::net::addr::Addr;
use crate::net::socket_key::SocketKey;
use crate::net::transmit::Transmit;

/// Datagrams that leave by one socket, one after the other in `bytes`.
#[derive(Default)]
pub struct Run {
    pub transmits: Vec<Transmit>,
    pub bytes: Vec<u8>,
}

/// Hands `send` each run of datagrams that leave by the same socket, with its handle. What is
/// malformed is left out.
pub fn runs(batch: &[u8], run: &mut Run, mut send: impl FnMut(u32, &Run)) {
    let mut frames = frames(batch).peekable();
    while let Some(first) = frames.next() {
        let handle = first.handle;
        run.transmits.clear();
        run.bytes.clear();
        let mut next = Some(first);
        while let Some(frame) = next {
            let _ = run.take(frame);
            next = frames.next_if(|frame| frame.handle == handle);
        }
        send(handle, run);
    }
}

impl Run {
    fn take(&mut self, frame: Frame<'_>) -> Option<()> {
        let mut input = Input(frame.body());
        let to = Addr::new(input.ip()?, input.word()? as u16);
        let len = input.word()? as usize;
        input.word()?;
        self.bytes.extend_from_slice(input.take(len)?);
        self.transmits.push(Transmit { socket: SocketKey::Server, to, ttl: 0, len });
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::crossing::pack::{record, words};
    use super::*;

    fn pack(out: &mut Vec<u8>, handle: u32, port: u32, bytes: &[u8]) {
        record(out, 0, handle, |out| {
            words(out, &[0x7f00_0001, port, bytes.len() as u32, 0]);
            out.extend_from_slice(bytes);
        });
    }

    /// Handle, ports and bytes of each run.
    fn read(batch: &[u8]) -> Vec<(u32, Vec<u16>, Vec<u8>)> {
        let mut all = Vec::new();
        runs(batch, &mut Run::default(), |handle, run| {
            let ports = run.transmits.iter().map(|transmit| transmit.to.port()).collect();
            all.push((handle, ports, run.bytes.clone()));
        });
        all
    }

    #[test]
    fn those_of_a_socket_leave_in_one_go() {
        let mut batch = Vec::new();
        pack(&mut batch, 7, 1, b"one");
        pack(&mut batch, 7, 2, b"");
        pack(&mut batch, 9, 3, b"other");
        pack(&mut batch, 7, 1, b"two");
        let expected = vec![
            (7, vec![1, 2], b"one".to_vec()),
            (9, vec![3], b"other".to_vec()),
            (7, vec![1], b"two".to_vec()),
        ];
        assert_eq!(read(&batch), expected);
    }

    #[test]
    fn what_says_more_bytes_than_there_are_is_left_out() {
        let mut batch = Vec::new();
        record(&mut batch, 0, 7, |out| words(out, &[0, 1, 5, 0]));
        record(&mut batch, 0, 7, |out| words(out, &[0, 1]));
        pack(&mut batch, 7, 2, b"two");
        assert_eq!(read(&batch), vec![(7, vec![2], b"two".to_vec())]);
    }
}
