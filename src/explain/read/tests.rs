//! One file in each of its wrappings, captures in each of their containers, and the eras of a format, all of which have to tell the same.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::*;
use crate::explain::event::{Event, Party, StateOf, What};
use crate::explain::traffic::{AgentRole, RelayOutcome, RelayRequest};

fn file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn reading(bytes: &[u8]) -> Reading {
    read(bytes).unwrap_or_else(|error| panic!("{error}"))
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn states(reading: &Reading, of: StateOf) -> Vec<&str> {
    let states = reading.events.iter().filter_map(|event| match &event.what {
        What::State { of: which, value } if *which == of => Some(value.as_str()),
        _ => None,
    });
    states.collect()
}

fn count(reading: &Reading, fits: fn(&What) -> bool) -> usize {
    reading.events.iter().filter(|event| fits(&event.what)).count()
}

#[test]
fn genuine_files_of_every_reader_are_read() {
    for (name, format, connections, states_of_ice, pairs) in [
        ("chromium.rtcstats", Format::Rtcstats, 2, vec!["checking", "checking", "connected", "connected"], 4),
        ("firefox-home-symmetric-a.log.json", Format::FirefoxLog, 1, vec!["checking", "failed"], 2),
        ("firefox-symmetric-symmetric-turn-b.log.json", Format::FirefoxLog, 1, vec!["checking", "connected"], 7),
        ("peer-forbidden.pcap", Format::Pcap, 1, vec![], 1),
    ] {
        let reading = reading(&file(name));
        assert_eq!((reading.format, reading.connections.len()), (format, connections), "{name}");
        assert_eq!(states(&reading, StateOf::Ice), states_of_ice, "{name}");
        assert_eq!(count(&reading, |what| matches!(what, What::Pair(_))), pairs, "{name}");
        assert!(!format!("{reading:?}").contains("6c170113356139564cc4f4609612d3d0"), "{name}: a password of ICE");
    }
}

/// The only place where a 403 is to be seen from the client's side.
#[test]
fn a_capture_shows_what_the_browser_does_not() {
    let reading = reading(&file("peer-forbidden.pcap"));
    assert_eq!(reading.notes, [""; 0]);
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
    let relay = reading.events.iter().find(|event| matches!(&event.what, What::Candidate(it) if it.kind.to_string() == "relay"));
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
        let split = |time: u64| [order(u32::try_from(time >> 32).unwrap()), order((time & 0xffff_ffff) as u32)].concat();
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
    let original = file("peer-forbidden.pcap");
    let expected = reading(&original);
    let parts = packets(&original);
    for (what, bytes, format) in [
        ("pcap", pcap(u32::to_le_bytes, false, &parts), Format::Pcap),
        ("pcap, big endian", pcap(u32::to_be_bytes, false, &parts), Format::Pcap),
        ("pcap, nanoseconds", pcap(u32::to_le_bytes, true, &parts), Format::Pcap),
        ("pcap, nanoseconds, big endian", pcap(u32::to_be_bytes, true, &parts), Format::Pcap),
        ("pcapng", pcapng(u32::to_le_bytes, &parts), Format::Pcapng),
        ("pcapng, big endian", pcapng(u32::to_be_bytes, &parts), Format::Pcapng),
        ("packed", packed(&original), Format::Pcap),
    ] {
        let reading = reading(&bytes);
        assert_eq!(reading.format, format, "{what}");
        assert_eq!(reading.notes, [""; 0], "{what}");
        assert_eq!(reading.events, expected.events, "{what}");
    }
    let cut = reading(&original[..original.len() - 10]);
    assert!(cut.notes[0].contains("ends in the middle"), "{:?}", cut.notes);
    assert!(cut.events.len() > expected.events.len() / 2);
    let broken = [pcapng(u32::to_le_bytes, &parts), [6_u32, 1, 0, 0, 0, 0, 0, 0, 0, 0].map(u32::to_le_bytes).concat()].concat();
    let broken = reading(&broken);
    assert!(broken.notes[0].contains("damaged after packet"), "{:?}", broken.notes);
    assert_eq!(broken.events, expected.events);
    let snapped = parts.1.iter().map(|(seconds, micros, length, bytes)| {
        (*seconds, *micros, *length, bytes[..bytes.len().min(96)].to_vec())
    });
    let snapped = reading(&pcap(u32::to_le_bytes, false, &(parts.0, snapped.collect())));
    assert!(snapped.notes[0].contains("snap length"), "{:?}", snapped.notes);
    assert!(count(&snapped, |what| matches!(what, What::Checks(_))) > 0, "the header and the user name are kept");
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
    let (inside, outside, peer) = (socket("192.168.1.2:40000"), socket("203.0.113.1:40001"), socket("203.0.113.9:6000"));
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
    let hello = record(22, 0, &[1; 100]);
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

/// One call as each era of webrtc-internals writes it, after the description of the formats: no genuine files of the first three are
/// at hand.
fn era(era: usize) -> Value {
    let line = "candidate:7 1 udp 1677729535 203.0.113.9 61000 typ srflx raddr 0.0.0.0 rport 0 generation 0 ufrag abcd";
    let sdp = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=ice-ufrag:abcd\r\na=fingerprint:sha-256 AA\r\n";
    let (words, json) = (era < 2, era == 3);
    let candidate = if json {
        json!({ "sdpMid": "0", "sdpMLineIndex": 0, "candidate": line, "url": "stun:stun.example.org" }).to_string()
    } else {
        format!("sdpMid: 0, sdpMLineIndex: 0, candidate: {line}, url: stun:stun.example.org")
    };
    let error = if json {
        json!({ "url": "turn:turn.example.org", "error_text": "Unauthorized.", "error_code": 401 }).to_string()
    } else {
        "url: turn:turn.example.org\naddress: 192.0.2.x\nport: 5\nhost_candidate: 192.0.2.x:5\nerror_text: Unauthorized.\nerror_code: 401".into()
    };
    let offer = if words { format!("type: offer, sdp: {sdp}") } else { json!({ "type": "offer", "sdp": sdp }).to_string() };
    let name = |name: &str| match (era, name) {
        (0, "icecandidate") => "onIceCandidate".to_owned(),
        (0, "iceconnectionstatechange") => "iceConnectionStateChange".to_owned(),
        (0, "signalingstatechange") => "signalingStateChange".to_owned(),
        (3, name) if name != "setLocalDescription" => format!("on{name}"),
        (_, name) => name.to_owned(),
    };
    let state = |old: &str, new: &str| match era {
        0 => old.to_owned(),
        1 | 2 => new.to_owned(),
        _ => format!("\"{new}\""),
    };
    let log = [
        ("setLocalDescription", offer),
        ("signalingstatechange", state("SignalingStateHaveLocalOffer", "have-local-offer")),
        ("icecandidate", candidate),
        ("icecandidateerror", error),
        ("iceconnectionstatechange", state("ICEConnectionStateChecking", "checking")),
        ("iceconnectionstatechange", state("ICEConnectionStateFailed", "failed")),
    ];
    let entry = |(at, (kind, value)): (usize, &(&str, String))| {
        let mut entry = json!({ "type": name(kind), "value": value });
        if era < 2 {
            entry["time"] = json!(format!("2.4.2021, 10:11:{}", 10 + at));
        } else {
            entry["timestamp"] = json!(1_700_000_000_000.5 + at as f64);
        }
        entry
    };
    let configuration = if words {
        "{ iceServers: [stun:stun.example.org], iceTransportPolicy: all, bundlePolicy: balanced }".to_owned()
    } else {
        json!({ "iceServers": [{ "urls": ["stun:stun.example.org"] }] }).to_string()
    };
    let values = |values: &str, kind: &str| json!({ "startTime": "x", "endTime": "y", "statsType": kind, "values": values });
    let (address, id) = if era == 0 { ("ip*", "RTCIceCandidatePair_aa-bb") } else { ("address", "CPaa_bb") };
    let stats = json!({
        format!("{id}-state"): values("[\"in-progress\",\"failed\"]", "candidate-pair"),
        format!("{id}-requestsSent"): values("[17,241]", "candidate-pair"),
        format!("{id}-[bytesSent_in_bits/s]"): values("[0,0]", "candidate-pair"),
        format!("{id}-remoteCandidateId"): values("[\"Ir\"]", "candidate-pair"),
        "Ir-candidateType": values("[\"host\"]", "remote-candidate"),
        format!("Ir-{address}"): values("[\"192.0.2.7\"]", "remote-candidate"),
        "Ir-port": values("[7]", "remote-candidate"),
        "Ir-protocol": values("[\"udp\"]", "remote-candidate"),
        "Ir-priority": values("[1]", "remote-candidate"),
        "IT-framesEncoded": values("[1,2,3]", "outbound-rtp"),
    });
    let connection = json!({
        "url": "https://call.example", "rtcConfiguration": configuration, "constraints": "",
        "updateLog": log.iter().enumerate().map(entry).collect::<Vec<_>>(), "stats": stats,
    });
    let mut dump = json!({ "getUserMedia": [], "PeerConnections": { "8-1": connection }, "UserAgent": "x" });
    match era {
        2 => dump["UserAgentData"] = json!([{ "brand": "x", "version": "142" }]),
        3 => dump["UserAgentData"] = json!({ "brands": [], "mobile": false, "platform": "Linux" }),
        _ => {}
    }
    dump
}

#[test]
fn the_eras_of_webrtc_internals_tell_the_same() {
    let told = |number: usize| {
        let reading = reading(era(number).to_string().as_bytes());
        let what = reading.events.into_iter().map(|event| event.what);
        // The pair's own name differs, and nothing else.
        what.collect::<Vec<_>>()
    };
    let newest = told(3);
    assert_eq!(newest.len(), 9, "{newest:#?}");
    for number in 0..3 {
        assert_eq!(told(number), newest, "{number}");
    }
}

#[test]
fn numbers_of_rtcstats_are_names() {
    let dump = r#"RTCStatsDump
{"fileFormat":3,"url":"https://call.example/"}
[39,"pc-0",{"iceServers":[{"urls":"turn:198.51.100.7:3478"}]},1700000000000]
[3,"pc-0",{"type":"offer","sdp":"v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=ice-ufrag:abcd\r\na=fingerprint:sha-256 AA\r\n"},1]
[6,"pc-0",{"type":"offer","sdp":"v=\nm="},1]
[21,"pc-0",{"errorCode":401,"errorText":"Unauthorized.","url":"turn:198.51.100.7:3478?transport=udp"},60]
[99,"pc-0",{"new":true},0]
["g","pc-0",{"0":{"type":6,"118":"in-progress","156":17,"157":0},"t":1700000001000},940]
["g","pc-0",{"0":{"156":241},"t":1700000015000},14000]
[25,"pc-0","failed",12]
[25,"pc-0","fai"#;
    for bytes in [dump.as_bytes().to_vec(), packed(dump.as_bytes()), format!("\u{feff}{dump}").into_bytes()] {
        let reading = reading(&bytes);
        assert_eq!((reading.format, &reading.connections[..]), (Format::Rtcstats, &["pc-0".to_owned()][..]));
        assert!(reading.notes[0].starts_with("line 11 "), "{:?}", reading.notes);
        let told: Vec<&What> = reading.events.iter().map(|event| &event.what).collect();
        let [What::Configuration(configuration), What::Description(offer), What::GatheringError(error), state, What::Pair(pair)] =
            &told[..]
        else {
            panic!("{told:#?}")
        };
        assert_eq!((configuration.urls[0].as_str(), error.code), ("turn:198.51.100.7:3478", 401));
        assert_eq!((&offer.ufrags[..], offer.sections), (&["abcd".to_owned()][..], 1));
        assert_eq!(**state, What::State { of: StateOf::Connection, value: "failed".into() });
        assert_eq!((pair.state.as_str(), pair.requests_sent, pair.responses_received), ("in-progress", Some(241), Some(0)));
        assert_eq!(reading.events[3].time_ms, Some(1_700_000_015_014));
    }
}

#[test]
fn what_is_around_a_document_is_taken_off() {
    let statistics = String::from_utf8(file("chromium.getstats.json")).unwrap();
    let expected = reading(statistics.as_bytes());
    let utf16 = |order: fn(u16) -> [u8; 2], mark: bool| -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        mark.into_iter().chain(statistics.encode_utf16()).flat_map(order).collect()
    };
    let prefixed = |prefix: &dyn Fn(usize) -> String| {
        let lines = statistics.lines().enumerate().map(|(at, line)| format!("{}{line}", prefix(at)));
        lines.collect::<Vec<_>>().join("\n").into_bytes()
    };
    for (what, bytes) in [
        ("UTF-16", utf16(u16::to_le_bytes, true)),
        ("UTF-16, big endian", utf16(u16::to_be_bytes, true)),
        ("UTF-16 without a mark", utf16(u16::to_le_bytes, false)),
        ("UTF-16 without a mark, big endian", utf16(u16::to_be_bytes, false)),
        ("gzip", packed(statistics.as_bytes())),
        ("a logger", prefixed(&|at| format!("2026-11-27 10:00:{:02} [info] app: ", at % 60))),
        ("a console", format!("stats: {statistics}").into_bytes()),
        ("words before and after", format!("Here it is\n{statistics}\nwhat now?").into_bytes()),
        ("a fence that is not closed", format!("~~~\n```json\n{statistics}").into_bytes()),
        ("a text in JSON, twice", json!(json!(statistics).to_string()).to_string().into_bytes()),
    ] {
        let reading = read(&bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!((reading.format, reading.events), (expected.format, expected.events.clone()), "{what}");
    }
}

#[test]
fn consoles_print_maps() {
    let printed = "Map(2) {\n  'CPa_b' => {\n    id: 'CPa_b',\n    type: 'candidate-pair',\n    timestamp: 1700000000000.5,\n    state: 'succeeded',\n    nominated: true,\n    localCandidateId: 'Ia',\n    x: undefined\n  },\n  'Ia' => { id: 'Ia', type: 'local-candidate', candidateType: 'host', address: '192.168.1.2', port: 5, protocol: 'udp', priority: 1, note: 'it\\'s \"x\"' }\n}";
    let reading = reading(printed.as_bytes());
    assert_eq!(reading.format, Format::GetStats);
    let What::Pair(pair) = &reading.events[1].what else { panic!("{:?}", reading.events) };
    assert_eq!((pair.state.as_str(), pair.local.as_ref().unwrap().port), ("succeeded", 5));
}

#[test]
fn a_cut_or_damaged_file_is_read_as_far_as_it_goes() {
    let dump = file("chromium-symmetric-symmetric-turn-b.json");
    let whole = reading(&dump);
    for part in 2..10 {
        let cut = reading(&dump[..dump.len() * part / 10]);
        assert_eq!(cut.format, Format::WebrtcInternals, "{part}");
        assert!(cut.notes[0].contains("ends in the middle, on line"), "{part}: {:?}", cut.notes);
        assert!(!cut.events.is_empty() && cut.events.len() <= whole.events.len(), "{part}");
    }
    let most = reading(&dump[..dump.len() * 9 / 10]);
    assert!(most.events.iter().filter(|event| whole.events.contains(event)).count() > 15, "{:#?}", most.events);
    let damaged = [&dump[..dump.len() / 2], b"\n[... 500 lines left out]\n", &dump[dump.len() / 2..]].concat();
    let damaged = reading(&damaged);
    assert!(damaged.notes[0].contains("is damaged on line"), "{:?}", damaged.notes);
    assert!(!damaged.events.is_empty());
    let packed = packed(&dump);
    let half = reading(&packed[..packed.len() / 2]);
    assert!(half.notes[0].contains("compressed file ends in the middle"), "{:?}", half.notes);
}

#[test]
fn own_reports_say_what_they_found() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/balancer-beside-good.json");
    let case: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let report = &case["report"];
    let mut last = json!({ "event": "report" });
    last.as_object_mut().unwrap().extend(report.as_object().unwrap().clone());
    let lines = format!("{}\n{}\n{last}\n", json!({ "event": "sent", "at_ms": 1.0 }), json!({ "event": "x", "at_ms": 2.0 }));
    for text in [report.to_string(), lines] {
        let reading = reading(text.as_bytes());
        assert_eq!((reading.format, &reading.connections[..]), (Format::NatProbe, &["classify".to_owned()][..]));
        let mapping = reading.events.iter().find_map(|event| match &event.what {
            What::Verdict { key, value } if key == "ipv4.mapping" => Some(value.as_str()),
            _ => None,
        });
        assert_eq!(mapping, report["families"]["ipv4"]["mapping"]["behavior"].as_str());
        assert!(mapping.is_some());
    }
    let begun = json!({ "event": "sent", "at_ms": 1.0 }).to_string().repeat(2);
    assert_eq!(read(begun.as_bytes()), Err(ReadError::Unfinished));
}

#[test]
fn other_files_are_called_what_they_are() {
    for (bytes, word) in [
        (&b"\x89PNG\r\n\x1a\n\0\0\0\0"[..], "picture"),
        (b"PK\x03\x04aaaa", "ZIP"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"\x1f\x8b\x08", "cannot be read"),
        (b"XCP\0aaaa", "editcap"),
        (b"\x7fELF\x02\x01\x01\0\0\0", "program"),
    ] {
        let error = read(bytes).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    let named = |bytes: &[u8], format| read_from(bytes, Some(format)).map(|reading| reading.format);
    let line = b"1 1 udp 5 192.0.2.1 7 typ host";
    assert_eq!(named(line, Format::Candidates), Ok(Format::Candidates));
    assert_eq!(named(line, Format::WebrtcInternals), Err(ReadError::NotAsNamed(Format::WebrtcInternals)));
    assert!(matches!(named(line, Format::Pcap), Err(ReadError::Nothing(Format::Pcap, _))));
}
