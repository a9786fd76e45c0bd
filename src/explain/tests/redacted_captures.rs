//! What is redacted of a capture says the same: its packets with other addresses, in their headers and within STUN, are explained as what
//! was explained of it is redacted. Names of users and realms are as long as they are and stay: logs show that those are replaced.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use serde_json::Value;

use super::super::*;
use super::redaction::{files_below, first_difference, said, unpacked};

/// The attributes of STUN and TURN that are addresses, and those of them that are masked with the message's beginning.
const PLAIN: [u16; 6] = [0x0001, 0x0004, 0x0005, 0x8023, 0x802b, 0x802c];
const MASKED: [u16; 3] = [0x0012, 0x0016, 0x0020];
/// A packet within another one.
const DATA: u16 = 0x0013;

type Replace<'a> = &'a mut dyn FnMut(IpAddr) -> IpAddr;

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?])))
}

fn replaced(bytes: &mut [u8], mask: &[u8], replace: Replace) {
    let plain: Vec<u8> = bytes.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    let made = if let Ok(four) = <[u8; 4]>::try_from(&plain[..]) {
        replace(IpAddr::V4(Ipv4Addr::from(four)))
    } else if let Ok(all) = <[u8; 16]>::try_from(&plain[..]) {
        replace(IpAddr::V6(Ipv6Addr::from(all)))
    } else {
        return;
    };
    let made = match made {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    bytes.iter_mut().zip(made).zip(mask).for_each(|((byte, made), mask)| *byte = made ^ mask);
}

/// Messages of STUN, and what channels carry; over TCP one after the other.
fn messages(mut bytes: &mut [u8], replace: Replace) {
    loop {
        let Some(length) = word(bytes, 2) else { return };
        let end = if matches!(bytes[0], 0x40..=0x4f) {
            if let Some(inner) = bytes.get_mut(4..4 + length) {
                messages(inner, replace);
            }
            4 + length.div_ceil(4) * 4
        } else if bytes.get(4..8) == Some(&[0x21, 0x12, 0xa4, 0x42]) {
            let mask: Vec<u8> = bytes.get(4..20).map(<[u8]>::to_vec).unwrap_or_default();
            let mut at = 20;
            while let (Some(kind), Some(size)) = (word(bytes, at), word(bytes, at + 2)) {
                let kind = u16::try_from(kind).unwrap_or_default();
                if at >= 20 + length {
                    break;
                }
                let Some(value) = bytes.get_mut(at + 4..at + 4 + size) else { break };
                if kind == DATA {
                    messages(value, replace);
                } else if PLAIN.contains(&kind) && size >= 8 {
                    replaced(&mut value[4..], &[0; 16], replace);
                } else if MASKED.contains(&kind) && size >= 8 {
                    replaced(&mut value[4..], &mask, replace);
                }
                at += 4 + size.div_ceil(4) * 4;
            }
            20 + length
        } else {
            return;
        };
        let Some(rest) = bytes.get_mut(end..) else { return };
        bytes = rest;
    }
}

/// A packet of IP, or what an ICMP error repeats of one.
fn packet(bytes: &mut [u8], replace: Replace) {
    let (addresses, size, protocol, body) = match bytes.first().map(|byte| byte >> 4) {
        Some(4) if bytes.len() >= 20 => (12, 4, bytes[9], usize::from(bytes[0] & 15) * 4),
        Some(6) if bytes.len() >= 40 => (8, 16, bytes[6], 40),
        _ => return,
    };
    for at in [addresses, addresses + size] {
        replaced(&mut bytes[at..at + size], &[0; 16], replace);
    }
    // Of a packet in pieces only the first has a header.
    let piece = size == 4 && word(bytes, 6).is_some_and(|word| word & 0x1fff != 0);
    let Some(body) = bytes.get_mut(body..).filter(|_| !piece) else { return };
    let start = match protocol {
        1 | 58 => return body.get_mut(8..).into_iter().for_each(|inner| packet(inner, replace)),
        6 => body.get(12).map_or(0, |offset| usize::from(offset >> 4) * 4),
        17 => 8,
        _ => return,
    };
    if let Some(payload) = body.get_mut(start..) {
        messages(payload, replace);
    }
}

/// A capture with other addresses; nothing where its kind has none among the fixtures.
fn masked(mut bytes: Vec<u8>, replace: Replace) -> Option<Vec<u8>> {
    let number = |bytes: &[u8], at: usize| -> Option<usize> {
        usize::try_from(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)).ok()
    };
    if bytes.get(..4)? != [0xd4, 0xc3, 0xb2, 0xa1] {
        return None;
    }
    let link = match number(&bytes, 20)? {
        1 => 14,
        113 => 16,
        276 => 20,
        _ => return None,
    };
    let mut at = 24;
    while let Some(length) = number(&bytes, at + 8) {
        let Some(all) = bytes.get_mut(at + 16..at + 16 + length) else { break };
        if let Some(inner) = all.get_mut(link..) {
            packet(inner, replace);
        }
        at += 16 + length;
    }
    Some(bytes)
}

/// Without the names that stay in the packets.
fn nameless(mut value: Value) -> Value {
    for event in value["events"].as_array_mut().into_iter().flatten() {
        for name in ["user", "realm"] {
            event.as_object_mut().map(|event| event.remove(name));
        }
    }
    value
}

#[test]
fn what_is_redacted_of_a_capture_says_the_same() {
    let (mut seen, mut different) = (0, Vec::new());
    for path in files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain")) {
        let name = path.to_string_lossy().into_owned();
        if !name.contains(".pcap") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let plain =
            if path.extension().is_some_and(|extension| extension == "gz") { unpacked(&bytes) } else { bytes.clone() };
        // As it is kept, compressed or not.
        let mut after = explain(read(&bytes).unwrap_or_else(|error| panic!("{name}: {error}")));
        let mut replacements = Replacements::of(&after);
        let mut replace = |ip: IpAddr| replacements.apply(&ip.to_string()).parse().unwrap_or(ip);
        let Some(masked) = masked(plain.clone(), &mut replace) else { continue };
        assert!(masked != plain, "{name}: nothing was replaced");
        after.redact();
        let before = explain(read(&masked).unwrap_or_else(|error| panic!("{name}: {error}")));
        let (before, after) = (nameless(said(&before)), nameless(said(&after)));
        if before != after {
            different.push(format!("{name}: {}", first_difference(&before, &after, "")));
        }
        seen += 1;
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert!(seen > 100, "{seen}");
}
