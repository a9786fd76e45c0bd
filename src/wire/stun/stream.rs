//! Messages on a stream (TCP, TLS): the header's length is the only framing (RFC 8489 section 6.2.2), also where `ChannelData` stands
//! between them (RFC 8656 section 12.5).

use super::header::HEADER;
use super::header::Header;
use super::not_stun::is_tls;
use super::relay::{CHANNEL_HEADER, is_channel_data};
use crate::wire::NotStun;

/// Cuts a stream into messages, however the segments fall. Call [`push`](Self::push) with what arrived, then take messages out until there
/// are none; so it never holds more than one incomplete message (at most 65,555 bytes) and what a single push added.
///
/// `ChannelData` comes out as on UDP, without its padding. It is known by its first bits, which text has too: it is believed
/// only after a STUN message, for no server sends it before it bound the channel.
///
/// The first bytes that cannot be STUN are reported once, and nothing after them: such a stream cannot be understood again.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    broken: bool,
    /// A STUN message came.
    greeted: bool,
}

impl Framer {
    /// A framer at the beginning of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        if !self.broken {
            self.buffer.extend(bytes);
        }
    }

    /// To be asked when the stream has ended: the bytes that did not become a message, if any.
    pub fn finish(&mut self) -> Option<NotStun> {
        let left = std::mem::take(&mut self.buffer);
        let reason = || format!("the stream ended after {} bytes of a message", left.len());
        (!left.is_empty()).then(|| NotStun::new(reason(), &left))
    }

    /// The next whole `ChannelData` message.
    fn channel_data(&mut self) -> Option<Vec<u8>> {
        let &[_, _, l0, l1] = self.buffer.first_chunk::<CHANNEL_HEADER>()?;
        let size = CHANNEL_HEADER + usize::from(u16::from_be_bytes([l0, l1]));
        // On a stream it is padded, and the padding does not count as length.
        let mut message = self.take(size.next_multiple_of(4))?;
        message.truncate(size);
        Some(message)
    }

    fn take(&mut self, size: usize) -> Option<Vec<u8>> {
        if self.buffer.len() < size {
            return None;
        }
        let rest = self.buffer.split_off(size);
        Some(std::mem::replace(&mut self.buffer, rest))
    }

    /// Gives up the stream.
    fn fail(&mut self, reason: String) -> NotStun {
        self.broken = true;
        NotStun::new(reason, &std::mem::take(&mut self.buffer))
    }
}

impl Iterator for Framer {
    type Item = Result<Vec<u8>, NotStun>;

    /// The next whole message; `None` while it has not arrived.
    fn next(&mut self) -> Option<Self::Item> {
        // Said as early as it is sure: who speaks first and waits for an answer (SSH, SMTP) or says little and hangs up (a TLS alert)
        // may never send the twenty bytes of a header.
        if self.greeted && is_bound_channel(&self.buffer) {
            return self.channel_data().map(Ok);
        }
        if *self.buffer.first()? & 0xC0 != 0 {
            return Some(Err(self.fail("the first two bits are not zero".into())));
        }
        if is_tls(&self.buffer) {
            return Some(Err(self.fail("the stream is encrypted".into())));
        }
        let header = Header::read(self.buffer.first_chunk::<HEADER>()?).ok()?;
        if let Err(reason) = header.check(None) {
            return Some(Err(self.fail(reason)));
        }
        let message = self.take(HEADER + usize::from(header.length))?;
        self.greeted = true;
        Some(Ok(message))
    }
}

/// The channels of RFC 8656 section 12. That a proxy breaks in with its "HTTP/1.1 502" is likelier than channel 0x4854 with 21,584 bytes.
fn is_bound_channel(bytes: &[u8]) -> bool {
    is_channel_data(bytes) && bytes.first().is_some_and(|&first| first <= 0x4F) && !bytes.starts_with(b"HTTP/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::stun::relay::{self, wrap};
    use crate::wire::{Relay, Request, TransactionId};

    fn messages() -> [Vec<u8>; 2] {
        let first = Request::default().encode(TransactionId([1; 12]));
        let second = Request { response_port: Some(4242), ..Request::default() }.encode(TransactionId([2; 12]));
        [first, second]
    }

    #[test]
    fn segments_may_split_and_merge_messages() {
        let stream = messages().concat();
        for size in 1..=stream.len() {
            let mut framer = Framer::new();
            let mut found = Vec::new();
            for segment in stream.chunks(size) {
                framer.push(segment);
                found.extend(framer.by_ref().map(Result::unwrap));
            }
            assert_eq!(found, messages(), "segments of {size}");
            assert_eq!(framer.finish(), None);
        }
    }

    #[test]
    fn a_stranger_is_told_once_and_early() {
        let mut framer = Framer::new();
        framer.push(b"SSH-2.0-OpenSSH_9.2p1\r\n");
        assert_eq!(framer.next().unwrap().unwrap_err().guess(), Some("an SSH banner"));
        framer.push(&messages()[0]);
        assert!(framer.next().is_none());
        assert_eq!(framer.finish(), None);
    }

    #[test]
    fn a_tls_alert_is_told_though_it_is_shorter_than_a_header() {
        let mut framer = Framer::new();
        framer.push(&[21, 3, 1, 0, 2, 2, 40]);
        assert_eq!(framer.next().unwrap().unwrap_err().guess(), Some("a TLS alert"));
    }

    #[test]
    fn what_comes_before_a_stranger_is_kept() {
        let mut framer = Framer::new();
        framer.push(&[messages()[0].as_slice(), b"HTTP/1.1 400 Bad Request\r\n\r\n"].concat());
        assert_eq!(framer.next(), Some(Ok(messages()[0].clone())));
        assert_eq!(framer.next().unwrap().unwrap_err().guess(), Some("an HTTP response"));
    }

    #[test]
    fn an_end_inside_a_message_is_told() {
        let mut framer = Framer::new();
        framer.push(&messages()[1][..22]);
        assert!(framer.next().is_none());
        let error = framer.finish().unwrap();
        assert_eq!(error.reason, "the stream ended after 22 bytes of a message");
    }

    fn channel_data(number: u16, data: &[u8]) -> Vec<u8> {
        let relay = Relay { peer: "192.0.2.1:1".parse().unwrap(), channel: Some(number) };
        wrap(&relay, TransactionId([0; 12]), data, true)
    }

    #[test]
    fn channel_data_stands_between_messages_however_split() {
        let [first, second] = messages();
        let parts =
            [first, channel_data(0x4000, b"hello"), channel_data(0x4FFF, b""), second, channel_data(0x4001, b"four")];
        let expected: Vec<_> =
            parts.iter().map(|part| part[..part.len() - if part.len() == 12 { 3 } else { 0 }].to_vec()).collect();
        let stream = parts.concat();
        for size in 1..=stream.len() {
            let mut framer = Framer::new();
            let mut found = Vec::new();
            for segment in stream.chunks(size) {
                framer.push(segment);
                found.extend(framer.by_ref().map(Result::unwrap));
            }
            assert_eq!(found, expected, "segments of {size}");
            assert_eq!(framer.finish(), None);
        }
        assert_eq!(relay::channel_data(&expected[1]), Some((0x4000, &b"hello"[..])));
    }

    #[test]
    fn channel_data_before_any_message_is_a_stranger() {
        let mut framer = Framer::new();
        framer.push(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        assert_eq!(framer.next().unwrap().unwrap_err().guess(), Some("an HTTP response"));
        let mut framer = Framer::new();
        framer.push(&channel_data(0x4000, b"\x01hello"));
        assert_eq!(framer.next().unwrap().unwrap_err().guess(), Some("TURN channel data"));
    }

    #[test]
    fn no_channel_is_bound_outside_the_range() {
        let mut framer = Framer::new();
        framer.push(&[messages()[0].as_slice(), b"SSH-2.0-OpenSSH_9.2p1\r\n"].concat());
        assert_eq!(framer.next(), Some(Ok(messages()[0].clone())));
        assert_eq!(framer.next().unwrap().unwrap_err().guess(), Some("an SSH banner"));
    }

    #[test]
    fn an_end_inside_channel_data_or_its_padding_is_told() {
        let whole = channel_data(0x4000, b"hello");
        for length in 1..whole.len() {
            let mut framer = Framer::new();
            framer.push(&messages()[0]);
            framer.push(&whole[..length]);
            assert_eq!(framer.by_ref().count(), 1);
            let reason = format!("the stream ended after {length} bytes of a message");
            assert_eq!(framer.finish().unwrap().reason, reason);
        }
    }
}
