//! How far the run is, on standard error, for somebody who watches.

use std::cell::Cell;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::arguments::common::OutputArgs;
use crate::evidence::key::TurnStep;
use crate::evidence::{Key, LogEvent};

/// A line that says what goes on and how much has settled; nothing where nobody watches. How many questions there will be nobody knows
/// before, so a bar that runs back would be all there could be: there is one only where a time was asked for (`--duration`). The line
/// is short, so that what Ctrl-C echoes does not break it.
pub(in crate::cli) struct Progress {
    line: ProgressBar,
    asked: Cell<u32>,
    settled: Cell<u32>,
    /// How long something is kept, and since when in milliseconds from the start.
    span: Option<Duration>,
    since_ms: Cell<Option<f64>>,
}

impl Progress {
    /// A line, if standard error is a terminal and nothing asks for silence.
    #[must_use]
    pub(in crate::cli) fn new(output: &OutputArgs, span: Option<Duration>) -> Self {
        let watched =
            io::stderr().is_terminal() && !output.json && !output.ndjson && output.format.is_none() && !output.quiet;
        Self::on(if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() }, span)
    }

    fn on(target: ProgressDrawTarget, span: Option<Duration>) -> Self {
        let line = ProgressBar::with_draw_target(None, target);
        style(&line, "{msg}");
        Self { line, asked: Cell::new(0), settled: Cell::new(0), span, since_ms: Cell::new(None) }
    }

    /// Takes in what happened.
    pub(in crate::cli) fn see(&self, event: &LogEvent) {
        match event {
            LogEvent::Sent { at_ms, sends: 1, ask, .. } => {
                self.asked.set(self.asked.get() + 1);
                match self.span.filter(|_| is_kept(ask)) {
                    Some(span) => self.keep(span, *at_ms),
                    None if self.since_ms.get().is_none() => self.tell(&ask.to_string()),
                    None => {}
                }
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

    /// A bar by time: from the first packet of what is kept, and never back.
    fn keep(&self, span: Duration, at_ms: f64) {
        let since_ms = self.since_ms.get().unwrap_or_else(|| {
            self.since_ms.set(Some(at_ms));
            self.line.set_length(span.as_secs());
            style(&self.line, "keeping it [{bar:24}] {msg}");
            at_ms
        });
        let kept = Duration::try_from_secs_f64((at_ms - since_ms) / 1000.0).unwrap_or_default().as_secs();
        let kept = kept.max(self.line.position()).min(span.as_secs());
        self.line.set_position(kept);
        self.line.set_message(format!("{} of {}", clock(kept), clock(span.as_secs())));
    }

    /// Takes the line away before the page is printed.
    pub(in crate::cli) fn done(self) {
        self.line.finish_and_clear();
    }
}

/// Whether it is one of the packets that show that what is kept is still there.
fn is_kept(ask: &Key) -> bool {
    matches!(ask, Key::Turn(key) if matches!(key.step, TurnStep::KeepAlive(..)))
}

fn style(line: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        line.set_style(style.progress_chars("=> "));
    }
}

/// Minutes and seconds.
fn clock(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(ask: &str, at_ms: f64) -> LogEvent {
        let remote = "192.0.2.1:3478".parse().unwrap();
        LogEvent::Sent { at_ms, exchange: "e1".to_owned(), ask: Key::from(ask), remote, sends: 1 }
    }

    #[test]
    fn the_bar_goes_by_time_and_never_back() {
        let progress = Progress::on(ProgressDrawTarget::hidden(), Some(Duration::from_secs(360)));
        progress.see(&sent("turn/0/udp/ipv4/binding", 0.0));
        assert_eq!(progress.line.message(), "asking: turn 0 (0 of 1 settled so far)");
        assert_eq!(progress.line.length(), None, "nothing is kept yet");
        for (at_ms, ask, kept, told) in [
            (2_000.0, "hold/0/out", 0, "0:00 of 6:00"),
            (65_000.0, "hold/9/out", 63, "1:03 of 6:00"),
            // Another entry began later.
            (40_000.0, "hold/1/out", 63, "1:03 of 6:00"),
            (70_000.0, "binding", 63, "1:03 of 6:00"),
            (400_000.0, "hold/99/out", 360, "6:00 of 6:00"),
        ] {
            progress.see(&sent(&format!("turn/0/udp/ipv4/{ask}"), at_ms));
            assert_eq!((progress.line.position(), progress.line.message().as_str()), (kept, told), "{ask}");
        }
        assert_eq!(progress.line.length(), Some(360));
    }

    #[test]
    fn without_a_time_there_is_no_bar() {
        let progress = Progress::on(ProgressDrawTarget::hidden(), None);
        progress.see(&sent("turn/0/udp/ipv4/hold/0/out", 5.0));
        assert_eq!(progress.line.length(), None);
    }
}
