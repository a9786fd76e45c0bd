//! Every exit code, and what is printed with it.

use std::fs;
use std::process::{Command, Stdio};

use super::{command, finish, run};

#[test]
fn zero_when_it_was_measured() {
    for arguments in [
        "classify --simulate home-router",
        "discover --simulate home-router",
        "classify --simulate hotel-udp-blocked",
        "classify --simulate home-router --require mapping=endpoint-independent --require connectivity=open,nat",
        "schema",
        "--version",
        "--help",
    ] {
        let run = run(arguments);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{arguments}");
        assert!(!run.stdout.is_empty(), "{arguments}");
    }
}

#[test]
fn one_when_something_required_is_not_so() {
    let run = run("classify --simulate symmetric --require mapping=endpoint-independent --require connectivity=nat");
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.starts_with("nat-probe: requirement not met: mapping=endpoint-independent ("), "{}", run.stderr);
    assert!(!run.stderr.contains("connectivity=nat"), "what is met is no complaint: {}", run.stderr);
    assert!(run.stdout.contains("address-and-port-dependent"), "the report is printed all the same");
}

#[test]
fn one_and_the_requirements_in_json() {
    let run = run(
        "classify --simulate symmetric --json --require rfc3489!=symmetric --require public-address=203.0.113.0/24",
    );
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(run.code, Some(1));
    assert_eq!(report["requirements"][0]["requirement"], "rfc3489!=symmetric");
    assert_eq!(report["requirements"][0]["outcome"], "unmet");
    assert_eq!(report["requirements"][1]["outcome"], "met");
}

#[test]
fn two_when_the_arguments_are_wrong() {
    for arguments in
        ["", "clasify", "classify --deadline soon", "discover --transport smoke", "classify --require nat=yes"]
    {
        let run = run(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{arguments}");
        assert!(!run.stderr.is_empty(), "{arguments}");
    }
}

#[test]
fn three_when_nothing_could_be_measured() {
    for arguments in ["classify --simulate offline", "discover --simulate offline", "discover --server 127.0.0.1:1 -4"]
    {
        let run = run(arguments);
        assert_eq!(run.code, Some(3), "{arguments}: {}{}", run.stdout, run.stderr);
        assert!(!run.stdout.is_empty(), "what was learnt is shown: {arguments}");
    }
}

/// What could not be measured is not known not to hold.
#[test]
fn three_with_a_requirement_as_without() {
    for requirement in
        ["connectivity=open", "connectivity!=nat", "mapping=none", "family=ipv4", "ipv4.connectivity=open"]
    {
        let run = run(&format!("classify --simulate offline --require {requirement}"));
        assert_eq!(run.code, Some(3), "{requirement}: {}{}", run.stdout, run.stderr);
    }
}

/// A requirement without a prefix is about every family that the host has.
#[test]
fn every_available_family_is_judged() {
    for (requirement, code) in [
        ("connectivity!=firewalled", 1),
        ("ipv4.connectivity!=firewalled", 0),
        ("ipv6.connectivity=firewalled", 0),
        ("connectivity=nat,firewalled", 0),
        ("connectivity=nat", 1),
    ] {
        let run = run(&format!("classify --simulate ipv6-firewall --require {requirement}"));
        assert_eq!(run.code, Some(code), "{requirement}: {}", run.stderr);
    }
    let run = run("classify --simulate home-router --require connectivity=nat --require mapping=endpoint-independent");
    assert_eq!(run.code, Some(0), "a family that the host does not have is not judged: {}", run.stderr);
}

/// Where this host lacks a family there is no mapping and no filter: known, but no behavior that could be required.
#[test]
fn a_family_that_the_host_lacks_is_not_applicable() {
    for command in ["classify --tcp", "discover"] {
        let report = super::json(&format!("{command} --simulate home-router --json"));
        let ipv6 = &report["families"]["ipv6"];
        for verdict in ["mapping", "filtering", "tcp_mapping"] {
            if let Some(found) = ipv6.get(verdict) {
                assert_eq!(found["behavior"], "not-applicable", "{command}: {found}");
                assert_eq!(found["reason"]["code"], "no-address", "{command}: {found}");
            }
        }
        assert_eq!(ipv6.get("tcp_mapping").is_some(), command.contains("--tcp"));
    }
    let page = run("classify --simulate home-router -v").stdout;
    assert!(!page.contains("no name") && !page.contains("not-applicable"), "the verdict has said it: {page}");
    for (requirement, code) in [
        ("ipv6.mapping=endpoint-independent", 1),
        ("ipv6.mapping!=endpoint-independent", 0),
        ("ipv6.filtering=address-dependent", 1),
        ("ipv6.rfc3489=none", 1),
        ("ipv6.connectivity=unavailable", 0),
    ] {
        let run = run(&format!("classify --simulate home-router --require {requirement}"));
        assert_eq!(run.code, Some(code), "{requirement}: {}", run.stderr);
        assert!(code == 0 || run.stderr.contains("is not applicable: this host has no IPv6 address"), "{}", run.stderr);
    }
}

/// A key of another command is known to be wrong before anything is sent.
#[test]
fn two_when_a_key_is_another_commands() {
    for (arguments, words) in [
        ("classify --require turn=any", "turn is a key of turn"),
        ("classify --require turn-rtt-ms<=150", "turn-rtt-ms is a key of turn"),
        ("discover --require mapping=none", "mapping is a key of classify"),
        ("turn --require connectivity=open turn:turn.example.org", "connectivity is a key of classify"),
    ] {
        let run = run(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{arguments}: {}", run.stderr);
        assert!(run.stderr.contains(words) && run.stderr.contains("try: the keys of"), "{arguments}: {}", run.stderr);
    }
}

#[test]
fn three_when_a_requirement_could_not_be_told() {
    let run = run("classify --simulate plain-servers --require filtering=endpoint-independent");
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert!(run.stderr.contains("could not be told"), "{}", run.stderr);
}

#[test]
fn what_is_known_to_be_unmet_outweighs_what_is_not_known() {
    let run =
        run("classify --simulate plain-servers --require filtering=endpoint-independent --require connectivity=open");
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert_eq!(run.stderr.lines().count(), 2, "both are told: {}", run.stderr);
}

#[test]
fn interrupted_prints_what_was_learnt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("interrupted.toml");
    let base = nat_probe::sim::presets().iter().find(|preset| preset.name == "home-router").unwrap();
    let (head, tail) = base.toml.split_once('\n').unwrap();
    fs::write(&path, format!("{head}\ninterrupt_ms = 100\n{tail}")).unwrap();
    let run = finish(command(&["classify", "--json", "--simulate", path.to_str().unwrap()]));
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(run.code, Some(130));
    assert_eq!(report["stopped"], "interrupted");
    assert!(report["evidence"].as_array().is_some_and(|evidence| !evidence.is_empty()));
    // Asked, but nobody was waited for.
    fs::write(&path, format!("{head}\ninterrupt_ms = 3\n{tail}")).unwrap();
    let page = finish(command(&["classify", "--simulate", path.to_str().unwrap()])).stdout;
    assert!(page.contains("No server had its time to answer"), "{page}");
}

/// A server that never answers, the program waiting for it, and Ctrl-C.
#[test]
#[cfg(target_os = "linux")]
fn a_real_interrupt_does_the_same() {
    use std::io::{BufRead as _, BufReader, Read as _};

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let server = silent.local_addr().unwrap().to_string();
    let mut child = Command::new(env!("CARGO_BIN_EXE_nat-probe"))
        .args(["classify", "-4", "--ndjson", "--thorough", "--server", &server])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    // The run has begun, and with it the watch for Ctrl-C, once the first packet was sent.
    while !text.contains("\"event\":\"sent\"") {
        assert_ne!(out.read_line(&mut text).unwrap(), 0, "ended early: {text}");
    }
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT).unwrap();
    out.read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{text}");
    let document: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(document["stopped"], "interrupted");
}

#[test]
fn a_broken_pipe_is_no_error() {
    for (arguments, code) in [
        ("classify --simulate home-router -vv", 0),
        ("classify --simulate home-router --ndjson", 0),
        ("classify --simulate symmetric --json --quiet --require mapping=none", 1),
        ("schema", 0),
        ("completions bash", 0),
        ("--help", 0),
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_nat-probe"))
            .args(arguments.split_whitespace())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments}: {errors}");
        assert!(!errors.contains("pipe") && !errors.contains("panicked"), "{arguments}: {errors}");
    }
}

#[test]
#[cfg(unix)]
fn a_closed_output_is_no_error_and_a_full_one_is() {
    let shell = |redirection: &str| {
        let script = format!("exec \"$0\" classify --simulate home-router {redirection}");
        Command::new("sh").args(["-c", &script, env!("CARGO_BIN_EXE_nat-probe")]).output().unwrap()
    };
    let closed = shell(">&-");
    assert_eq!(closed.status.code(), Some(0), "{}", String::from_utf8_lossy(&closed.stderr));
    let closed = shell(">&- 2>&-");
    assert_eq!(closed.status.code(), Some(0));
    if std::path::Path::new("/dev/full").exists() {
        let full = shell("> /dev/full");
        let errors = String::from_utf8_lossy(&full.stderr);
        assert_eq!(full.status.code(), Some(2));
        assert!(errors.starts_with("nat-probe: cannot write to standard output: "), "{errors}");
    }
}
