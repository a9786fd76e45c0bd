//! The binary from end to end: exit codes, bad input, outputs, and the contract of the JSON.

#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/cases.rs"]
mod cases;
#[path = "cli/completions.rs"]
mod completions;
#[path = "cli/configurations.rs"]
mod configurations;
#[path = "cli/destinations.rs"]
mod destinations;
#[path = "cli/exit_codes.rs"]
mod exit_codes;
#[path = "cli/explain.rs"]
mod explain;
#[path = "cli/formats.rs"]
mod formats;
#[path = "cli/gateway.rs"]
mod gateway;
#[path = "cli/habits.rs"]
mod habits;
#[path = "cli/hostile.rs"]
mod hostile;
#[path = "cli/ice_gather.rs"]
mod ice_gather;
#[path = "cli/output.rs"]
mod output;
#[path = "cli/pages.rs"]
mod pages;
#[path = "cli/peer_connect.rs"]
mod peer_connect;
#[path = "cli/platform.rs"]
mod platform;
#[path = "cli/predict.rs"]
mod predict;
#[path = "cli/privacy.rs"]
mod privacy;
#[path = "cli/saved.rs"]
mod saved;
#[path = "cli/schema.rs"]
mod schema;
#[path = "cli/secrets.rs"]
mod secrets;
#[path = "cli/servers.rs"]
mod servers;
#[path = "cli/turn.rs"]
mod turn;
#[path = "cli/turn_lint.rs"]
mod turn_lint;

use std::process::Output;

use assert_cmd::Command;
use nat_probe::cli;
use nat_probe::report::json::render;
use serde_json::Value;

/// What a run of the binary came to.
struct Run {
    /// The exit code.
    code: Option<i32>,
    /// Standard output.
    stdout: String,
    /// Standard error.
    stderr: String,
}

/// The binary with these arguments, in an environment that is the same everywhere.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nat-probe"));
    command.env_clear().env("LC_ALL", "C.UTF-8").envs(system_root()).args(arguments);
    command
}

/// Without it Windows finds no sockets.
fn system_root() -> Option<(&'static str, std::ffi::OsString)> {
    std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root))
}

/// What the system says of a file that is not there.
fn absent() -> String {
    let error = std::fs::metadata("there-is-no-such-file").unwrap_err().to_string();
    error.split(" (os error").next().unwrap().to_owned()
}

/// An address that is for documentation only and that no host has; none where this system sends from it all the same, as Wine does, and
/// Linux with `ip_nonlocal_bind`.
fn address_of_nobody() -> Option<&'static str> {
    const NOBODY: &str = "192.0.2.77";
    let refused = std::net::UdpSocket::bind((NOBODY, 0)).is_err();
    if !refused {
        eprintln!("SKIPPED: this system sends from addresses that it does not have");
    }
    refused.then_some(NOBODY)
}

/// Runs it. Wine loses one start of a program in some thousands before its first instruction: what asked for it gets
/// `ERROR_INTERNAL_ERROR`.
fn outcome(command: &mut Command) -> Output {
    const INTERNAL: Option<i32> = Some(1359);
    let mut lost = 0;
    loop {
        match command.output() {
            Err(error) if cfg!(windows) && error.raw_os_error() == INTERNAL && lost < 3 => lost += 1,
            done => return done.unwrap(),
        }
    }
}

/// Runs it; a report that it prints can be judged again.
fn finish(mut command: Command) -> Run {
    let output = outcome(&mut command);
    let stdout = String::from_utf8(output.stdout).unwrap();
    if let Ok(document) = serde_json::from_str::<Value>(&stdout)
        && document.get("evidence").is_some()
    {
        judged_again(&stdout, document);
    }
    Run { code: output.status.code(), stdout, stderr: String::from_utf8(output.stderr).unwrap() }
}

/// Evidence is complete: from its JSON the report comes out the same, but for what was required of it.
fn judged_again(text: &str, mut document: Value) {
    if document["redacted"] == true {
        return;
    }
    let command = document["command"].as_str().expect("a report names its command").to_owned();
    let saved = cli::saved::read(&command, text).unwrap_or_else(|(cause, _)| panic!("{cause}: {text}"));
    let again: Value = serde_json::from_str(&render(&cli::judge_again::judged(saved))).unwrap();
    for word in ["requirements", "event"] {
        document.as_object_mut().unwrap().remove(word);
    }
    assert_eq!(again, document, "judged again it is another");
}

/// Runs the binary with the arguments, which are separated by spaces.
fn run(arguments: &str) -> Run {
    finish(command(&arguments.split_whitespace().collect::<Vec<_>>()))
}

/// Standard output of a run as the one JSON document that it is to be.
fn json(arguments: &str) -> Value {
    let run = run(arguments);
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", run.stdout, run.stderr))
}
