//! `nat-probe explain FILE`: what a file that was saved when it failed tells.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::args::ColorChoice;
use super::error::CliError;
use super::exit::Exit;
use super::files::Source;
use super::output::Output;
use super::terminal;
use crate::explain::{self, Outcome, ReadError};
use crate::report::explanation;

/// What to explain, and how to print it.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The file; - is standard input.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,

    /// Print one JSON document and nothing else (see `nat-probe schema`).
    #[arg(long, help_heading = "Output")]
    json: bool,

    /// Show every candidate, pair and change.
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,

    /// When to use color.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorChoice::Auto, help_heading = "Output")]
    color: ColorChoice,

    /// Draw with plain ASCII; the default where the locale is not UTF-8.
    #[arg(long, help_heading = "Output")]
    ascii: bool,

    /// Mask addresses consistently (A, B, ...), and leave out the names of pages and hosts, for pasting into public places.
    #[arg(long, help_heading = "Output")]
    redact: bool,
}

/// Reads, explains, prints.
///
/// # Errors
/// When the file cannot be read or is of no format that is explained.
pub(super) fn run(arguments: &ExplainArgs, out: &mut Output) -> Result<Exit, CliError> {
    let source = Source {
        what: "the file to explain",
        path: &arguments.file,
        largest: explain::LARGEST,
        advice: "a dump of chrome://webrtc-internals, a report of about:webrtc, getStats() as JSON, SDP or candidates",
        secret: false,
    };
    let bytes = source.read_bytes()?;
    let reading = explain::read(&bytes).map_err(|error| {
        let what = CliError::usage(format!("cannot explain {}: {error}", source.name()));
        match &error {
            ReadError::NotYet(format) => what.advise(format.instead().unwrap_or(source.advice)),
            ReadError::Compressed => what.advise("gunzip -c FILE | nat-probe explain -"),
            _ => what.advise(source.advice),
        }
    })?;
    let mut explanation = explain::explain(reading);
    if arguments.redact {
        explanation.redact();
    }
    if arguments.json {
        out.line(&explanation::json(&explanation))?;
    } else {
        let style = terminal::look(arguments.color, arguments.ascii, arguments.verbose.into(), out);
        out.line(&explanation::page(&explanation, &style))?;
    }
    Ok(match explanation.outcome {
        Outcome::NothingWrong => Exit::Measured,
        Outcome::FaultFound => Exit::Unmet,
        Outcome::CouldNotTell => Exit::NotMeasured,
    })
}
