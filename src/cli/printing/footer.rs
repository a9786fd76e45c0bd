//! What follows the options in the help of each command.

use crate::measure::spec::{Spec, Term};

/// Exit codes, keys of `--require`, own variables and examples, a line each.
#[must_use]
pub(in crate::cli) fn of(spec: &Spec) -> String {
    let keys: Vec<Term> = spec.keys.iter().map(|key| (key.name, key.meaning)).collect();
    let own: Vec<Term> = spec.environment.iter().filter(|(name, _)| name.starts_with("NAT_PROBE")).copied().collect();
    let examples: Vec<&str> = spec.examples.iter().map(|(line, _)| *line).collect();
    let mut parts = vec![section("Exit codes", spec.exit)];
    if !keys.is_empty() {
        parts.push(format!("{}\n  {}", section("Keys of --require", &keys), spec.grammar));
    }
    if !own.is_empty() {
        parts.push(section("Environment", &own));
    }
    parts.push(format!("Examples:\n  {}", examples.join("\n  ")));
    parts.join("\n\n")
}

fn section(title: &str, terms: &[Term]) -> String {
    let lines: Vec<String> = terms.iter().map(|(term, meaning)| format!("  {term}: {meaning}")).collect();
    format!("{title}:\n{}", lines.join("\n"))
}
