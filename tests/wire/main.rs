//! Bytes on the wire: published vectors, what ten real servers answered, and whatever else a network may bring.

mod captures;
mod faults;
mod golden;
mod properties;
mod relaying;
mod secrets;
mod signatures;
mod turn;
mod uris;
mod vectors;

use std::net::SocketAddr;

use nat_probe::wire::{Message, TransactionId};

/// The transaction id of all golden packets.
const ID: TransactionId = TransactionId([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap()).collect()
}

fn read(text: &str) -> Message {
    let message = Message::read(&hex(text)).unwrap();
    assert_eq!(message.faults, [""; 0], "{text}");
    message
}

/// A message with more behind it than a writer writes, and its length with that.
fn followed(mut message: Vec<u8>, bytes: &[u8]) -> Vec<u8> {
    message.extend(bytes);
    let length = u16::try_from(message.len() - 20).unwrap();
    message[2..4].copy_from_slice(&length.to_be_bytes());
    message
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}
