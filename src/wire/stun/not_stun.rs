//! What arrived instead of STUN, and what it looks like.

use std::fmt;

use super::hex;
use crate::wire::escape::escape_bytes;

/// How much is kept to tell what it was.
const KEPT: usize = 64;
/// How much of what is no text is shown: enough to know it by, too little to hold a proof of ours that comes back.
const SHOWN: usize = 16;

/// Bytes that are no STUN message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotStun {
    /// Why this cannot be STUN.
    pub(super) reason: String,
    start: Vec<u8>,
}

impl NotStun {
    pub(super) fn new(reason: String, bytes: &[u8]) -> Self {
        Self { reason, start: bytes[..bytes.len().min(KEPT)].to_vec() }
    }

    /// What it looks like instead.
    #[must_use]
    pub fn guess(&self) -> Option<&'static str> {
        let bytes = self.start.as_slice();
        let begins = |text: &[u8]| bytes.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text));
        Some(match *bytes {
            [] => return None,
            _ if begins(b"HTTP/") => "an HTTP response",
            _ if [&b"GET "[..], b"POST ", b"HEAD ", b"OPTIONS ", b"CONNECT "].iter().any(|verb| begins(verb)) => {
                "an HTTP request"
            }
            _ if begins(b"SSH-") => "an SSH banner",
            _ if begins(b"SIP/2.0") => "a SIP response",
            _ if begins(b"RTSP/") => "an RTSP response",
            _ if begins(b"220 ") || begins(b"220-") => "an SMTP or FTP greeting",
            _ if begins(b"* OK") => "an IMAP greeting",
            _ if begins(b"+OK") => "a POP3 greeting",
            _ if begins(b"<!doctype") || begins(b"<html") => "an HTML page",
            _ if begins(b"<?xml") || begins(b"<stream") => "XML",
            [21, 3, 0..=4, ..] => "a TLS alert",
            [20..=24, 3, 0..=4, ..] => "a TLS record",
            [20..=25, 254, 253 | 255, ..] => "a DTLS record",
            _ if is_dns(bytes) => "a DNS message",
            _ if is_text(bytes) => "plain text",
            [0x40..=0x4F, _, ..] => "TURN channel data",
            [0x80..=0xBF, _, ..] if bytes.len() >= 12 => "an RTP or RTCP packet",
            [0xC0..=0xFF, _, _, _, _, ..] if matches!(bytes[1..5], [0, 0, 0, 0 | 1] | [0x6B, 0x33, 0x43, 0xCF]) => {
                "a QUIC packet"
            }
            _ if bytes.iter().all(|&byte| byte == 0) => "nothing but zeros",
            _ => return None,
        })
    }

    /// The first line, escaped, where it is text that could help.
    fn excerpt(&self) -> Option<String> {
        let line = self.start.split(|&byte| byte == b'\r' || byte == b'\n').next()?;
        (is_text(line)).then(|| escape_bytes(line))
    }
}

impl fmt::Display for NotStun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not STUN: {}", self.reason)?;
        if let Some(guess) = self.guess() {
            write!(f, "; it looks like {guess}")?;
        }
        match self.excerpt() {
            Some(line) => write!(f, " (\"{line}\")"),
            None if self.start.is_empty() => Ok(()),
            None => write!(f, " ({})", hex::words(&self.start, 0..SHOWN).collect::<Vec<_>>().join(" ")),
        }
    }
}

impl std::error::Error for NotStun {}

/// A record header of TLS 1.0 to 1.3 or SSL 3: where STUN reads its type and length, no message of ours is meant.
pub(super) fn is_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [20..=24, 3, 0..=4, ..])
}

/// Twelve bytes of header with a known opcode and response code, one question, and not too many records.
fn is_dns(bytes: &[u8]) -> bool {
    let Some(&[_, _, flags, codes, 0, 1, 0, _, 0, _, 0, _]) = bytes.first_chunk() else {
        return false;
    };
    flags & 0x78 == 0 && codes & 0x4F <= 5
}

fn is_text(bytes: &[u8]) -> bool {
    let printable = |byte: &u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    bytes.len() >= 2 && bytes.iter().all(printable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(bytes: &[u8]) -> Option<&'static str> {
        NotStun::new(String::new(), bytes).guess()
    }

    #[test]
    fn common_strangers_are_named() {
        assert_eq!(guess(b"HTTP/1.1 400 Bad Request\r\n"), Some("an HTTP response"));
        assert_eq!(guess(b"SSH-2.0-OpenSSH_9.2p1\r\n"), Some("an SSH banner"));
        assert_eq!(guess(b"220 mail.example.org ESMTP\r\n"), Some("an SMTP or FTP greeting"));
        assert_eq!(guess(&[0x15, 3, 1, 0, 2, 2, 40]), Some("a TLS alert"));
        assert_eq!(guess(&[0x16, 3, 3, 0, 0x7a, 2]), Some("a TLS record"));
        assert_eq!(guess(&[0x12, 0x34, 0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0, 1, b'x']), Some("a DNS message"));
        assert_eq!(guess(b"hello?\r\n"), Some("plain text"));
        assert_eq!(guess(&[0; 30]), Some("nothing but zeros"));
        assert_eq!(guess(&[0x3f, 0xff, 0x00]), None);
        assert_eq!(guess(&[]), None);
    }

    #[test]
    fn the_words_quote_the_first_line_escaped() {
        let error =
            NotStun::new("the first two bits are not zero".into(), b"HTTP/1.1 400 Bad \\Request\r\nServer: x\r\n");
        assert_eq!(
            error.to_string(),
            "not STUN: the first two bits are not zero; it looks like an HTTP response (\"HTTP/1.1 400 Bad \\\\Request\")"
        );
    }
}
