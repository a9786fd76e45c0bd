//! Texts of people: servers, the configuration of an application, scenarios.

use nat_probe::explain::turnserver;
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
    const SEEDS: [&str; 13] = [
        r#"{"iceServers": [{"urls": "stun:a.example"}, {"urls": ["turn:a.example", "turns:a.example?transport=tcp"], "username": "u", "credential": "c"}]}"#,
        r#"[{"url": "turn:a.example", "username": "u", "credential": "c", "credentialType": "password"}]"#,
        "new RTCPeerConnection({iceServers: [{urls: 'turn:a.example', username: 'u', credential: 'c'}]}); // x",
        "{\"urls\": [[[{}]]], \"username\": 7, \"credential\": null, \"iceTransportPolicy\": \"relay\"}",
        "turn_uris: [ \"turn:a.example\" ]\nturn_shared_secret: &s \"hunter2\"\n---\nrtc:\n  turn_servers:\n  - {host: a, port: 1, <<: *s}\n",
        "kind: ConfigMap\ndata:\n  homeserver.yaml: |\n    turn_uris: [turn:a.example]\n    turn_secret: hunter2\n",
        "external_services = {\n  { type = \"turn\", host = 'a', port = 3478, secret = true }; -- x\n}\nexternal_service_secret = [[hunter2]]\n",
        "export TURN_URL=\"turn:a.example,turns:a.example\"\nTURN_USERNAME=alice\nTURN_PASSWORD='hunter2'\n",
        "<services><service type='turn' host='a' port='1' password='hunter2'/><!-- x --><bean class='a.TurnServer'>\n<constructor-arg index='1' value='turn:a'/>\n</bean></services>",
        "pc = RTCIceServer(urls=[f\"turn:{h}\", \"turn:a.example\"], username=\"a\\\"b\", credential='hunter2')\n",
        "IceServer.builder(\"turn:a.example\").setUsername(\"a\").setPassword(\"hunter2\").createIceServer()",
        "let a = { iceServers: [ { urls: 'turn:a.example', username: 'a', credential: `hunter2` } ] };\nb.iceServers = [c];\n",
        "# Read\n```yaml\nweb_rtc:\n  ice_servers:\n  - url: turn:a.example\n    username: !secret a\n    credential: hunter2\n```\n",
    ];
    let words: [&[u8]; 16] = [
        b"{",
        b"[",
        b"\"urls\":",
        b"\"credential\":",
        b"'",
        b"/*",
        b"\\u0000",
        b"1e999",
        b"*s",
        b"&s ",
        b"--[[",
        b"\n",
        b": |\n",
        b"```\n",
        b"<!--",
        b"}}",
    ];
    fuzz(|dice| {
        let text = text(dice, &SEEDS, &words);
        for read in [ice_servers::read, ice_servers::read_application, ice_servers::read_either] {
            if let Err(why) = read(text.as_bytes()) {
                assert!(!why.contains(|c: char| c.is_control()) && !why.contains("hunter2"), "{text:?}: {why:?}");
            }
        }
    });
}

#[test]
fn turnserver_configurations() {
    const SEEDS: [&str; 6] = [
        "use-auth-secret\nstatic-auth-secret=hunter2 # ours\nrealm=example.org\nexternal-ip=203.0.113.5/10.0.0.1\nmin-port=1\nmax-port=9\n",
        "lt-cred-mech\nuser=alice:'hunter2'\ndenied-peer-ip=10.0.0.0/8\ncert=~/a.pem\npkey=/b.pem\ncli-ip=0.0.0.0\ncli-password=hunter2\n",
        "{% if a %}\nrealm={{ a }}\n{% endif %}\n{{- if b }}\nverbose\n<%= c %>\n${D}\nmin-port=${E}\n",
        "kind: ConfigMap\ndata:\n  turnserver.conf: |\n    realm=x\n    user=a:hunter2\n",
        "cat > turnserver.conf <<EOF\nrealm=x\nEOF\n```\nno-udp\n```\n",
        "exec turnserver -n -a -u a:hunter2 --realm x --no-tls \"$@\"\n  command: [\"--external-ip=1.2.3.4\", '-v']\n",
    ];
    let words: [&[u8]; 12] =
        [b"=", b" # ", b";", b"\"", b"0.0.0.0-", b"/", b"{{", b"%}", b"<%", b"\xef\xbb\xbf", b"<<", b"--"];
    fuzz(|dice| {
        let text = text(dice, &SEEDS, &words);
        let versions = ["4.5.0.8", "4.6.1", "4.17.1"];
        let options = turnserver::LintOptions {
            version_is: turnserver::VersionIs::Asked,
            ..turnserver::LintOptions::of_text_alone(dice.pick(&versions).parse().unwrap())
        };
        let Ok(found) = turnserver::lint(text.as_bytes(), options) else { return };
        for fault in found.findings {
            let told = [&fault.text, &fault.effect, &fault.fix];
            let bad = |told: &&String| told.contains(|c: char| c.is_control());
            assert!(!told.iter().any(bad), "{text:?}: {fault:?}");
        }
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
