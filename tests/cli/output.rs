//! What goes where, and how it looks.

use super::{command, finish, json, run};

#[test]
fn json_is_the_only_thing_on_standard_output() {
    for arguments in [
        "classify --simulate lossy-wifi --json",
        "discover --simulate home-router --json",
        "classify --simulate offline --json",
    ] {
        let run = run(arguments);
        assert!(
            serde_json::from_str::<serde_json::Value>(&run.stdout).is_ok_and(|value| value.is_object()),
            "{}",
            run.stdout
        );
        assert_eq!(run.stderr, "", "{arguments}");
    }
}

#[test]
fn a_simulated_run_says_so_first() {
    let page = run("classify --simulate home-router").stdout;
    assert!(page.lines().next().unwrap().contains("SIMULATED"), "{page}");
    let report = json("classify --simulate home-router --json");
    assert_eq!((&report["network"], &report["scenario"]), (&"simulated".into(), &"home-router".into()));
}

#[test]
fn equal_seeds_give_equal_reports() {
    for arguments in ["classify --simulate lossy-wifi --json", "discover --simulate lossy-wifi --json --seed 7"] {
        assert_eq!(run(arguments).stdout, run(arguments).stdout, "{arguments}");
    }
    let ports = |seed: u32| json(&format!("classify --simulate symmetric --json --seed {seed}"))["servers"].to_string();
    assert_ne!(ports(1), ports(2));
}

#[test]
fn events_stream_and_end_with_the_document() {
    let stream = run("classify --simulate home-router --ndjson").stdout;
    let lines: Vec<serde_json::Value> = stream.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (document, events) = lines.split_last().unwrap();
    let mut document = document.clone();
    assert_eq!(document.as_object_mut().unwrap().remove("event"), Some("report".into()));
    assert!(events.iter().all(|event| event["event"].is_string()));
    assert!(events.iter().any(|event| event["event"] == "settled"));
    assert_eq!(document, json("classify --simulate home-router --json"));
}

#[test]
fn verbosity_changes_the_page_and_not_the_measurement() {
    let usual = run("classify --simulate home-router").stdout;
    let verbose = run("classify --simulate home-router -v").stdout;
    assert!(verbose.len() > usual.len());
    let plain = json("classify --simulate home-router --json");
    assert_eq!(plain, json("classify --simulate home-router --json -vv"));
    assert_eq!(plain, json("classify --simulate home-router --json --quiet"));
}

#[test]
fn color_comes_only_where_it_is_wanted() {
    let colored =
        |arguments: &str| run(&format!("classify --simulate home-router {arguments}")).stdout.contains('\u{1b}');
    assert!(!colored("") && !colored("--color never") && colored("--color always"));
    let mut forced = command(&["classify", "--simulate", "home-router", "--color", "always"]);
    forced.env("NO_COLOR", "1");
    assert!(finish(forced).stdout.contains('\u{1b}'), "an option outranks the environment");
}

#[test]
fn ascii_where_asked_or_where_the_locale_has_no_more() {
    assert!(!run("classify --simulate home-router").stdout.is_ascii());
    assert!(run("classify --simulate home-router --ascii").stdout.is_ascii());
    for (variable, value, ascii) in
        [("LC_ALL", "C", true), ("LC_CTYPE", "en_US.UTF-8", false), ("LANG", "de_DE.utf8", false)]
    {
        let mut command = command(&["classify", "--simulate", "home-router"]);
        command.env_remove("LC_ALL").env(variable, value);
        assert_eq!(finish(command).stdout.is_ascii(), ascii, "{variable}={value}");
    }
}

#[test]
fn masked_reports_hold_no_address() {
    for format in ["", "-vv", "--json", "--ndjson"] {
        for name in ["classify", "discover"] {
            let run = run(&format!("{name} --simulate ipv6-firewall --redact {format}"));
            for secret in ["203.0.113.", "192.168.", "192.0.2.", "198.51.100.", "2001:db8"] {
                assert!(!run.stdout.contains(secret), "{name} {format}: {secret} in {}", run.stdout);
            }
        }
    }
    let complaint = run("classify --simulate home-router --redact --require public-address=198.51.100.0/24");
    assert_eq!(complaint.code, Some(1));
    assert!(!complaint.stderr.contains("203.0.113."), "{}", complaint.stderr);
}

#[test]
fn narrow_terminals_are_served() {
    for arguments in [
        "--help",
        "classify --help",
        "discover --help",
        "classify --simulate symmetric",
        "discover --simulate home-router",
    ] {
        let mut narrow = command(&arguments.split_whitespace().collect::<Vec<_>>());
        narrow.env("COLUMNS", "20");
        let run = finish(narrow);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{arguments}");
        assert!(run.stdout.lines().count() > 10, "{arguments}");
    }
}

#[test]
fn a_page_fits_eighty_columns() {
    for preset in nat_probe::sim::presets() {
        for name in ["classify", "discover"] {
            let page = run(&format!("{name} --simulate {}", preset.name)).stdout;
            let long = page.lines().find(|line| line.chars().count() > 80);
            assert_eq!(long, None, "{name} --simulate {}", preset.name);
        }
    }
}

#[test]
fn scenarios_are_described() {
    let list = run("classify --simulate list");
    assert_eq!(list.code, Some(0));
    for preset in nat_probe::sim::presets() {
        assert!(list.stdout.contains(preset.name) && list.stdout.contains(preset.description), "{}", preset.name);
    }
    let described = json("discover --simulate list --json");
    assert_eq!(described.as_array().map(Vec::len), Some(nat_probe::sim::presets().len()));
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = run(&format!("completions {shell}"));
        assert_eq!(run.code, Some(0), "{shell}");
        assert!(run.stdout.contains("nat-probe") && run.stdout.contains("NAT_PROBE_COMPLETE"), "{shell}");
    }
}

#[test]
fn the_version_needs_no_time() {
    let version = || {
        let output = super::outcome(command(&["--version"]).timeout(std::time::Duration::from_secs(5)));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(version(), format!("nat-probe {}\n", env!("CARGO_PKG_VERSION")));
}
