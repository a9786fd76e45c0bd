//! The command line: arguments to plan, plan to report, report to output and exit code.

pub mod again;
pub mod args;
pub mod assemble;
pub mod duration;
pub mod error;
pub mod events;
pub mod exit;
mod hints;
pub mod ice_servers;
pub mod manual;
pub mod nat;
pub mod output;
pub mod progress;
pub mod rows;
pub mod run;
pub mod saved;
pub mod scenario;
pub mod secrets;
pub mod servers;
pub mod terminal;
pub mod turn;
pub mod turn_args;

use std::ffi::OsString;
use std::io::Write as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, Parser as _};

use args::{Cli, Command};
use error::CliError;
use exit::Exit;
use output::Output;

use crate::stun::masked;

/// Runs the program with these arguments (the program's name first).
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let mut out = Output::stdout();
    let outcome = match Cli::try_parse_from(arguments) {
        Ok(cli) => dispatch(&cli.command, &mut out),
        Err(error) => return refused(error),
    };
    let flushed = outcome.and_then(|exit| out.finish().map(|()| exit));
    flushed.unwrap_or_else(|error| {
        error.tell();
        error.exit
    })
}

fn dispatch(command: &Command, out: &mut Output) -> Result<Exit, CliError> {
    match command {
        Command::Classify(arguments) => nat::classify(arguments, out),
        Command::Discover(arguments) => nat::discover(arguments, out),
        Command::Turn(arguments) => turn::run(arguments, out),
        Command::Schema => {
            out.line(&format!("{:#}", crate::report::schema::schema()))?;
            Ok(Exit::Measured)
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "nat-probe", &mut script);
            // clap_complete labels the cases of a program with a hyphen in its name otherwise than it looks them up.
            let script = String::from_utf8_lossy(&script).replace("nat__subcmd__probe", "nat__probe").into_bytes();
            out.bytes(&script)?;
            Ok(Exit::Measured)
        }
        Command::Man { directory } => manual::write(directory).map(|()| Exit::Measured),
    }
}

/// The parser repeats the value that it refuses: a server written with a password, or a password where no value belongs.
fn hide_password(error: &mut clap::Error) {
    let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) else { return };
    let option = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    let shown = match error.kind() {
        ErrorKind::TooManyValues => "***".to_owned(),
        // Nothing but a server has a password in it, and nothing else is written by its grammar.
        _ if option.starts_with("--server") || value.contains('@') || value.contains("://") => masked(value),
        _ => value.clone(),
    };
    error.insert(ContextKind::InvalidValue, ContextValue::String(shown));
}

/// Help and version go to standard output, mistakes to standard error in the words of every other error.
fn refused(mut error: clap::Error) -> Exit {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A pipe that closed early has read what it wanted.
        let _ = error.print();
        return Exit::Measured;
    }
    hide_password(&mut error);
    let text = error.render().to_string();
    // Without any argument the help stands where the mistake would.
    let text = text.strip_prefix("error: ").map_or(text.clone(), |text| format!("nat-probe: {text}"));
    let _ = write!(std::io::stderr(), "{text}");
    Exit::Usage
}
