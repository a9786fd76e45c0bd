//! `peer connect`: both sides in simulated networks, two processes on this host, and what comes in the place of a token.
#![allow(clippy::disallowed_methods, reason = "two processes need real time")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nat_probe::peer::Token;
use nat_probe::wire::Secret;
use serde_json::Value;

use super::{json, run, system_root};

fn simulated(arguments: &str) -> Value {
    json(&format!("peer connect --json --simulate {arguments}"))
}

#[test]
fn exit_codes_say_what_came_of_it() {
    for (arguments, code) in [
        ("home-router", 0),
        ("home-router --there symmetric", 1),
        ("symmetric --there full-cone", 0),
        ("public-host --there home-router", 0),
        ("ipv6-firewall", 0),
        ("ipv6-firewall --there ipv6-only", 0),
        ("ipv6-only --there home-router", 1),
        ("hotel-udp-blocked", 1),
        ("offline", 3),
        ("offline --there home-router", 3),
        ("turn-server --relay-only", 0),
        ("home-router --relay-only", 3),
        ("home-router --require connected-by=direct", 0),
        ("turn-server --relay-only --require connected-by=direct", 1),
        ("turn-server --relay-only --require connected-by=relay", 0),
        ("home-router --there symmetric --require connected-by=relay", 1),
        ("offline --require connected-by=direct", 3),
        ("home-router --require prediction=direct", 2),
        ("home-router --there no-such-network", 2),
        ("home-router --token-out -", 2),
        ("home-router --qr", 2),
        ("home-router --beside /no/such/file", 2),
    ] {
        let run = run(&format!("peer connect --simulate {arguments}"));
        assert_eq!(run.code, Some(code), "{arguments}: {}{}", run.stdout, run.stderr);
    }
    for arguments in ["--there symmetric", "np1-AAAA", "--relay-only", "--idle x", "--token-in a np1-x"] {
        assert_eq!(run(&format!("peer connect {arguments}")).code, Some(2), "{arguments}");
    }
}

#[test]
fn the_paths_of_the_json_are_there() {
    let connected = simulated("full-cone --there symmetric --idle 30s");
    for (path, value) in [
        ("/connected", true.into()),
        ("/selected/local/type", "srflx".into()),
        ("/selected/remote/type", "prflx".into()),
        ("/loss_percent", 0.0.into()),
        ("/traffic/answered", 50.into()),
        ("/traffic/expected", 50.into()),
        ("/idle/survived", true.into()),
        ("/cause", "connected".into()),
        ("/command", "peer-connect".into()),
        ("/network", "simulated".into()),
        ("/options/there", "symmetric".into()),
        ("/prediction/prediction", "inconclusive".into()),
    ] {
        assert_eq!(connected.pointer(path), Some(&value), "{path} in {connected:#}");
    }
    assert!(connected["selected"]["rtt_ms"].as_f64().unwrap() > 1.0, "{connected:#}");
    let failed = simulated("home-router --there symmetric");
    for (path, value) in [
        ("/connected", Value::from(false)),
        ("/side", "there".into()),
        ("/cause", "there-dependent".into()),
        ("/pairs/0/progress", "never-answered".into()),
        ("/pairs/0/local/type", "host".into()),
        ("/pairs/0/answered", 0.into()),
    ] {
        assert_eq!(failed.pointer(path), Some(&value), "{path} in {failed:#}");
    }
    assert!(failed["pairs"].as_array().unwrap().iter().all(|pair| !pair["reason"].as_str().unwrap().is_empty()));
    assert!(failed.get("selected").is_none() && failed["fix"].as_str().unwrap().contains("--turn"));
}

#[test]
fn a_saved_report_is_judged_again() {
    for arguments in
        ["home-router", "home-router --there symmetric", "turn-server --relay-only", "full-cone --idle 20s", "offline"]
    {
        let file = tempfile::NamedTempFile::new().unwrap();
        let first = run(&format!("peer connect --simulate {arguments} --json")).stdout;
        fs::write(file.path(), &first).unwrap();
        let again = run(&format!("peer connect --from {} --json", file.path().display())).stdout;
        assert_eq!(again, first, "{arguments}");
    }
}

#[test]
fn no_address_survives_redaction() {
    for arguments in ["home-router", "home-router --there symmetric", "turn-server --relay-only"] {
        for options in ["", "-vv", "--json", "--ndjson"] {
            let told = run(&format!("peer connect --simulate {arguments} --redact {options}")).stdout;
            assert!(told.contains("onnected"), "{told}");
            for secret in ["192.168.", "203.0.113.", "198.51.100."] {
                assert!(!told.contains(secret), "{arguments} {options}: {secret} in {told}");
            }
        }
    }
}

#[test]
fn each_pair_that_comes_further_is_an_event() {
    let lines = run("peer connect --simulate full-cone --there symmetric --ndjson").stdout;
    let events: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let progress: Vec<&str> =
        events.iter().filter(|event| event["event"] == "pair").filter_map(|event| event["progress"].as_str()).collect();
    assert!(progress.contains(&"never-answered") && progress.contains(&"nominated"), "{progress:?}");
    assert_eq!(events.last().unwrap()["event"], "report");
    let times: Vec<f64> = events.iter().filter_map(|event| event["at_ms"].as_f64()).collect();
    assert!(times.is_sorted(), "{times:?}");
}

/// What comes is compared with what was to be expected, and where it differs that is said with what it means.
#[test]
fn an_outcome_that_nobody_predicted_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, arguments: &str| {
        let path = folder.path().join(name);
        fs::write(&path, run(arguments).stdout).unwrap();
        path.display().to_string()
    };
    let [home, symmetric] =
        ["home-router", "symmetric"].map(|network| write(network, &format!("classify --simulate {network} --json")));
    let direct = write("direct", &format!("peer predict {home} {home} --json"));
    let relay = write("relay", &format!("peer predict {home} {symmetric} --json"));
    for (arguments, predicted, contradiction) in [
        (format!("home-router --beside {direct}"), "direct", None),
        (format!("home-router --there symmetric --beside {relay}"), "relay", None),
        (
            format!("home-router --there symmetric --beside {direct}"),
            "direct",
            Some("direct was predicted, and nothing works"),
        ),
        (format!("home-router --beside {relay}"), "relay", Some("relay was predicted, and a direct pair works")),
        (
            format!("turn-server --relay-only --beside {direct}"),
            "direct",
            Some("direct was predicted, and only a relay works"),
        ),
        (format!("home-router --beside {home}"), "inconclusive", None),
        (
            format!("symmetric --there full-cone --beside {home}"),
            "inconclusive",
            Some("in this session its NAT took several"),
        ),
    ] {
        let found = simulated(&arguments);
        assert_eq!(found["prediction"]["prediction"], predicted, "{arguments}: {found:#}");
        let told = found["contradiction"].as_str();
        assert_eq!(told.is_some(), contradiction.is_some(), "{arguments}: {told:?}");
        if let (Some(told), Some(contradiction)) = (told, contradiction) {
            assert!(told.contains(contradiction), "{arguments}: {told}");
            let page = run(&format!("peer connect --simulate {arguments}")).stdout;
            assert!(page.contains(&format!("! {}", &contradiction[..20])) || page.contains("! the report"), "{page}");
        }
    }
    let turn = write("turn", "turn --simulate turn-server --json -u demo --password demo");
    let refused = run(&format!("peer connect --simulate home-router --beside {turn}"));
    assert!(refused.code == Some(2) && refused.stderr.contains("says nothing of the NAT"), "{}", refused.stderr);
}

/// A process of a session on this host, which asks nobody.
fn start(arguments: &[&str], stdin: Stdio) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nat-probe"));
    command.env_clear().env("LC_ALL", "C.UTF-8").envs(system_root());
    command.args(["peer", "connect", "-4", "--server", "127.0.0.1:9"]);
    command.args(arguments).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn wait_for(path: &Path) -> String {
    let patience = Instant::now() + Duration::from_secs(30);
    while !path.exists() {
        assert!(Instant::now() < patience, "no token");
        std::thread::sleep(Duration::from_millis(20));
    }
    fs::read_to_string(path).unwrap()
}

/// Whether this host has an address that it can send to itself at.
fn has_address() -> bool {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let routed = socket.connect("192.0.2.1:9").is_ok();
    let local = socket.local_addr().unwrap().ip();
    routed && !local.is_loopback() && !local.is_unspecified()
}

#[test]
fn two_processes_meet_with_tokens_in_files_or_pasted() {
    if !has_address() {
        println!("skipped: this host has no network");
        return;
    }
    for pasted in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let [ours, theirs] = ["ours", "theirs"].map(|name| folder.path().join(name));
        let (out, back) = (ours.to_str().unwrap(), theirs.to_str().unwrap());
        let first = start(&["--token-out", out, "--token-in", back, "--timeout", "60s", "--json"], Stdio::null());
        let token = wait_for(&ours);
        let named = if pasted { "-" } else { out };
        let mut second = start(&[named, "--token-out", back, "--json", "--qr"], Stdio::piped());
        let mut input = second.stdin.take().unwrap();
        if pasted {
            // As a chat breaks it, with something said before.
            let (head, tail) = token.trim().split_at(30);
            write!(input, "here it is:\n> {head}\n> {tail}\n").unwrap();
        }
        drop(input);
        let [first, second] = [first, second].map(|child| child.wait_with_output().unwrap());
        let said = String::from_utf8(second.stderr).unwrap();
        assert!(said.contains('█') && !said.contains("list of processes"), "{said}");
        for output in [&first.stdout, &second.stdout] {
            let report: Value = serde_json::from_slice(output).unwrap_or_else(|error| panic!("{error}: {said}"));
            assert_eq!(report["connected"], true, "{report:#}");
            assert_eq!(report["selected"]["local"]["type"], "host", "{report:#}");
        }
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&ours).unwrap().permissions());
            assert_eq!(mode & 0o077, 0, "nobody else reads the password in it");
        }
    }
}

fn token() -> Token {
    Token {
        expires_unix_s: 4_000_000_000,
        ufrag: "abcd1234".to_owned(),
        password: Secret::new("abcdefghijklmnopqrstuv"),
        candidates: vec!["candidate:1 1 udp 2130706431 192.0.2.1 42158 typ host".parse().unwrap()],
        answers: None,
        idle_s: 0,
        relay_only: false,
    }
}

/// Each is named for what it is, before a packet is sent.
#[test]
fn what_is_no_token_is_named() {
    let good = token().encode();
    let old = Token { expires_unix_s: 1_000_000_000, ..token() }.encode();
    let changed = good.replace('A', "B");
    let long = "x".repeat(1 << 20);
    for (pasted, said) in [
        (&good[..good.len() - 7], "its end is missing"),
        (&changed, "a character in it was changed"),
        (&old, "it expired "),
        (&format!("{good} {good}"), "it is two tokens"),
        (&good.replacen("np1-", "np7-", 1), "a token of version 7"),
        ("", "it is empty"),
        ("hello", "it is some other text"),
        ("{\"sdp\": 1}", "it is JSON"),
        ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n", "session description"),
        ("https://example.org/np", "it is a URL"),
        (&long, "it is some other text"),
    ] {
        let mut command = super::command(&["peer", "connect", "-", "-q"]);
        command.write_stdin(pasted.to_owned());
        let run = super::finish(command);
        let shown: String = pasted.chars().take(40).collect();
        assert!(run.code == Some(2) && run.stderr.contains(said), "{shown}: {:?} {}", run.code, run.stderr);
        assert!(!run.stderr.contains("abcdefgh"), "{}", run.stderr);
    }
    // In the words of a chat, with line breaks and quotes, it is a token all the same: what is missing is the network.
    let told = super::run(&format!("peer connect {} --interface no-such-interface0", &good));
    assert!(told.stderr.contains("visible to everybody on this host in the list of processes"), "{}", told.stderr);
}

#[test]
fn a_host_that_cannot_send_waits_for_nobody() {
    let report = simulated("offline");
    assert_eq!((&report["connected"], &report["cause"]), (&false.into(), &"no-candidate".into()), "{report:#}");
}
