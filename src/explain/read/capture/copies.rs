//! Packets that a capture has several times: taken on every interface, it has what a host forwards as it comes in and as it goes out.

use std::collections::VecDeque;

/// The copies of a packet come within this time; what is sent again comes later (RFC 8489 section 6.2.1).
const WITHIN_MS: u64 = 20;
/// So many packets can come between two copies.
const MOST: usize = 64;

/// The last packets.
#[derive(Default)]
pub(super) struct Copies {
    last: VecDeque<(u64, u64)>,
}

impl Copies {
    /// Whether an IP packet is a copy of one before it.
    pub(super) fn is_one(&mut self, packet: &[u8], at_ms: Option<u64>) -> bool {
        let Some(now) = at_ms else { return false };
        let mark = mark(packet);
        if self.last.iter().any(|(known, at)| *known == mark && now.abs_diff(*at) < WITHIN_MS) {
            return true;
        }
        if self.last.len() == MOST {
            self.last.pop_front();
        }
        self.last.push_back((mark, now));
        false
    }
}

/// What stays the same of a packet that is forwarded: everything but the hops that are left, and in IPv4 the checksum over them
/// (FNV-1a).
fn mark(packet: &[u8]) -> u64 {
    let changes: &[usize] = if packet.first().is_some_and(|first| first >> 4 == 4) { &[8, 10, 11] } else { &[7] };
    let kept = packet.iter().enumerate().filter(|(at, _)| !changes.contains(at));
    kept.fold(0xcbf2_9ce4_8422_2325, |mark, (_, byte)| (mark ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_forwarded_is_a_copy_and_what_was_sent_again_is_none() {
        let (mut packet, mut copies) = (vec![0x45; 40], Copies::default());
        assert!(!copies.is_one(&packet, Some(5)));
        (packet[8], packet[10], packet[11]) = (63, 1, 2);
        assert!(copies.is_one(&packet, Some(6)));
        assert!(!copies.is_one(&packet, Some(505)), "it was sent again");
        packet[20] = 0;
        assert!(!copies.is_one(&packet, Some(506)));
        assert!(!copies.is_one(&packet, None) && !copies.is_one(&packet, None), "without a clock nothing can be told");
    }
}
