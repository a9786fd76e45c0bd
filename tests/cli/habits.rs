//! What people type out of habit.

use super::{command, finish, json, run};

#[test]
fn servers_may_stand_without_an_option() {
    let named = json("discover 192.0.2.10:3478 --server 198.51.100.20:3478 --simulate home-router --json");
    let asked: Vec<&str> = named["lookups"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(asked, ["192.0.2.10:3478", "198.51.100.20:3478"]);
    let refused = run("classify turn:alice:hunter2@h --simulate home-router");
    assert_eq!(refused.code, Some(2));
    assert!(!refused.stderr.contains("hunter2"), "{}", refused.stderr);
}

#[test]
fn short_is_the_address_and_nothing_else() {
    let short = run("discover --short -4 --simulate home-router");
    assert_eq!((short.code, short.stdout.as_str()), (Some(0), "203.0.113.7\n"));
    assert_eq!(run("discover --short -4 --simulate home-router --redact").stdout, "B\n", "masked as in the document");
    let nothing = run("discover --short --simulate offline");
    assert_eq!((nothing.code, nothing.stdout.as_str()), (Some(3), ""));
}

#[test]
fn the_output_may_be_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let file = path.to_str().unwrap();
    let to_file = |option, value| finish(command(&["classify", "--json", "-o", file, option, value]));
    let measured = to_file("--simulate", "home-router");
    assert_eq!((measured.code, measured.stdout.as_str()), (Some(0), ""));
    let document = std::fs::read_to_string(&path).unwrap();
    assert_eq!(document, run("classify --json --simulate home-router").stdout);
    assert_eq!(to_file("--from", file).code, Some(0), "read before it is written");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), document);
    let nowhere = run("classify --simulate home-router -o /nowhere/report.json");
    assert_eq!(nowhere.code, Some(2));
    assert!(nowhere.stderr.contains("/nowhere/report.json") && nowhere.stderr.contains("try: "), "{}", nowhere.stderr);
}

#[test]
fn words_and_codes_are_answered() {
    assert_eq!(run("version").stdout, run("--version").stdout);
    assert_eq!(run("help classify").stdout, run("classify --help").stdout);
    let explained = run("--explain no-answer");
    assert_eq!(explained.code, Some(0));
    assert!(explained.stdout.contains("no-answer (reasons): No server answered over UDP."), "{}", explained.stdout);
    for elsewhere in ["classify --explain no-answer", "explain --explain=no-answer", "--explain no-answer turn lint x"]
    {
        let run = run(elsewhere);
        assert_eq!((run.code, run.stdout), (Some(0), explained.stdout.clone()), "{elsewhere}: {}", run.stderr);
    }
    assert!(run("explain no-answer").stderr.contains("try: nat-probe --explain no-answer"));
    assert!(run("help clasify").stderr.contains("a similar command exists: nat-probe classify"));
    let slip = run("--explain no-anwser");
    assert_eq!(slip.code, Some(2));
    assert!(slip.stderr.contains("try: no-answer"), "{}", slip.stderr);
    assert!(run("classify --simulate symetric").stderr.contains("did you mean symmetric?"));
}

/// Files that are put where servers belong, and the option that other tools have for a deadline.
#[test]
fn what_other_tools_take_is_told_or_taken() {
    for (arguments, try_this) in [
        ("classify report.json --simulate home-router", "--from"),
        ("discover servers.txt --simulate home-router", "--servers-file"),
        ("turn turnserver.conf --simulate turn-server", "nat-probe turn lint FILE"),
        ("turn -u demo homeserver.yaml --simulate turn-server", "--from-config FILE"),
    ] {
        let refused = run(arguments);
        assert_eq!(refused.code, Some(2), "{arguments}");
        assert!(
            refused.stderr.contains("the name of a file") && refused.stderr.contains(try_this),
            "{}",
            refused.stderr
        );
    }
    for command in ["classify", "discover", "turn -q", "gateway", "ice gather"] {
        assert_eq!(run(&format!("{command} --timeout 5s --simulate turn-server")).stderr, "", "{command}");
    }
}

#[test]
fn color_can_be_forced_by_the_environment() {
    for (variable, value, colored) in [("CLICOLOR_FORCE", "1", true), ("CLICOLOR_FORCE", "0", false)] {
        let mut forced = command(&["classify", "--simulate", "home-router"]);
        forced.env(variable, value);
        assert_eq!(finish(forced).stdout.contains('\u{1b}'), colored, "{variable}={value}");
    }
    let mut both = command(&["classify", "--simulate", "home-router"]);
    both.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1");
    assert!(!finish(both).stdout.contains('\u{1b}'));
}

/// What beside a saved report makes no sense is refused, whatever the command.
#[test]
fn a_saved_report_is_not_measured() {
    for arguments in [
        "turn --from r.json --password x",
        "turn --from r.json -u x",
        "turn --from r.json --ttl 1h",
        "discover --from r.json --count 2",
        "classify --from r.json --server stun.example.org",
        "classify --from r.json stun.example.org",
        "classify --from r.json --simulate home-router",
        "gateway --from r.json --map",
    ] {
        let refused = run(arguments);
        assert_eq!(refused.code, Some(2), "{arguments}");
        assert!(refused.stderr.contains("cannot be used with"), "{arguments}: {}", refused.stderr);
    }
}
