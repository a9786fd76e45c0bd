//! One line for Nagios, Icinga and their like, by the Monitoring Plugins Development Guidelines: the state, what is so, and numbers
//! behind a bar.

use super::{class, command, summary};
use crate::report::document::Report;
use crate::report::escape;
use crate::report::exit::ExitClass;
use crate::report::fact::Value;
use crate::report::shown::Shown;

/// The line.
#[must_use]
pub(crate) fn nagios(report: &Report) -> String {
    let shown = Shown::of(report);
    let report = &*shown.report;
    let state = match class(report) {
        ExitClass::Measured => "OK",
        ExitClass::Unmet => "CRITICAL",
        ExitClass::NotMeasured => "UNKNOWN",
    };
    let mut numbers = vec![format!("duration={:.3}s;;;0", report.duration_ms / 1e3)];
    for fact in report.findings.view().facts() {
        let number = match fact.value {
            Value::Word(_) => continue,
            Value::Millis(ms) => format!("{:.3}s;;;0", ms / 1e3),
            Value::Count(count) => format!("{count};;;0"),
            Value::Share(share) => format!("{:.2}%;;;0;100", share * 100.0),
        };
        let label: Vec<&str> = fact.labels.iter().map(|(_, name)| name.as_str()).chain([fact.name]).collect();
        numbers.push(format!("{}={number}", quoted(&label.join(" "))));
    }
    // The bar begins the numbers, and the first line is all that is shown.
    let said = summary(report).replace('|', "/").replace(['\n', '\r'], " ");
    let program = format!("NAT-PROBE {}", command(report).to_uppercase());
    let line = shown.mask(format!("{program} {state} - {said} | {}", numbers.join(" ")));
    escape::visible(&line) + "\n"
}

/// A label: in single quotes, which are doubled inside; an equals sign or a bar may not stand in it.
fn quoted(label: &str) -> String {
    format!("'{}'", label.replace('\'', "''").replace(['=', '|'], "_"))
}
