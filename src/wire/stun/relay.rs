//! Through an allocation and back: Send and Data indications (RFC 8656 section 11), ChannelData (section 12.4).

use std::net::SocketAddr;

use super::attribute::{DATA, XOR_PEER_ADDRESS};
use super::message::{self, Class, Message, SEND};
use crate::wire::{Relay, TransactionId, Writer};

/// The bytes of a ChannelData header.
pub const CHANNEL_HEADER: usize = 4;

/// What is sent to the TURN server so that it hands these bytes to the peer. On a stream ChannelData is padded (section 12.5).
#[must_use]
pub fn wrap(relay: &Relay, id: TransactionId, bytes: &[u8], stream: bool) -> Vec<u8> {
    match relay.channel {
        None => Writer::new(Class::Indication, SEND, id, None)
            .xor_address(XOR_PEER_ADDRESS, relay.peer)
            .attribute(DATA, bytes)
            .finish(),
        Some(number) => {
            let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
            let mut data = Vec::with_capacity(CHANNEL_HEADER + bytes.len() + 3);
            data.extend(number.to_be_bytes());
            data.extend(length.to_be_bytes());
            data.extend(&bytes[..length.into()]);
            if stream {
                data.resize(data.len().next_multiple_of(4), 0);
            }
            data
        }
    }
}

/// Whether this is ChannelData: its first two bits are 01, STUN's are 00 (RFC 8656 section 12).
#[must_use]
pub fn is_channel_data(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first & 0xC0 == 0x40)
}

/// The channel and the data of a ChannelData message; `None` if it is cut short or none. What follows the data is padding.
#[must_use]
pub fn channel_data(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (&[n0, n1, l0, l1], rest) = bytes.split_first_chunk()?;
    let data = rest.get(..u16::from_be_bytes([l0, l1]).into())?;
    is_channel_data(bytes).then_some((u16::from_be_bytes([n0, n1]), data))
}

/// The peer and the data of a Data indication; `None` for every other message and one that only carries an ICMP report.
#[must_use]
pub fn data_indication(message: &Message) -> Option<(SocketAddr, &[u8])> {
    if message.class != Class::Indication || message.method != message::DATA {
        return None;
    }
    let peer = message.xor_address(message.attribute(XOR_PEER_ADDRESS)?)?;
    Some((peer, &message.attribute(DATA)?.value))
}
