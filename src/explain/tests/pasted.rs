//! What people paste: dumps with words around them, addresses that somebody masked, what consoles and pages print, logs of applications.

use serde_json::json;

use super::super::event::{Party, StateOf, What};
use super::*;

fn reading(text: &str) -> Reading {
    read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn candidates(reading: &Reading) -> Vec<&event::Candidate> {
    let found = reading.events.iter().filter_map(|event| match &event.what {
        What::Candidate(candidate) => Some(candidate),
        _ => None,
    });
    found.collect()
}

fn states(reading: &Reading) -> Vec<(StateOf, &str)> {
    let found = reading.events.iter().filter_map(|event| match &event.what {
        What::State { of, value } => Some((*of, value.as_str())),
        _ => None,
    });
    found.collect()
}

fn errors(reading: &Reading) -> Vec<(&str, u16)> {
    let found = reading.events.iter().filter_map(|event| match &event.what {
        What::GatheringError(error) => Some((error.url.as_str(), error.code)),
        _ => None,
    });
    found.collect()
}

#[test]
fn words_around_a_dump_take_nothing_from_it() {
    for name in ["chromium-home-symmetric-a.json", "firefox-home-symmetric-a.about.json", "chromium.getstats.json"] {
        let text = String::from_utf8(file(name)).unwrap();
        let plain = explained(text.as_bytes());
        let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&text).unwrap()).unwrap();
        for wrapped in [
            format!("stats: {}", text.trim()),
            format!("Hello, this is my dump:\n\n{text}"),
            format!("{text}\n-- \nSent from my phone\n"),
            format!("{text}{text}"),
            text.replace(": ", ":\u{a0}"),
            pretty.lines().flat_map(|line| ["2026-05-06 10:11:12.345 INFO app: ", line, "\n"]).collect(),
            pretty.lines().flat_map(|line| ["> ", line, "\r\n"]).collect(),
        ] {
            let explanation = explained(wrapped.as_bytes());
            assert_eq!(
                (explanation.format, codes(&explanation)),
                (plain.format, codes(&plain)),
                "{name}: {}",
                &wrapped[..60]
            );
        }
    }
}

#[test]
fn a_log_of_firefox_says_the_same_without_its_line_breaks() {
    for name in ["firefox-home-symmetric-a.log.json", "firefox-symmetric-symmetric-turn-b.log.json"] {
        let list: Vec<String> = serde_json::from_slice(&file(name)).unwrap();
        let plain = explained(list.join("\n").as_bytes());
        let prefixed: Vec<String> = list.iter().map(|line| format!("12:34:56.789 INFO app: {line}")).collect();
        for pasted in [
            list.join(" "),
            prefixed.join("\n"),
            format!("the log: {}", serde_json::to_string(&list).unwrap()),
            format!("the log:\n{}\n", serde_json::to_string_pretty(&list).unwrap()),
            format!("> {}", list.join("\r\n> ")),
        ] {
            let explanation = explained(pasted.as_bytes());
            assert_eq!(
                (explanation.format, explanation.outcome, codes(&explanation)),
                (plain.format, plain.outcome, codes(&plain)),
                "{name}: {}",
                &pasted[..60]
            );
        }
    }
}

#[test]
fn masked_addresses_are_no_names_and_prove_nothing() {
    let of = |address: &str, port: u16| {
        format!("candidate:7 1 udp 1677729535 {address} {port} typ srflx raddr 0.0.0.0 rport 0\n")
    };
    for (address, means) in [
        ("x.x.x.x", "hidden in the file"),
        ("XXX.XXX.XXX.XXX", "hidden in the file"),
        ("***.***.***.***", "hidden in the file"),
        ("a.b.c.d", "hidden in the file"),
        ("[redacted]", "hidden in the file"),
        ("MY_PUBLIC_IP", "hidden in the file"),
        ("x:x:x:x:x:x:x:x", "hidden in the file"),
        ("192.168.1.x", "private, its end is masked"),
        ("203.0.113.xxx", "public, its end is masked"),
        ("2001:db8:1x:x:x:x:x:x", "public, its end is masked"),
        ("fe80:0:0x:x:x:x:x:x", "only this link, its end is masked"),
        ("media.example.org", "a name, which not every browser looks up"),
        ("6a1c0000-0000-4000-8000-00000000beef.local", "hidden by an mDNS name"),
    ] {
        let explanation = explained((of(address, 61_000) + &of(address, 61_733)).as_bytes());
        let said = explanation.events.iter().find_map(|event| match &event.what {
            What::Candidate(candidate) => Some(meaning(candidate)),
            _ => None,
        });
        assert_eq!(said.as_deref(), Some(means), "{address}");
        let certain = explanation.findings.iter().any(|finding| finding.certainty == Certainty::Certain);
        assert!(!certain, "{address}: {:?}", codes(&explanation));
    }
    let masked = "a=candidate:1 1 udp 2113937151 192.168.1.x 50000 typ host\na=candidate:2 1 udp 2113937151 10.0.0.x 50001 typ host\n";
    assert_eq!(codes(&explained(masked.as_bytes())), ["(only-local-here/likely)"]);
    let mut explanation = explained(masked.as_bytes());
    explanation.redact();
    let shown = serde_json::to_string(&explanation).unwrap();
    assert!(!shown.contains("192.168.1.") && shown.contains("192.168.0."), "{shown}");
}

#[test]
fn rtcstats_without_its_first_line_is_read_with_times_of_its_own() {
    let line = "candidate:7 1 udp 1677729535 x.x.x.x 61000 typ srflx raddr 0.0.0.0 rport 0";
    let text = [
        json!(["connectionInfo", null, { "url": "https://call.example" }, 1_700_000_000_000_u64]),
        json!(["navigator.mediaDevices.getUserMediaOnFailure", null, "NotReadableError", 1_700_000_000_010_u64]),
        json!(["close", null, {}, 1_700_000_000_020_u64]),
        json!(["create", "PC_0", { "iceServers": [{ "urls": "turn:turn.example" }] }, 1_700_000_000_100_u64]),
        json!(["setLocalDescription", "PC_0", { "type": "offer", "sdp": "v=0\r\nm=audio 9 RTP/AVP 0\r\na=ice-ufrag:abcd\r\n" }, 1_700_000_000_110_u64]),
        json!(["onicecandidate", "PC_0", { "candidate": line, "sdpMid": "0" }, 1_700_000_000_120_u64]),
        json!(["addIceCandidate", "PC_0", { "candidate": "candidate:8 1 udp 1 203.0.113.7 9000 typ relay raddr 0.0.0.0 rport 0", "sdpMid": "0" }, 1_700_000_000_150_u64]),
        json!(["oniceconnectionstatechange", "PC_0", "checking", 1_700_000_000_200_u64]),
        json!(["getstats", "PC_0", { "CP": { "type": "candidate-pair", "state": "in-progress", "requestsSent": 241, "requestsReceived": 0 } }, 1_700_000_010_000_u64]),
        json!(["onconnectionstatechange", "PC_0", "failed", 1_700_000_015_000_u64]),
    ];
    let text = text.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let explanation = explained(text.as_bytes());
    assert_eq!(explanation.format, Format::Rtcstats);
    assert_eq!(codes(&explanation), ["nothing-arrived/certain", "no-relay/likely"]);
    let last = explanation.events.iter().filter_map(|event| event.time_ms).max();
    assert_eq!(last, Some(1_700_000_015_000));
}

#[test]
fn what_consoles_and_pages_print_is_read() {
    let printed = "RTCPeerConnectionIceErrorEvent {isTrusted: true, address: \"192.0.2.x\", port: 54231, hostCandidate: \"192.0.2.x:54231\", url: \"stun:stun.example:19302\", errorCode: 701, errorText: \"STUN binding request timed out.\"}\n";
    let lines = "url: turn:turn.example:3478?transport=udp\naddress: 192.0.2.x\nport: 5\nhost_candidate: 192.0.2.x:5\nerror_text: Unauthorized.\nerror_code: 401\n";
    let words =
        "The server stun:stun.example:19302 returned an error with code=701:\nSTUN host lookup received error.\n";
    assert_eq!(errors(&reading(printed)), [("stun:stun.example:19302", 701)]);
    assert_eq!(errors(&reading(lines)), [("turn:turn.example:3478?transport=udp", 401)]);
    assert_eq!(errors(&reading(words)), [("stun:stun.example:19302", 701)]);
    assert_eq!(
        codes(&explained((lines.to_owned() + printed).as_bytes())),
        ["turn-credentials-refused/certain", "stun-unreachable/certain"]
    );
    let node = "[\n  {\n    id: 'CP1',\n    type: 'candidate-pair',\n    timestamp: 1,\n    state: 'succeeded',\n    nominated: true,\n    localCandidateId: 'I1'\n  },\n  { id: 'I1', type: 'local-candidate', candidateType: 'host', address: '192.0.2.7', port: 7, protocol: 'udp' }\n]\n";
    let explanation = explained(node.as_bytes());
    assert_eq!((explanation.format, explanation.outcome), (Format::GetStats, Outcome::NothingWrong));
    let table = "Time \tComponent \tType \tFoundation \tProtocol \tAddress\t\tPort \tPriority\n0.003\t1\t\thost\t0\t\tudp\t\tID1.local\t59401\t126 | 32512 | 255\n0.004\t2\t\thost\t2\t\ttcp\t\tID1.local\t9\t125 | 32704 | 254\n> 0.045\t1\t\tsrflx\t1\t\tudp\t\tIP-Address\t59401\t100 | 32543 | 255\n0.2 relay 5 udp 198.51.100.7 50000 2 | 30 | 255 turn:turn.example udp\n0.066\t\t\t\t\t\t\t\t\t\t\tDone\n";
    let reading = reading(table);
    let found: Vec<_> = candidates(&reading).iter().map(|it| (it.kind.name(), it.port, it.priority)).collect();
    let expected = [
        ("host", 59_401, 2_122_252_543),
        ("host", 9, 2_105_524_478),
        ("srflx", 59_401, 1_686_052_863),
        ("relay", 50_000, 33_562_367),
    ];
    assert_eq!(found, expected);
    assert!(reading.events.iter().any(|event| event.what == What::EndOfCandidates));
}

#[test]
fn events_that_were_copied_from_the_page_are_told_in_their_order() {
    let text = "# From `chrome://webrtc-internals/`\n23/05/2026, 20:26:28 | icegatheringstatechange gathering\n23/05/2026, 20:26:28 | icecandidate (host) sdpMid: 0, sdpMLineIndex: 0, candidate: candidate:29 1 udp 2122260223 10.223.4.226 55226 typ host generation 0 ufrag rbqB network-id 2\n23/05/2026, 20:26:29 | icecandidateerror\nurl: turn:turn.example:3478?transport=udp\naddress: 10.223.4.x\nport: 55226\nhost_candidate: 10.223.4.x:55226\nerror_text: Unauthorized.\nerror_code: 401\n23/05/2026, 20:26:29 | setRemoteDescription (type: \"answer\", 1 sections)\ntype: answer, sdp: v=0\no=- 1 2 IN IP4 127.0.0.1\nm=audio 9 UDP/TLS/RTP/SAVPF 0\na=ice-ufrag:wXyZ\na=fingerprint:sha-256 AA\n23/05/2026, 20:26:30 | iceconnectionstatechange checking\n23/05/2026, 20:26:45 | iceconnectionstatechange failed\n";
    let explanation = explained(text.as_bytes());
    assert_eq!((explanation.format, explanation.connections[0].progress.as_str()), (Format::CopiedEvents, "failed"));
    let codes = codes(&explanation);
    assert_eq!(codes.first().map(String::as_str), Some("turn-credentials-refused/certain"), "{codes:?}");
    let logged = "oniceconnectionstatechange: checking\nsomething else\noniceconnectionstatechange -> connected\nonconnectionstatechange event\n";
    assert_eq!(states(&reading(logged)), [(StateOf::Ice, "checking"), (StateOf::Ice, "connected")]);
}

/// Lines as libwebrtc writes them, with addresses of the documentation.
const NATIVE: &str = "[000:439] [3335] (turnport.cc:335): Port[11b4e00:0:1:0:relay:Net[en0:192.168.50.0/24:Wifi:id=1]]: Trying to connect to TURN server via udp @ 198.51.100.7:3478
[000:379] [3335] (basicportallocator.cc:909): Port[11ac600:0:1:0:local:Net[en0:192.168.50.0/24:Wifi:id=1]]: Gathered candidate: Cand[:2047277109:1:udp:2122260223:192.168.50.x:65400:local::0:0qbZ:SECRETSECRETSECRET:1:10:0]
[000:399] [3335] (basicportallocator.cc:909): Port[11ac600:0:1:0:local:Net[en0:192.168.50.0/24:Wifi:id=1]]: Gathered candidate: Cand[:4216258177:1:udp:1686052607:203.0.113.213:54541:stun:192.168.50.49:65400:0qbZ:SECRETSECRETSECRET:1:10:0]
[000:454] [3335] (turnport.cc:1333): Port[11b4e00:0:1:0:relay:Net[en0:192.168.50.0/24:Wifi:id=1]]: Received TURN allocate error response, id=61426b36764d637244316e47, code=401, rtt=14
";
const CHECKED: &str = "[001:000] [3335] (connection.cc:1441): Conn[9f734db0:0:Net[wlan0:10.0.2.x/24:Wifi:id=5]:XKPDYGP8:1:0:local:udp:10.0.2.x:53538->XbDw1mmJ:1:1686052607:stun:udp:203.0.113.x:36306|C--I|-|0|0|7241540810645061119|-]: Sent STUN BINDING request, id=4c4d616c4351786f52676755, use_candidate=0, nomination=0
";

#[test]
fn the_log_of_an_application_tells_what_its_browserless_agent_met() {
    let allocated = "[000:468] [3335] (turnport.cc:1287): Port[11b4e00:0:1:0:relay:Net[en0:192.168.50.0/24:Wifi:id=1]]: TURN allocate requested successfully, id=47305a4e534736355a4e6945, code=0, rtt=13\n";
    let refused = "[000:468] [3335] (turnport.cc:1333): Port[11b4e00:0:1:0:relay:Net[en0:192.168.50.0/24:Wifi:id=1]]: Received TURN allocate error response, id=47305a4e534736355a4e6945, code=401, rtt=13\n";
    let forbidden = "[000:500] [3335] (turn_port.cc:1619): Port[11b4e00:0:1:0:relay:Net[en0:192.168.50.0/24:Wifi:id=1]]: Received TURN create permission error response, id=6142, code=403, rtt=14\n";
    let timed_out = CHECKED.replace("|C--I|", "|C-xI|");
    let worked = CHECKED.replace("|C--I|-|", "|CRWS|S|");
    for (what, log, progress, expected) in [
        (
            "the password is wrong",
            NATIVE.to_owned() + refused + CHECKED + &timed_out,
            "failed",
            vec!["turn-credentials-refused/certain", "nothing-answered/certain"],
        ),
        (
            "the server forbids the peer",
            NATIVE.to_owned() + allocated + forbidden + CHECKED + &timed_out,
            "failed",
            vec!["relay-permission-refused/certain", "nothing-answered/certain"],
        ),
        ("the first 401 is as usual", NATIVE.to_owned() + allocated + CHECKED, "checking", vec![]),
        ("it connects", NATIVE.to_owned() + allocated + CHECKED + &worked, "connected", vec![]),
        (
            "it connects and breaks",
            NATIVE.to_owned() + allocated + CHECKED + &worked + &timed_out,
            "lost",
            vec!["lost-after-connected/certain"],
        ),
    ] {
        let explanation = explained(log.as_bytes());
        assert_eq!(
            (explanation.format, explanation.connections[0].progress.as_str()),
            (Format::LibwebrtcLog, progress),
            "{what}"
        );
        assert_eq!(codes(&explanation), expected, "{what}");
        assert!(!format!("{explanation:?}").contains("SECRET"), "{what}: the password of ICE");
        let here = explanation
            .events
            .iter()
            .filter(|event| event.party == Party::Here && matches!(event.what, What::Candidate(_)));
        assert!(here.count() >= 2, "{what}");
    }
}

#[test]
fn logs_that_are_not_read_are_named_with_what_to_save() {
    for (log, says) in [
        (
            "[2026-01-01T00:00:00Z INFO webrtc_ice::agent::agent_internal] [controlled]: Setting new connection state: Failed\n",
            "webrtc-rs",
        ),
        ("219113 60.673199254 192.0.2.249 -> 192.0.2.3  STUN 130 Binding Request user: 0+jS:ad3d\n", "tshark -w"),
        ("12:34:56.789012 IP 192.0.2.5.54321 > 203.0.113.5.3478: UDP, length 28\n", "tcpdump -w"),
        ("[Info] RTCPeerConnection::dispatchEvent(1E94BA3545EC2ECF) dispatching 'track'\n", "Safari"),
    ] {
        let error = read(log.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(says), "{log}: {error}");
    }
    let janus = "[janus.plugin.videoroom] x\n[227755585] Trickle candidate (0): candidate:0 1 UDP 2122252543 10.30.2.74 57112 typ host\n";
    assert!(reading(janus).notes[0].contains("log of Janus"), "{:?}", reading(janus).notes);
    let lines = "{\"type\":\"identity\",\"data\":{}}\n{\"type\":\"stats\",\"data\":\"{}\"}\n";
    assert_eq!(read(lines.as_bytes()), Err(ReadError::OtherJson));
}
