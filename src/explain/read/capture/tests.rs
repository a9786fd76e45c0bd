//! Captures, genuine and made: what they say in each of their containers, and what packets come to.

use std::fs;
use std::path::Path;

use crate::explain::event::{Event, Party, StateOf, What};
use crate::explain::format::Format;
use crate::explain::read::{Reading, read};
use crate::explain::traffic::{AgentRole, RelayOutcome, RelayRequest};

fn genuine() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain/peer-forbidden.pcap");
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn reading(bytes: &[u8]) -> Reading {
    read(bytes).unwrap_or_else(|error| panic!("{error}"))
}

fn states(reading: &Reading, of: StateOf) -> Vec<&str> {
    let states = reading.events.iter().filter_map(|event| match &event.what {
        What::State { of: which, value } if *which == of => Some(value.as_str()),
        _ => None,
    });
    states.collect()
}

/// The only place where a 403 is to be seen from the client's side.
#[test]
fn a_capture_shows_what_the_browser_does_not() {
    let reading = reading(&genuine());
    assert!(reading.notes.iter().all(|note| note.contains("taken at neither end")), "{:?}", reading.notes);
    let steps: Vec<_> = reading
        .events
        .iter()
        .filter_map(|event| match &event.what {
            What::Relay(step) => Some((step.step, step.outcome.clone(), step.authenticated)),
            _ => None,
        })
        .collect();
    let refused = |code, reason: &str| RelayOutcome::Refused { code, reason: reason.into() };
    for expected in [
        (RelayRequest::Allocate, refused(401, "Unauthorized"), false),
        (RelayRequest::Allocate, RelayOutcome::Granted, true),
        (RelayRequest::Permission, refused(403, "Forbidden IP"), true),
    ] {
        assert!(steps.contains(&expected), "{expected:?} is not among {steps:?}");
    }
    let checks: Vec<_> = reading
        .events
        .iter()
        .filter_map(|event| match &event.what {
            What::Checks(checks) => Some(checks),
            _ => None,
        })
        .collect();
    assert!(checks.iter().any(|checks| checks.requests.count > 200 && checks.answers.count == 0), "{checks:?}");
    assert!(checks.iter().all(|checks| checks.role.is_some() && !checks.from_ufrag.is_empty()), "{checks:?}");
    let relay = reading
        .events
        .iter()
        .find(|event| matches!(&event.what, What::Candidate(it) if it.kind.to_string() == "relay"));
    assert!(relay.is_some_and(|event| event.place.starts_with("packet ")), "{relay:?}");
}

/// A packet of a capture: seconds, microseconds, length, bytes.
type Packet = (u32, u32, u32, Vec<u8>);

fn packets(pcap: &[u8]) -> (u32, Vec<Packet>) {
    let word = |at: usize| u32::from_le_bytes(pcap[at..at + 4].try_into().unwrap());
    let (mut at, mut found) = (24, Vec::new());
    while at < pcap.len() {
        let kept = usize::try_from(word(at + 8)).unwrap();
        found.push((word(at), word(at + 4), word(at + 12), pcap[at + 16..at + 16 + kept].to_vec()));
        at += 16 + kept;
    }
    (word(20), found)
}

/// The packets as pcap of that byte order and resolution.
fn pcap(order: fn(u32) -> [u8; 4], nanoseconds: bool, (link, packets): &(u32, Vec<Packet>)) -> Vec<u8> {
    let magic = if nanoseconds { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
    let version = if order(1)[0] == 1 { [2, 0, 4, 0] } else { [0, 2, 0, 4] };
    let mut made = [order(magic), version, [0; 4], [0; 4], order(262_144), order(*link)].concat();
    for (seconds, micros, length, bytes) in packets {
        let part = if nanoseconds { micros * 1000 } else { *micros };
        let kept = u32::try_from(bytes.len()).unwrap();
        made.extend([order(*seconds), order(part), order(kept), order(*length)].concat());
        made.extend(bytes);
    }
    made
}

/// The packets as pcapng, in blocks of every kind that has a time, from two interfaces of which the second counts time otherwise.
fn pcapng(order: fn(u32) -> [u8; 4], (link, packets): &(u32, Vec<Packet>)) -> Vec<u8> {
    let short = |number: u16| if order(1)[0] == 1 { number.to_le_bytes() } else { number.to_be_bytes() };
    let block = |kind: u32, body: &[u8]| {
        let padded = [body, &vec![0; body.len().next_multiple_of(4) - body.len()]].concat();
        let length = order(u32::try_from(padded.len() + 12).unwrap());
        [&order(kind)[..], &length, &padded, &length].concat()
    };
    let link = u16::try_from(*link).unwrap();
    let section = [&order(0x1a2b_3c4d)[..], &short(1), &short(0), &[0xff; 8]].concat();
    let plain = [&short(link)[..], &short(0), &order(0)].concat();
    // Time in units of 2^-20 s, after an offset.
    let offset = if order(1)[0] == 1 { 1000_i64.to_le_bytes() } else { 1000_i64.to_be_bytes() };
    let options = [&short(9)[..], &short(1), &[0x94, 0, 0, 0], &short(14), &short(8), &offset, &[0; 4]].concat();
    let other = [&plain[..], &options].concat();
    let mut made = [block(0x0a0d_0d0a, &section), block(1, &plain), block(1, &other), block(10, &[0; 16])].concat();
    for (index, (seconds, micros, length, bytes)) in packets.iter().enumerate() {
        let kept = u32::try_from(bytes.len()).unwrap();
        let micro = u64::from(*seconds) * 1_000_000 + u64::from(*micros);
        // To the next unit: what is left of a millisecond stays that.
        let binary = ((u64::from(*seconds) - 1000) << 20) + (u64::from(*micros) << 20).div_ceil(1_000_000);
        let split =
            |time: u64| [order(u32::try_from(time >> 32).unwrap()), order((time & 0xffff_ffff) as u32)].concat();
        let rest = [&order(kept)[..], &order(*length), bytes].concat();
        made.extend(match index % 3 {
            0 => block(6, &[&order(0)[..], &split(micro), &rest].concat()),
            1 => block(6, &[&order(1)[..], &split(binary), &rest].concat()),
            _ => block(2, &[&short(0)[..], &short(0), &split(micro), &rest].concat()),
        });
    }
    made
}

#[test]
fn a_capture_says_the_same_in_every_container() {
    let original = genuine();
    let expected = reading(&original);
    let parts = packets(&original);
    for (what, bytes, format) in [
        ("pcap", pcap(u32::to_le_bytes, false, &parts), Format::Pcap),
        ("pcap, big endian", pcap(u32::to_be_bytes, false, &parts), Format::Pcap),
        ("pcap, nanoseconds", pcap(u32::to_le_bytes, true, &parts), Format::Pcap),
        ("pcap, nanoseconds, big endian", pcap(u32::to_be_bytes, true, &parts), Format::Pcap),
        ("pcapng", pcapng(u32::to_le_bytes, &parts), Format::Pcapng),
        ("pcapng, big endian", pcapng(u32::to_be_bytes, &parts), Format::Pcapng),
    ] {
        let reading = reading(&bytes);
        assert_eq!(reading.format, format, "{what}");
        assert_eq!(reading.notes, expected.notes, "{what}");
        assert_eq!(reading.events, expected.events, "{what}");
    }
    let cut = reading(&original[..original.len() - 10]);
    assert!(cut.notes[0].contains("ends in the middle"), "{:?}", cut.notes);
    assert!(cut.events.len() > expected.events.len() / 2);
    let broken =
        [pcapng(u32::to_le_bytes, &parts), [6_u32, 1, 0, 0, 0, 0, 0, 0, 0, 0].map(u32::to_le_bytes).concat()].concat();
    let broken = reading(&broken);
    assert!(broken.notes[0].contains("damaged after packet"), "{:?}", broken.notes);
    assert_eq!(broken.events, expected.events);
    let snapped = parts
        .1
        .iter()
        .map(|(seconds, micros, length, bytes)| (*seconds, *micros, *length, bytes[..bytes.len().min(96)].to_vec()));
    let snapped = reading(&pcap(u32::to_le_bytes, false, &(parts.0, snapped.collect())));
    assert!(snapped.notes[0].contains("snap length"), "{:?}", snapped.notes);
    let checks = snapped.events.iter().filter(|event| matches!(event.what, What::Checks(_)));
    assert!(checks.count() > 0, "the header and the user name are kept");
}

#[test]
fn a_capture_without_anything_says_so() {
    let error = read(&pcap(u32::to_le_bytes, false, &(147, vec![(1, 1, 4, vec![0; 4])]))).unwrap_err().to_string();
    assert!(error.contains("no packet of STUN") && error.contains("link type 147"), "{error}");
}

/// What a packet is built of in these tests.
mod built {
    use std::net::{IpAddr, SocketAddr};

    pub(super) fn socket(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn ip(from: SocketAddr, to: SocketAddr, protocol: u8, body: &[u8]) -> Vec<u8> {
        let (IpAddr::V4(from), IpAddr::V4(to)) = (from.ip(), to.ip()) else { panic!("IPv4") };
        let total = u16::try_from(20 + body.len()).unwrap().to_be_bytes();
        let head = [0x45, 0, total[0], total[1], 0, 0, 0, 0, 64, protocol, 0, 0];
        [&head[..], &from.octets(), &to.octets(), body].concat()
    }

    pub(super) fn udp(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(8 + payload.len()).unwrap().to_be_bytes();
        let ports = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
        ip(from, to, 17, &[&ports[..], &length, &[0, 0], payload].concat())
    }

    pub(super) fn tcp(from: SocketAddr, to: SocketAddr, number: u32, payload: &[u8]) -> Vec<u8> {
        let ports = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
        let rest = [0, 0, 0, 0, 0x50, 0x18, 0, 0, 0, 0, 0, 0];
        ip(from, to, 6, &[&ports[..], &number.to_be_bytes(), &rest, payload].concat())
    }
}

use built::{socket, tcp, udp};

use crate::wire::stun::{attribute, message};
use crate::wire::{Class, TransactionId, Writer};

fn captured(all: &[Vec<u8>]) -> Reading {
    let packets = (0_u32..).zip(all).map(|(at, bytes)| {
        (1_700_000_000 + at / 20, at % 20 * 50_000, u32::try_from(bytes.len()).unwrap(), bytes.clone())
    });
    reading(&pcap(u32::to_le_bytes, false, &(101, packets.collect())))
}

fn check(id: u8, name: &str, role: u16, nominating: bool) -> Vec<u8> {
    let mut writer = Writer::new(Class::Request, message::BINDING, TransactionId([id; 12]), None)
        .attribute(attribute::USERNAME, name.as_bytes())
        .attribute(attribute::PRIORITY, &[0, 0, 0, 7])
        .attribute(role, &[0; 8]);
    if nominating {
        writer = writer.attribute(attribute::USE_CANDIDATE, &[]);
    }
    writer.finish()
}

fn response(method: u16, id: u8, address: &[(u16, &str)]) -> Vec<u8> {
    let writer = Writer::new(Class::Success, method, TransactionId([id; 12]), None);
    address.iter().fold(writer, |writer, (ty, address)| writer.xor_address(*ty, socket(address))).finish()
}

fn record(kind: u8, epoch: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 0], &length[..], body].concat()
}

#[test]
fn turn_over_tcp_is_followed_into_its_channels() {
    let (client, server) = (socket("192.168.1.2:40000"), socket("198.51.100.7:3478"));
    let (relayed, peer) = ("198.51.100.7:50000", "203.0.113.9:6000");
    let allocate = Writer::new(Class::Request, message::ALLOCATE, TransactionId([1; 12]), None)
        .attribute(attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0])
        .finish();
    let granted = response(message::ALLOCATE, 1, &[(attribute::XOR_RELAYED_ADDRESS, relayed)]);
    let bind = Writer::new(Class::Request, message::CHANNEL_BIND, TransactionId([2; 12]), None)
        .attribute(attribute::CHANNEL_NUMBER, &[0x40, 1, 0, 0])
        .xor_address(attribute::XOR_PEER_ADDRESS, socket(peer))
        .finish();
    let bound = response(message::CHANNEL_BIND, 2, &[]);
    let within = |bytes: &[u8]| {
        let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
        [&[0x40, 1], &length[..], bytes, &vec![0; bytes.len().next_multiple_of(4) - bytes.len()]].concat()
    };
    let asked = within(&check(3, "there:here", attribute::ICE_CONTROLLING, true));
    let answered = within(&response(message::BINDING, 3, &[(attribute::XOR_MAPPED_ADDRESS, relayed)]));
    let (mut all, mut at) = (Vec::new(), [100_u32; 2]);
    for (request, answer) in [(allocate, granted), (bind, bound), (asked, answered)] {
        for (way, (from, to, bytes)) in [(client, server, request), (server, client, answer)].into_iter().enumerate() {
            let mut parts = Vec::new();
            for part in bytes.chunks(33) {
                parts.push(tcp(from, to, at[way], part));
                at[way] += u32::try_from(part.len()).unwrap();
            }
            all.push(parts);
        }
    }
    // One segment comes late, and again.
    for parts in &mut all {
        if parts.len() > 2 {
            parts.swap(1, 2);
            parts.push(parts[1].clone());
        }
    }
    let segments = all.concat();
    let reading = captured(&segments);
    let checks = reading.events.iter().find_map(|event| match &event.what {
        What::Checks(checks) => Some((checks, event.party)),
        _ => None,
    });
    let (checks, party) = checks.unwrap_or_else(|| panic!("{:#?}", reading.events));
    assert_eq!((checks.flow.from, checks.flow.to, checks.flow.through), (socket(relayed), socket(peer), Some(server)));
    assert_eq!((checks.requests.count, checks.answers.count, checks.nominating), (1, 1, true));
    assert_eq!((checks.from_ufrag.as_str(), checks.to_ufrag.as_str(), party), ("here", "there", Party::Here));
    let pair = reading.events.iter().find_map(|event| match &event.what {
        What::Pair(pair) => Some(pair),
        _ => None,
    });
    let pair = pair.unwrap();
    assert!(pair.selected && pair.state == "succeeded", "{pair:?}");
    assert_eq!(pair.local.as_ref().unwrap().kind.to_string(), "relay");
    assert_eq!(states(&reading, StateOf::Transport), ["connected"]);
}

#[test]
fn checks_are_counted_by_direction_and_both_sides_of_a_nat_are_one() {
    let (inside, outside, peer) =
        (socket("192.168.1.2:40000"), socket("203.0.113.1:40001"), socket("203.0.113.9:6000"));
    let mut all = Vec::new();
    for id in 1..=3 {
        let check = check(id, "there:here", attribute::ICE_CONTROLLED, false);
        all.push(udp(inside, peer, &check));
        all.push(udp(outside, peer, &check));
    }
    let theirs = check(9, "here:there", attribute::ICE_CONTROLLED, false);
    all.push(udp(peer, outside, &theirs));
    all.push(udp(peer, inside, &theirs));
    let conflict = Writer::new(Class::Error, message::BINDING, TransactionId([9; 12]), None)
        .attribute(attribute::ERROR_CODE, &[0, 0, 4, 87])
        .finish();
    all.push(udp(inside, peer, &conflict));
    all.push(udp(outside, peer, &conflict));
    let reading = captured(&all);
    let checks: Vec<_> = reading
        .events
        .iter()
        .filter_map(|event| match &event.what {
            What::Checks(checks) => Some((event.party, checks)),
            _ => None,
        })
        .collect();
    let [(Party::Here, mine), (Party::There, theirs)] = checks[..] else { panic!("{checks:#?}") };
    assert_eq!((mine.requests.count, mine.answers.count, mine.translated_to), (3, 0, Some(outside)));
    assert_eq!((theirs.requests.count, &theirs.errors[..], theirs.role), (1, &[487][..], Some(AgentRole::Controlled)));
    let pairs: Vec<_> = reading.events.iter().filter(|event| matches!(event.what, What::Pair(_))).collect();
    let [Event { what: What::Pair(pair), .. }] = &pairs[..] else { panic!("{pairs:#?}") };
    assert_eq!((pair.requests_sent, pair.requests_received, pair.responses_received), (Some(3), Some(1), Some(0)));
}

#[test]
fn dtls_on_a_pair_is_told_message_by_message() {
    let (here, there) = (socket("192.168.1.2:40000"), socket("192.168.1.3:6000"));
    let hello = record(22, 0, &[&[1, 0, 0, 88, 0, 0, 0, 0, 0, 0, 0, 88], &[1; 88][..]].concat());
    let mut all = vec![
        udp(here, there, &check(1, "there:here", attribute::ICE_CONTROLLING, true)),
        udp(there, here, &response(message::BINDING, 1, &[(attribute::XOR_MAPPED_ADDRESS, "192.168.1.2:40000")])),
        udp(here, there, &hello),
        udp(here, there, &hello),
        udp(there, here, &record(21, 0, &[2, 40])),
        udp(there, socket("192.0.2.53:53"), &hello),
    ];
    let reading = captured(&all);
    assert_eq!(states(&reading, StateOf::Dtls), ["failed"]);
    let told: Vec<String> = reading
        .events
        .iter()
        .filter_map(|event| match &event.what {
            What::Dtls(dtls) => Some(format!("{:?} {} {}", dtls.message, dtls.times.count, dtls.largest)),
            _ => None,
        })
        .collect();
    assert_eq!(told[..2], ["ClientHello 2 113", "Alert { fatal: true, code: Some(40) } 1 15"]);
    all[4] = udp(there, here, &record(23, 1, &[7; 20]));
    all.push(udp(here, there, &record(23, 1, &[7; 20])));
    assert_eq!(states(&captured(&all), StateOf::Dtls), ["connected"]);
}
