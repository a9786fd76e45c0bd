//! Any message in words, one line an attribute, however broken.

use std::fmt::Write;

use super::attribute::{self, Kind, RawAttribute};
use super::excerpt::is_hidden;
use super::message::{Message, method_name};
use crate::wire::Family;
use crate::wire::escape::{escape, escape_bytes};

/// How many bytes of a value are shown in hexadecimal.
const HEX_SHOWN: usize = 64;

/// Describes what arrived. What the sender wrote is escaped; user names, nonces, signatures and tokens are not shown.
#[must_use]
pub fn dump(bytes: &[u8]) -> String {
    match Message::read(bytes) {
        Ok(message) => describe(&message, bytes.len()),
        Err(error) => format!("{} bytes, {error}\n  {}\n", bytes.len(), hex(error.start(), bytes.len())),
    }
}

fn describe(message: &Message, size: usize) -> String {
    let mut text = String::new();
    let method = method_name(message.method).map_or_else(|| format!("method 0x{:03x}", message.method), str::to_owned);
    let _ = writeln!(text, "{method} {}, {size} bytes, transaction {}", message.class, message.id);
    if !message.cookie {
        let _ = writeln!(text, "  no magic cookie (RFC 3489), {} in its place", hex(&message.head, 4));
    }
    for attribute in message.attributes() {
        let name = attribute::name(attribute.ty).map_or_else(|| unknown(attribute.ty), str::to_owned);
        let ignored = if attribute.ignored { " (after the integrity, ignored)" } else { "" };
        let _ = writeln!(text, "  {name}: {}{ignored}", value(message, attribute));
    }
    for fault in &message.faults {
        let _ = writeln!(text, "  fault: {fault}");
    }
    text
}

/// Attributes below 0x8000 must be understood by the receiver, the others may be skipped (RFC 8489 section 14).
fn unknown(ty: u16) -> String {
    let need = if ty < 0x8000 { "required" } else { "optional" };
    format!("unknown {need} attribute 0x{ty:04x}")
}

/// The value as its kind says, or in hexadecimal where it does not look like that kind.
fn value(message: &Message, attribute: &RawAttribute) -> String {
    let number = || attribute.number().filter(|_| attribute.value.len() == 4);
    if is_hidden(message, attribute) {
        return format!("{} bytes, not shown", attribute.value.len());
    }
    let read = match attribute.kind() {
        Kind::Address => attribute.address().map(|address| address.to_string()),
        Kind::XorAddress => message.xor_address(attribute).map(|address| address.to_string()),
        Kind::Text => Some(format!("\"{}\"", escape_bytes(attribute.trimmed()))),
        Kind::Error => attribute.error().map(|(code, reason)| format!("{code} \"{}\"", escape(&reason))),
        Kind::Types => Some(attribute.types().into_iter().map(attribute::label).collect::<Vec<_>>().join(", ")),
        Kind::Port => attribute.port().map(|port| format!("{port} (length {})", attribute.length)),
        Kind::Channel => attribute.port().map(|number| format!("0x{number:04x}")),
        Kind::Protocol => attribute.value.first().map(|&number| protocol(number)),
        Kind::Family => attribute.family().map(|family| family_name(family).into()),
        Kind::EvenPort => attribute.value.first().map(|flags| even_port(flags & 0x80 != 0).into()),
        Kind::Algorithms => Some(attribute.algorithms().into_iter().map(algorithm).collect::<Vec<_>>().join(", ")),
        Kind::AddressError => attribute.error().map(|(code, reason)| {
            let family = attribute.family().map_or("unknown family", family_name);
            format!("{family}: {code} \"{}\"", escape(&reason))
        }),
        Kind::Number => number().map(|number| number.to_string()),
        Kind::Change => number().map(|flags| change(flags).into()),
        Kind::Padding => Some(format!("{} bytes", attribute.value.len())),
        Kind::Empty if attribute.value.is_empty() => Some("present".into()),
        Kind::Bytes if attribute.ty == attribute::FINGERPRINT && !attribute.ignored => {
            let verdict = if message.fingerprint() == Some(true) { "right" } else { "wrong" };
            Some(format!("{} ({verdict})", hex(&attribute.value, attribute.value.len())))
        }
        Kind::Empty | Kind::Secret | Kind::Bytes => None,
    };
    read.unwrap_or_else(|| hex(&attribute.value, attribute.value.len()))
}

fn change(flags: u32) -> &'static str {
    match (flags & 0x4 != 0, flags & 0x2 != 0) {
        (false, false) => "nothing",
        (false, true) => "port",
        (true, false) => "address",
        (true, true) => "address and port",
    }
}

fn protocol(number: u8) -> String {
    match number {
        17 => "UDP".into(),
        6 => "TCP".into(),
        _ => format!("protocol {number}"),
    }
}

fn family_name(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "IPv4",
        Family::Ipv6 => "IPv6",
    }
}

fn even_port(next: bool) -> &'static str {
    if next { "and the next port too" } else { "this port only" }
}

/// RFC 8489 section 18.5.
fn algorithm(number: u16) -> String {
    match number {
        1 => "MD5".into(),
        2 => "SHA-256".into(),
        _ => format!("algorithm {number}"),
    }
}

/// The first bytes in hexadecimal, and how many there are if not all are shown.
fn hex(bytes: &[u8], size: usize) -> String {
    let shown = &bytes[..bytes.len().min(HEX_SHOWN)];
    let mut text = String::with_capacity(2 * shown.len() + 24);
    for byte in shown {
        let _ = write!(text, "{byte:02x}");
    }
    if shown.len() < size {
        let _ = write!(text, "... ({size} bytes)");
    } else if bytes.is_empty() {
        text.push_str("empty");
    }
    text
}
