//! `peer connect` with the agents of others: aioice and pion's, in both roles, on this host's own addresses.
//!
//! `tests/interop/build` makes them; what is not there is skipped and said, unless `NAT_PROBE_INTEROP=require`.

#![expect(clippy::disallowed_methods, reason = "the agents of others run by the clock on the wall")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nat_probe::peer::Token;
use nat_probe::wire::Secret;
use serde_json::{Value, json};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that was built for these tests; `None` where it was not.
fn built(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop").join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(
        std::env::var("NAT_PROBE_INTEROP").as_deref() != Ok("require"),
        "{} is missing: tests/interop/build makes it",
        path.display()
    );
    eprintln!("INTEROP SKIPPED: no {name}; tests/interop/build makes it");
    None
}

fn aioice() -> Option<Command> {
    let mut command = Command::new(built("python/bin/python")?);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/aioice_peer.py"));
    Some(command)
}

fn pion() -> Option<Command> {
    Some(Command::new(built("pion-ice")?))
}

/// Another agent, which told its description.
struct Other {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
    description: Value,
}

impl Other {
    fn begin(mut command: Command, role: &str) -> Self {
        let mut child = command.arg(role).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        Self { child, lines, description: serde_json::from_str(&line).unwrap() }
    }

    /// Its description as a token.
    fn token(&self, answers: Option<String>) -> String {
        let text = |name: &str| self.description[name].as_str().unwrap().to_owned();
        let lines = self.description["candidates"].as_array().unwrap().iter();
        let candidates = lines.filter_map(|line| line.as_str().unwrap().parse().ok()).collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let token = Token {
            expires_unix_s: now + 300,
            ufrag: text("ufrag"),
            password: Secret::new(text("password")),
            candidates,
            answers,
            idle_s: 0,
            relay_only: false,
        };
        token.encode()
    }

    fn take(&mut self, token: &Token) {
        let candidates: Vec<String> = token.candidates.iter().map(ToString::to_string).collect();
        let ours = json!({ "ufrag": token.ufrag, "password": token.password.expose(), "candidates": candidates });
        writeln!(self.child.stdin.as_mut().unwrap(), "{ours}").unwrap();
    }

    fn connects(&mut self) {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "connected");
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn nat_probe(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nat-probe"));
    // Nobody answers there: only this host's own addresses are candidates.
    command.env_clear().args(["peer", "connect", "-4", "--json", "--timeout", "60s", "--server", "127.0.0.1:9"]);
    command.arg("--token-out").arg(folder.join("ours"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// Our token, once it is written.
fn ours(folder: &Path) -> Token {
    let begun = std::time::Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Ok(text) = std::fs::read_to_string(folder.join("ours")) {
            return Token::decode(&text, 0, None).unwrap();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("no token was written");
}

fn connected(child: Child, role: &str) {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["connected"], true, "{text}");
    assert_eq!(report["role"], role, "{text}");
    assert_eq!(report["selected"]["local"]["type"], "host");
    assert_eq!(report["loss_percent"], 0.0, "{text}");
    assert!(report["selected"]["rtt_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(report["traffic"]["answered"], 50, "{text}");
}

/// We begin and are controlling; the other agent answers.
fn answers(other: Option<Command>) {
    let Some(other) = other else { return };
    let folder = tempfile::tempdir().unwrap();
    let child = nat_probe(folder.path()).arg("--token-in").arg(folder.path().join("theirs")).spawn().unwrap();
    let token = ours(folder.path());
    let mut other = Other::begin(other, "controlled");
    std::fs::write(folder.path().join("theirs"), other.token(Some(token.ufrag.clone()))).unwrap();
    other.take(&token);
    other.connects();
    connected(child, "controlling");
}

/// The other agent begins and is controlling.
fn begins(other: Option<Command>) {
    let Some(other) = other else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut other = Other::begin(other, "controlling");
    let child = nat_probe(folder.path()).arg(other.token(None)).spawn().unwrap();
    other.take(&ours(folder.path()));
    other.connects();
    connected(child, "controlled");
}

#[test]
fn aioice_answers() {
    answers(aioice());
}

#[test]
fn aioice_begins() {
    begins(aioice());
}

#[test]
fn pion_answers() {
    answers(pion());
}

#[test]
fn pion_begins() {
    begins(pion());
}
