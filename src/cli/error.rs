//! Errors as people read them: the operation, its object, the cause, and what to try. Whatever is in them, a terminal shows it.

use std::fmt;
use std::io::Write as _;

use super::exit::Exit;
pub(super) use crate::net::words;
use crate::report::escape;

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

    /// This host lacks something that every run needs: nothing is wrong with the arguments, and nothing was measured.
    #[must_use]
    pub fn shortage(what: impl Into<String>) -> Self {
        let limit = if cfg!(unix) { ", or with a higher limit (ulimit -n, ulimit -u)" } else { "" };
        let advice = Some(format!("again when fewer programs run{limit}"));
        Self { exit: Exit::NotMeasured, what: what.into(), advice }
    }

    /// The same with what to try.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Tells it on standard error.
    pub fn tell(&self) {
        say(&self.to_string());
    }
}

/// Tells something on standard error that does not end the run.
pub(super) fn note(text: &str) {
    say(&format!("nat-probe: {}", escape::visible(text)));
}

/// The only way onto standard error. Where that is closed, nobody wants to know.
pub(super) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", escape::visible_lines(text.trim_end()));
}

/// On two lines at most: names of files and texts of parsers cannot begin lines of their own.
impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nat-probe: {}", escape::visible(&self.what))?;
        match &self.advice {
            Some(advice) => write!(f, "\n  try: {}", escape::visible(advice)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for CliError {}
