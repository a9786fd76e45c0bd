//! The command line: arguments to plan, plan to report, report to output and exit code.

mod args;
mod classify;
mod definition;
mod discover;
mod duration;
mod environment;
mod error;
mod events;
mod exit;
mod explain;
mod files;
mod footer;
mod gateway;
mod hinted;
pub mod judge_again;
pub mod manual;
mod output;
mod program;
mod progress;
mod refusal;
mod run;
pub mod saved;
mod scenario;
mod secrets;
mod servers;
mod terminal;
mod trust;
mod turn;
mod turn_args;

use std::ffi::OsString;

use clap::FromArgMatches as _;

use definition::{Cli, Command, definition};
use error::CliError;
use exit::Exit;
use output::Output;

/// Runs the program with these arguments (the program's name first).
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let mut out = Output::stdout();
    let parsed = definition().try_get_matches_from(arguments);
    let outcome = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(Cli { explain: Some(code), .. }) => explain(&code, &mut out),
        Ok(Cli { command: Some(command), .. }) => dispatch(&command, &mut out),
        Ok(Cli { command: None, explain: None }) => refusal::answer(help(), &mut out),
        Err(error) => refusal::answer(error, &mut out),
    };
    let flushed = outcome.and_then(|exit| out.finish().map(|()| exit));
    flushed.unwrap_or_else(|error| {
        error.tell();
        error.exit
    })
}

fn explain(code: &str, out: &mut Output) -> Result<Exit, CliError> {
    out.line(&explain::explain(code)?)?;
    Ok(Exit::Measured)
}

/// What the parser says where nothing was asked.
fn help() -> clap::Error {
    definition().error(clap::error::ErrorKind::MissingSubcommand, "a command is missing, see `nat-probe --help`")
}

fn dispatch(command: &Command, out: &mut Output) -> Result<Exit, CliError> {
    match command {
        Command::Classify(arguments) => run::run(arguments, out),
        Command::Discover(arguments) => run::run(arguments, out),
        Command::Turn(arguments) => run::run(&**arguments, out),
        Command::Gateway(arguments) => run::run(arguments, out),
        Command::Schema => {
            out.line(&format!("{:#}", crate::report::schema::schema()))?;
            Ok(Exit::Measured)
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut definition::offered(), "nat-probe", &mut script);
            // clap_complete labels the cases of a program with a hyphen in its name otherwise than it looks them up.
            let script = String::from_utf8_lossy(&script).replace("nat__subcmd__probe", "nat__probe").into_bytes();
            out.bytes(&script)?;
            Ok(Exit::Measured)
        }
        Command::Version => {
            out.line(concat!("nat-probe ", env!("CARGO_PKG_VERSION")))?;
            Ok(Exit::Measured)
        }
        Command::Man { directory } => manual::write(directory).map(|()| Exit::Measured),
    }
}
