//! `explain`: what a saved file tells, by exit code, page and JSON.

use std::fs;

use serde_json::Value;

use super::{Run, command, finish, run};

fn explain(name: &str, options: &[&str]) -> Run {
    let path = format!("{}/tests/explain/{name}", env!("CARGO_MANIFEST_DIR"));
    finish(command(&[&["explain", &path][..], options].concat()))
}

#[test]
fn the_exit_code_says_whether_a_fault_was_found() {
    for (name, code, sentence) in [
        ("chromium-home-home-b.json", 0, "It connected, directly (srflx to srflx)."),
        ("chromium-symmetric-symmetric-turn-b.json", 0, "It connected, through the relay of this end."),
        ("chromium-home-symmetric-a.json", 1, "It never connected: not one packet of the other end arrived"),
        (
            "chromium-turn-wrong-credentials-relay-only.json",
            1,
            "It never began: TURN refused the user name or the password",
        ),
        ("firefox-home-symmetric-a.about.json", 1, "It never connected: no check was answered"),
    ] {
        let run = explain(name, &[]);
        assert_eq!(run.code, Some(code), "{name}: {}", run.stderr);
        let words: Vec<&str> = run.stdout.split_whitespace().collect();
        assert!(words.join(" ").contains(sentence), "{name}: {}", run.stdout);
        assert!(run.stdout.contains("What this file cannot tell"), "{name}");
    }
    let mut pasted = command(&["explain", "-"]);
    pasted.write_stdin(r#"{"PeerConnections": {"1-1": {"updateLog": [], "stats": {}}}}"#);
    assert_eq!(finish(pasted).code, Some(3));
}

#[test]
fn the_json_is_what_the_schema_describes() {
    let schema: Value = serde_json::from_str(&run("schema").stdout).unwrap();
    let described = &schema["$defs"]["Explanation"]["properties"];
    let run = explain("chromium-peer-forbidden.json", &["--json"]);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    for (name, _) in document.as_object().unwrap() {
        assert!(described[name].is_object(), "{name} is not described");
    }
    assert_eq!(document["format"], "webrtc-internals");
    let first = &document["findings"][0];
    assert_eq!(
        (&first["code"], &first["certainty"], &first["side"]),
        (&"relay-permission-refused".into(), &"likely".into(), &"server".into())
    );
    assert!(first["because"][0].is_string() && first["settle"].is_string(), "{first}");
    assert!(
        document["events"].as_array().is_some_and(|events| events.iter().any(|event| event["event"] == "candidate"))
    );
}

#[test]
fn no_address_and_no_name_survives_redaction() {
    for name in ["chromium-peer-forbidden.json", "firefox-home-symmetric-a.about.json"] {
        for options in [&["--redact"][..], &["--redact", "-v"], &["--redact", "--json"]] {
            let shown = explain(name, options).stdout;
            for secret in ["192.0.2.", "203.0.113.", "10.1.1.", "page.html", "8aa8d196", "859df1c0"] {
                assert!(!shown.contains(secret), "{secret} in {shown}");
            }
        }
    }
}

#[test]
fn the_password_of_ice_is_told_nowhere() {
    let offer = "v=0\nm=audio 9 UDP/TLS/RTP/SAVPF 0\na=ice-ufrag:abcd\na=ice-pwd:hunter2hunter2hunter2hu\n";
    for options in [&["explain", "-"][..], &["explain", "-", "--json"], &["explain", "-", "-v"]] {
        let mut pasted = command(options);
        pasted.write_stdin(offer);
        let run = finish(pasted);
        assert!(run.code == Some(1) && !run.stdout.contains("hunter2"), "{}", run.stdout);
    }
}

#[test]
fn what_cannot_be_explained_is_refused_with_what_to_try() {
    let folder = tempfile::tempdir().unwrap();
    for (bytes, words) in [
        (&b""[..], "it is empty"),
        (b"\xd4\xc3\xb2\xa1\x02\x00", "no packet of STUN, TURN or DTLS is in it; the capture ends in the middle"),
        (b"\x1f\x8b\x08\x00", "it cannot be read: "),
        (b"RTCStatsDump\n", "it looks like an rtcstats dump, and nothing in it could be read"),
        (b"\x89PNG\r\n\x1a\n", "it is a picture: save the page's text in its place"),
        (b"\x1b[2Jhello", "it is of no format that is known"),
    ] {
        let path = folder.path().join("file");
        fs::write(&path, bytes).unwrap();
        let run = finish(command(&["explain", path.to_str().unwrap()]));
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{}", run.stderr);
        assert!(run.stderr.contains(words) && !run.stderr.contains('\u{1b}'), "{}", run.stderr);
    }
}

#[test]
fn a_format_can_be_named() {
    let line = "1 1 udp 2130706431 192.0.2.1 7 typ host";
    let read = |format: &str| {
        let mut named = command(&["explain", "-", "--as", format]);
        named.write_stdin(line);
        finish(named)
    };
    assert!(read("candidates").stdout.contains("192.0.2.1:7"));
    let other = read("webrtc-internals");
    assert!(other.code == Some(2) && other.stderr.contains("try: the same without --as"), "{}", other.stderr);
    let slip = read("candidate");
    assert!(slip.code == Some(2) && slip.stderr.contains("'candidates'"), "{}", slip.stderr);
}

#[test]
fn a_capture_is_read_from_a_pipe() {
    let capture = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/explain/peer-forbidden.pcap")).unwrap();
    let mut piped = command(&["explain", "-", "--json"]);
    piped.write_stdin(capture);
    let run = finish(piped);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
    assert_eq!(document["format"], "pcap");
    let refused = document["events"].as_array().unwrap().iter().filter(|event| event["code"] == 403);
    assert!(refused.count() > 0, "{document:#}");
}

#[test]
fn nothing_of_a_file_reaches_the_terminal_raw() {
    let hostile = "\u{1b}[2J\u{202e}";
    let dump = serde_json::json!({ "PeerConnections": { hostile: {
        "url": hostile, "rtcConfiguration": hostile,
        "updateLog": [
            { "type": "oniceconnectionstatechange", "value": hostile, "timestamp": 1 },
            { "type": "onicecandidateerror", "value": serde_json::json!({ "url": hostile, "error_text": hostile, "error_code": 701 }).to_string(), "timestamp": 2 },
            { "type": "addIceCandidateFailed", "value": hostile, "timestamp": 3 },
        ],
        "stats": { format!("{hostile}-state"): { "statsType": "candidate-pair", "values": serde_json::json!([hostile]).to_string() } },
    } } });
    for options in [&["explain", "-", "-v"][..], &["explain", "-", "--json"]] {
        let mut pasted = command(options);
        pasted.write_stdin(dump.to_string());
        let run = finish(pasted);
        assert!(!run.stdout.is_empty(), "{}", run.stderr);
        assert!(!run.stdout.contains(['\u{1b}', '\u{202e}']), "{:?}", run.stdout);
    }
}
