//! Errors as people read them: the operation, its object, the cause, and what to try.

use std::fmt;
use std::io::Write as _;

use super::exit::Exit;

/// An error that ends the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CliError {
    /// The exit code.
    pub exit: Exit,
    /// What was being done to what, and what went wrong: "cannot read the servers file x: no such file".
    pub what: String,
    /// What to try.
    pub advice: Option<String>,
}

impl CliError {
    /// A mistake in the arguments or the configuration.
    #[must_use]
    pub fn usage(what: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, what: what.into(), advice: None }
    }

    /// The same with what to try.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Tells it on standard error; where that is closed, nobody wants to know.
    pub fn tell(&self) {
        let _ = writeln!(std::io::stderr(), "{self}");
    }
}

/// Tells something on standard error that does not end the run.
pub fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "nat-probe: {text}");
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nat-probe: {}", self.what)?;
        match &self.advice {
            Some(advice) => write!(f, "\n  try: {advice}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for CliError {}
