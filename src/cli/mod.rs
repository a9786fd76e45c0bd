//! The command line: arguments to plan, plan to report, report to output and exit code.

mod arguments;
mod codes;
mod commands;
mod completions;
mod definition;
mod destination;
mod error;
mod exit;
mod files;
pub mod judge_again;
pub mod manual;
mod printing;
mod program;
mod refusal;
mod run;
pub mod saved;
mod scenario;
mod suggestion;
mod terms;

use std::ffi::OsString;

use clap::FromArgMatches as _;
use clap::error::ContextKind;

use definition::{Cli, Command, Peer, definition};
use error::CliError;
use exit::Exit;
use printing::output::Output;

/// Runs the program with these arguments (the program's name first), and tells its exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match completions::answer(&arguments, definition::offered) {
        Ok(true) => return Exit::Measured as u8,
        Ok(false) => {}
        Err(error) => {
            error.tell();
            return error.exit as u8;
        }
    }
    let mut out = Output::stdout();
    if !is_plugin(&arguments) {
        return run_with(&arguments, &mut out) as u8;
    }
    let exit = run_with(&arguments, &mut out);
    if exit == Exit::Usage {
        // Whoever monitors shows the first line of standard output; what is wrong stands on standard error.
        let _ = out
            .line("NAT-PROBE UNKNOWN - it could not run as asked, see its standard error")
            .and_then(|()| out.finish());
    }
    exit.of_a_plugin()
}

/// Whether a monitoring system runs it: looked for before the arguments are read, since wrong ones have the plugin's code too.
fn is_plugin(arguments: &[OsString]) -> bool {
    let is = |at: usize, word: &str| arguments.get(at).is_some_and(|argument| argument == word);
    (0..arguments.len()).any(|at| is(at, "--format=nagios") || is(at, "--format") && is(at + 1, "nagios"))
}

fn run_with(arguments: &[OsString], out: &mut Output) -> Exit {
    let parsed = definition().try_get_matches_from(arguments);
    let outcome = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(Cli { explain: Some(code), .. }) => explain(&code, out),
        Ok(Cli { command: Some(command), .. }) => dispatch(&command, out),
        Ok(Cli { command: None, explain: None }) => refusal::answer(help(), None, out),
        Err(error) => refuse(error, arguments, out),
    };
    let flushed = outcome.and_then(|exit| out.finish().map(|()| exit));
    flushed.unwrap_or_else(|error| {
        error.tell();
        error.exit
    })
}

/// Says what is wrong with the arguments, unless it is nothing but the place of `--explain CODE`.
fn refuse(error: clap::Error, arguments: &[OsString], out: &mut Output) -> Result<Exit, CliError> {
    let is_refused = |context| error.get(context).is_some_and(|what| what.to_string().starts_with("--explain"));
    if let Some(code) =
        codes::asked(arguments).filter(|_| is_refused(ContextKind::InvalidArg) || is_refused(ContextKind::PriorArg))
    {
        return explain(&code, out);
    }
    let tip = suggestion::tip(&error);
    refusal::answer(error, tip, out)
}

fn explain(code: &str, out: &mut Output) -> Result<Exit, CliError> {
    out.line(&codes::explain(code)?)?;
    Ok(Exit::Measured)
}

/// What the parser says where nothing was asked.
fn help() -> clap::Error {
    definition().error(clap::error::ErrorKind::MissingSubcommand, "a command is missing, see `nat-probe --help`")
}

fn dispatch(command: &Command, out: &mut Output) -> Result<Exit, CliError> {
    match command {
        Command::Measure(command) => match command.lint() {
            Some(arguments) => commands::turn_lint::run(arguments, out),
            None => run::run(command.measurement(), out),
        },
        Command::Peer(Peer::Predict(arguments)) => commands::peer_predict::run(arguments, out),
        Command::Peer(Peer::Connect(arguments)) => run::run(&**arguments, out),
        Command::Explain(arguments) => commands::explain_file::run(arguments, out),
        Command::Schema => {
            out.line(&format!("{:#}", crate::report::schema::schema()))?;
            Ok(Exit::Measured)
        }
        Command::Completions { shell } => {
            let script = completions::script(*shell).map_err(|error| CliError::usage(error.to_string()))?;
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
