//! The arguments of `turn lint`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use crate::cli::args::ColorChoice;
use crate::explain::turnserver::{NoVersion, Version};

/// What to look over, and how to print it.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Args)]
pub(crate) struct LintArgs {
    /// The configuration, turnserver.conf; - is standard input.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) file: PathBuf,

    /// The version of coturn that reads it [default: the one that is installed here, else the newest that is known].
    #[arg(long, value_name = "VERSION", value_parser = version, help_heading = "Rules")]
    pub(super) coturn_version: Option<Version>,

    /// The ICE servers that an application tells its clients, to find what does not fit; - is standard input.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Rules")]
    pub(super) ice_servers: Option<PathBuf>,

    /// How to print it.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LintFormat::Text, help_heading = "Output")]
    pub(super) format: LintFormat,

    /// Print one JSON document and nothing else (see `nat-probe schema`): --format json.
    #[arg(long, conflicts_with = "format", help_heading = "Output")]
    pub(super) json: bool,

    /// Show advice and everything that does not fit on the screen.
    #[arg(short, long, help_heading = "Output")]
    pub(super) verbose: bool,

    /// When to use color.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorChoice::Auto, help_heading = "Output")]
    pub(super) color: ColorChoice,

    /// Draw with plain ASCII; the default where the locale is not UTF-8.
    #[arg(long, help_heading = "Output")]
    pub(super) ascii: bool,

    /// Mask addresses consistently (A, B, ...), for pasting into public places.
    #[arg(long, help_heading = "Output")]
    pub(super) redact: bool,
}

/// How to print what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LintFormat {
    /// For people.
    Text,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0, for code hosts and editors that show findings beside the lines.
    Sarif,
}

fn version(text: &str) -> Result<Version, String> {
    text.parse().map_err(|error: NoVersion| error.to_string())
}
