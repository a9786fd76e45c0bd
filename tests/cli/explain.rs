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
        ("chromium-home-symmetric-a.json", 1, "It never connected: not one check of the other end arrived"),
        (
            "chromium-turn-wrong-credentials-relay-only.json",
            1,
            "It never began: TURN refused the user name or the password",
        ),
        ("firefox-home-symmetric-a.about.json", 1, "It never connected: not one check succeeded"),
    ] {
        let run = explain(name, &[]);
        assert_eq!(run.code, Some(code), "{name}: {}", run.stderr);
        let words: Vec<&str> = run.stdout.split_whitespace().collect();
        assert!(words.join(" ").contains(sentence), "{name}: {}", run.stdout);
        assert!(run.stdout.contains("cannot tell"), "{name}");
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

/// A call of two browsers with what the server of both wrote down.
fn call(name: &str, files: &[&str], options: &[&str]) -> Run {
    let folder = format!("{}/tests/explain/calls/{name}", env!("CARGO_MANIFEST_DIR"));
    let paths: Vec<String> = files.iter().map(|file| format!("{folder}/{file}")).collect();
    let arguments = [&["explain"][..], &paths.iter().map(String::as_str).collect::<Vec<_>>(), options].concat();
    finish(command(&arguments))
}

const BOTH: [&str; 2] = ["here.internals.json.gz", "there.internals.json.gz"];

#[test]
fn several_files_are_explained_as_one_call() {
    let run = call("chromium-home-symmetric-forbidding", &[BOTH[0], BOTH[1], "coturn.log.gz"], &["--json"]);
    let document: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
    assert_eq!(run.code, Some(1));
    assert_eq!(
        (document["calls"].as_array().unwrap().len(), &document["calls"][0]["ends"]),
        (1, &serde_json::json!([0, 1]))
    );
    let first = &document["findings"][0];
    assert_eq!(
        (&first["code"], &first["certainty"]),
        (&"relay-permission-refused".into(), &"certain".into()),
        "{first}"
    );
    assert_eq!(document["files"][2]["format"], "coturn-log");
    assert_eq!(document["predictions"][0]["happened"], "failed", "{document:#}");
    // A file of another call.
    let other = format!("{}/tests/explain/chromium-home-home-b.json", env!("CARGO_MANIFEST_DIR"));
    let strangers = call("chromium-home-symmetric-forbidding", &[BOTH[0]], &[&other]);
    assert!(
        strangers.stdout.split_whitespace().collect::<Vec<_>>().join(" ").contains("the files are of different calls"),
        "{}",
        strangers.stdout
    );
    let twice = finish(command(&["explain", "-", "-"]));
    assert!(twice.code == Some(2) && twice.stderr.contains("standard input more than once"), "{}", twice.stderr);
}

#[test]
fn every_page_fits_on_a_screen_and_says_what_cannot_be_told() {
    let folder = format!("{}/tests/explain", env!("CARGO_MANIFEST_DIR"));
    let mut pages: Vec<(String, Vec<String>)> = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && !path.ends_with("README.md") {
            pages.push((path.display().to_string(), vec![path.display().to_string()]));
        }
    }
    for entry in fs::read_dir(format!("{folder}/calls")).unwrap() {
        let path = entry.unwrap().path();
        let statistics = ["here.getstats.json.gz", "there.getstats.json.gz"];
        let files = if path.join(BOTH[0]).exists() { BOTH } else { statistics };
        let both: Vec<String> = files.iter().map(|file| path.join(file).display().to_string()).collect();
        pages.push((both[0].clone(), vec![both[0].clone()]));
        pages.push((format!("{} and the other", both[0]), both));
    }
    assert!(pages.len() > 60, "{}", pages.len());
    for (name, files) in pages {
        for columns in ["80", "120"] {
            let mut explained = command(&["explain"]);
            explained.args(&files).env("COLUMNS", columns);
            let page = finish(explained).stdout;
            let rows = page.lines().count();
            assert!(rows <= 24, "{name} at {columns}: {rows} rows\n{page}");
            assert!(page.contains("cannot tell"), "{name} at {columns}\n{page}");
        }
    }
}

#[test]
fn what_is_required_decides_the_exit_code() {
    let name = "chromium-home-symmetric-refusing";
    for (required, code) in [
        ("no=turn-credentials-refused", 1),
        ("no=dtls-failed", 0),
        ("certain=turn-credentials-refused", 0),
        ("certain=dtls-failed,turn-credentials-refused", 0),
        ("certain=dtls-failed", 1),
        ("no=any", 1),
    ] {
        let run = call(name, &BOTH[..1], &["--require", required]);
        assert_eq!(run.code, Some(code), "{required}: {}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains(required), "{}", run.stdout);
    }
    let slip = call(name, &BOTH[..1], &["--require", "no=turn-credential-refused"]);
    assert!(slip.code == Some(2) && slip.stderr.contains("turn-credentials-refused"), "{}", slip.stderr);
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
