//! The arguments of `turn lint`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use crate::cli::arguments::common::ColorChoice;
use crate::explain::turnserver::{NoVersion, Severity, Version};

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

    /// What clients are told, to find what does not fit: the ICE servers of an application, or the configuration of a server in which
    /// they stand (homeserver.yaml of Matrix and what else --from-config of nat-probe turn reads); - is standard input.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Rules")]
    pub(super) ice_servers: Option<PathBuf>,

    /// How to print it.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LintFormat::Text, help_heading = "Output")]
    pub(super) format: LintFormat,

    /// From which severity on the exit code is 1.
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t = FailOn::Warning, help_heading = "Output")]
    pub(super) fail_on: FailOn,

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

/// From which severity on something counts as wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// Errors.
    Error,
    /// Errors and warnings.
    Warning,
    /// Advice too.
    Note,
    /// Nothing: 0 whatever was found.
    Never,
}

impl FailOn {
    pub(super) fn is_reached_by(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity == Severity::Error,
            Self::Warning => severity <= Severity::Warning,
            Self::Note => true,
            Self::Never => false,
        }
    }
}

fn version(text: &str) -> Result<Version, String> {
    text.parse().map_err(|error: NoVersion| error.to_string())
}
