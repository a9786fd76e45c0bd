//! Files, arguments and variables that others wrote: nothing in them reaches a terminal raw, keeps the program busy or brings it down.

use std::path::Path;
use std::time::Duration;

use super::{Run, command, finish, run};

/// Moves the cursor, reverses the text, hides, piles up, and begins a line of its own.
const RAW: &str = "\u{1b}[2J\u{9b}31m\u{202e}\u{200b}\u{2800}\u{e0041}\nnat-probe: forged";

/// What of it must not arrive.
const OBEYED: [char; 6] = ['\u{1b}', '\u{9b}', '\u{202e}', '\u{200b}', '\u{2800}', '\u{e0041}'];

fn harmless(run: &Run, what: &str) {
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains(OBEYED), "{what}: {text:?}");
        assert!(!text.contains("\nnat-probe: forged"), "{what} begins a line of its own: {text}");
    }
    assert!(matches!(run.code, Some(0..=3)), "{what}: {:?} {}", run.code, run.stderr);
}

fn file(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Puts the text in the place of each string of the document, one after the other.
fn poisoned(value: &serde_json::Value, with: &str) -> Vec<serde_json::Value> {
    fn places(value: &serde_json::Value, at: &str, found: &mut Vec<String>) {
        match value {
            serde_json::Value::String(_) => found.push(at.to_owned()),
            serde_json::Value::Array(items) => {
                items
                    .iter()
                    .take(2)
                    .enumerate()
                    .for_each(|(index, item)| places(item, &format!("{at}/{index}"), found));
            }
            serde_json::Value::Object(members) => {
                members.iter().for_each(|(name, member)| places(member, &format!("{at}/{name}"), found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    places(value, "", &mut found);
    let put = |place: &String| {
        let mut value = value.clone();
        *value.pointer_mut(place).unwrap() = with.into();
        value
    };
    found.iter().map(put).collect()
}

#[test]
fn no_text_of_a_saved_report_reaches_the_terminal_raw() {
    let report = super::json("classify --simulate home-router --json");
    for (number, poisoned) in poisoned(&report, RAW).into_iter().enumerate() {
        let mut command = command(&["classify", "--from", "-", "-v"]);
        command.write_stdin(poisoned.to_string());
        harmless(&finish(command), &format!("string {number}"));
    }
    for text in [format!("{{\"{RAW}\": 1}}"), format!("{{\"a\": 1}} {RAW}"), RAW.to_owned()] {
        let mut command = command(&["classify", "--from", "-"]);
        command.write_stdin(text);
        harmless(&finish(command), "no report");
    }
}

#[test]
fn no_text_of_a_scenario_or_an_argument_reaches_the_terminal_raw() {
    let folder = tempfile::tempdir().unwrap();
    let quoted = serde_json::to_string(RAW).unwrap();
    for (number, text) in [
        format!("{quoted} = 1\n"),
        format!("[link]\n{quoted} = 1\n"),
        format!("[[nats]]\nmapping = {quoted}\n"),
        format!("[[servers]]\nname = {quoted}\n"),
        format!("[[servers]]\nname = \"a\"\nipv4 = {quoted}\n"),
        format!("description = {RAW}\n"),
    ]
    .iter()
    .enumerate()
    {
        let path = file(folder.path(), &format!("{number}.toml"), text);
        harmless(&finish(command(&["classify", "--simulate", &path])), text);
        // No file is called so where the system forbids it.
        if cfg!(unix) {
            let strange = file(folder.path(), "a\u{1b}[2J\u{202e}.toml", text);
            harmless(&finish(command(&["classify", "--simulate", &strange])), text);
        }
    }
    for option in [
        "--from",
        "--simulate",
        "--servers-file",
        "--server",
        "--interface",
        "--source",
        "--deadline",
        "--require",
        "--seed",
        "--color",
        "--local-port",
        "--nonsense",
    ] {
        harmless(&finish(command(&["classify", option, RAW])), option);
        harmless(&finish(command(&["classify", &format!("{option}={RAW}")])), option);
    }
    for option in [
        "--ice-servers",
        "--password-file",
        "--secret-file",
        "--ca",
        "--transport",
        "--ttl",
        "--duration",
        "--count",
        "--realm",
        "--server-name",
        "-u",
        "--rest-user",
    ] {
        harmless(&finish(command(&["turn", "turn:127.0.0.1:1", "--deadline", "1", option, RAW])), option);
    }
    for line in [vec![RAW], vec!["turn", RAW], vec!["turn", "-u", RAW, "turn:127.0.0.1:1"], vec!["completions", RAW]] {
        harmless(&finish(command(&line)), "positional");
    }
}

/// What was typed where something else belongs may be the secret.
#[test]
fn what_may_be_a_secret_is_not_repeated() {
    const SECRET: &str = "Quokka7Mark";
    let document = format!("{{\"urls\": \"turn:h\", \"username\": \"u\", \"credential\": \"{SECRET}\"}}");
    let slip = |argument: &str| argument.replace("SECRET", SECRET);
    for line in [
        vec!["turn", "turn:h", "-u", "alice", "--passwordSECRET"],
        vec!["turn", "turn:h", "-u", "alice", "--password:SECRET"],
        vec!["turn", "turn:h", "-u", "alice", "--PasswordSECRET"],
        vec!["turn", "turn:h", "-u", "alice", "-pSECRET"],
        vec!["turn", "turn:h", "-u", "alice", "--password-stdinSECRET"],
        vec!["turn", "turn:h", "-u", "alice", "--secret-fileSECRET"],
        vec!["turn", "turn:h", "-u", "alice", "--secretSECRET"],
        vec!["turn", "turn:h", "-u", "alice", "--password-file", "SECRET"],
        vec!["turn", "turn:h", "-u", "alice", "--password-file=SECRET"],
        vec!["turn", "turn:h", "--secret-file", "SECRET"],
        vec!["turn", "turn:h", "--secret-file", "a/SECRET"],
        vec!["--password=SECRET", "turn", "turn:h"],
        vec!["--passwordSECRET"],
        vec!["classify", "--passwordSECRET"],
        vec!["turn", "--ice-servers", &document],
        vec!["turn", "--ca", &document, "turn:h"],
        vec!["classify", "--from", &document],
        vec!["classify", "--servers-file", &document],
        vec!["classify", "--simulate", &document],
        vec!["classify", "--simulate", "turn:alice:SECRET@h"],
    ] {
        let line: Vec<String> = line.iter().map(|argument| slip(argument)).collect();
        let run = finish(command(&line.iter().map(String::as_str).collect::<Vec<_>>()));
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{line:?}: {}", run.stderr);
        assert!(!run.stderr.contains(SECRET), "{line:?}: {}", run.stderr);
    }
    let folder = tempfile::tempdir().unwrap();
    let text = format!("[[servers]]\nname = \"a\"\n[servers.turn]\nusers = \"demo:{SECRET}\"\n");
    let run = finish(command(&["turn", "--simulate", &file(folder.path(), "wrong.toml", text)]));
    assert!(run.code == Some(2) && run.stderr.contains("line 4") && !run.stderr.contains(SECRET), "{}", run.stderr);
}

/// What an argument, a variable or a name of a file can be without being Unicode.
fn odd() -> std::ffi::OsString {
    #[cfg(unix)]
    return std::os::unix::ffi::OsStringExt::from_vec(b"a\xffb".to_vec());
    #[cfg(windows)]
    return std::os::windows::ffi::OsStringExt::from_wide(&[0x61, 0xd800, 0x62]);
}

#[test]
fn variables_that_are_no_text_are_told() {
    for (variable, line) in [
        ("NAT_PROBE_SERVERS", vec!["discover"]),
        ("NAT_PROBE_TURN_PASSWORD", vec!["turn", "turn:127.0.0.1:1", "-u", "alice"]),
        ("NAT_PROBE_TURN_SECRET", vec!["turn", "turn:127.0.0.1:1"]),
    ] {
        let mut command = command(&line);
        command.env(variable, odd());
        let run = finish(command);
        assert_eq!(run.code, Some(2), "{variable}: {}", run.stderr);
        assert!(run.stderr.contains(variable) && run.stderr.contains("not a text in UTF-"), "{}", run.stderr);
    }
    let mut measured = command(&["classify", "--simulate", "home-router"]);
    for variable in ["NO_COLOR", "COLUMNS", "TERM", "LANG", "HOME", "XDG_CONFIG_HOME", "APPDATA", "CLICOLOR_FORCE"] {
        measured.env(variable, odd());
    }
    assert_eq!(finish(measured).code, Some(0), "where it does not matter it hinders nothing");
}

#[test]
fn arguments_that_are_no_text_are_told() {
    for line in [
        vec![],
        vec!["classify"],
        vec!["classify", "--from"],
        vec!["classify", "--server"],
        vec!["classify", "--simulate"],
        vec!["classify", "--interface"],
        vec!["classify", "--simulate", "home-router", "--require"],
        vec!["discover", "--servers-file"],
        vec!["turn"],
        vec!["turn", "turn:127.0.0.1:1", "-u"],
        vec!["turn", "turn:127.0.0.1:1", "--password-file"],
        vec!["turn", "--ice-servers"],
        vec!["turn", "lint"],
        vec!["explain"],
        vec!["peer", "predict", "nat:symmetric"],
        vec!["peer", "connect"],
        vec!["completions"],
        vec!["--explain"],
    ] {
        let mut command = command(&line);
        command.arg(odd());
        let run = finish(command);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{line:?}: {}", run.stderr);
        assert!(!run.stderr.is_empty() && !run.stderr.contains("panicked"), "{line:?}: {}", run.stderr);
    }
}

#[test]
fn a_file_may_be_called_what_is_no_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(odd());
    if std::fs::write(&path, "").is_err() {
        eprintln!("SKIPPED: this system has no files with such names");
        return;
    }
    for format in ["json", "format=prometheus"] {
        let mut measured = command(&["classify", "--simulate", "home-router", &format!("--{format}"), "-o"]);
        measured.arg(&path);
        let run = finish(measured);
        assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{}", run.stderr);
        assert_ne!(std::fs::read_to_string(&path).unwrap(), "");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_without_room_is_an_error_for_every_command() {
    for line in ["--help", "--version", "turn --help", "schema", "completions bash", "classify --simulate home-router"]
    {
        let command = format!("exec {} {line} > /dev/full", env!("CARGO_BIN_EXE_nat-probe"));
        let output = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {told}");
        assert!(told.contains("standard output"), "{line}: {told}");
    }
}

/// A pipe that nobody writes to, for every option that names a file, all at once.
#[cfg(unix)]
#[test]
fn a_pipe_without_a_writer_is_not_waited_for_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let pipe = pipe.to_str().unwrap();
    let lines = [
        vec!["classify", "--from", pipe],
        vec!["classify", "--simulate", pipe],
        vec!["discover", "--servers-file", pipe],
        vec!["turn", "--ice-servers", pipe],
        vec!["turn", "turn:127.0.0.1:1", "--ca", pipe],
        vec!["turn", "turn:127.0.0.1:1", "--secret-file", pipe],
        vec!["turn", "turn:127.0.0.1:1", "-u", "alice", "--password-file", pipe],
    ];
    std::thread::scope(|scope| {
        for line in &lines {
            scope.spawn(move || {
                let mut command = command(line);
                command.timeout(Duration::from_secs(60));
                let run = finish(command);
                assert_eq!(run.code, Some(2), "{line:?}: {}", run.stderr);
                assert!(run.stderr.contains("waiting for"), "{line:?}: {}", run.stderr);
                assert!(run.stderr.contains("nothing writes to it"), "{line:?}: {}", run.stderr);
            });
        }
    });
}

#[test]
fn crowds_are_refused_before_anything_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let servers: Vec<String> = (0..40_000).map(|number| format!("s{number}.example\n")).collect();
    let servers = file(folder.path(), "servers.txt", servers.concat());
    let run = run(&format!("discover --servers-file {servers}"));
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("40000 servers") && run.stderr.contains("at most 1000"), "{}", run.stderr);
    let mut saved = command(&["classify", "--from", "-"]);
    saved.write_stdin(format!("[{}{{}}]", "{\"a\":0},".repeat(1 << 20))).timeout(Duration::from_secs(60));
    assert_eq!(finish(saved).code, Some(2));
}

/// However few descriptors there are, the program says so or does its work.
#[cfg(target_os = "linux")]
#[test]
fn a_lack_of_descriptors_is_told_and_not_measured() {
    let server = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let at = server.local_addr().unwrap();
    // With fewer than five the system cannot load the program.
    for limit in (5..=35).step_by(3) {
        for line in [
            "classify --simulate home-router".to_owned(),
            "turn --simulate turn-server -u demo --password demo".to_owned(),
            format!("discover -4 --deadline 1 --server {at}"),
            format!("turn --deadline 1 turn:{at}"),
        ] {
            let command = format!("ulimit -n {limit}; exec {} {line}", env!("CARGO_BIN_EXE_nat-probe"));
            let output = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            let expected: &[i32] = if line.contains("--simulate") { &[0] } else { &[1, 3] };
            let code = output.status.code();
            assert!(code.is_some_and(|code| expected.contains(&code)), "{limit}: {line}: {code:?} {told}");
            assert!(!told.contains("panicked"), "{limit}: {line}: {told}");
            if limit < 17 && !line.contains("--simulate") {
                assert!(code == Some(3) && told.contains("Too many open files"), "{limit}: {line}: {told}");
            }
        }
    }
}
