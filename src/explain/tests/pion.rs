//! Logs of pion, of calls between two namespaces behind two NATs: the name is the truth, as of the calls of browsers.

use std::fs;
use std::path::Path;

use super::super::*;
use super::{codes, explained};

fn log(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain/pion");
    fs::read(folder.join(format!("{name}.log.gz"))).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_log_of_pion_tells_what_was_tried_and_refused() {
    let mut different = Vec::new();
    for (name, progress, expected) in [
        ("home-home-none", "connected", vec![]),
        ("home-symmetric-none", "failed", vec!["nothing-arrived/certain"]),
        ("home-symmetric-refusing", "failed", vec!["turn-credentials-refused/certain", "nothing-arrived/certain"]),
        (
            "home-symmetric-forbidding",
            "failed",
            vec!["relay-permission-refused/certain", "relays-of-one-server/likely", "nothing-arrived/certain"],
        ),
        (
            "home-symmetric-silent",
            "failed",
            vec!["nothing-arrived/certain", "turn-unreachable/certain", "stun-unreachable/certain"],
        ),
        (
            "blocked-home-turn",
            "failed",
            vec![
                "udp-blocked/likely",
                "nothing-arrived/certain",
                "turn-unreachable/certain",
                "stun-unreachable/certain",
                "stun-unreachable/certain",
                "stun-unreachable/certain",
            ],
        ),
    ] {
        let explanation = explained(&log(name));
        assert_eq!(
            (explanation.format, explanation.connections[0].progress.as_str()),
            (Format::PionLog, progress),
            "{name}"
        );
        if codes(&explanation) != expected {
            different.push(format!("{name}: {:?}", codes(&explanation)));
        }
        assert!(!format!("{explanation:?}").contains("remotePwd"), "{name}");
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// Later versions begin with a capital letter and say where a name led.
#[test]
fn every_version_of_pion_says_the_same() {
    let old = String::from_utf8(super::redaction::unpacked(&log("home-symmetric-refusing"))).unwrap();
    let new = old
        .replace(": ping STUN", ": Ping STUN")
        .replace(": max requests reached", ": Maximum requests reached")
        .replace("Failed to allocate on turn.Client", "Failed to allocate on TURN client")
        .replace(": inbound STUN", ": Inbound STUN")
        .replace("start Allocate", "Start Allocate")
        .replace(" to udp4 host 10.1.0.2:46587", " to udp4 host 10.1.0.2:46587 (resolved: 10.1.0.2:46587)");
    assert_ne!(old, new);
    let [old, new] = [old, new].map(|text| explained(text.as_bytes()));
    assert_eq!((codes(&old), old.events), (codes(&new), new.events));
}

#[test]
fn what_several_agents_wrote_is_not_taken_for_one_calls() {
    let text = String::from_utf8(super::redaction::unpacked(&log("home-symmetric-refusing"))).unwrap();
    let both = explained((text.clone() + &text).as_bytes());
    assert_eq!(codes(&both), ["turn-credentials-refused/certain"]);
    assert!(both.notes[0].starts_with("2 agents wrote into it"), "{:?}", both.notes);
}

#[test]
fn the_connections_of_libwebrtcs_log_are_told_apart() {
    let call = |object: &str, port: u16, fragment: &str, write: &str| {
        let net = "Net[wlan0:10.0.2.x/24:Wifi:id=5]";
        let pair = |state: &str| {
            format!(
                "(connection.cc:1441): Conn[{object}c:0:{net}:XKPDYGP8:1:0:local:udp:10.0.2.x:{port}->XbDw1mmJ:1:1686052607:stun:udp:203.0.113.x:36306|{state}|-|0|0|7241540810645061119|-]: Sent STUN BINDING request\n"
            )
        };
        format!(
            "(basicportallocator.cc:909): Port[{object}:0:1:0:local:{net}]: Gathered candidate: Cand[:2047277109:1:udp:2122260223:10.0.2.x:{port}:local::0:{fragment}:SECRETSECRETSECRET:1:10:0]\n{}{}",
            pair("C--I"),
            pair(write)
        )
    };
    let (one, other) = (call("11ac600", 53_538, "0qbZ", "CRWS"), call("22bd700", 41_000, "9xYz", "C-xI"));
    let explanation = explained((one.clone() + &other).as_bytes());
    let told: Vec<&str> = explanation.connections.iter().map(|it| it.progress.as_str()).collect();
    assert_eq!(told, ["connected", "failed"], "{:?}", explanation.notes);
    assert!(!format!("{explanation:?}").contains("SECRET"));
    // At the same time too.
    let mixed: String = one.lines().zip(other.lines()).flat_map(|(one, other)| [one, "\n", other, "\n"]).collect();
    let told: Vec<String> = explained(mixed.as_bytes()).connections.into_iter().map(|it| it.progress).collect();
    assert_eq!(told, ["connected", "failed"]);
    // Without what was gathered nothing tells.
    let bare: String =
        (one + &other).lines().filter(|line| line.contains("Conn[")).flat_map(|line| [line, "\n"]).collect();
    let explanation = explained(bare.as_bytes());
    assert!(
        explanation.connections.len() == 1 && explanation.notes[0].contains("may be of several"),
        "{:?}",
        explanation.notes
    );
}

/// What goes through a relay is of the connection that gathered it, and what nobody gathered is of none.
#[test]
fn the_relays_of_libwebrtcs_log_are_told_apart() {
    let net = "Net[wlan0:10.0.2.x/24:Wifi:id=5]";
    let gathered = |object: &str, kind: &str, port: u16, fragment: &str| {
        format!(
            "(basicportallocator.cc:909): Port[{object}:0:1:0:{kind}:{net}]: Gathered candidate: Cand[:2047277109:1:udp:2122260223:10.0.2.x:{port}:{kind}::0:{fragment}:SECRETSECRETSECRET:1:10:0]\n"
        )
    };
    let pair = |object: &str, kind: &str, port: u16, state: &str| {
        format!(
            "(connection.cc:1441): Conn[{object}:0:{net}:XKPDYGP8:1:0:{kind}:udp:198.51.100.x:{port}->XbDw1mmJ:1:1686052607:stun:udp:203.0.113.x:36306|{state}|-|0|0|7241540810645061119|-]: Sent STUN BINDING request\n"
        )
    };
    let text = [
        gathered("a", "local", 53_538, "0qbZ"),
        gathered("ar", "relay", 60_001, "0qbZ"),
        gathered("b", "local", 41_000, "9xYz"),
        gathered("br", "relay", 60_002, "9xYz"),
        pair("c1", "relay", 60_001, "C--I"),
        pair("c2", "relay", 60_002, "C--I"),
        pair("c1", "relay", 60_001, "CRWS"),
        pair("c2", "relay", 60_002, "C-xI"),
        // The other end saw this one's address otherwise: the pair is the same.
        pair("c2", "prflx", 60_009, "C-xI"),
        pair("c9", "prflx", 7, "CRWS"),
    ];
    let told: Vec<String> = explained(text.concat().as_bytes()).connections.into_iter().map(|it| it.progress).collect();
    assert_eq!(told, ["connected", "failed"]);
}

/// Servers are asked at once: which of them failed follows from the number of its request.
#[test]
fn of_two_servers_the_one_that_failed_is_named() {
    let log = String::from_utf8(super::redaction::unpacked(&log("home-symmetric-refusing"))).unwrap();
    let asked =
        "turnc TRACE: 08:08:13.988022 client.go:366: start Allocate request transaction KEY to 198.51.100.99:3478\n";
    let silent = |server: &str| {
        format!(
            "ice WARNING: 2026/11/27 08:08:20 Failed to allocate on turn.Client {server} all retransmissions failed for KEY\n"
        )
    };
    let at = log.find("ice WARNING").unwrap();
    for server in ["198.51.100.99:3478", "turn.example:3478"] {
        let explanation = explained(format!("{}{asked}{}{}", &log[..at], &log[at..], silent(server)).as_bytes());
        let found = codes(&explanation);
        assert!(found.contains(&"turn-credentials-refused/certain".to_owned()), "{found:?}");
        let told = explanation.findings.iter().find(|finding| finding.code == CauseCode::TurnUnreachable);
        assert!(told.is_some_and(|told| told.text.contains("198.51.100.99:3478")), "{:?}", explanation.findings);
    }
}

/// What the newest version says, in its words.
#[test]
fn servers_that_are_not_reached_are_named() {
    for (line, expected) in [
        (
            "failed to allocate on TURN client 198.51.100.7:3478 Allocate error response (error 401: Unauthorized)",
            "turn-credentials-refused",
        ),
        ("failed to get server reflexive address udp4 stun:198.51.100.7:3478: i/o timeout", "stun-unreachable"),
        (
            "Failed to resolve TURN host: udp4 turn.example:3478: lookup turn.example on 127.0.0.53:53: no such host",
            "name-unresolved",
        ),
        (
            "Failed to dial TCP address turn.example:3478: dial tcp4 198.51.100.7:3478: connect: connection refused",
            "turn-unreachable",
        ),
        ("Failed to connect to relay: dial tcp4 198.51.100.7:5349: i/o timeout", "turn-unreachable"),
    ] {
        let text = format!(
            "ice WARNING: 2026/11/27 08:08:13 {line}\nice INFO: 2026/11/27 08:08:14 Setting new connection state: Checking\nice INFO: 2026/11/27 08:08:44 Setting new connection state: Failed\n"
        );
        let found = codes(&explained(text.as_bytes()));
        assert!(found.iter().any(|code| code.starts_with(expected)), "{line}: {found:?}");
    }
}

/// On the level of information nobody says that it starts.
#[test]
fn agents_that_say_nothing_but_their_states_are_told_apart_from_one() {
    let states = |states: &[&str]| -> String {
        let line = |state: &&str| format!("ice INFO: 2026/11/27 08:08:14 Setting new connection state: {state}\n");
        states.iter().map(line).collect()
    };
    let refused = "ice WARNING: 2026/11/27 08:08:13 Failed to allocate on turn.Client 198.51.100.7:3478 Allocate error response (error 401: Unauthorized)\n";
    for (all, several) in [
        (&["Checking", "Connected", "Disconnected", "Connected"][..], false),
        (&["Checking", "Checking", "Connected", "Failed"][..], true),
        (&["Checking", "Connected", "Checking", "Failed"][..], true),
    ] {
        let explanation = explained((refused.to_owned() + &states(all)).as_bytes());
        assert_eq!(!explanation.notes.is_empty(), several, "{all:?}");
        assert_eq!(explanation.connections[0].progress == "untold", several, "{all:?}");
    }
}
