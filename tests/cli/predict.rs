//! `peer predict`: two sides from whatever people have at hand, and what a script learns.

use std::fs;
use std::path::Path;

use nat_probe::peer::Token;
use nat_probe::wire::Secret;
use serde_json::Value;
use tempfile::TempDir;

use super::{json, run};

/// Simulated networks, and how two hosts in them connect over all: rows and columns in this order.
const NETWORKS: [&str; 7] = [
    "full-cone",
    "restricted-cone",
    "home-router",
    "symmetric",
    "public-host",
    "stateful-firewall",
    "hotel-udp-blocked",
];
const GRID: [&str; 7] = ["DDDDDDR", "DDDDDDR", "DDDRDDR", "DDRRDRR", "DDDDDDP", "DDDRDDR", "RRRRPRR"];

fn letter(answer: &str) -> char {
    match answer {
        "direct" => 'D',
        "relay" => 'R',
        "possible" => 'P',
        _ => '?',
    }
}

/// Reports of simulated networks in a folder.
fn reports() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for network in NETWORKS {
        let report = run(&format!("classify --simulate {network} --json")).stdout;
        fs::write(folder.path().join(network), report).unwrap();
    }
    folder
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn predicted(arguments: &str) -> Value {
    json(&format!("peer predict {arguments} --json"))
}

#[test]
fn every_pair_of_networks_comes_out_as_the_nats_have_it() {
    let folder = reports();
    let path = |network: &str| folder.path().join(network).display().to_string();
    let all: Vec<String> = NETWORKS.iter().map(|network| path(network)).collect();
    let matrix = predicted(&format!("--matrix {}", all.join(" ")))["matrix"].clone();
    for (row, expected) in GRID.iter().enumerate() {
        for (column, letter_there) in expected.chars().enumerate().filter(|(column, _)| *column != row) {
            let found = matrix["rows"][row][column].as_str().unwrap();
            assert_eq!(letter(found), letter_there, "{} and {}", NETWORKS[row], NETWORKS[column]);
        }
        // Two hosts of one kind, each in a network of its own.
        let twice = predicted(&format!("{0} {0}", all[row]));
        assert_eq!(
            letter(twice["prediction"].as_str().unwrap()),
            expected.chars().nth(row).unwrap(),
            "{}",
            NETWORKS[row]
        );
    }
    assert_eq!(matrix["pairs"].as_array().unwrap().len(), 21);
    let page = run(&format!("peer predict --matrix {}", all.join(" "))).stdout;
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    assert!(page.contains("D direct · P possibly direct · R relay"), "{page}");
}

#[test]
fn the_paths_of_the_json_are_there() {
    let found =
        predicted("nat:symmetric;ipv6:firewall nat:port-restricted-cone;ipv6:udp-blocked --turn turn:turn.example.org");
    for path in [
        "/prediction",
        "/reason/code",
        "/reason/text",
        "/families/ipv4/prediction",
        "/families/ipv4/guesses/0/odds_percent",
        "/families/ipv6/reason/code",
        "/needs/0/side",
        "/needs/0/transports/0",
        "/needs/1/served",
        "/changes/0/code",
        "/options/sides/0/ipv4/mapping/0",
    ] {
        assert!(found.pointer(path).is_some(), "{path} in {found:#}");
    }
    assert_eq!((&found["prediction"], &found["command"]), (&"relay".into(), &"peer-predict".into()));
    let unknown = predicted("nat:ei nat:symmetric");
    assert_eq!(unknown["prediction"], "inconclusive");
    assert_eq!(unknown["measure"][0]["what"], "filtering");
    assert_eq!(unknown["may_be"], serde_json::json!(["direct", "relay"]));
}

#[test]
fn exit_codes_say_what_a_script_asks() {
    for (arguments, code) in [
        ("nat:full-cone nat:symmetric", 0),
        ("nat:symmetric nat:symmetric", 0),
        ("nat:symmetric nat:symmetric --require prediction=direct", 1),
        ("nat:symmetric nat:symmetric --require prediction=relay,possible", 0),
        ("nat:symmetric nat:symmetric --require prediction!=impossible", 0),
        ("nat:ei nat:symmetric", 3),
        ("nat:ei nat:symmetric --require prediction!=impossible", 3),
        ("nat:ei nat:symmetric --require prediction=possible", 1),
        ("nat:ei nat:symmetric --require prediction=direct", 3),
        ("nat:symmetric;ipv6:firewall nat:symmetric;ipv6:firewall --require ipv4.prediction=relay", 0),
        ("nat:symmetric;ipv6:firewall nat:symmetric;ipv6:firewall --require ipv4.prediction=direct", 1),
        ("nat:udp-blocked nat:full-cone --turn turn:turn.example.org", 1),
        ("nat:udp-blocked nat:full-cone --turn turns:turn.example.org", 0),
        ("--matrix nat:ei nat:symmetric nat:full-cone", 0),
        ("--matrix nat:symmetric nat:symmetric nat:full-cone --require prediction=direct", 1),
        ("nat:full-cone", 2),
        ("nat:full-cone nat:full-cone nat:full-cone", 2),
        ("nat:full-cone nat:fulcone", 2),
        ("nat:full-cone /no/such/file", 2),
        ("- -", 2),
        ("nat:full-cone nat:none --require mapping=none", 2),
        ("nat:full-cone nat:none --turn http://example.org", 2),
    ] {
        assert_eq!(run(&format!("peer predict {arguments}")).code, Some(code), "{arguments}");
    }
}

#[test]
fn what_is_no_side_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let turn = run("turn --simulate turn-server --json").stdout;
    let report = run("classify --simulate symmetric --json").stdout;
    for (name, text, said) in [
        ("empty", "", "it is empty"),
        ("words", "hello world\n", "neither a report"),
        ("turn", &turn, "a report of turn, which says nothing of the NAT"),
        ("cut", &report[..report.len() / 2], "damaged"),
        ("sdp", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n", "without candidates"),
    ] {
        let path = file(folder.path(), name, text);
        let refused = run(&format!("peer predict nat:none {path}"));
        assert_eq!(refused.code, Some(2), "{name}");
        assert!(refused.stderr.contains(said) && refused.stderr.contains(name), "{name}: {}", refused.stderr);
    }
}

#[test]
fn a_report_without_a_member_is_read_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let report: Value = serde_json::from_str(&run("classify --simulate symmetric --json").stdout).unwrap();
    let other = "nat:port-restricted-cone";
    let with = |change: &dyn Fn(&mut Value)| {
        let mut changed = report.clone();
        change(&mut changed);
        predicted(&format!("{} {other}", file(folder.path(), "changed", &changed.to_string())))
    };
    let ipv4 = |report: &mut Value, member: &str| {
        report["families"]["ipv4"].as_object_mut().unwrap().remove(member).expect(member);
    };
    assert_eq!(with(&|_| {})["prediction"], "relay");
    for member in
        ["connectivity", "mapping", "filtering", "port_assignment", "pooling", "public_addresses", "local_address"]
    {
        let answer = with(&|report| ipv4(report, member))["prediction"].clone();
        assert!(answer == "relay" || answer == "inconclusive", "{member}: {answer}");
    }
    let newer = with(&|report| report["schema_version"] = 99.into());
    assert_eq!(newer["prediction"], "relay");
    assert!(newer["options"]["sides"][0]["remarks"].to_string().contains("schema_version 99"));
    // Whose addresses are masked may be anywhere, unless somebody says otherwise.
    let masked = with(&|report| {
        report["redacted"] = true.into();
        report["network"] = "real".into();
    });
    assert_eq!(masked["prediction"], "relay", "a description is in a network of its own");
}

#[test]
fn redacted_reports_say_what_that_costs() {
    let folder = tempfile::tempdir().unwrap();
    let mut report: Value = serde_json::from_str(&run("classify --simulate full-cone --redact --json").stdout).unwrap();
    report["network"] = "real".into();
    let path = file(folder.path(), "masked", &report.to_string());
    let found = predicted(&format!("{path} {path}"));
    assert_eq!((&found["prediction"], &found["reason"]["code"]), (&"inconclusive".into(), &"place-unknown".into()));
    assert!(found["options"]["sides"][0]["remarks"].to_string().contains("redacted"));
    assert_eq!(predicted(&format!("{path} {path} --apart"))["prediction"], "direct");
}

#[test]
fn a_masked_prediction_has_no_name_and_no_address() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "alice.json", &run("classify --simulate symmetric --json").stdout);
    for output in ["--json", ""] {
        let arguments = format!("peer predict {path} nat:ei,apd,address=203.0.113.77 --redact {output}");
        let told = run(&arguments).stdout;
        assert!(!told.contains("alice") && !told.contains("203.0.113.77") && told.contains("relay"), "{told}");
    }
}

/// A token of a host behind a symmetric NAT.
fn token(expires_unix_s: u64) -> String {
    let line = |text: &str| text.parse().expect("a candidate");
    let token = Token {
        expires_unix_s,
        ufrag: "abcd1234".to_owned(),
        password: Secret::new("abcdefghijklmnopqrstuv"),
        candidates: vec![
            line("candidate:1 1 udp 2130706431 192.168.1.23 42158 typ host"),
            line("candidate:2 1 udp 1694498815 203.0.113.7 47609 typ srflx raddr 192.168.1.23 rport 42158"),
            line("candidate:3 1 udp 1694498559 203.0.113.7 47833 typ srflx raddr 192.168.1.23 rport 42158"),
        ],
        answers: None,
        idle_s: 0,
        relay_only: false,
    };
    token.encode()
}

#[test]
fn a_token_is_a_side_and_its_password_stays_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = token(4_000_000_000);
    let path = file(folder.path(), "there.token", &format!("{fresh}\n"));
    for side in [&fresh, &path] {
        assert_eq!(predicted(&format!("{side} nat:full-cone"))["prediction"], "direct");
        let found = predicted(&format!("{side} nat:port-restricted-cone"));
        assert_eq!(
            (&found["prediction"], &found["reason"]["code"]),
            (&"inconclusive".into(), &"filtering-unknown".into())
        );
        let page = run(&format!("peer predict {side} nat:full-cone -v")).stdout;
        for told in [found.to_string(), page] {
            assert!(!told.contains("abcdefghij") && !told.contains(&fresh), "{told}");
        }
    }
    let old = predicted(&format!("{} nat:full-cone", token(1_000_000_000)));
    assert!(old["options"]["sides"][0]["remarks"].to_string().contains("the token expired"), "{old}");
    let cut = run(&format!("peer predict {} nat:full-cone", &fresh[..fresh.len() - 9]));
    assert!(cut.code == Some(2) && cut.stderr.contains("its end is missing"), "{}", cut.stderr);
}

#[test]
fn a_dump_is_the_side_of_the_browser_that_wrote_it() {
    let dump = |name: &str| format!("{}/tests/explain/{name}", env!("CARGO_MANIFEST_DIR"));
    let symmetric = dump("firefox-symmetric-symmetric-turn-b.about.json");
    let found = predicted(&format!("{symmetric} nat:full-cone"));
    assert_eq!(found["prediction"], "direct", "{found:#}");
    assert_eq!(found["options"]["sides"][0]["ipv4"]["mapping"].as_array().unwrap().len(), 2);
    assert!(found["options"]["sides"][0]["remarks"][0].as_str().unwrap().contains("the end that wrote it is taken"));
    for name in
        ["firefox-home-symmetric-a.about.json", "firefox-home-symmetric-a.getstats.json", "chromium.getstats.json"]
    {
        let run = run(&format!("peer predict {} nat:full-cone", dump(name)));
        assert!(matches!(run.code, Some(0 | 3)), "{name}: {}", run.stderr);
    }
}

#[test]
fn a_family_that_nobody_tested_matters_only_where_it_could() {
    let folder = tempfile::tempdir().unwrap();
    let report = |name: &str, network: &str, address: &str| {
        let text = run(&format!("classify -4 --simulate {network} --json")).stdout;
        // As two real hosts have it.
        let text = text.replace("\"network\": \"simulated\"", "\"network\": \"real\"").replace("203.0.113.7", address);
        file(folder.path(), name, &text)
    };
    let (home, other) = (report("home", "home-router", "203.0.113.7"), report("other", "full-cone", "198.51.100.9"));
    let direct = predicted(&format!("{home} {other}"));
    assert_eq!(direct["prediction"], "direct", "{direct:#}");
    let symmetric = report("symmetric", "symmetric", "198.51.100.9");
    let open = predicted(&format!("{home} {symmetric}"));
    assert_eq!((&open["prediction"], &open["reason"]["code"]), (&"inconclusive".into(), &"family-unknown".into()));
    assert_eq!(open["families"]["ipv4"]["prediction"], "relay");
    let text = open["reason"]["text"].as_str().unwrap();
    assert!(text.contains("nothing is known of IPv6") && text.contains("Over IPv4 they connect by relay"), "{text}");
}

#[test]
fn what_other_commands_found_is_a_side() {
    let folder = tempfile::tempdir().unwrap();
    let report = |command: &str, network: &str| {
        let text = run(&format!("{command} --simulate {network} --json")).stdout;
        file(folder.path(), &format!("{}-{network}", command.replace(' ', "-")), &text)
    };
    for command in ["discover", "ice gather"] {
        let symmetric = predicted(&format!("{} nat:full-cone", report(command, "symmetric")));
        assert_eq!(symmetric["prediction"], "direct", "{command}: {symmetric:#}");
        assert_eq!(symmetric["options"]["sides"][0]["ipv4"]["mapping"].as_array().unwrap().len(), 2, "{command}");
        assert_eq!(symmetric["options"]["sides"][0]["ipv6"]["reach"][0], "unavailable", "{command}");
    }
    let home = predicted(&format!("{} nat:port-restricted-cone", report("discover", "home-router")));
    assert_eq!(home["prediction"], "direct", "several servers saw one mapped address: {home:#}");
    let masked = report("ice gather --redact", "symmetric");
    assert_eq!(run(&format!("peer predict {masked} nat:full-cone")).code, Some(3));
}

#[test]
fn ten_thousand_candidates_are_a_side() {
    let folder = tempfile::tempdir().unwrap();
    let line = |index: u32| {
        format!("a=candidate:2 1 udp 1 203.0.113.9 {} typ srflx raddr 192.168.1.2 rport 5000\r\n", index % 60_000 + 1)
    };
    let lines: String = (0..10_000).map(line).collect();
    let path = file(folder.path(), "many.sdp", &lines);
    let found = predicted(&format!("{path} nat:full-cone"));
    assert_eq!(found["prediction"], "direct");
    let more = file(folder.path(), "more.sdp", &(lines.clone() + &lines));
    let found = predicted(&format!("{more} nat:full-cone"));
    assert!(found["options"]["sides"][0]["remarks"].to_string().contains("only 10000 of its 20000 candidates"));
}
