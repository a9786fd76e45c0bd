//! The first twenty bytes, and whether they can be STUN at all.

use crate::wire::{NotStun, TransactionId};

/// The bytes of a header.
pub const HEADER: usize = 20;
/// What tells STUN from other protocols and from its forerunner (RFC 8489 section 5).
pub const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];

/// The first twenty bytes.
pub(super) struct Header {
    pub(super) ty: u16,
    pub(super) length: u16,
    pub(super) head: [u8; 4],
    pub(super) id: TransactionId,
}

impl Header {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, NotStun> {
        let Some(&[t0, t1, l0, l1, h0, h1, h2, h3, ref id @ ..]) = bytes.first_chunk::<HEADER>() else {
            let reason = format!("{} bytes are too few for a header", bytes.len());
            return Err(NotStun::new(reason, bytes));
        };
        Ok(Self {
            ty: u16::from_be_bytes([t0, t1]),
            length: u16::from_be_bytes([l0, l1]),
            head: [h0, h1, h2, h3],
            id: TransactionId(*id),
        })
    }

    pub(super) fn has_cookie(&self) -> bool {
        self.head == MAGIC_COOKIE
    }

    /// Whether this can be STUN; `size` is the datagram's, unknown on a stream. Without magic cookie, where any bytes could be
    /// meant, only what RFC 3489 defines is believed, or a length that is exactly right.
    pub(super) fn check(&self, size: Option<usize>) -> Result<(), String> {
        let classic = matches!(self.ty, 0x0001 | 0x0101 | 0x0111 | 0x0002 | 0x0102 | 0x0112);
        if self.ty & 0xC000 != 0 {
            Err("the first two bits are not zero".into())
        } else if self.has_cookie() || classic || size == Some(HEADER + usize::from(self.length)) {
            Ok(())
        } else {
            Err("there is no magic cookie, and the header is not one of RFC 3489 either".into())
        }
    }
}
