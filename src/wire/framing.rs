//! How a stream is cut into messages.

use super::NotStun;
use super::stun::stream;
use super::upnp::http;

/// By whose rules a stream is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// Messages of STUN, with `ChannelData` between them.
    #[default]
    Stun,
    /// One response of HTTP.
    Http,
}

/// What cuts one stream. Call [`push`](Self::push) with what arrived, then take messages out until there are none.
#[derive(Debug)]
pub enum Messages {
    /// Of STUN.
    Stun(stream::Framer),
    /// Of HTTP.
    Http(http::Framer),
}

impl Messages {
    /// At the beginning of a stream.
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        match framing {
            Framing::Stun => Self::Stun(stream::Framer::default()),
            Framing::Http => Self::Http(http::Framer::default()),
        }
    }

    /// Takes what arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        match self {
            Self::Stun(framer) => framer.push(bytes),
            Self::Http(framer) => framer.push(bytes),
        }
    }

    /// To be asked when the stream has ended: a last message that its end makes whole, or what did not become one.
    pub fn finish(&mut self) -> Option<Result<Vec<u8>, NotStun>> {
        match self {
            Self::Stun(framer) => framer.finish().map(Err),
            Self::Http(framer) => framer.finish().map(Ok),
        }
    }
}

impl Iterator for Messages {
    type Item = Result<Vec<u8>, NotStun>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Stun(framer) => framer.next(),
            Self::Http(framer) => framer.next().map(Ok),
        }
    }
}
