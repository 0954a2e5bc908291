//! Which datagrams leave together.

use crate::net::addr::Addr;

/// Datagrams of a bundle: what Linux takes since it takes any.
pub const MOST: usize = 64;

/// Datagrams that are worth a bundle. With fewer in flight two ends do better that work at the same
/// time, one on the first datagram while the other sends the second.
pub const LEAST: usize = 6;

/// Bytes of a bundle: what fits in one packet of IPv4. A device whose packets, with a head of its own,
/// may not be as long would have it cut before it gets there.
const MAX_BYTES: usize = 65_000;

/// A datagram on its way out.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    pub to: Addr,
    pub bytes: &'a [u8],
}

/// Brings those of one destination together, which keep their order, if there are enough for a
/// bundle: who is asked first is to answer first. They lie one behind the other in memory.
pub fn arrange(datagrams: &mut [Outgoing<'_>]) {
    if datagrams.len() < LEAST {
        return;
    }
    datagrams.sort_by_key(|datagram| datagram.to);
    let many = datagrams.chunk_by(|a, b| a.to == b.to).any(|alike| alike.len() >= LEAST);
    if !many {
        datagrams.sort_by_key(|datagram| datagram.bytes.as_ptr());
    }
}

/// Cuts arranged datagrams into what leaves as one: bundles that `takes` agrees to, and single
/// datagrams.
pub struct Parcels<'a, 'b, F> {
    rest: &'b [Outgoing<'a>],
    /// So many of the rest leave singly.
    singly: usize,
    takes: F,
}

impl<'a, 'b, F: Fn(&Outgoing<'a>) -> bool> Parcels<'a, 'b, F> {
    /// `takes` is asked with the first datagram of a bundle, which none of it is longer than.
    pub fn of(datagrams: &'b [Outgoing<'a>], takes: F) -> Self {
        Self { rest: datagrams, singly: 0, takes }
    }

    fn take(&mut self, count: usize) -> &'b [Outgoing<'a>] {
        let (taken, rest) = self.rest.split_at(count);
        self.rest = rest;
        taken
    }
}

impl<'a, 'b, F: Fn(&Outgoing<'a>) -> bool> Iterator for Parcels<'a, 'b, F> {
    type Item = &'b [Outgoing<'a>];

    fn next(&mut self) -> Option<Self::Item> {
        if self.singly == 0 {
            let first = self.rest.first()?;
            let count = alike(first, self.rest);
            if count >= LEAST && (self.takes)(first) {
                return Some(self.take(count));
            }
            self.singly = count;
        }
        self.singly -= 1;
        Some(self.take(1))
    }
}

/// How many at the beginning may be one bundle: of one destination and one length. One that is
/// shorter is its last.
fn alike(first: &Outgoing<'_>, datagrams: &[Outgoing<'_>]) -> usize {
    let segment = first.bytes.len();
    let (mut count, mut total) = (0, 0);
    for datagram in datagrams.iter().take(MOST) {
        let len = datagram.bytes.len();
        total += len;
        // An empty one leaves no trace in a bundle.
        if datagram.to != first.to || len > segment || len == 0 || total > MAX_BYTES {
            break;
        }
        count += 1;
        if len < segment {
            break;
        }
    }
    count.max(1)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    static BYTES: [u8; 2048] = [0; 2048];

    /// Of (destination, length): (destination, lengths) of what leaves as one.
    fn cut(datagrams: &[(u16, usize)], takes: impl Fn(usize) -> bool) -> Vec<(u16, Vec<usize>)> {
        let outgoing = |&(port, len): &(u16, usize)| Outgoing {
            to: Addr::new(Ipv4Addr::LOCALHOST, port),
            bytes: &BYTES[..len],
        };
        let mut outgoing: Vec<_> = datagrams.iter().map(outgoing).collect();
        arrange(&mut outgoing);
        Parcels::of(&outgoing, |first| takes(first.bytes.len()))
            .map(|parcel| (parcel[0].to.port(), parcel.iter().map(|d| d.bytes.len()).collect()))
            .collect()
    }

    #[test]
    fn without_a_bundle_the_order_stays() {
        let mut ports = [9, 3, 7, 3, 1, 8, 3, 3, 2].map(|port| (port, 20));
        let order = |datagrams: &[(u16, usize)]| -> Vec<u16> {
            let bytes = [0; 200];
            let outgoing = |(i, &(port, len)): (usize, &(u16, usize))| Outgoing {
                to: Addr::new(Ipv4Addr::LOCALHOST, port),
                bytes: &bytes[i * len..][..len],
            };
            let mut outgoing: Vec<_> = datagrams.iter().enumerate().map(outgoing).collect();
            arrange(&mut outgoing);
            outgoing.iter().map(|datagram| datagram.to.port()).collect()
        };
        assert_eq!(order(&ports), [9, 3, 7, 3, 1, 8, 3, 3, 2]);
        ports[4].0 = 3;
        ports[8].0 = 3;
        assert_eq!(order(&ports), [3, 3, 3, 3, 3, 3, 7, 8, 9]);
    }

    fn lengths(lens: &[usize]) -> Vec<Vec<usize>> {
        let to_one: Vec<_> = lens.iter().map(|&len| (1, len)).collect();
        cut(&to_one, |_| true).into_iter().map(|(_, lens)| lens).collect()
    }

    #[test]
    fn a_few_leave_singly_and_more_as_one() {
        assert_eq!(lengths(&[9; LEAST - 1]), [[9]; LEAST - 1]);
        assert_eq!(lengths(&[9; LEAST]), [[9; LEAST]]);
        assert_eq!(lengths(&[9; MOST + LEAST]), [vec![9; MOST], vec![9; LEAST]]);
        assert!(lengths(&[]).is_empty());
    }

    #[test]
    fn a_shorter_one_is_the_last() {
        assert_eq!(lengths(&[9, 9, 9, 9, 9, 2, 9]), [vec![9, 9, 9, 9, 9, 2], vec![9]]);
        assert_eq!(lengths(&[2, 9, 9, 9, 9, 9, 9]), [vec![2], vec![9; 6]]);
        assert_eq!(lengths(&[9, 2, 9, 2, 9, 2]), [[9], [2], [9], [2], [9], [2]]);
    }

    #[test]
    fn an_empty_one_leaves_singly() {
        assert_eq!(lengths(&[9, 9, 9, 9, 9, 9, 0]), [vec![9; 6], vec![0]]);
        assert_eq!(lengths(&[0; 7]), [[0]; 7]);
    }

    #[test]
    fn a_bundle_is_no_longer_than_a_datagram_may_be() {
        let fits = MAX_BYTES / 2048;
        assert_eq!(lengths(&vec![2048; fits + 1]), [vec![2048; fits], vec![2048]]);
    }

    #[test]
    fn those_to_one_destination_come_together_and_keep_their_order() {
        let mixed: Vec<_> = (0..12).map(|i| (1 + i % 2, 30 - i as usize)).collect();
        let each = |port| mixed.iter().filter(move |(to, _)| *to == port).copied();
        let expected: Vec<_> = each(1).chain(each(2)).map(|(to, len)| (to, vec![len])).collect();
        // Each is shorter than the one before, so that two may leave together at most.
        assert_eq!(cut(&mixed, |_| true), expected);

        let alike: Vec<_> = (0..12).map(|i| (1 + i % 2, 9)).collect();
        assert_eq!(cut(&alike, |_| true), [(1, vec![9; 6]), (2, vec![9; 6])]);
    }

    #[test]
    fn what_a_way_does_not_take_leaves_singly() {
        let datagrams = [vec![(1, 9); 6], vec![(1, 8); 6]].concat();
        let mut expected = vec![(1, vec![9, 9, 9, 9, 9, 9, 8])];
        expected.extend(vec![(1, vec![8]); 5]);
        assert_eq!(cut(&datagrams, |_| true), expected);
        let mut expected = vec![(1, vec![9]); 7];
        expected[6] = (1, vec![8]);
        expected.extend(vec![(1, vec![8]); 5]);
        assert_eq!(cut(&datagrams, |_| false), expected);
    }
}
