//! TCP connections that carry STUN: their segments put in order and cut into messages, as a TURN client over TCP (RFC 8656 section
//! 12.5) and as ICE over TCP (RFC 6544, with the two bytes of RFC 4571 before each message) send them.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::wire::Framer;

/// How many connections are followed at once.
const MOST: usize = 512;
/// How many bytes of later segments wait for a missing one, and how many segments.
const PATIENCE: (usize, usize) = (1 << 17, 256);
/// The framer moves what it has for each message: it is fed little by little.
const PIECE: usize = 2048;

/// The connections that are followed, by sender and receiver.
#[derive(Default)]
pub(super) struct Streams {
    known: BTreeMap<(SocketAddr, SocketAddr), Stream>,
    /// How many could not be followed.
    pub(super) passed_over: u64,
    /// How many had a gap: packets that the capture does not have.
    pub(super) gaps: u64,
}

/// One way of a connection.
struct Stream {
    next: u32,
    cutter: Cutter,
    later: BTreeMap<u32, Vec<u8>>,
    waiting: usize,
    /// What came is no message.
    over: bool,
}

enum Cutter {
    Plain(Framer),
    /// With the length before each message.
    Framed(Vec<u8>),
}

impl Streams {
    /// Takes a segment, the first of a connection or not; what it completes is handed on. Connections that do not begin with STUN are not followed.
    pub(super) fn segment(
        &mut self,
        way: (SocketAddr, SocketAddr),
        number: u32,
        start: bool,
        bytes: &[u8],
        take: &mut dyn FnMut(&[u8]),
    ) {
        if start {
            self.known.remove(&way);
        }
        if bytes.is_empty() {
            return;
        }
        if !self.known.contains_key(&way) {
            let Some(cutter) = cutter(bytes) else { return };
            if self.known.len() >= MOST {
                self.passed_over += 1;
                return;
            }
            self.known.insert(way, Stream { next: number, cutter, later: BTreeMap::new(), waiting: 0, over: false });
        }
        let Some(stream) = self.known.get_mut(&way) else { return };
        if !stream.add(number, bytes, take) {
            self.gaps += 1;
            // Whoever begins anew with a message is followed again.
            self.known.remove(&way);
        }
    }
}

/// How the connection is framed, by its first bytes.
fn cutter(bytes: &[u8]) -> Option<Cutter> {
    if is_stun(bytes) {
        Some(Cutter::Plain(Framer::new()))
    } else {
        bytes.get(2..).is_some_and(is_stun).then(|| Cutter::Framed(Vec::new()))
    }
}

/// Whether they begin with a STUN header that has the magic cookie.
fn is_stun(bytes: &[u8]) -> bool {
    matches!(bytes, [0..=0x3f, _, _, _, 0x21, 0x12, 0xa4, 0x42, ..])
}

impl Stream {
    /// Whether it can be followed on.
    fn add(&mut self, number: u32, bytes: &[u8], take: &mut dyn FnMut(&[u8])) -> bool {
        // How far behind what is expected; numbers go round (RFC 9293 section 3.4).
        let behind = self.next.wrapping_sub(number);
        if behind == 0 {
            self.push(bytes, take);
        } else if behind < 1 << 31 {
            // Sent again; perhaps with more behind it.
            let known = usize::try_from(behind).unwrap_or(usize::MAX);
            self.push(bytes.get(known..).unwrap_or_default(), take);
        } else {
            if !self.later.contains_key(&number) {
                self.waiting += bytes.len();
                self.later.insert(number, bytes.to_vec());
            }
            return self.waiting <= PATIENCE.0 && self.later.len() <= PATIENCE.1;
        }
        while let Some(start) = self.ready() {
            let bytes = self.later.remove(&start).unwrap_or_default();
            self.waiting -= bytes.len();
            let known = usize::try_from(self.next.wrapping_sub(start)).unwrap_or(usize::MAX);
            self.push(bytes.get(known..).unwrap_or_default(), take);
        }
        !self.over
    }

    /// One of the later segments that does not leave a gap any more.
    fn ready(&self) -> Option<u32> {
        // Those waiting are few: the limit on their bytes sees to it.
        self.later.keys().copied().find(|start| self.next.wrapping_sub(*start) < 1 << 31)
    }

    fn push(&mut self, bytes: &[u8], take: &mut dyn FnMut(&[u8])) {
        self.next = self.next.wrapping_add(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        for piece in bytes.chunks(PIECE) {
            match &mut self.cutter {
                Cutter::Plain(framer) => {
                    framer.push(piece);
                    for message in framer.by_ref() {
                        match message {
                            Ok(message) => take(&message),
                            Err(_) => self.over = true,
                        }
                    }
                }
                Cutter::Framed(buffer) => {
                    buffer.extend_from_slice(piece);
                    let mut at = 0;
                    while let Some((length, rest)) = buffer[at..].split_first_chunk::<2>()
                        && let Some(message) = rest.get(..u16::from_be_bytes(*length).into())
                    {
                        take(message);
                        at += 2 + message.len();
                    }
                    buffer.drain(..at);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Request, TransactionId};

    fn message(id: u8) -> Vec<u8> {
        Request::default().encode(TransactionId([id; 12]))
    }

    fn followed(segments: &[(u32, &[u8])]) -> (Vec<Vec<u8>>, u64) {
        let way = ("192.0.2.1:5".parse().unwrap(), "192.0.2.2:3478".parse().unwrap());
        let (mut streams, mut found) = (Streams::default(), Vec::new());
        for (number, bytes) in segments {
            streams.segment(way, *number, false, bytes, &mut |message| found.push(message.to_vec()));
        }
        (found, streams.gaps)
    }

    #[test]
    fn segments_may_come_twice_late_and_across_the_end_of_the_numbers() {
        let all = [message(1), message(2), message(3), vec![0x40, 0, 0, 1, 7, 0, 0, 0]].concat();
        let expected = vec![message(1), message(2), message(3), vec![0x40, 0, 0, 1, 7]];
        let start = u32::MAX - 30;
        let part = |from: usize, to: usize| (start.wrapping_add(u32::try_from(from).unwrap()), &all[from..to]);
        let (a, b, c) = (part(0, 25), part(25, 50), part(50, all.len()));
        for order in [vec![a, b, c], vec![a, c, b], vec![a, a, part(10, 60), b, part(60, all.len())], vec![a, c, c, b]]
        {
            assert_eq!(followed(&order), (expected.clone(), 0));
        }
        assert_eq!(followed(&[b, c]).0.len(), 0, "without a beginning nothing is known");
    }

    #[test]
    fn ice_over_tcp_has_lengths_of_its_own() {
        let framed = |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
        let all = [framed(&message(1)), framed(&[22, 0xfe, 0xfd]), framed(&message(2))].concat();
        let expected = vec![message(1), vec![22, 0xfe, 0xfd], message(2)];
        assert_eq!(followed(&[(0, &all[..30]), (30, &all[30..])]).0, expected);
    }

    #[test]
    fn a_gap_ends_a_stream_and_a_message_begins_it_again() {
        let one = message(1);
        let mut segments: Vec<(u32, &[u8])> = vec![(0, &one)];
        let late: Vec<u32> = (0..300).map(|at| 1000 + at).collect();
        segments.extend(late.iter().map(|at| (*at, &one[..1])));
        segments.push((9000, &one));
        assert_eq!(followed(&segments), (vec![message(1), message(1)], 1));
    }
}
