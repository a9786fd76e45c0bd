//! How far the run is, on standard error, for somebody who watches.

use std::cell::Cell;
use std::io::{self, IsTerminal as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::OutputArgs;
use crate::evidence::LogEvent;

/// A line that says what goes on and how much has settled; nothing where nobody watches. How many questions there will be nobody knows
/// before, so there is no bar to run back; and the line is short, so that what Ctrl-C echoes does not break it.
pub(super) struct Progress {
    line: ProgressBar,
    asked: Cell<u32>,
    settled: Cell<u32>,
}

impl Progress {
    /// A line, if standard error is a terminal and nothing asks for silence.
    #[must_use]
    pub(super) fn new(output: &OutputArgs) -> Self {
        let watched = io::stderr().is_terminal() && !output.json && !output.ndjson && !output.quiet;
        let target = if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let line = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            line.set_style(style);
        }
        Self { line, asked: Cell::new(0), settled: Cell::new(0) }
    }

    /// Takes in what happened.
    pub(super) fn see(&self, event: &LogEvent) {
        match event {
            LogEvent::Sent { sends: 1, ask, .. } => {
                self.asked.set(self.asked.get() + 1);
                self.tell(&ask.to_string());
            }
            LogEvent::Settled { exchange, .. } if exchange.sends > 0 => self.settled.set(self.settled.get() + 1),
            _ => {}
        }
    }

    /// The first two parts of a question's name say what it is about: `ipv4/filtering/...`.
    fn tell(&self, ask: &str) {
        let about: Vec<&str> = ask.split('/').take(2).collect();
        let (settled, asked) = (self.settled.get(), self.asked.get());
        self.line.set_message(format!("asking: {} ({settled} of {asked} settled so far)", about.join(" ")));
    }

    /// Takes the line away before the page is printed.
    pub(super) fn done(self) {
        self.line.finish_and_clear();
    }
}
