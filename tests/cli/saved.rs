//! Judging a saved report again: the same verdicts, and no packet.

use super::{command, finish, json, run};

fn again(report: &str, arguments: &[&str]) -> super::Run {
    of("classify", report, arguments)
}

fn of(what: &str, report: &str, arguments: &[&str]) -> super::Run {
    let mut all = vec![what, "--from", "-"];
    all.extend(arguments);
    let mut command = command(&all);
    command.write_stdin(report);
    finish(command)
}

#[test]
fn the_verdicts_are_the_same_in_every_format() {
    for name in [
        "home-router",
        "symmetric",
        "stateful-firewall",
        "hotel-udp-blocked",
        "plain-servers",
        "lossy-wifi",
        "ipv6-firewall",
    ] {
        let measured = run(&format!("classify --simulate {name} --json"));
        let judged = again(&measured.stdout, &["--json"]);
        assert_eq!(judged.code, measured.code, "{name}: {}", judged.stderr);
        assert_eq!(judged.stdout, measured.stdout, "{name}");
        let page = run(&format!("classify --simulate {name}"));
        assert_eq!(again(&measured.stdout, &[]).stdout, page.stdout, "{name}");
    }
}

#[test]
fn every_command_judges_its_reports_again() {
    let list = run("turn --simulate list").stdout;
    let networks: Vec<&str> = list.split_whitespace().filter(|word| word.starts_with("turn-")).collect();
    assert!(networks.len() > 5, "{list}");
    for network in networks {
        for more in ["", " --features", " --count 0", " --duration 30s"] {
            let arguments = format!("turn --simulate {network} -u demo --password demo{more}");
            let measured = run(&format!("{arguments} --json"));
            let judged = of("turn", &measured.stdout, &["--json"]);
            assert_eq!(judged.code, measured.code, "{arguments}: {}", judged.stderr);
            assert_eq!(judged.stdout, measured.stdout, "{arguments}");
            assert_eq!(of("turn", &measured.stdout, &[]).stdout, run(&arguments).stdout, "{arguments}");
        }
    }
    for network in ["home-router", "symmetric", "hotel-udp-blocked", "lossy-wifi"] {
        let arguments = format!("discover --simulate {network} --count 3");
        let measured = run(&format!("{arguments} --json"));
        assert_eq!(of("discover", &measured.stdout, &["--json"]).stdout, measured.stdout, "{network}");
    }
}

#[test]
fn what_opt_in_tests_saw_is_judged_again_too() {
    let measured = run("classify --simulate home-router --hairpin --tcp --json");
    assert_eq!(again(&measured.stdout, &["--json"]).stdout, measured.stdout);
    let report: serde_json::Value = serde_json::from_str(&measured.stdout).unwrap();
    assert!(
        report["families"]["ipv4"]["hairpinning"].is_object() && report["families"]["ipv4"]["tcp_mapping"].is_object()
    );
}

#[test]
fn the_last_line_of_a_stream_is_a_report() {
    let stream = run("classify --simulate home-router --ndjson").stdout;
    let document = run("classify --simulate home-router --json").stdout;
    assert_eq!(again(&stream, &["--json"]).stdout, document);
}

#[test]
fn requirements_are_judged_anew() {
    let report = run("classify --simulate symmetric --json").stdout;
    let judged = again(&report, &["--require", "mapping=endpoint-independent"]);
    assert_eq!(judged.code, Some(1), "{}", judged.stderr);
}

#[test]
fn what_cannot_be_judged_again_is_refused() {
    for (report, word) in [
        (run("classify --simulate home-router --json --redact").stdout, "--redact"),
        (run("discover --simulate home-router --json").stdout, "discover"),
        (
            run("classify --simulate home-router --json")
                .stdout
                .replace("\"schema_version\": 1", "\"schema_version\": 2"),
            "2",
        ),
    ] {
        let judged = again(&report, &[]);
        assert_eq!((judged.code, judged.stdout.as_str()), (Some(2), ""));
        assert!(judged.stderr.contains(word) && judged.stderr.contains("try: "), "{}", judged.stderr);
    }
}

#[test]
fn a_report_that_was_tampered_with_does_no_harm() {
    let report = json("classify --simulate home-router --json");
    for (pointer, value) in [
        ("/evidence/0/server", serde_json::json!(99)),
        ("/lookups", serde_json::json!([])),
        ("/evidence/0/remote", serde_json::json!("not an address")),
        ("/evidence/0/sends", serde_json::json!(-1)),
    ] {
        let mut broken = report.clone();
        *broken.pointer_mut(pointer).unwrap() = value;
        let judged = again(&broken.to_string(), &[]);
        assert_eq!(judged.code, Some(2), "{pointer}: {}", judged.stderr);
    }
    let mut emptied = report;
    emptied["evidence"] = serde_json::json!([]);
    emptied["lookups"] = serde_json::json!([]);
    assert_eq!(again(&emptied.to_string(), &[]).code, Some(3), "nothing seen, nothing measured");
}
