//! `turn lint`: what is said of a configuration, by exit code, page, JSON and SARIF.

use std::fs;

use serde_json::Value;

use super::{Run, command, finish};

const FAULTY: &str = "use-auth-secret\nstatic-auth-secret=hunter2 # ours\nrealm=example.org\ndenied-peer-ip=10.0.0.0/8\nno-cli\nverbose\nexternal-ip=203.0.113.5\nexternal-ip=203.0.113.6\nno-tls\n";

/// Looks a text over by the rules of 4.6.1.
fn lint(text: &str, options: &[&str]) -> Run {
    let mut command = command(&[&["turn", "lint", "-", "--coturn-version", "4.6.1"][..], options].concat());
    command.write_stdin(text);
    finish(command)
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_exit_code_says_whether_something_is_wrong() {
    for (text, code, said) in [
        (FAULTY, 1, "as coturn 4.6.1 reads it: 3 errors"),
        ("no-auth\nrealm=x\n", 1, "1 warning"),
        ("lt-cred-mech\nuser=a:b\nrealm=x\nno-tls\n", 0, "reads it: 4 pieces of advice"),
        ("", 1, "an open relay"),
    ] {
        let run = lint(text, &[]);
        assert_eq!(run.code, Some(code), "{text}: {}{}", run.stdout, run.stderr);
        assert!(words(&run.stdout).contains(said), "{said}: {}", run.stdout);
    }
    for (text, said) in [
        ("hello\n", "no line in it sets a key of coturn"),
        ("<html>\n", "it is a page in HTML"),
        ("a\0b", "it is not a text"),
    ] {
        let run = lint(text, &[]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{}", run.stderr);
        assert!(run.stderr.contains(said) && run.stderr.contains("try: "), "{}", run.stderr);
    }
    let missing = finish(command(&["turn", "lint", "/nowhere/turnserver.conf"]));
    assert_eq!(missing.code, Some(2), "{}", missing.stderr);
}

#[test]
fn the_page_fits_on_a_screen_and_says_the_worst_first() {
    let long: Vec<String> = (1..80).map(|net| format!("denied-peer-ip=10.{net}.0.0/16\n")).collect();
    for text in [FAULTY.to_owned(), format!("{FAULTY}{}", long.concat())] {
        let page = lint(&text, &[]).stdout;
        assert!(page.lines().count() <= 24 && page.lines().all(|line| line.chars().count() <= 80), "{page}");
        assert!(words(&page).contains("error, line 2: what stands behind the value of static-auth-secret"), "{page}");
        let all = lint(&text, &["-v"]).stdout;
        assert!(all.len() > page.len() && all.contains("peers-private"), "{all}");
    }
}

/// What was not looked at is said without being asked for.
#[test]
fn the_page_says_of_what_it_is_true() {
    for (text, said) in [
        ("{% if a %}\nrealm={{ a }}\n{% endif %}\nuser=a:b\n", "Line 1: it is the template of a configuration"),
        (
            "services:\n  turn:\n    image: coturn/coturn\n    command: -n -a --user=a:b --realm=x\n",
            "the flags of coturn in this file",
        ),
    ] {
        let run = lint(text, &[]);
        assert!(run.code == Some(0) && words(&run.stdout).contains(said), "{said}: {}{}", run.stdout, run.stderr);
    }
}

#[test]
fn no_secret_and_no_masked_address_is_shown() {
    for options in [&["--redact"][..], &["--redact", "-v"], &["--redact", "--json"], &["--redact", "--format", "sarif"]]
    {
        let shown = lint(&format!("{FAULTY}relay-ip=198.51.100.77\ndenied-peer-ip=198.51.100.0/24\n"), options).stdout;
        assert!(!shown.contains("hunter2") && !shown.contains("198.51.100."), "{shown}");
    }
}

#[test]
fn the_json_is_what_the_schema_describes() {
    let document: Value = serde_json::from_str(&lint(FAULTY, &["--json"]).stdout).unwrap();
    let schema = super::json("schema");
    let found = super::schema::faults(&schema["$defs"]["Lint"], &schema, &document, "");
    assert!(found.is_empty(), "{}", found.join("\n"));
    let first = &document["findings"][0];
    assert_eq!(
        (&first["code"], &first["severity"], &first["line"]),
        (&"comment-in-value".into(), &"error".into(), &2.into())
    );
    assert_eq!(document["coturn_version"], "4.6.1");
}

/// What the standard requires of a log, and what code hosts require beyond it.
#[test]
fn the_sarif_has_what_the_standard_requires() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("turn server.conf"), FAULTY).unwrap();
    let mut linted = command(&["turn", "lint", "turn server.conf", "--coturn-version", "4.6.1", "--format", "sarif"]);
    linted.current_dir(folder.path());
    let log: Value = serde_json::from_str(&finish(linted).stdout).unwrap();
    assert_eq!((&log["version"], log["runs"].as_array().map(Vec::len)), (&"2.1.0".into(), Some(1)));
    assert!(log["$schema"].as_str().is_some_and(|schema| schema.ends_with("sarif-schema-2.1.0.json")));
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "nat-probe");
    let rules = driver["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 3);
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["shortDescription"]["text"].as_str().is_some_and(|text| !text.is_empty()));
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()), "{result}");
        assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()), "{result}");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "turn%20server.conf");
        assert!(place["region"]["startLine"].as_u64().is_some_and(|line| line > 0), "{result}");
    }
}

#[test]
fn clients_are_put_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ice.json");
    fs::write(&path, r#"[{"urls": "turns:turn.example.org", "username": "alice", "credential": "hunter2"}]"#).unwrap();
    let run = lint(FAULTY, &["--ice-servers", path.to_str().unwrap(), "-v"]);
    for code in ["client-transport-off", "client-refused"] {
        assert!(run.stdout.contains(code), "{code}: {}{}", run.stdout, run.stderr);
    }
    let twice = lint(FAULTY, &["--ice-servers", "-"]);
    assert!(twice.code == Some(2) && twice.stderr.contains("standard input more than once"), "{}", twice.stderr);
}

/// What clients are told stands in the configuration of another server, too.
#[test]
fn a_homeserver_is_put_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("homeserver.yaml");
    let yaml = "turn_uris: [\"turn:coturn:3478?transport=udp\", \"turns:turn.example.org\"]\nturn_shared_secret: \"hunter3\"\n";
    fs::write(&path, yaml).unwrap();
    let run = lint(FAULTY, &["--ice-servers", path.to_str().unwrap(), "-v"]);
    for code in ["client-transport-off", "client-refused", "client-host-local"] {
        assert!(run.stdout.contains(code), "{code}: {}{}", run.stdout, run.stderr);
    }
    assert!(!run.stdout.contains("hunter"), "{}", run.stdout);
}

/// For a build that is to fail only on what is certainly wrong.
#[test]
fn from_which_severity_on_it_fails_can_be_chosen() {
    let (advice, warning) = ("lt-cred-mech\nuser=a:b\nrealm=x\nno-tls\n", "no-auth\nrealm=x\n");
    for (text, level, code) in [
        (advice, "note", 1),
        (advice, "warning", 0),
        (warning, "warning", 1),
        (warning, "error", 0),
        (FAULTY, "error", 1),
        (FAULTY, "never", 0),
    ] {
        let run = lint(text, &["--fail-on", level]);
        assert_eq!(run.code, Some(code), "{level}: {}{}", run.stdout, run.stderr);
    }
}

#[test]
fn it_is_a_command_of_turn_that_leaves_turn_as_it_was() {
    let help = finish(command(&["turn", "lint", "--help"])).stdout;
    assert!(help.contains("--coturn-version") && help.contains("Exit codes"), "{help}");
    let turn = finish(command(&["turn", "--help"])).stdout;
    assert!(turn.contains("lint") && turn.contains("--ice-servers"), "{turn}");
    let wrong = finish(command(&["turn", "lint", "x", "--coturn-version", "newest"]));
    assert!(wrong.code == Some(2) && wrong.stderr.contains("try 4.6.1"), "{}", wrong.stderr);
}
