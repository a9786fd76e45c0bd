//! Genuine files with what is true of them, and the rules one by one.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

mod agents;
mod broken;
mod calls;
mod joined;
mod logs;
mod meanings;
mod mutated;
mod packets;
mod pasted;
mod pion;
mod redacted_captures;
mod redaction;

fn file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn explained(bytes: &[u8]) -> Explanation {
    explain(read(bytes).unwrap_or_else(|error| panic!("{error}")))
}

/// The codes of the faults with their certainty, as `code/certainty`, in order; those that are only good to know in brackets.
fn codes(explanation: &Explanation) -> Vec<String> {
    let one = |finding: &Finding| {
        let text = format!("{}/{}", finding.code, finding.certainty.word());
        if finding.fault { text } else { format!("({text})") }
    };
    explanation.findings.iter().map(one).collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn genuine_files_are_told_as_they_are() {
    for (name, format, outcome, progress, expected) in [
        (
            "chromium-home-home-b.json",
            Format::WebrtcInternals,
            Outcome::NothingWrong,
            "connected",
            vec!["(no-turn-configured/certain)"],
        ),
        (
            "chromium-home-symmetric-a.json",
            Format::WebrtcInternals,
            Outcome::FaultFound,
            "failed",
            vec!["nothing-arrived/certain", "no-turn-configured/certain"],
        ),
        (
            "chromium-symmetric-symmetric-turn-b.json",
            Format::WebrtcInternals,
            Outcome::NothingWrong,
            "connected",
            vec!["(mapping-depends-here/likely)", "(mapping-depends-there/possible)"],
        ),
        (
            "chromium-connected-one-name-unknown.json",
            Format::WebrtcInternals,
            Outcome::NothingWrong,
            "connected",
            vec!["(name-unresolved/certain)", "(only-local-here/certain)"],
        ),
        (
            "chromium-turn-wrong-credentials-relay-only.json",
            Format::WebrtcInternals,
            Outcome::FaultFound,
            "new",
            vec![
                "turn-credentials-refused/certain",
                "relay-only-without-relay/certain",
                "no-remote-candidates/certain",
                "turn-unreachable/certain",
            ],
        ),
        (
            "chromium-peer-forbidden.json",
            Format::WebrtcInternals,
            Outcome::FaultFound,
            "failed",
            vec!["relay-permission-refused/likely", "nothing-arrived/certain", "(no-turn-configured/certain)"],
        ),
        ("chromium.getstats.json", Format::GetStats, Outcome::NothingWrong, "connected", vec![]),
        (
            "chromium-open-symmetric-a.json",
            Format::WebrtcInternals,
            Outcome::NothingWrong,
            "connected",
            vec!["(mapping-depends-here/likely)", "(mapping-depends-there/possible)", "(no-turn-configured/certain)"],
        ),
        ("chromium-open-open-turn-a.json", Format::WebrtcInternals, Outcome::NothingWrong, "connected", vec![]),
        (
            "chromium-udp-blocked-b.getstats.json",
            Format::GetStats,
            Outcome::FaultFound,
            "failed",
            vec!["nothing-answered/likely", "no-relay/likely"],
        ),
        (
            "firefox-home-symmetric-a.about.json",
            Format::AboutWebrtc,
            Outcome::FaultFound,
            "failed",
            vec!["nothing-answered/certain", "mapping-depends-there/certain", "no-turn-configured/certain"],
        ),
        (
            "firefox-home-symmetric-a.getstats.json",
            Format::GetStats,
            Outcome::FaultFound,
            "failed",
            vec!["nothing-answered/certain", "mapping-depends-there/likely"],
        ),
        (
            "firefox-symmetric-symmetric-turn-b.about.json",
            Format::AboutWebrtc,
            Outcome::NothingWrong,
            "connected",
            vec!["(mapping-depends-here/certain)", "(mapping-depends-there/certain)"],
        ),
        (
            "firefox-symmetric-symmetric-turn-b.getstats.json",
            Format::GetStats,
            Outcome::NothingWrong,
            "connected",
            vec!["(mapping-depends-here/certain)", "(mapping-depends-there/likely)"],
        ),
    ] {
        let explanation = explained(&file(name));
        assert_eq!((explanation.format, explanation.outcome), (format, outcome), "{name}: {:?}", codes(&explanation));
        assert_eq!(codes(&explanation), expected, "{name}");
        assert!(
            explanation.connections.iter().all(|connection| connection.progress == progress),
            "{name}: {:?}",
            explanation.connections
        );
        assert!(!format!("{explanation:?}").contains("ice-pwd"), "{name}");
    }
}

#[test]
fn what_cannot_be_explained_is_refused_by_name() {
    for (bytes, error) in [
        (&b""[..], ReadError::Empty),
        (b"\n \n", ReadError::Empty),
        (
            b"\xd4\xc3\xb2\xa1\x02\x00",
            ReadError::Nothing(
                Format::Pcap,
                vec![
                    "the capture ends in the middle of a packet, after packet 0: what stands before is explained"
                        .into(),
                ],
            ),
        ),
        (b"RTCStatsDump\n{}", ReadError::Nothing(Format::Rtcstats, Vec::new())),
        (b"{\"schema_version\": 1, \"tool\": {}}", ReadError::Nothing(Format::NatProbe, Vec::new())),
        (b"{\"a\": 1}", ReadError::OtherJson),
        (b"{nonsense", ReadError::NotJson("line 1, column 2".into())),
        (b"hello", ReadError::Unknown),
        (&[0xff; 64], ReadError::Binary),
    ] {
        assert_eq!(read(bytes), Err(error));
    }
}

/// A dump of webrtc-internals with these entries of its log.
fn dump(configuration: &str, log: &[(&str, Value)]) -> Explanation {
    let entries: Vec<Value> = log
        .iter()
        .enumerate()
        .map(|(at, (name, value))| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            json!({ "type": name, "value": value, "timestamp": 1_700_000_000_000_u64 + at as u64 })
        })
        .collect();
    let connection =
        json!({ "url": "https://call.example", "rtcConfiguration": configuration, "updateLog": entries, "stats": {} });
    explained(json!({ "PeerConnections": { "1-1": connection } }).to_string().as_bytes())
}

fn sdp(kind: &str, lines: &str) -> Value {
    let text = format!(
        "v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\na=fingerprint:sha-256 AA\r\n{lines}"
    );
    json!({ "type": kind, "sdp": text })
}

fn candidate(line: &str) -> Value {
    json!({ "candidate": line, "sdpMid": "0", "sdpMLineIndex": 0 })
}

const TURN: &str = r#"{"iceServers":[{"urls":["turn:turn.example.org"]}]}"#;

#[test]
fn each_fault_of_an_application_is_named() {
    let host = "candidate:1 1 udp 2113937151 192.168.1.2 5 typ host ufrag abcd";
    let other = "candidate:1 1 udp 2113937151 192.168.1.3 5 typ host ufrag efgh";
    let (offer, answer) = (
        sdp("offer", "a=ice-ufrag:abcd\r\na=setup:actpass\r\n"),
        sdp("answer", "a=ice-ufrag:efgh\r\na=setup:active\r\n"),
    );
    let local = ("setLocalDescription", offer.clone());
    let remote = ("setRemoteDescription", answer.clone());
    let stable = ("onsignalingstatechange", json!("\"stable\""));
    for (code, log) in [
        (
            "candidates-too-early",
            vec![
                local.clone(),
                ("addIceCandidate", candidate(other)),
                ("addIceCandidateFailed", json!("Error processing ICE candidate")),
                remote.clone(),
            ],
        ),
        ("candidate-refused", vec![local.clone(), remote.clone(), ("addIceCandidateFailed", json!("Error"))]),
        ("stale-candidates", vec![local.clone(), remote.clone(), ("addIceCandidate", candidate(host))]),
        ("description-refused", vec![("setRemoteDescriptionOnFailure", json!("Failed to parse"))]),
        ("setup-conflict", vec![local.clone(), ("setRemoteDescription", sdp("answer", "a=setup:actpass\r\n"))]),
        (
            "both-lite",
            vec![
                ("setLocalDescription", sdp("offer", "a=ice-lite\r\n")),
                ("setRemoteDescription", sdp("answer", "a=ice-lite\r\n")),
            ],
        ),
    ] {
        let explanation = dump(TURN, &log);
        let found = explanation.findings.iter().find(|finding| finding.code.to_string() == code);
        let found = found.unwrap_or_else(|| panic!("{code} is missing: {:?}", codes(&explanation)));
        assert!(found.fault && found.certainty == Certainty::Certain, "{found:?}");
        assert_eq!(explanation.outcome, Outcome::FaultFound);
    }
    let fitting = dump(
        TURN,
        &[
            local,
            remote,
            stable,
            ("addIceCandidate", candidate(other)),
            ("onconnectionstatechange", json!("\"connected\"")),
        ],
    );
    assert_eq!(
        (codes(&fitting), fitting.outcome),
        (vec!["(only-local-there/likely)".to_owned()], Outcome::NothingWrong)
    );
}

#[test]
fn every_era_of_webrtc_internals_tells_the_same() {
    let candidate =
        "candidate:7 1 udp 1677729535 203.0.113.9 61000 typ srflx raddr 0.0.0.0 rport 0 generation 0 ufrag abcd";
    let old = json!({ "PeerConnections": { "1-1": {
        "rtcConfiguration": "{ iceServers: [stun:stun.example.org], iceTransportPolicy: all, bundlePolicy: balanced }",
        "constraints": "",
        "updateLog": [
            { "time": "4/2/2021, 10:11:12", "type": "setLocalDescription", "value": "type: offer, sdp: v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=ice-ufrag:abcd\r\na=fingerprint:sha-256 AA\r\n" },
            { "time": "4/2/2021, 10:11:12", "type": "signalingStateChange", "value": "SignalingStateHaveLocalOffer" },
            { "time": "4/2/2021, 10:11:13", "type": "onIceCandidate", "value": format!("sdpMid: 0, sdpMLineIndex: 0, candidate: {candidate}, url: stun:stun.example.org") },
            { "time": "4/2/2021, 10:11:13", "type": "icecandidateerror", "value": "url: turn:turn.example.org\naddress: 192.0.2.x\nport: 5\nhost_candidate: 192.0.2.x:5\nerror_text: Unauthorized.\nerror_code: 401" },
            { "time": "4/2/2021, 10:11:14", "type": "iceConnectionStateChange", "value": "ICEConnectionStateChecking" },
            { "time": "4/2/2021, 10:11:29", "type": "iceConnectionStateChange", "value": "ICEConnectionStateFailed" },
        ],
        "stats": {},
    } }, "getUserMedia": [], "UserAgent": "old" });
    let explanation = explained(old.to_string().as_bytes());
    assert_eq!(explanation.connections[0].progress, "failed");
    assert!(codes(&explanation).contains(&"turn-credentials-refused/certain".to_owned()), "{:?}", codes(&explanation));
    assert!(codes(&explanation).contains(&"no-turn-configured/certain".to_owned()), "{:?}", codes(&explanation));
    let srflx = explanation.events.iter().find_map(|event| match &event.what {
        event::What::Candidate(candidate) => Some(candidate.clone()),
        _ => None,
    });
    assert_eq!(srflx.and_then(|candidate| candidate.url).as_deref(), Some("stun:stun.example.org"));
}

#[test]
fn candidates_and_descriptions_alone_say_what_follows_from_them() {
    let base = "raddr 192.168.1.2 rport 50000";
    let two = |one: &str, other: &str| {
        format!(
            "candidate:1 1 udp 5 203.0.113.9 61000 typ srflx {one}\ncandidate:2 1 udp 4 203.0.113.9 61733 typ srflx {other}\n"
        )
    };
    for (text, expected) in [
        (two(base, base), vec!["(mapping-depends-here/certain)"]),
        (two(base, "raddr 192.168.1.3 rport 50000"), vec![]),
        (two("", ""), vec!["(mapping-depends-here/likely)"]),
        (format!("{}candidate:3 1 udp 6 192.168.1.2 5 typ host", two("", "")), vec!["(mapping-depends-here/likely)"]),
        (
            format!("{}candidate:3 1 udp 6 192.168.1.2 5 typ host ufrag a", two("ufrag a", "ufrag a")),
            vec!["(mapping-depends-here/certain)"],
        ),
        (two("ufrag a", "ufrag b"), vec![]),
        (
            format!(
                "{}candidate:3 1 udp 6 192.168.1.2 5 typ host\ncandidate:4 1 udp 7 192.168.2.2 5 typ host",
                two("", "")
            ),
            vec![],
        ),
        ("candidate:3 1 udp 6 192.168.1.2 5 typ host".to_owned(), vec!["(only-local-here/likely)"]),
        (
            "candidate:3 1 udp 6 192.168.1.2 5 typ host\na=end-of-candidates".to_owned(),
            vec!["(only-local-here/certain)"],
        ),
        ("candidate:3 1 udp 6 100.64.1.2 5 typ srflx".to_owned(), vec!["(reflexive-not-public/certain)"]),
        ("candidate:3 1 udp 6 10.1.1.2 5 typ relay".to_owned(), vec!["(relay-not-public/certain)"]),
    ] {
        let explanation = explained(text.as_bytes());
        assert_eq!(
            (explanation.format, codes(&explanation)),
            (Format::Candidates, expected.iter().map(|&code| code.to_owned()).collect()),
            "{text}"
        );
    }
    let passive = |kind: &str| sdp(kind, "a=setup:passive\r\n");
    let both = json!([passive("offer"), passive("answer")]).to_string();
    let explanation = explained(both.as_bytes());
    assert_eq!((explanation.format, codes(&explanation)), (Format::Sdp, vec!["setup-conflict/certain".to_owned()]));
    let pasted = "> v=0\n> m=audio 9 UDP/TLS/RTP/SAVPF 0\n> a=setup:actpass\n".to_string();
    assert_eq!(codes(&explained(pasted.as_bytes())), ["fingerprint-missing/certain"]);
}

#[test]
fn what_is_put_around_a_file_is_taken_off() {
    let dump = String::from_utf8(file("chromium-home-symmetric-a.json")).unwrap();
    let plain = explained(dump.as_bytes());
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(dump.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for bytes in [
        format!("\u{feff}{dump}").into_bytes(),
        format!("Here it is:\n```json\n{dump}\n```\nThanks").into_bytes(),
        format!("> {}\r\n", dump.lines().collect::<Vec<_>>().join("\r\n> ")).into_bytes(),
        json!(dump).to_string().into_bytes(),
        utf16,
    ] {
        let explanation = explained(&bytes);
        assert_eq!((codes(&explanation), &explanation.events), (codes(&plain), &plain.events));
    }
}

#[test]
fn a_file_that_ends_in_the_middle_is_read_as_far_as_it_goes() {
    let dump = file("chromium-home-symmetric-a.json");
    let explanation = explained(&dump[..dump.len() / 2]);
    assert!(explanation.notes[0].contains("ends in the middle"), "{:?}", explanation.notes);
    assert_eq!(explanation.connections.len(), 1);
}

#[test]
fn ten_thousand_of_everything_take_no_time() {
    let lines: Vec<_> = (0..10_000).map(|port| format!("candidate:1 1 udp 5 192.0.2.1 {port} typ srflx")).collect();
    assert_eq!(explained(lines.join("\n").as_bytes()).events.len(), 10_000);
    let same = "candidate:1 1 udp 5 192.0.2.1 5 typ srflx ufrag a\n".repeat(10_000);
    assert_eq!(explained(same.as_bytes()).events.len(), 10_000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_does_harm(
        name in prop::sample::select(vec!["chromium-peer-forbidden.json", "firefox-home-symmetric-a.about.json", "chromium.getstats.json"]),
        cut in 0usize..1000,
        changes in prop::collection::vec((0usize..1000, any::<u8>()), 0..20),
    ) {
        let mut bytes = file(name);
        let length = bytes.len();
        let place = |thousandths: usize| (length * thousandths / 1000).min(length - 1);
        for (at, byte) in changes {
            bytes[place(at)] = byte;
        }
        bytes.truncate(place(cut));
        if let Ok(reading) = read(&bytes) {
            let _ = explain(reading);
        }
    }

    #[test]
    fn no_text_does_harm(text in "\\PC{0,300}") {
        let _ = read(text.as_bytes()).map(explain);
    }
}
