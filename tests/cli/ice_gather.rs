//! `ice gather`: exit codes, requirements, lines of SDP, saved and masked reports, servers that are dead or lie.

use super::{json, run};

#[test]
fn exit_codes_say_what_came_of_it() {
    for (arguments, code) in [
        ("--simulate home-router", 0),
        ("--simulate symmetric", 0),
        ("--simulate public-host", 0),
        ("--simulate ipv6-only", 0),
        ("--simulate turn-server", 0),
        ("--simulate turn-wrong-password", 1),
        ("--simulate turn-expired-certificate", 1),
        ("--simulate turn-udp-blocked", 3),
        ("--simulate hotel-udp-blocked", 3),
        ("--simulate offline", 3),
        ("--simulate home-router --tcp --sdp", 0),
        ("--simulate home-router --sdp --json", 2),
        ("--simulate home-router --server http://example.org", 2),
        ("--simulate no-such-network", 2),
        ("--simulate home-router --interface eth0", 2),
        ("--turn turn:turn.example.org:3478:3479", 2),
    ] {
        assert_eq!(run(&format!("ice gather {arguments}")).code, Some(code), "{arguments}");
    }
}

#[test]
fn requirements_decide() {
    for (network, requirement, code) in [
        ("home-router", "candidate=srflx", 0),
        ("home-router", "candidate=relay", 1),
        ("home-router", "ipv6.candidate=host", 1),
        ("ipv6-firewall", "ipv6.candidate=host", 0),
        ("public-host", "candidate=srflx", 1),
        ("public-host", "candidate=host,srflx", 0),
        ("turn-server", "candidate=relay", 0),
        ("turn-server", "relay-transport=udp", 0),
        ("turn-server", "relay-transport=tls", 1),
        ("turn-server", "relay-transport!=tls", 0),
        ("home-router", "candidate=prflx", 2),
        ("home-router", "mapping=none", 2),
    ] {
        let arguments = format!("ice gather --simulate {network} --require {requirement}");
        assert_eq!(run(&arguments).code, Some(code), "{arguments}");
    }
}

#[test]
fn the_lines_alone_are_what_a_session_description_has() {
    let lines = |arguments: &str| run(&format!("ice gather --sdp {arguments}")).stdout;
    let report = json("ice gather --simulate symmetric --json");
    let all = report["candidates"].as_array().unwrap();
    let offered = all.iter().filter(|one| one["redundant"].is_null());
    let expected: Vec<String> =
        offered.map(|one| format!("a={}", one["init"]["candidate"].as_str().unwrap())).collect();
    let expected = expected.join("\n") + "\n";
    assert_eq!(lines("--simulate symmetric"), expected);
    assert!(expected.lines().count() > 2 && expected.starts_with("a=candidate:1 1 udp 2130706431 192.168.1.23 "));
    assert!(lines("--simulate home-router --tcp").contains(" 9 typ host tcptype active\n"));
    assert_eq!(lines("--simulate offline"), "", "there are none");
    let masked = lines("--simulate symmetric --redact");
    assert!(masked.contains("a=candidate:1 1 udp ") && !masked.contains("192.168") && !masked.contains("203.0.113"));
}

#[test]
fn a_saved_report_is_judged_again() {
    for network in
        ["home-router", "symmetric", "ipv6-only", "lying-servers", "dead-servers", "turn-wrong-password", "offline"]
    {
        let file = tempfile::NamedTempFile::new().unwrap();
        let first = run(&format!("ice gather --simulate {network} --tcp --json")).stdout;
        std::fs::write(file.path(), &first).unwrap();
        let from = format!("ice gather --from {}", file.path().display());
        assert_eq!(run(&format!("{from} --json")).stdout, first, "{network}");
        let [page, again] =
            [format!("ice gather --simulate {network} --tcp"), from.clone()].map(|one| run(&one).stdout);
        assert_eq!(page, again, "{network}");
        assert_eq!(run(&format!("{from} --sdp")).code, run(&from).code, "{network}");
        assert_eq!(run(&format!("{from} --turn turn:turn.example.org")).code, Some(2), "it is settled");
    }
}

#[test]
fn no_address_and_no_name_survives_redaction() {
    for network in ["symmetric", "lying-servers", "turn-server", "dead-servers"] {
        for options in ["", "-vv", "--json", "--ndjson", "--sdp"] {
            let told = run(&format!("ice gather --simulate {network} --redact {options}")).stdout;
            for secret in ["192.168.1.", "203.0.113.", "198.51.100."] {
                assert!(!told.contains(secret), "{network} {options}: {secret} in {told}");
            }
        }
    }
}

#[test]
fn a_server_that_lies_gives_no_candidate_to_offer_in_earnest() {
    let report = json("ice gather --simulate lying-servers --json");
    let all = report["candidates"].as_array().unwrap();
    let doubted: Vec<_> = all.iter().filter(|one| !one["disbelieved"].is_null()).collect();
    assert!(!doubted.is_empty(), "{report:#}");
    for one in doubted {
        assert_eq!(one["type"], "srflx", "{one:#}");
        assert!(!one["disbelieved"]["text"].as_str().unwrap().is_empty());
    }
    let page = run("ice gather --simulate lying-servers").stdout;
    assert!(page.contains("is of no use: "), "{page}");
}

#[test]
fn dead_servers_are_told_in_our_words_and_in_the_browsers() {
    let report = json("ice gather --simulate dead-servers --json");
    let errors = report["errors"].as_array().unwrap();
    assert!(!errors.is_empty(), "{report:#}");
    for error in errors {
        assert!(!error["text"].as_str().unwrap().is_empty() && error["code"].is_string(), "{error:#}");
        if let Some(browser) = error.get("icecandidateerror") {
            assert_eq!(browser["errorCode"], 701, "{error:#}");
            assert!(browser["errorText"].is_string() && browser["url"].is_string(), "{error:#}");
        }
    }
}

#[test]
fn the_paths_of_the_json_are_there() {
    let report = json("ice gather --simulate turn-wrong-password --json");
    for path in [
        "/candidates/0/init/candidate",
        "/candidates/0/init/sdpMid",
        "/candidates/0/init/sdpMLineIndex",
        "/candidates/0/type",
        "/candidates/0/foundation",
        "/candidates/0/priority",
        "/candidates/0/base",
        "/candidates/0/took_ms",
        "/candidates/1/related",
        "/candidates/1/url",
        "/candidates/2/redundant/text",
        "/errors/0/text",
        "/errors/0/icecandidateerror/errorText",
        "/left_out/0/code",
    ] {
        assert!(report.pointer(path).is_some(), "{path} in {report:#}");
    }
    assert_eq!(report["errors"][0]["icecandidateerror"]["errorCode"], 401);
    assert_eq!(report["command"], "ice-gather");
}
