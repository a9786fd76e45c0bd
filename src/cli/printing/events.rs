//! `--ndjson`: events while they happen, one a line, and the document as the last line.

use serde::Serialize;

use super::output::Output;
use super::terminal;
use crate::cli::arguments::common::OutputArgs;
use crate::cli::error::CliError;
use crate::evidence::LogEvent;
use crate::report::privacy::Masks;
use crate::report::{Report, write};

/// Prints the events of a run, if that was asked for.
pub(in crate::cli) struct Events {
    wanted: bool,
    /// Which letter masks which address is known only at the end, so masked events wait until then.
    waiting: Option<Vec<LogEvent>>,
    failed: Option<CliError>,
}

impl Events {
    /// As the options say.
    #[must_use]
    pub(in crate::cli) fn new(output: &OutputArgs) -> Self {
        Self { wanted: output.ndjson, waiting: output.redact.then(Vec::new), failed: None }
    }

    /// Prints an event at once.
    pub(in crate::cli) fn see(&mut self, event: &LogEvent, out: &mut Output) {
        if !self.wanted || self.failed.is_some() {
            return;
        }
        if let Some(waiting) = &mut self.waiting {
            waiting.push(event.clone());
        } else {
            // The run goes on without its reader; the error is told once it has ended.
            self.failed = line(event, out).and_then(|()| out.finish()).err();
        }
    }

    /// Prints what waited, and the document.
    ///
    /// # Errors
    /// When this or an earlier line could not be written.
    pub(in crate::cli) fn end(&mut self, report: &Report, out: &mut Output) -> Result<(), CliError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let last = Report { event: Some("report".to_owned()), ..report.clone() };
        let Some(waiting) = self.waiting.take() else { return line(&last, out) };
        let mut masks = Masks::of(&last);
        for event in waiting {
            line(&masks.event(&event), out)?;
        }
        line(&masks.document(), out)
    }
}

fn line(of: &impl Serialize, out: &mut Output) -> Result<(), CliError> {
    out.line(&terminal::json(write::line(of), out))
}
