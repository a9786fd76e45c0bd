//! `turn` from end to end: its page, what scripts require of it, its exit codes, and the mistakes in an application's configuration.

use serde_json::Value;

use super::{Run, absent, command, finish, json, run};

/// Presets and options that between them fill every part of the page.
const PAGES: [(&str, i32); 12] = [
    ("turn-server", 0),
    ("turn-server --duration 6m --features", 0),
    ("turn-server --transport udp,tcp,tls,dtls -v", 0),
    ("turn-wrong-password", 1),
    ("turn-wrong-password -v", 1),
    ("turn-udp-blocked", 1),
    ("turn-private-relay", 1),
    ("turn-wrong-external", 1),
    ("turn-range-closed", 1),
    ("turn-hairpin-denied", 0),
    ("turn-expired-certificate --transport udp,tcp,tls", 1),
    ("turn-lossy --count 100 --duration 60s", 0),
];

fn page(arguments: &str, columns: usize) -> Run {
    let arguments = format!("turn --quiet -u demo --password demo --simulate {arguments}");
    // A page with -v is not quiet.
    let arguments = if arguments.contains(" -v") { arguments.replace("--quiet ", "") } else { arguments };
    let mut command = command(&arguments.split_whitespace().collect::<Vec<_>>());
    command.env("COLUMNS", columns.to_string());
    finish(command)
}

fn report(arguments: &str) -> Value {
    json(&format!("turn --json -u demo --password demo --simulate {arguments}"))
}

/// The lines as one text, without the frames of tables.
fn flat(page: &str) -> String {
    let words = page.split(|c: char| c.is_whitespace() || "│┆".contains(c)).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn no_line_is_too_long_and_no_code_is_broken() {
    for (arguments, code) in PAGES {
        let codes: Vec<String> = report(arguments)["results"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|result| [&result["diagnosis"]["code"], &result["verdict"]])
            .map(|code| code.as_str().unwrap().to_owned())
            .collect();
        for columns in [40, 60, 80, 120] {
            let run = page(arguments, columns);
            assert_eq!(run.code, Some(code), "{arguments}: {}{}", run.stdout, run.stderr);
            let evidence = run.stdout.find("\nEvidence\n").unwrap_or(run.stdout.len());
            let long = run.stdout.lines().find(|line| line.chars().count() > columns);
            assert_eq!(long, None, "{arguments} at {columns}");
            let told = flat(&run.stdout[..evidence]);
            for code in &codes {
                let whole = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()) == code;
                // In the table or list, or in the heading of the details where the column of diagnoses does not fit.
                assert!(told.split(' ').any(whole), "{code} is not in {arguments} at {columns}:\n{}", run.stdout);
            }
        }
    }
}

#[test]
fn the_first_sentence_tells_how_many_work_and_why_the_first_does_not() {
    for (arguments, words) in [
        ("turn-server", vec!["1 of 1 TURN entry works."]),
        (
            "turn-wrong-password",
            vec!["0 of 1 TURN entry works; turn.example.org:3478 over UDP fails: the server does not take"],
        ),
        (
            "turn-server turn:turn.example.org turn:turn.example.org?transport=tcp turn:192.0.2.99",
            vec!["2 of 3 TURN entries work; turn:192.0.2.99 over UDP fails: "],
        ),
        (
            "turn-expired-certificate turns:turn.example.org turn:turn.example.org",
            vec!["1 of 2 TURN entries work; turns:turn.example.org over TLS fails: ", "expired on 2023-06-01."],
        ),
    ] {
        let page = page(arguments, 80).stdout;
        let second = flat(&page.lines().skip(1).take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" "));
        for words in words {
            assert!(second.contains(words), "{arguments}: {second}");
        }
    }
}

#[test]
fn a_flawed_entry_shows_where_it_stopped_and_what_to_do() {
    let in_order = |page: &str, parts: &[&str]| {
        let places: Vec<Option<usize>> = parts.iter().map(|part| page.find(part)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} in {page}");
    };
    let short = flat(&page("turn-wrong-password", 80).stdout);
    let try_this = "try: nat-probe turn turn.example.org:3478 -u USER";
    in_order(&short, &["allocate: FAILED", "Side: the configuration. What to do: ", try_this]);
    assert!(!short.contains("resolve: ok"), "{short}");
    let full = flat(&page("turn-wrong-password -v", 80).stdout);
    let skipped = "permission, data, channel, refresh, delete: skipped, because";
    in_order(&full, &["resolve: ok", "binding: ok", "challenge: ok", "allocate: FAILED", skipped, "What to do"]);
    assert!(full.contains("realm \"example.org\"") && full.contains("software nat-probe simulated server"), "{full}");
}

/// Whose it is to change something, and a command to copy, are in the JSON too.
#[test]
fn each_diagnosis_has_its_side() {
    for (arguments, side, command) in [
        ("turn-server", "nobody", None),
        ("turn-wrong-password", "configuration", Some("nat-probe turn turn.example.org:3478 -u USER")),
        ("turn-udp-blocked", "network", Some("nat-probe turn turn.example.org:3478 -u USER --transport udp,tcp,tls")),
        ("turn-range-closed", "server", Some("nat-probe turn turn.example.org:3478 -u USER")),
        ("turn-lossy", "unknown", Some("nat-probe turn turn.example.org:3478 -u USER --count 200")),
    ] {
        let diagnosis = &report(arguments)["results"][0]["diagnosis"];
        assert_eq!((diagnosis["side"].as_str(), diagnosis["try"].as_str()), (Some(side), command), "{arguments}");
    }
}

#[test]
fn what_is_known_of_an_entry_stands_with_it_with_v() {
    let facts = ["realm \"example.org\"", "third party -> relay: ", "this host -> relay: "];
    for (arguments, shown) in [("turn-server", false), ("turn-server -v", true), ("turn-range-closed -v", true)] {
        let page = flat(&page(arguments, 80).stdout);
        for fact in facts {
            assert_eq!(page.contains(fact), shown, "{fact} in {arguments}: {page}");
        }
    }
    let tls = flat(&page("turn-expired-certificate --transport tls -v", 80).stdout);
    for fact in
        ["TLS 1.3", "turn.example.org", "issued by Example Intermediate CA", "valid from 2023-01-01 to 2023-06-01"]
    {
        assert!(tls.contains(fact), "{fact} in {tls}");
    }
}

#[test]
fn requirements_decide_the_exit_code() {
    for (arguments, requirement, code) in [
        ("turn-server", "turn=any", 0),
        ("turn-wrong-password", "turn=any", 1),
        ("turn-server --transport udp,tcp", "turn=udp", 0),
        ("turn-server --transport udp,tcp", "turn=all", 0),
        ("turn-udp-blocked --transport udp,tcp", "turn=udp", 1),
        ("turn-udp-blocked --transport udp,tcp", "turn=any", 0),
        ("turn-udp-blocked --transport udp,tcp", "turn=all", 1),
        ("turn-expired-certificate --transport udp,tls", "turn=tls", 1),
        ("turn-expired-certificate --transport udp,tls", "turn=udp", 0),
        ("turn-server", "turn=tls", 3),
        ("turn-server", "relay-family=ipv4", 0),
        ("turn-server --features", "relay-family=ipv6", 1),
        ("turn-server", "relay-family=ipv6", 3),
        ("turn-server", "turn-rtt-ms<150", 0),
        ("turn-server", "turn-rtt-ms<30", 1),
        ("turn-wrong-password", "turn-rtt-ms<150", 3),
    ] {
        let run = page(&format!("{arguments} --require {requirement}"), 80);
        assert_eq!(run.code, Some(code), "{arguments} {requirement}: {}{}", run.stdout, run.stderr);
        let outcome = [" met", " NOT met", "", " could not be told"][usize::try_from(code).unwrap()];
        assert!(run.stdout.contains(&format!("{requirement}:{outcome}")), "{requirement}: {}", run.stdout);
        assert_eq!(run.stderr.contains(requirement), code != 0, "{}", run.stderr);
    }
}

#[test]
fn every_exit_code() {
    for (arguments, code) in [
        ("--simulate turn-server -u demo --password demo", 0),
        ("--simulate turn-lossy -u demo --password demo", 0),
        ("--simulate turn-server -u demo --password wrong", 1),
        ("--simulate turn-server", 0),
        ("--simulate turn-expired-certificate", 1),
        ("--simulate turn-server turn:turn.example.org", 1),
        ("--simulate turn-server -u demo --password demo turn:nosuch.example", 1),
        ("--simulate turn-server turn:", 2),
        ("--simulate no-such-thing", 2),
        ("--simulate offline -u demo --password demo turn:turn.example.org", 3),
    ] {
        let run = run(&format!("turn {arguments}"));
        assert_eq!(run.code, Some(code), "{arguments}: {}{}", run.stdout, run.stderr);
        assert_eq!(run.stdout.is_empty(), code == 2, "{arguments}: {}", run.stdout);
    }
}

/// A configuration in the simulated network with a TURN server.
fn ice(text: &str, format: &str) -> Run {
    let mut arguments = vec!["turn", "--simulate", "turn-server", "--ice-servers", "-"];
    arguments.extend(Some(format).filter(|format| !format.is_empty()));
    let mut command = command(&arguments);
    command.write_stdin(text);
    finish(command)
}

#[test]
fn every_mistake_of_a_configuration_is_named() {
    let login = r#""username": "demo", "credential": "demo""#;
    for (text, code, words) in [
        (r#"{"urls": "turn:turn.example.org", "username": "demo"}"#.to_owned(), "credential-missing", "no credential"),
        (r#"{"urls": "turn:turn.example.org", "credential": "x"}"#.to_owned(), "credential-missing", "no username"),
        (format!(r#"{{"urls": "turn:turn.example.org/path", {login}}}"#), "uri-invalid", "no path"),
        (format!(r#"{{"urls": "turn.example.org", {login}}}"#), "scheme-unknown", "no scheme"),
        (format!("{{{login}}}"), "urls-missing", "no urls"),
        (format!(r#"{{"urls": [], {login}}}"#), "urls-empty", "empty list"),
        (format!(r#"{{"urls": 1, {login}}}"#), "scheme-unknown", "no scheme"),
        (
            format!(r#"{{"urls": "turn:turn.example.org", {login}, "credentialType": "oauth"}}"#),
            "oauth-not-supported",
            "OAuth",
        ),
        (
            format!(r#"{{"urls": "turn:turn.example.org", {login}, "credentialType": "hmac"}}"#),
            "credential-type-unknown",
            "neither \"password\" nor \"oauth\"",
        ),
        ("3".to_owned(), "not-an-object", "a number and not an object"),
    ] {
        let text = format!("{{\"iceServers\": [{text}]}}");
        let page = ice(&text, "");
        assert_eq!(page.code, Some(1), "{text}: {}{}", page.stdout, page.stderr);
        let shown = flat(&page.stdout);
        assert!(shown.contains(words) && shown.contains("Side: the configuration. What to do: "), "{words} in {shown}");
        let report: Value = serde_json::from_str(&ice(&text, "--json").stdout).unwrap();
        assert_eq!(report["results"][0]["diagnosis"]["code"], "invalid-entry", "{text}");
        let codes: Vec<&Value> =
            report["results"][0]["remarks"].as_array().unwrap().iter().map(|remark| &remark["code"]).collect();
        assert!(codes.contains(&&Value::from(code)), "{code} in {codes:?} of {text}");
    }
}

#[test]
fn credentials_of_a_stun_server_are_remarked_and_hinder_nothing() {
    let run = ice(r#"[{"urls": "stun:turn.example.org", "username": "demo", "credential": "demo"}]"#, "");
    assert_eq!(run.code, Some(1), "nothing relays: {}{}", run.stdout, run.stderr);
    assert!(flat(&run.stdout).contains("1 of 1 STUN entry works."), "{}", run.stdout);
    assert!(flat(&run.stdout).contains("credentials-ignored: a STUN server takes no credentials"), "{}", run.stdout);
}

#[test]
fn one_bad_entry_does_not_hide_the_others() {
    let text = r#"{"iceServers": [{"urls": "turn:turn.example.org"},
        {"urls": ["turn:turn.example.org", "turn:turn.example.org?transport=tcp"], "username": "demo", "credential": "demo"}]}"#;
    let run = ice(text, "");
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(flat(&run.stdout).contains("2 of 3 TURN entries work; turn:turn.example.org fails: "), "{}", run.stdout);
}

#[test]
fn what_is_no_configuration_is_refused() {
    for (text, words) in [
        ("", "it is empty"),
        ("{iceServers: []}", "list of servers (iceServers) is empty"),
        ("[]", "list of servers is empty"),
        ("{\"servers\": []}", "neither iceServers nor urls"),
        ("7", "neither a list nor an object"),
    ] {
        let run = ice(text, "");
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{text}: {}", run.stderr);
        for words in [words, "cannot read the ICE servers in", "try: "] {
            assert!(run.stderr.contains(words), "{words} in {}", run.stderr);
        }
    }
}

/// Microseconds at the finest, so that a saved report is no longer than what it knows.
#[test]
fn numbers_are_rounded() {
    fn check(value: &Value, path: &str) {
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, member)| check(member, &format!("{path}/{name}")));
            }
            Value::Array(items) => items.iter().for_each(|item| check(item, path)),
            Value::Number(number) => {
                let text = number.to_string();
                let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
                assert!(decimals <= 3, "{path}: {text}");
            }
            _ => {}
        }
    }
    for arguments in
        ["turn-lossy --count 33 --duration 60s --features", "turn-expired-certificate --transport udp,tls,dtls"]
    {
        for seed in [1, 2] {
            check(&report(&format!("{arguments} --seed {seed}")), "");
        }
    }
}

/// Every complaint says what could not be done, to what, why, and what to try; standard output stays empty.
#[test]
fn wrong_command_lines_are_told_what_to_try() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    let empty = empty.to_str().unwrap();
    let absent = absent();
    let source = super::address_of_nobody().map(|nobody| format!("--source {nobody} turn:192.0.2.1"));
    let source = source.iter().map(|arguments| (arguments.as_str(), vec!["cannot send from", "try:"]));
    let others = [
        ("", vec!["no server is named", "--ice-servers FILE"]),
        ("-u demo", vec!["no server is named", "turn:turn.example.org"]),
        ("-u demo turn:turn.example.org", vec!["no password", "--password-file"]),
        ("--password x turn:turn.example.org", vec!["password", "no user name", "-u NAME"]),
        ("--rest-user bob turn:turn.example.org", vec!["--rest-user", "no shared secret", "--secret-file"]),
        ("--secret-file /nowhere turn:turn.example.org", vec!["shared secret", "/nowhere", &absent]),
        ("--secret-file EMPTY turn:turn.example.org", vec!["shared secret", "empty", "try:"]),
        ("-u a --password-stdin turn:turn.example.org", vec!["password", "standard input", "empty", "try:"]),
        ("--ice-servers - --password-stdin -u a", vec!["--ice-servers -", "--password-stdin", "try:"]),
        ("--ice-servers - --secret-file -", vec!["--ice-servers -", "--secret-file -", "try:"]),
        ("--ice-servers EMPTY -u demo", vec!["user name", "no URI", "try:"]),
        ("--ice-servers /nowhere", vec!["ICE servers", "/nowhere", &absent, "try:"]),
        ("--ca /nowhere turn:turn.example.org", vec!["certificates", "/nowhere", &absent, "PEM"]),
        ("--ca EMPTY turn:turn.example.org", vec!["certificates", "no certificate", "PEM"]),
        ("--transport smoke turn:turn.example.org", vec!["--transport", "smoke", "udp, tcp, tls and dtls"]),
        ("--count 1001 turn:turn.example.org", vec!["--count", "1001", "0..=1000"]),
        ("--count -1 turn:turn.example.org", vec!["--count", "-1", "0..=1000"]),
        ("--duration soon turn:turn.example.org", vec!["--duration", "soon", "6m"]),
        ("--duration 25h turn:turn.example.org", vec!["--duration", "25h", "24 h"]),
        ("--ttl soon turn:turn.example.org", vec!["--ttl", "soon", "1h"]),
        ("--require turn=some turn:turn.example.org", vec!["turn", "some", "any, all, udp"]),
        ("--require turn-rtt-ms=150 turn:turn.example.org", vec!["turn-rtt-ms=150", "turn-rtt-ms<150"]),
        ("--require relay-family=ipv5 turn:turn.example.org", vec!["ipv5", "ipv4, ipv6"]),
        ("stun:turn.example.org", vec!["STUN URI", "write turn:turn.example.org"]),
        ("turn://turn.example.org", vec!["//", "write turn:turn.example.org"]),
        ("turn:turn.example.org:0", vec!["port 0", "write turn:turn.example.org"]),
        ("turn:turn.example.org?transport=sctp", vec!["not a transport", "udp or tcp", "write turn:turn.example.org"]),
        ("turns:", vec!["no host", "an example is turn:turn.example.org"]),
        ("--server turn:turn.example.org turn:turn.example.org", vec!["--server", "stun:turn.example.org"]),
        ("--simulate nosuch", vec!["nosuch", "--simulate list"]),
        ("--simulate home-router", vec!["simulated network", "none", "--simulate turn-server"]),
        ("--interface nosuch0 turn:192.0.2.1", vec!["nosuch0", "try:"]),
    ];
    for (arguments, words) in others.into_iter().chain(source) {
        let run = run(&format!("turn {}", arguments.replace("EMPTY", empty)));
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{arguments}: {}", run.stderr);
        assert!(run.stderr.starts_with("nat-probe: "), "{arguments}: {}", run.stderr);
        for word in words {
            assert!(run.stderr.contains(word), "{word:?} is missing for {arguments}: {}", run.stderr);
        }
    }
    let other = page("turn-server --require mapping=none", 80);
    assert_eq!((other.code, other.stdout.as_str()), (Some(2), ""), "known before anything is sent");
    assert!(other.stderr.contains("mapping is a key of classify"), "{}", other.stderr);
}

#[test]
fn a_dead_entry_costs_the_others_no_time() {
    let alone = report("turn-server turn:turn.example.org");
    let among = report("turn-server turn:192.0.2.77 turn:turn.example.org turn:192.0.2.78?transport=tcp");
    let live = &among["results"][1];
    assert_eq!(live["diagnosis"]["code"], "ok", "{live}");
    assert_eq!(live["time_to_relay_ms"], alone["results"][0]["time_to_relay_ms"], "{live}");
    for dead in [0, 2] {
        assert_eq!(among["results"][dead]["diagnosis"]["code"], "no-answer");
    }
}

#[test]
fn asking_a_turns_uri_without_tls_is_remarked_and_not_advised_to_write_turns() {
    for (transport, told) in [("tcp", true), ("udp", true), ("tls", false)] {
        let arguments = "turn --simulate turn-server -u demo --password demo turns:turn.example.org --count 0";
        let report = super::json(&format!("{arguments} --transport {transport} --json"));
        let result = &report["results"][0];
        let remarks = result["remarks"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert_eq!(remarks.iter().any(|remark| remark["code"] == "transport-without-tls"), told, "{result}");
        assert!(!result["diagnosis"]["fix"].as_str().unwrap_or_default().contains("write turns:"), "{result}");
    }
}
