//! Texts of people: servers, the configuration of an application, scenarios.

use nat_probe::sim::{Scenario, presets};
use nat_probe::wire::{ServerSpec, ice_servers, masked};

use crate::dice::{Dice, fuzz};
use crate::runs;

const SERVERS: [&str; 16] = [
    "stun.example.org",
    "stun.example.org:3478",
    "192.0.2.1:3478",
    "[2001:db8::1]:3478",
    "2001:db8::1",
    "stun:stun.example.org",
    "stuns:[2001:db8::1]:5349",
    "turn:turn.example.org?transport=udp",
    "turns:turn.example.org:5349?transport=tcp",
    "turn://turn.example.org",
    "turn:alice:hunter2@turn.example.org",
    "turn:alice@turn.example.org?password=hunter2",
    "https://alice:hunter2@turn.example.org/path#x",
    "fe80::1%eth0",
    "xn--bcher-kva.example",
    "bücher.example",
];

const WORDS: [&[u8]; 12] = [
    b"turn:",
    b"://",
    b"@",
    b"?transport=",
    b"[",
    b"]",
    b":0",
    b":65536",
    b"%",
    "\u{202e}".as_bytes(),
    b"\x1b[",
    b"\0",
];

fn text(dice: &mut Dice, seeds: &[&str], words: &[&[u8]]) -> String {
    let (seed, other) = (*dice.pick(seeds), *dice.pick(seeds));
    String::from_utf8_lossy(&dice.mutate(seed.as_bytes(), other.as_bytes(), words)).into_owned()
}

#[test]
fn servers() {
    fuzz(|dice| {
        let text = text(dice, &SERVERS, &WORDS);
        let _ = masked(&text);
        let errors = [ServerSpec::parse(&text).err(), ServerSpec::parse_turn(&text).err()];
        for error in errors.into_iter().flatten() {
            let told = error.to_string();
            assert!(!told.contains(|c: char| c.is_control()), "{text:?}: {told:?}");
        }
        if let Ok(spec) = ServerSpec::parse(&text) {
            let again = ServerSpec::parse(&spec.to_string()).unwrap();
            assert_eq!((again.host, again.port, again.secure), (spec.host, spec.port, spec.secure), "{text:?}");
        }
    });
}

#[test]
fn configurations() {
    const SEEDS: [&str; 4] = [
        r#"{"iceServers": [{"urls": "stun:a.example"}, {"urls": ["turn:a.example", "turns:a.example?transport=tcp"], "username": "u", "credential": "c"}]}"#,
        r#"[{"url": "turn:a.example", "username": "u", "credential": "c", "credentialType": "password"}]"#,
        "new RTCPeerConnection({iceServers: [{urls: 'turn:a.example', username: 'u', credential: 'c'}]}); // x",
        "{\"urls\": [[[{}]]], \"username\": 7, \"credential\": null, \"iceTransportPolicy\": \"relay\"}",
    ];
    let words: [&[u8]; 8] = [b"{", b"[", b"\"urls\":", b"\"credential\":", b"'", b"/*", b"\\u0000", b"1e999"];
    fuzz(|dice| {
        let _ = ice_servers::read(text(dice, &SEEDS, &words).as_bytes());
    });
}

#[test]
fn scenarios() {
    let seeds: Vec<&str> = presets().iter().map(|preset| preset.toml).collect();
    let words: [&[u8]; 10] = [
        b"[[nats]]\n",
        b"[[servers]]\n",
        b"[servers.turn]\n",
        b"= []\n",
        b"nan",
        b"1e308",
        b"-1",
        b"\"\"",
        b"0",
        b"99999999999",
    ];
    fuzz(|dice| {
        if let Ok(scenario) = Scenario::from_toml(&text(dice, &seeds, &words)) {
            runs::measure(dice, &scenario, 0);
        }
    });
}
