//! `nat-probe explain FILE`: what a file that was saved when it failed tells.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueHint};
use clap_complete::engine::ArgValueCompleter;

use crate::cli::arguments::common::ColorChoice;
use crate::cli::codes::is_code;
use crate::cli::completions;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::files::{self, Source};
use crate::cli::printing::output::Output;
use crate::cli::printing::terminal;
use crate::explain::{self, Explanation, Format, Input, Outcome, ReadError, Require, RequiredIs};
use crate::report::explanation;

/// What to explain, and how to print it.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Args)]
pub(in crate::cli) struct ExplainArgs {
    /// The files, of one call or of several; - is standard input.
    #[arg(value_name = "FILE", required = true, num_args = 1.., value_hint = ValueHint::FilePath)]
    file: Vec<PathBuf>,

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

    /// Replace addresses and the names of hosts, users, pages and files by others of their kind, the same everywhere, for pasting into
    /// public places.
    #[arg(long, help_heading = "Output")]
    redact: bool,

    /// Require something (repeat), for scripts: no=CODE, no=any, certain=CODE; commas for or.
    #[arg(
        long,
        value_name = "KEY=CODE",
        value_parser = Require::from_str,
        add = ArgValueCompleter::new(completions::causes),
        help_heading = "Output"
    )]
    require: Vec<Require>,
}

/// What is read, where something else came.
const READ: &str = "a dump of chrome://webrtc-internals (also rtcstats, or its events copied), a report, saved page or log of Firefox' about:webrtc, getStats() as JSON, SDP, candidates, icecandidateerror, ICE servers, a capture (pcap, pcapng), a log of libwebrtc, pion, aioice, libdatachannel, coturn or eturnal, turnserver.conf or a report of nat-probe; gzip is unpacked";

/// The words of `--as`.
fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::word)).map(|word| {
        let named = Format::ALL.into_iter().find(|format| format.word() == word);
        named.unwrap_or(Format::WebrtcInternals)
    })
}

/// So many files are explained together: more are of more than one call.
const MOST: usize = 50;

/// Reads, explains, prints.
///
/// # Errors
/// When a file cannot be read or is of no format that is explained.
pub(in crate::cli) fn run(arguments: &ExplainArgs, out: &mut Output) -> Result<Exit, CliError> {
    if arguments.file.len() > MOST {
        return Err(CliError::usage(format!("cannot explain {} files together", arguments.file.len()))
            .advise(format!("at most {MOST}: those of one call")));
    }
    if arguments.file.iter().filter(|file| file.as_os_str() == "-").count() > 1 {
        return Err(CliError::usage("cannot read standard input more than once").advise("a file for all but one"));
    }
    if arguments.format.is_some() && arguments.file.len() > 1 {
        return Err(CliError::usage("cannot read several files as one format").advise("--as with one file alone"));
    }
    let mut inputs =
        arguments.file.iter().map(|file| read(file, arguments.format)).collect::<Result<Vec<Input>, CliError>>()?;
    let short: Vec<String> =
        arguments.file.iter().filter_map(|file| file.file_name()).map(|name| files::name(Path::new(name))).collect();
    // Their folders only where their names are the same.
    if short.len() == inputs.len() && short.iter().enumerate().all(|(at, name)| !short[..at].contains(name)) {
        inputs.iter_mut().zip(short).for_each(|(input, name)| input.name = name);
    }
    if arguments.redact {
        inputs.iter_mut().enumerate().for_each(|(at, input)| input.name = format!("file-{}", at + 1));
    }
    let mut explanation = explain::explain_together(inputs);
    if arguments.redact {
        explanation.redact();
    }
    explanation.require(&arguments.require);
    let predictions = explanation::beside(&explanation);
    if arguments.json {
        out.line(&terminal::json(explanation::json(&explanation, &predictions), out))?;
    } else {
        let style = terminal::look(arguments.color, arguments.ascii, arguments.verbose.into(), out);
        out.line(&explanation::page(&explanation, &predictions, &style))?;
    }
    Ok(exit(&explanation))
}

/// What is required decides, and without that what was found.
fn exit(explanation: &Explanation) -> Exit {
    let is = |outcome| explanation.requirements.iter().any(|required| required.outcome == outcome);
    match explanation.outcome {
        _ if is(RequiredIs::Unmet) => Exit::Unmet,
        _ if is(RequiredIs::Unknown) => Exit::NotMeasured,
        _ if is(RequiredIs::Met) => Exit::Measured,
        Outcome::NothingWrong => Exit::Measured,
        Outcome::FaultFound => Exit::Unmet,
        Outcome::CouldNotTell => Exit::NotMeasured,
    }
}

fn read(path: &Path, named: Option<Format>) -> Result<Input, CliError> {
    let source = Source { what: "the file to explain", path, largest: u64::MAX, advice: READ, secret: false };
    let mut incoming = source.open()?;
    let read = explain::read_from(&mut incoming, named);
    if let Some(failure) = incoming.failure() {
        let word = path.to_string_lossy();
        return Err(if is_code(&word) { failure.advise(format!("nat-probe --explain {word}")) } else { failure });
    }
    let reading = read.map_err(|error| {
        let what = CliError::usage(format!("cannot explain {}: {error}", source.name()));
        match &error {
            ReadError::Unfinished => what.advise("the whole output of the command, or --json in place of --ndjson"),
            ReadError::NotAsNamed(_) | ReadError::Nothing(..) if named.is_some() => {
                what.advise("the same without --as")
            }
            _ => what.advise(source.advice),
        }
    })?;
    Ok(Input { name: source.name(), reading })
}
