//! One file in each of its wrappings, captures in each of their containers, and the eras of a format, all of which have to tell the same.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::*;
use crate::explain::event::{StateOf, What};

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
        json!({ "url": "turn:turn.example.org", "host_candidate": "192.0.2.x:5", "error_text": "Unauthorized.", "error_code": 401 }).to_string()
    } else {
        "url: turn:turn.example.org\naddress: 192.0.2.x\nport: 5\nhost_candidate: 192.0.2.x:5\nerror_text: Unauthorized.\nerror_code: 401".into()
    };
    let offer =
        if words { format!("type: offer, sdp: {sdp}") } else { json!({ "type": "offer", "sdp": sdp }).to_string() };
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
            entry["timestamp"] = json!(1_700_000_000_000.5 + f64::from(u32::try_from(at).unwrap()));
        }
        entry
    };
    let configuration = if words {
        "{ iceServers: [stun:stun.example.org], iceTransportPolicy: all, bundlePolicy: balanced }".to_owned()
    } else {
        json!({ "iceServers": [{ "urls": ["stun:stun.example.org"] }] }).to_string()
    };
    let values =
        |values: &str, kind: &str| json!({ "startTime": "x", "endTime": "y", "statsType": kind, "values": values });
    let (address, id) = if era == 0 { ("ip*", "RTCIceCandidatePair_aa-bb") } else { ("address", "CPaa_bb") };
    let series = json!({
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
        "updateLog": log.iter().enumerate().map(entry).collect::<Vec<_>>(), "stats": series,
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
        let [
            What::Configuration(configuration),
            What::Description(offer),
            What::GatheringError(error),
            state,
            What::Pair(pair),
            What::Observed,
            What::CutOff,
        ] = &told[..]
        else {
            panic!("{told:#?}")
        };
        assert_eq!((configuration.urls[0].as_str(), error.code), ("turn:198.51.100.7:3478", 401));
        assert_eq!((&offer.ufrags[..], offer.sections), (&["abcd".to_owned()][..], 1));
        assert_eq!(**state, What::State { of: StateOf::Connection, value: "failed".into() });
        assert_eq!(
            (pair.state.as_str(), pair.requests_sent, pair.responses_received),
            ("in-progress", Some(241), Some(0))
        );
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
fn a_logger_may_stand_before_every_line_of_a_description() {
    let sdp =
        ["v=0", "m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=ice-ufrag:abcd", "a=candidate:1 1 udp 1 192.0.2.1 5 typ host"];
    let plain = reading(sdp.join("\r\n").as_bytes());
    let logged: Vec<String> = (10..).zip(sdp).map(|(second, line)| format!("10:00:{second} app: {line}")).collect();
    assert_eq!(reading(logged.join("\r\n").as_bytes()).events, plain.events);
    assert_eq!(plain.events.len(), 2);
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
    let capture = file("peer-forbidden.pcap");
    assert_eq!(reading(&packed(&capture)).events, reading(&capture).events);
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
    let lines =
        format!("{}\n{}\n{last}\n", json!({ "event": "sent", "at_ms": 1.0 }), json!({ "event": "x", "at_ms": 2.0 }));
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
        (b"[{\"type\":\"googCandidatePair\",\"googActiveConnection\":\"true\"}]", "until 2017"),
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
