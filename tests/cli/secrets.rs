//! No password, no shared secret and no key made of them reaches any output, whatever is asked, in whatever format, right or wrong.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::Sha256;

use super::{Run, command, finish};

const USER: &str = "wilhelmine";
const PASSWORD: &str = "Quokka7-Pass-Mark";
const SECRET: &str = "Numbat3-Shared-Mark";
const REALM: &str = "example.org";
const ENTRY: &str = "turn:turn.example.org";

/// Every way to print, with and without masks.
const FORMATS: [&str; 5] = ["", "-v", "-vv", "--json", "--ndjson"];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// The password of time-limited credentials (draft-uberti-behave-turn-rest section 2.2).
fn rest_password(username: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(username.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// What gives a password away: itself, the usual encodings of it, and its long-term keys (RFC 8489 section 18.5.1).
fn clues(username: &str, password: &str) -> Vec<String> {
    let key = format!("{username}:{REALM}:{password}");
    let (md5, sha256) = (Md5::digest(&key), Sha256::digest(&key));
    vec![
        password.to_owned(),
        hex(password.as_bytes()),
        STANDARD.encode(password),
        hex(&md5),
        hex(&sha256),
        STANDARD.encode(md5),
        STANDARD.encode(sha256),
    ]
}

/// What must not be in any output; the user names are those that the run asked with.
fn forbidden(usernames: &[String]) -> Vec<String> {
    let shared = [SECRET.to_owned(), hex(SECRET.as_bytes()), STANDARD.encode(SECRET)];
    let of = |name: &String| [clues(name, PASSWORD), clues(name, &rest_password(name))].concat();
    let mut all: Vec<String> = usernames.iter().flat_map(of).chain(shared).collect();
    all.extend(clues(USER, PASSWORD));
    all
}

/// Every user name in a JSON document or event.
fn usernames(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("username").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| usernames(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| usernames(item, found)),
        _ => {}
    }
}

/// The run kept every secret.
fn silent(run: &Run, names: &[String], what: &str) {
    let text = format!("{}\n{}", run.stdout, run.stderr).to_lowercase();
    for clue in forbidden(names) {
        assert!(!text.contains(&clue.to_lowercase()), "{clue} in {what}:\n{}\n{}", run.stdout, run.stderr);
    }
}

/// Arguments, environment and standard input of a run.
#[derive(Clone, Default)]
struct Ask {
    arguments: Vec<String>,
    variables: Vec<(&'static str, &'static str)>,
    input: String,
}

impl Ask {
    fn new(arguments: &[&str]) -> Self {
        Self { arguments: arguments.iter().map(|&one| one.to_owned()).collect(), ..Self::default() }
    }

    fn variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    fn input(mut self, text: impl Into<String>) -> Self {
        self.input = text.into();
        self
    }

    fn run(&self, more: &[&str]) -> Run {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
        let mut command = command(&arguments);
        // Wide, so that no line break hides what is looked for.
        command.env("COLUMNS", "400").write_stdin(self.input.clone());
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        finish(command)
    }

    /// Runs it in every format and looks for secrets. The user name is the positive control: it is in the output, and masked it is not.
    fn in_every_format(&self, code: i32) {
        let mut names = Vec::new();
        let document = self.run(&["--json"]);
        let report = serde_json::from_str(&document.stdout)
            .unwrap_or_else(|error| panic!("{error}: {:?}: {}", self.arguments, document.stderr));
        usernames(&report, &mut names);
        names.sort();
        names.dedup();
        assert!(names.iter().any(|name| name.contains(USER)), "{:?}: {names:?}", self.arguments);
        for format in FORMATS {
            for masked in [false, true] {
                let more: Vec<&str> = [format, if masked { "--redact" } else { "" }]
                    .into_iter()
                    .filter(|argument| !argument.is_empty())
                    .collect();
                let run = self.run(&more);
                let what = format!("{:?} {more:?}", self.arguments);
                assert_eq!(run.code, Some(code), "{what}: {}", run.stderr);
                silent(&run, &names, &what);
                if masked {
                    assert!(!run.stdout.contains(USER) && !run.stderr.contains(USER), "{what}:\n{}", run.stdout);
                } else if format.starts_with("--") {
                    assert!(run.stdout.contains(USER), "the control is missing in {what}:\n{}", run.stdout);
                }
            }
        }
    }
}

/// A scenario whose TURN server has these properties.
fn scenario(folder: &Path, name: &str, turn: &str) -> String {
    let preset = nat_probe::sim::presets().iter().find(|preset| preset.name == "turn-server").unwrap();
    let users = r#"users = [{ name = "demo", password = "demo" }]"#;
    assert!(preset.toml.contains(users), "the preset has other users");
    file(folder, name, &preset.toml.replace(users, turn))
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn users(password: &str) -> String {
    format!(r#"users = [{{ name = "{USER}", password = "{password}" }}]"#)
}

fn application() -> String {
    let server =
        json!({"urls": [ENTRY, "turn:turn.example.org?transport=tcp"], "username": USER, "credential": PASSWORD});
    json!({"iceServers": [{"urls": "stun:turn.example.org"}, server]}).to_string()
}

#[test]
fn passwords_stay_secret_whatever_they_come_from() {
    let folder = tempfile::tempdir().unwrap();
    let world = scenario(folder.path(), "good.toml", &users(PASSWORD));
    let ask = |more: &[&str]| Ask::new(&[&["turn", "--simulate", &world], more].concat());
    let with_newline = file(folder.path(), "newline", &format!("{PASSWORD}\n"));
    let with_two = file(folder.path(), "newlines", &format!("{PASSWORD}\n\n"));
    let json = file(folder.path(), "ice.json", &application());
    ask(&["-u", USER, "--password", PASSWORD]).in_every_format(0);
    ask(&["-u", USER, "--password-file", &with_newline, ENTRY]).in_every_format(0);
    ask(&["-u", USER, "--password-file", &with_two, ENTRY]).in_every_format(1);
    ask(&["-u", USER, "--password-stdin"]).input(format!("{PASSWORD}\n")).in_every_format(0);
    ask(&["-u", USER]).variable("NAT_PROBE_TURN_PASSWORD", PASSWORD).in_every_format(0);
    ask(&["--ice-servers", &json]).in_every_format(0);
    ask(&["--ice-servers", "-"]).input(application()).in_every_format(0);
}

#[test]
fn passwords_stay_secret_whatever_the_server_does() {
    let folder = tempfile::tempdir().unwrap();
    let all = "faults = ";
    let good = users(PASSWORD);
    for (name, turn, code) in [
        ("wrong", users("another"), 1),
        ("sha256", format!("{good}\nsha256 = true"), 0),
        ("stale", format!("{good}\nnonce_s = 1"), 0),
        ("redirect", format!("{good}\n{all}[\"redirect\"]\nalternate_server = \"198.51.100.77:3478\""), 1),
        ("quota", format!("{good}\nuser_quota = 0"), 1),
        ("private", format!("{good}\n{all}[\"private-relay\"]"), 1),
        ("skewed", format!("{good}\nclock_skew_s = 90000"), 0),
    ] {
        let world = scenario(folder.path(), &format!("{name}.toml"), &turn);
        let ask = Ask::new(&["turn", "--simulate", &world, "-u", USER, "--password-stdin", "--features"]);
        ask.input(PASSWORD).in_every_format(code);
    }
}

#[test]
fn shared_secrets_stay_secret_and_so_do_the_passwords_made_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let good = scenario(folder.path(), "good.toml", &format!("secret = \"{SECRET}\""));
    let wrong = scenario(folder.path(), "wrong.toml", "secret = \"another\"");
    let ahead = scenario(folder.path(), "ahead.toml", &format!("secret = \"{SECRET}\"\nclock_skew_s = 7200"));
    let secret = file(folder.path(), "secret", &format!("{SECRET}\n"));
    for (world, code) in [(&good, 0), (&wrong, 1), (&ahead, 1)] {
        let ask = |more: &[&str]| Ask::new(&[&["turn", "--simulate", world], more].concat());
        ask(&["--rest-user", USER, "--secret-file", &secret]).in_every_format(code);
        ask(&["-u", USER]).variable("NAT_PROBE_TURN_SECRET", SECRET).in_every_format(code);
        let reversed = format!("{USER}:1700000000");
        ask(&["-u", &reversed, "--password", PASSWORD, "--secret-file", &secret]).in_every_format(1);
    }
}

#[test]
fn keeping_an_allocation_tells_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let world = scenario(folder.path(), "short.toml", &format!("{}\nnonce_s = 60", users(PASSWORD)));
    let ask = Ask::new(&["turn", "--simulate", &world, "-u", USER, "--password-stdin", "--duration", "6m"]);
    ask.input(PASSWORD).in_every_format(0);
}

/// Wrong arguments: whatever the complaint is, the password in them is no part of it.
#[test]
fn complaints_hide_what_looks_like_a_password() {
    let uris = [
        format!("turn:{USER}:{PASSWORD}@turn.example.org"),
        format!("turns:{USER}:{PASSWORD}@turn.example.org:5349?transport=tcp"),
        format!("turn://{USER}:{PASSWORD}@turn.example.org"),
        format!("TURN:{USER}:{PASSWORD}@turn.example.org"),
        format!("{USER}:{PASSWORD}@turn.example.org"),
        format!("https://{USER}:{PASSWORD}@turn.example.org/"),
        format!("turn:turn.example.org?transport=udp&password={PASSWORD}"),
        format!("turn:turn.example.org?credential={PASSWORD}"),
        format!("turn:{USER}:{PASSWORD}@"),
        format!("turn:{USER}:p@{PASSWORD}@turn.example.org"),
    ];
    for uri in &uris {
        for line in [
            vec!["turn", uri],
            vec!["turn", "--server", uri, ENTRY],
            vec!["turn", "--simulate", "turn-server", uri],
            vec!["classify", "--server", uri],
            vec!["discover", "-s", uri],
        ] {
            let run = Ask::new(&line).run(&[]);
            assert_eq!(run.code, Some(2), "{line:?}: {}", run.stdout);
            silent(&run, &[], &format!("{line:?}"));
        }
        let text = json!({"urls": uri, "username": USER, "credential": PASSWORD}).to_string();
        for format in FORMATS {
            let more: Vec<&str> = Some(format).into_iter().filter(|format| !format.is_empty()).collect();
            let run = Ask::new(&["turn", "--simulate", "turn-server", "--ice-servers", "-"]).input(&text).run(&more);
            silent(&run, &[], &format!("{text} {format}"));
        }
        let mut listed = command(&["discover"]);
        listed.env("NAT_PROBE_SERVERS", uri);
        silent(&finish(listed), &[], uri);
    }
}

#[test]
fn slips_of_the_command_line_do_not_repeat_the_password() {
    let equals = |name: &str| format!("{name}={PASSWORD}");
    let slips = ["--pasword", "--secret", "--credential", "--password-stdin", "--pass", "--features", "--insecure"];
    for slip in slips.map(equals).iter().map(String::as_str).chain([concat!("-w", "Quokka7-Pass-Mark")]) {
        let run = Ask::new(&["turn", "-u", USER, slip, ENTRY]).run(&[]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{slip}: {}", run.stderr);
        silent(&run, &[], slip);
    }
    for line in [
        vec!["turn", "-u", USER, "--password", PASSWORD],
        vec!["turn", "--password", PASSWORD, ENTRY],
        vec!["turn", "-u", USER, "--password", PASSWORD, "--password-stdin", ENTRY],
        vec!["turn", "-u", USER, "--password", PASSWORD, "--password", PASSWORD, ENTRY],
        vec!["turn", "-u", USER, "--password", PASSWORD, "--count", "x", ENTRY],
        vec!["turn", "-u", USER, "--password", PASSWORD, "--realm"],
        vec!["turn", "-u", USER, "--rest-user", USER, "--password", PASSWORD, ENTRY],
        vec!["turn", "-u", USER, "--password", "", ENTRY, "--transport", "smoke"],
        vec!["classify", "--password", PASSWORD],
    ] {
        let run = Ask::new(&line).run(&[]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{line:?}: {}", run.stderr);
        silent(&run, &[], &format!("{line:?}"));
    }
}

#[test]
fn files_that_are_wrong_are_not_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let broken = [
        format!("{{\"iceServers\": [{{\"urls\": \"{ENTRY}\", \"credential\": '{PASSWORD}'}}]}}"),
        format!("{{\"iceServers\": [{{\"urls\": \"{ENTRY}\", \"credential\": \"{PASSWORD}\""),
        format!("\"{PASSWORD}\""),
        PASSWORD.to_owned(),
        json!({"credential": PASSWORD, "username": USER}).to_string(),
        json!({"urls": ENTRY, "username": USER, "credential": {"password": PASSWORD}}).to_string(),
        json!({"urls": ENTRY, "username": USER, "credential": [PASSWORD]}).to_string(),
        json!({"urls": ENTRY, "username": USER, "password": PASSWORD}).to_string(),
        json!({"urls": ENTRY, "username": USER, "credential": PASSWORD, "credentialType": PASSWORD}).to_string(),
        json!({"urls": ENTRY, "username": 7, "credential": PASSWORD}).to_string(),
        json!({"urls": {"a": PASSWORD}, "username": USER, "credential": PASSWORD}).to_string(),
        json!({"urls": "turn.example.org", "username": USER, "credential": PASSWORD}).to_string(),
        json!({"urls": "stun:turn.example.org", "username": USER, "credential": PASSWORD}).to_string(),
        json!([PASSWORD, {PASSWORD: PASSWORD}]).to_string(),
        json!({PASSWORD: PASSWORD}).to_string(),
        json!({"iceServers": PASSWORD}).to_string(),
    ];
    for text in &broken {
        let path = file(folder.path(), "ice.json", text);
        for format in FORMATS {
            let more: Vec<&str> = Some(format).into_iter().filter(|format| !format.is_empty()).collect();
            let turn = Ask::new(&["turn", "--simulate", "turn-server", "--ice-servers", &path]).run(&more);
            // Either it is an error, or there is no TURN server in it.
            assert!(matches!(turn.code, Some(1 | 2)), "{text}: {}{}", turn.stdout, turn.stderr);
            silent(&turn, &[], &format!("{text} {format}"));
        }
        silent(&Ask::new(&["classify", "--from", &path]).run(&[]), &[], text);
    }
    let key = file(
        folder.path(),
        "key.pem",
        &format!("-----BEGIN PRIVATE KEY-----\n{PASSWORD}\n-----END PRIVATE KEY-----\n"),
    );
    for line in [vec!["--ca", &key], vec!["--password-file", &key, "--secret-file", "/nowhere"]] {
        silent(&Ask::new(&[&["turn", "-u", USER, ENTRY], &line[..]].concat()).run(&[]), &[], &format!("{line:?}"));
    }
    let text = "[[servers]]\nname = \"a\"\nipv4 = \"192.0.2.1:3478\"\n[servers.turn]\n";
    for (number, wrong) in [
        format!("users = [{{ name = \"{USER}\", pass = \"{PASSWORD}\" }}]"),
        format!("users = [{{ name = \"{USER}\", password = \"{PASSWORD}\", more = 1 }}]"),
        format!("users = [{{ name = \"{USER}\", password = [\"{PASSWORD}\"] }}]"),
        format!("secret = [\"{SECRET}\"]"),
        format!("secret = '{SECRET}"),
        format!("secert = \"{SECRET}\""),
    ]
    .iter()
    .enumerate()
    {
        let path = file(folder.path(), &format!("{number}.toml"), &format!("{text}{wrong}\n"));
        let run = Ask::new(&["turn", "--simulate", &path]).run(&[]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{wrong}: {}", run.stderr);
        silent(&run, &[], wrong);
    }
}

#[test]
fn no_other_command_tells_what_the_environment_holds() {
    let folder = tempfile::tempdir().unwrap();
    let manual = folder.path().join("man");
    let pages = manual.to_str().unwrap();
    for line in [
        vec!["--help"],
        vec!["turn", "--help"],
        vec!["turn", "-h"],
        vec!["turn", "--simulate", "list"],
        vec!["classify", "--simulate", "home-router", "-vv"],
        vec!["classify", "--simulate", "home-router", "--json"],
        vec!["discover", "--simulate", "home-router", "--ndjson"],
        vec!["schema"],
        vec!["completions", "bash"],
        vec!["completions", "zsh"],
        vec!["man", pages],
    ] {
        let ask =
            Ask::new(&line).variable("NAT_PROBE_TURN_PASSWORD", PASSWORD).variable("NAT_PROBE_TURN_SECRET", SECRET);
        let run = ask.run(&[]);
        assert_eq!(run.code, Some(0), "{line:?}: {}", run.stderr);
        silent(&run, &[], &format!("{line:?}"));
    }
    let written: Vec<_> = fs::read_dir(&manual).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(written.iter().any(|path| path.ends_with("nat-probe-turn.1")), "{written:?}");
    for path in written {
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains(PASSWORD) && !text.contains(SECRET), "{}", path.display());
    }
}

#[test]
fn a_saved_report_holds_no_secret_to_be_found_later() {
    let folder = tempfile::tempdir().unwrap();
    let world = scenario(folder.path(), "good.toml", &users(PASSWORD));
    let ask = Ask::new(&["turn", "--simulate", &world, "-u", USER, "--password-stdin", "--json"]).input(PASSWORD);
    let saved = file(folder.path(), "saved.json", &ask.run(&[]).stdout);
    let run = Ask::new(&["classify", "--from", &saved]).run(&[]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("turn"), "{}", run.stderr);
    silent(&run, &[USER.to_owned()], "the complaint about the saved report");
}
