//! How far the run is, on standard error, for somebody who watches.

use std::io::{self, IsTerminal as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::OutputArgs;
use crate::evidence::{Exchange, LogEvent, Outcome};

/// A bar with the number of settled exchanges and the last answer; nothing where nobody watches.
pub struct Progress {
    bar: ProgressBar,
    redact: bool,
}

impl Progress {
    /// A bar, if standard error is a terminal and nothing asks for silence.
    #[must_use]
    pub fn new(output: &OutputArgs) -> Self {
        let watched = io::stderr().is_terminal() && !output.json && !output.ndjson && !output.quiet;
        let target = if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        if let Ok(style) = ProgressStyle::with_template("[{bar:20}] {pos}/{len} {wide_msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self { bar, redact: output.redact }
    }

    /// Takes in what happened.
    pub fn see(&self, event: &LogEvent) {
        match event {
            LogEvent::Sent { sends: 1, .. } => self.bar.inc_length(1),
            LogEvent::Settled { server, exchange, .. } => {
                if exchange.sends > 0 {
                    self.bar.inc(1);
                }
                if let Some(text) = self.words(server, exchange) {
                    self.bar.set_message(text);
                }
            }
            _ => {}
        }
    }

    fn words(&self, server: &str, exchange: &Exchange) -> Option<String> {
        match &exchange.outcome {
            Outcome::Reply(reply) if self.redact => reply.mapped.map(|_| "answered".to_owned()),
            Outcome::Reply(reply) => reply.mapped.map(|mapped| format!("{server} sees {mapped}")),
            _ => None,
        }
    }

    /// Takes the bar away before the page is printed.
    pub fn done(self) {
        self.bar.finish_and_clear();
    }
}
