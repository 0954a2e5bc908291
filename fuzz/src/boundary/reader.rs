//! Reads records as `lib/dht/records.js` does, and sees that each is as long as its fields.

use dht_rpc_native::binding::crossing::pack::length;
use dht_rpc_native::binding::dht::records::{ENTRY, Kind};

/// A word and the first word's kind are 4 bytes; a record's head is two words.
const WORD: usize = 4;
const HEAD: usize = 2 * WORD;
/// Reply bodies begin with eight words and a double.
const BODY: usize = 10 * WORD;

pub fn records(mut slab: &[u8], handle: u32) {
    while !slab.is_empty() {
        let first = word(slab, 0);
        let len = length(first);
        assert!(len >= HEAD && len.is_multiple_of(8), "records are aligned");
        let (record, rest) = slab.split_at(len);
        assert_eq!(word(record, 1), handle);
        let fields = &record[HEAD..];
        let used = fields_len((first >> 24) as u8, fields);
        assert!(used <= fields.len() && fields.len() < used + 8, "{used} of {}", fields.len());
        slab = rest;
    }
}

/// Successes, errors, in flight, count, and that many reply bodies.
pub fn query_state(bytes: &[u8]) {
    assert_eq!(bodies(bytes, 4, word(bytes, 3)), bytes.len());
}

fn fields_len(kind: u8, fields: &[u8]) -> usize {
    let is = |wanted: Kind| kind == wanted as u8;
    match kind {
        _ if is(Kind::Request) || is(Kind::RequestSeen) => request(fields),
        _ if is(Kind::ReplySeen) => 2 * WORD + body(&fields[2 * WORD..]),
        _ if is(Kind::TimedOut) => in_flight(fields),
        _ if is(Kind::Response) => 2 * WORD + body(&fields[2 * WORD..]),
        _ if is(Kind::QueryRow) => 4 * WORD + body(&fields[4 * WORD..]),
        _ if is(Kind::QueryCommit) => bodies(fields, 4, word(fields, 1)),
        _ if is(Kind::QueryEnd) => bodies(fields, 6, word(fields, 1)),
        _ if is(Kind::Failure) || is(Kind::NetworkState) || is(Kind::BootstrapWanted) => 2 * WORD,
        _ if is(Kind::QueryProgress) || is(Kind::NatUpdate) => 4 * WORD,
        _ if is(Kind::RequestVerdictWanted) || is(Kind::TryEnded) => 4 * WORD,
        _ if is(Kind::Alarm) => 2 * WORD,
        _ if is(Kind::BucketGained) || is(Kind::BucketLost) || is(Kind::BucketFull) => ENTRY,
        _ if is(Kind::NodeAdded) || is(Kind::NodeRemoved) => ENTRY,
        _ if is(Kind::VerdictWanted) => 2 * WORD + 2 * WORD * word(fields, 1) as usize,
        _ if is(Kind::Send) => 4 * WORD + word(fields, 3) as usize,
        _ if is(Kind::LookupWanted) => {
            let text = &fields[2 * WORD..][..word(fields, 1) as usize];
            assert!(std::str::from_utf8(text).is_ok());
            2 * WORD + text.len()
        }
        _ if is(Kind::Crashed) => {
            let text = &fields[2 * WORD..][..word(fields, 0) as usize];
            assert!(std::str::from_utf8(text).is_ok());
            2 * WORD + text.len()
        }
        _ if is(Kind::Status) => 4 * WORD + 32,
        _ => {
            assert!((Kind::Ready as u8..=Kind::QueryProgress as u8).contains(&kind));
            0
        }
    }
}

fn in_flight(fields: &[u8]) -> usize {
    let flags = word(fields, 3) >> 16;
    let fixed = [1, 2, 8].iter().filter(|bit| flags & **bit != 0).count();
    whole_number(fields, 12);
    let len = 14 * WORD + 32 * fixed + word(fields, 11) as usize;
    assert!(flags & 16 != 0 || word(fields, 11) == 0);
    len.next_multiple_of(8)
}

fn request(fields: &[u8]) -> usize {
    let flags = word(fields, 0) >> 16;
    let fixed = [1, 2, 8].iter().filter(|bit| flags & **bit != 0).count();
    whole_number(fields, 6);
    // A request that has no value says that it is 0 bytes long.
    8 * WORD + 32 * fixed + word(fields, 5) as usize
}

fn bodies(fields: &[u8], head_words: usize, count: u32) -> usize {
    let mut at = head_words * WORD;
    for _ in 0..count {
        at += body(&fields[at..]);
    }
    at
}

fn body(fields: &[u8]) -> usize {
    let flags = word(fields, 0) >> 16;
    let fixed = [1, 2].iter().filter(|bit| flags & **bit != 0).count();
    let counts = word(fields, 5);
    let (closer, read) = ((counts & 0xffff) as usize, (counts >> 16) as usize);
    assert!(read <= closer);
    whole_number(fields, 8);
    let ids = if flags & 32 != 0 { read } else { 0 };
    let len = BODY + 32 * (fixed + ids) + 8 * closer + word(fields, 6) as usize;
    assert!(fields.len() >= len);
    len.next_multiple_of(8)
}

/// Errors and commands are doubles that hold an integer.
fn whole_number(fields: &[u8], at_word: usize) {
    let bytes = fields[at_word * WORD..][..8].try_into().expect("8 bytes");
    let number = f64::from_le_bytes(bytes);
    assert!(number.fract() == 0.0 && number >= 0.0);
}

fn word(bytes: &[u8], n: usize) -> u32 {
    u32::from_le_bytes(bytes[n * WORD..][..WORD].try_into().expect("4 bytes"))
}
