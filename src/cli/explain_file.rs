//! `nat-probe explain FILE`: what a file that was saved when it failed tells.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueHint};

use super::args::ColorChoice;
use super::error::CliError;
use super::exit::Exit;
use super::files::Source;
use super::output::Output;
use super::terminal;
use crate::explain::{self, Format, Outcome, ReadError};
use crate::report::explanation;

/// What to explain, and how to print it.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The file; - is standard input.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,

    /// Read it as this format, where its first bytes say something else or nothing.
    #[arg(long = "as", value_name = "FORMAT", value_parser = formats())]
    format: Option<Format>,

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

/// What is read, where something else came.
const READ: &str = "a dump of chrome://webrtc-internals (also rtcstats), a report or log of Firefox' about:webrtc, getStats() as JSON, SDP, candidates, icecandidateerror, ICE servers, a capture (pcap, pcapng) or a report of nat-probe; gzip is unpacked";

/// The words of `--as`.
fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::word)).map(|word| {
        let named = Format::ALL.into_iter().find(|format| format.word() == word);
        named.unwrap_or(Format::WebrtcInternals)
    })
}

/// Reads, explains, prints.
///
/// # Errors
/// When the file cannot be read or is of no format that is explained.
pub(super) fn run(arguments: &ExplainArgs, out: &mut Output) -> Result<Exit, CliError> {
    let source =
        Source { what: "the file to explain", path: &arguments.file, largest: u64::MAX, advice: READ, secret: false };
    let mut incoming = source.open()?;
    let read = explain::read_from(&mut incoming, arguments.format);
    if let Some(failure) = incoming.failure() {
        return Err(failure);
    }
    let reading = read.map_err(|error| {
        let what = CliError::usage(format!("cannot explain {}: {error}", source.name()));
        match &error {
            ReadError::NotYet(format) => what.advise(format.instead().unwrap_or(source.advice)),
            ReadError::Unfinished => what.advise("the whole output of the command, or --json in place of --ndjson"),
            ReadError::NotAsNamed(_) | ReadError::Nothing(..) if arguments.format.is_some() => {
                what.advise("the same without --as")
            }
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
