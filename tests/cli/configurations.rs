//! Configurations of many origins, each with what must be said of it beside: `NAME.said` has the exit code in its first line, then what
//! the page or the error has to say, a line each, and behind `not ` what it must not.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use nat_probe::wire::RemarkCode;

use super::{Run, command, finish};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configurations")
}

fn tested(path: &Path, options: &[&str]) -> Run {
    let mut arguments = vec!["turn", "--simulate", "turn-server", "--ice-servers", path.to_str().unwrap()];
    arguments.extend(options);
    finish(command(&arguments))
}

/// The text without its line breaks and the frames of tables.
fn flat(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || "│┆".contains(c)).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_document_is_read_as_what_it_is() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "said") {
            continue;
        }
        count += 1;
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let said = fs::read_to_string(path.with_extension("said")).unwrap();
        let mut lines = said.lines();
        let code: i32 = lines.next().and_then(|line| line.strip_prefix("exit ")).unwrap().parse().unwrap();
        let run = tested(&path, &[]);
        let told = flat(&format!("{}\n{}", run.stdout, run.stderr));
        // Of many mistakes the page has the first ones.
        let all = flat(&tested(&path, &["-v"]).stdout);
        if run.code != Some(code) {
            wrong.push(format!("{name}: exit {:?}, not {code}: {told}", run.code));
        }
        for line in lines {
            let holds = match line.strip_prefix("not ") {
                Some(line) => !told.contains(line),
                None => told.contains(line) || all.contains(line),
            };
            if !holds {
                wrong.push(format!("{name}: {line}: {told}"));
            }
        }
    }
    assert!(count >= 40, "only {count} documents");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What only other tests bring about: what was asked for on the command line, and what was noticed on the way to the server.
const ELSEWHERE: [RemarkCode; 15] = [
    RemarkCode::CredentialsExpired,
    RemarkCode::UsernameReversed,
    RemarkCode::ExpiryInMilliseconds,
    RemarkCode::SecretMismatch,
    RemarkCode::PasswordEncoding,
    RemarkCode::TransportWithoutTls,
    RemarkCode::FoundBySrv,
    RemarkCode::OneFamilyFails,
    RemarkCode::ConnectionClosed,
    RemarkCode::SeenFromInside,
    RemarkCode::RelayAddressPrivate,
    RemarkCode::ThirdPartyDiffers,
    RemarkCode::ThirdPartyUnheard,
    RemarkCode::PeersRefused,
    RemarkCode::Unknown,
];

#[test]
fn each_remark_on_a_configuration_has_its_document() {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "said") {
            let run = tested(&path, &["--json", "--deadline", "1s"]);
            let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_default();
            let entries = report["results"].as_array().cloned().unwrap_or_default();
            for owner in entries.iter().chain([&report["configuration"]]) {
                let remarks = owner["remarks"].as_array().cloned().unwrap_or_default();
                found.extend(remarks.into_iter().map(|remark| remark["code"].as_str().unwrap().to_owned()));
            }
        }
    }
    let all = RemarkCode::ALL.iter().filter(|code| !ELSEWHERE.contains(code)).map(ToString::to_string);
    let missing: Vec<String> = all.filter(|code| !found.contains(code)).collect();
    assert!(missing.is_empty(), "no document brings about {missing:?}");
}

#[test]
fn results_say_what_they_are_for_and_where_they_stand() {
    let run = tested(&folder().join("cloudflare.json"), &["--json"]);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let results = report["results"].as_array().unwrap();
    let shown: Vec<_> =
        results.iter().map(|one| (one["kind"].clone(), one["place"].clone(), one["line"].clone())).collect();
    let row = |kind: &str, place: &str, line: u32| (kind.into(), place.into(), line.into());
    assert_eq!(
        shown,
        [
            row("stun", "iceServers.urls[0]", 4),
            row("turn", "iceServers.urls[1]", 5),
            row("turn", "iceServers.urls[2]", 6)
        ]
    );
    assert!(report["configuration"]["form"].as_str().unwrap().contains("one server and no list"));
    assert_eq!(report["configuration"]["remarks"][0]["code"], "not-a-list");
}

/// A STUN server relays nothing, however well it answers.
#[test]
fn stun_never_counts_for_turn() {
    for (name, requirement, code) in [
        ("stun-only.json", "turn=any", 1),
        ("stun-only.json", "turn=udp", 1),
        ("stun-only.json", "turn=all", 1),
        ("stun-only.json", "relay-family=ipv4", 1),
        ("list.json", "turn=any", 0),
        ("no-credential.json", "turn=any", 1),
    ] {
        let run = tested(&folder().join(name), &["--require", requirement]);
        assert_eq!(run.code, Some(code), "{name} {requirement}: {}{}", run.stdout, run.stderr);
    }
    let text = r#"[{"urls": "stun:stun1.example.net"}, {"urls": "turn:turn.example.org", "username": "demo", "credential": "wrong"}]"#;
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    let run = tested(file.path(), &["--require", "turn=any"]);
    assert_eq!(run.code, Some(1), "{}{}", run.stdout, run.stderr);
    assert!(flat(&run.stdout).contains("0 of 1 TURN entry works; 1 of 1 STUN entry works;"), "{}", run.stdout);
}

/// What an outsider sizes is bounded before it is taken apart.
#[test]
fn a_document_that_is_too_large_is_refused_at_once() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), format!("[{}]", "{\"urls\":1},".repeat(100_000))).unwrap();
    let run = tested(file.path(), &[]);
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    assert!(run.stderr.contains("larger than 256 KiB"), "{}", run.stderr);
    fs::write(file.path(), format!("[{}]", "{\"urls\":1},".repeat(20_000))).unwrap();
    let run = tested(file.path(), &[]);
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    assert!(run.stderr.contains("more than 100 URIs"), "{}", run.stderr);
    fs::write(file.path(), "[".repeat(200_000)).unwrap();
    assert_eq!(tested(file.path(), &[]).code, Some(2));
}

/// Servers in the configuration of a server are tested without copying; what is secret in it is told nowhere.
#[test]
fn servers_of_a_servers_configuration_are_tested() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("homeserver.yaml");
    let yaml = "server_name: example.org\nturn_uris: [ \"turn:turn.example.net\" ]\nturn_shared_secret: \"hunter2\"\n";
    fs::write(&path, yaml).unwrap();
    let path = path.to_str().unwrap();
    let run = finish(command(&["turn", "--from-config", path, "--simulate", "turn-server", "--json", "-q"]));
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
    assert_eq!(report["results"][0]["uri"], "turn:turn.example.net", "{report:#}");
    assert!(!run.stdout.contains("hunter2") && !run.stderr.contains("hunter2"));
    let both = finish(command(&["turn", "--from-config", path, "--ice-servers", path]));
    assert_eq!(both.code, Some(2), "{}", both.stderr);
    fs::write(path, "server_name: example.org\n").unwrap();
    let none = finish(command(&["turn", "--from-config", path]));
    assert!(none.code == Some(2) && none.stderr.contains("try: homeserver.yaml of Matrix"), "{}", none.stderr);
}
