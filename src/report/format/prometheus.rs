//! Prometheus' text format (version 0.0.4), for the textfile collector: gauges only, since a run is a state and not a count.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{class, command};
use crate::report::document::{Report, RequirementOutcome};
use crate::report::exit::ExitClass;
use crate::report::fact::Value;
use crate::report::shown::Shown;

/// What each metric tells; what is not named here is called by its name.
const HELP: &[(&str, &str)] = &[
    ("nat_probe_duration_seconds", "How long the run took."),
    ("nat_probe_info", "Which program and command wrote this."),
    (
        "nat_probe_requirement_met",
        "1 where what is required holds, 0 where it does not; absent where it could not be told.",
    ),
    ("nat_probe_success", "1 where the run measured and everything required holds, 0 otherwise."),
    ("nat_probe_timestamp_seconds", "When the run began."),
];

type Samples = BTreeMap<String, Vec<(Vec<(&'static str, String)>, f64)>>;

/// The report as metrics.
#[must_use]
pub(crate) fn prometheus(report: &Report) -> String {
    let shown = Shown::of(report);
    let report = &*shown.report;
    let mut samples = Samples::new();
    let mut add = |name: &str, labels: Vec<(&'static str, String)>, value: f64| {
        samples.entry(format!("nat_probe_{}", name.replace('-', "_"))).or_default().push((labels, value));
    };
    let of = || vec![("command", command(report).to_owned())];
    add("info", [of(), vec![("version", report.tool.version.clone())]].concat(), 1.0);
    add("success", of(), f64::from(u8::from(class(report) == ExitClass::Measured)));
    add("duration_seconds", of(), report.duration_ms / 1e3);
    if let Some(seconds) = began(report) {
        add("timestamp_seconds", of(), seconds);
    }
    for requirement in &report.requirements {
        let value = match requirement.outcome {
            RequirementOutcome::Met => 1.0,
            RequirementOutcome::Unmet => 0.0,
            RequirementOutcome::Unknown => continue,
        };
        add("requirement_met", [of(), vec![("requirement", requirement.requirement.clone())]].concat(), value);
    }
    for fact in report.findings.view().facts() {
        let labels = |more: Vec<_>| [of(), fact.labels.clone(), more].concat();
        match &fact.value {
            Value::Word(word) => add(fact.name, labels(vec![("is", word.clone())]), 1.0),
            Value::Millis(ms) => add(&format!("{}_seconds", fact.name), labels(vec![]), ms / 1e3),
            #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 of anything here")]
            Value::Count(count) => add(fact.name, labels(vec![]), *count as f64),
            Value::Share(share) => add(&format!("{}_ratio", fact.name), labels(vec![]), *share),
        }
    }
    shown.mask(write(&samples))
}

fn write(samples: &Samples) -> String {
    let mut text = String::new();
    for (name, values) in samples {
        let help = HELP.iter().find(|(known, _)| known == name).map(|(_, help)| (*help).to_owned());
        let _ = writeln!(text, "# HELP {name} {}", help.unwrap_or_else(|| by_name(name)));
        let _ = writeln!(text, "# TYPE {name} gauge");
        let mut told: Vec<String> = Vec::new();
        for (labels, value) in values {
            let labels: Vec<String> =
                labels.iter().map(|(label, name)| format!("{label}=\"{}\"", escaped(name))).collect();
            let labels = labels.join(",");
            // Two samples of one name and the same labels would make the whole file unreadable.
            if !told.contains(&labels) {
                let _ = writeln!(text, "{name}{{{labels}}} {value}");
                told.push(labels);
            }
        }
    }
    text
}

/// A name in words: of `nat_probe_round_trip_seconds`, "The round trip (seconds) of the report."
fn by_name(name: &str) -> String {
    let name = name.trim_start_matches("nat_probe_");
    let unit =
        ["seconds", "ratio"].into_iter().find_map(|unit| Some((name.strip_suffix(unit)?.trim_end_matches('_'), unit)));
    let (name, unit) = unit.map_or((name, String::new()), |(name, unit)| (name, format!(" ({unit})")));
    format!("The {}{unit} of the report.", name.replace('_', " "))
}

/// Seconds since 1970; nothing for the virtual time of a simulated network.
fn began(report: &Report) -> Option<f64> {
    let at = humantime::parse_rfc3339(&report.started_at).ok()?;
    let since = at.duration_since(std::time::UNIX_EPOCH).ok()?;
    (!since.is_zero()).then_some(since.as_secs_f64())
}

/// A value of a label: backslash, quote and line feed are escaped, and nothing else may be.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
