//! `--format`: for programs that do not read JSON.

use std::fs;
use std::process::Command as Program;

use crate::{command, outcome};

fn printed(arguments: &[&str]) -> (i32, String) {
    let done = outcome(&mut command(arguments));
    (done.status.code().unwrap(), String::from_utf8(done.stdout).unwrap())
}

#[test]
fn a_monitoring_plugin_keeps_the_rules_of_plugins() {
    let classify = ["classify", "--simulate", "symmetric", "--format", "nagios"];
    let (code, line) = printed(&classify);
    assert_eq!(code, 0, "{line}");
    assert!(line.starts_with("NAT-PROBE CLASSIFY OK - "), "{line}");
    let (code, line) = printed(&[&classify[..], &["--require", "mapping=endpoint-independent"]].concat());
    assert_eq!(code, 2);
    assert!(line.starts_with("NAT-PROBE CLASSIFY CRITICAL - not met: mapping=endpoint-independent: "), "{line}");
    let (code, line) = printed(&["classify", "--simulate", "offline", "--format", "nagios"]);
    assert_eq!(code, 3, "{line}");
    assert!(line.contains(" UNKNOWN - "), "{line}");
    // Wrong arguments would be CRITICAL by the code that they have elsewhere.
    let (code, line) = printed(&["classify", "--no-such-option", "--format=nagios"]);
    assert_eq!(code, 3);
    assert!(line.starts_with("NAT-PROBE UNKNOWN - "), "{line}");
}

/// The perfdata of the guidelines: 'label'=value[UOM];[warn];[crit];[min];[max]
#[test]
fn numbers_of_a_plugin_can_be_read() {
    for command in
        ["classify --simulate home-router", "discover --simulate home-router", "turn --simulate turn-server --count 20"]
    {
        let (_, line) = printed(&[&command.split(' ').collect::<Vec<_>>()[..], &["--format", "nagios"]].concat());
        let (_, numbers) = line.trim_end().split_once(" | ").unwrap_or_else(|| panic!("{line}"));
        let mut rest = numbers;
        let mut count = 0;
        while !rest.is_empty() {
            let (label, behind) = match rest.strip_prefix('\'') {
                Some(quoted) => quoted.split_once("'=").unwrap(),
                None => rest.split_once('=').unwrap(),
            };
            assert!(!label.is_empty() && !label.contains('='), "{label}");
            let (value, next) = behind.split_once(' ').unwrap_or((behind, ""));
            let number = value.split(';').next().unwrap().trim_end_matches(['s', '%']);
            assert!(number.parse::<f64>().is_ok(), "{value}");
            (rest, count) = (next, count + 1);
        }
        assert!(count > 1, "{numbers}");
    }
}

#[test]
fn metrics_are_written_whole_and_in_their_grammar() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("nat.prom");
    let run =
        |arguments: &[&str]| printed(&[arguments, &["--format", "prometheus", "-o", place.to_str().unwrap()]].concat());
    assert_eq!(run(&["turn", "--simulate", "turn-server", "--require", "turn=any"]), (0, String::new()));
    let text = fs::read_to_string(&place).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    assert!(text.contains("nat_probe_success{command=\"turn\"} 1\n"), "{text}");
    assert!(text.contains("nat_probe_requirement_met{command=\"turn\",requirement=\"turn=any\"} 1\n"), "{text}");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{line}");
        assert!(value.parse::<f64>().is_ok() && series.ends_with('}'), "{line}");
        assert!(text.contains(&format!("# TYPE {name} gauge\n")), "{line}");
    }
    // Somebody else's reader, where it is at hand.
    match Program::new("promtool").args(["check", "metrics"]).stdin(fs::File::open(&place).unwrap()).output() {
        Ok(read) => assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr)),
        Err(_) => eprintln!("SKIPPED: no promtool (Debian: prometheus) to read the metrics"),
    }
}

#[test]
fn a_junit_report_has_a_case_for_the_run_and_for_each_requirement() {
    let (code, xml) = printed(&[
        "classify",
        "--simulate",
        "symmetric",
        "--format",
        "junit",
        "--require",
        "mapping=endpoint-independent",
        "--require",
        "connectivity=nat",
    ]);
    assert_eq!(code, 1);
    assert!(xml.contains("tests=\"3\" failures=\"1\" errors=\"0\""), "{xml}");
    let reader = "import sys, xml.etree.ElementTree as t; s = t.parse(sys.stdin).getroot()[0]; \
                  assert len(s.findall('testcase')) == int(s.get('tests')) == 3; \
                  assert len(s.findall('testcase/failure')) == int(s.get('failures')) == 1";
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("junit.xml");
    fs::write(&place, &xml).unwrap();
    match Program::new("python3").args(["-c", reader]).stdin(fs::File::open(&place).unwrap()).output() {
        Ok(read) => assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr)),
        Err(_) => eprintln!("SKIPPED: no python3 to read the JUnit report"),
    }
}

#[test]
fn what_is_masked_is_masked_in_every_format() {
    let commands = ["classify --simulate home-router", "gateway --simulate home-router", "turn --simulate turn-server"];
    let asked = commands.map(|command| [command.split(' ').collect::<Vec<_>>(), vec!["--format"]].concat());
    for (arguments, format) in
        asked.iter().flat_map(|one| ["junit", "nagios", "prometheus"].map(|format| (one, format)))
    {
        let (_, open) = printed(&[&arguments[..], &[format]].concat());
        let (_, text) = printed(&[&arguments[..], &[format, "--redact"]].concat());
        assert!(!text.is_empty() && open.lines().count() == text.lines().count(), "{text}");
        for private in ["203.0.113.", "192.0.2.", "198.51.100.", "192.168."] {
            assert!(!text.contains(private), "{private} in {text}");
        }
    }
}
