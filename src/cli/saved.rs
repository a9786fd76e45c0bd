//! Saved reports, to be judged again.

use std::path::Path;

use super::arguments::servers;
use super::error::CliError;
use super::files::{self, Source};
use crate::evidence::{Evidence, gate};
use crate::report::Report;
use crate::report::json::{ReadError, from_json};

/// How large a saved report may be: a thousand servers need less, events included.
const LARGEST_REPORT: u64 = 64 << 20;

/// How many exchanges a report to judge again may have: 250 servers that were asked a hundred times each at two addresses.
const MOST_EXCHANGES: usize = 50_000;

/// Reads a report that this command wrote with `--json` or `--ndjson`.
///
/// # Errors
/// When the file cannot be read, or is no report that can be judged again.
pub fn report(command: &str, path: &Path) -> Result<Report, CliError> {
    let wanted = wanted(command);
    let source = Source { what: "the saved report", path, largest: LARGEST_REPORT, advice: &wanted, secret: false };
    read(command, &source.read()?).map_err(|(cause, advice)| {
        CliError::usage(format!("cannot judge the saved report {} again: {cause}", files::name(path))).advise(advice)
    })
}

/// Reads the text of such a report.
///
/// # Errors
/// Why it cannot be judged again, and what to try.
pub fn read(command: &str, text: &str) -> Result<Report, (String, String)> {
    let report = parse(text).map_err(|error| (error.to_string(), wanted(command)))?;
    let spec = report.findings.view().spec();
    let other = spec.name;
    if other != command && spec.id() != command {
        let cause = format!("it is a report of {other}, not of {command}");
        return Err((cause, format!("nat-probe {other} --from FILE, or a report of {command}")));
    }
    if let Some(lacks) = report.findings.view().lacks() {
        let cause = format!("it does not say {lacks}: an older nat-probe wrote it");
        return Err((cause, "a report of this version".to_owned()));
    }
    if report.evidence.len() > MOST_EXCHANGES || report.lookups.len() > servers::MOST {
        let cause = format!("it has {} exchanges with {} servers", report.evidence.len(), report.lookups.len());
        return Err((cause, format!("a report of at most {MOST_EXCHANGES} exchanges with {} servers", servers::MOST)));
    }
    if let Some(exchange) = report.evidence.iter().find(|exchange| exchange.server >= report.lookups.len()) {
        let cause = format!("its exchange {} refers to a server that it does not list", exchange.id);
        return Err((cause, "the file as nat-probe wrote it".to_owned()));
    }
    Ok(report)
}

fn wanted(command: &str) -> String {
    format!("a file that `nat-probe {command} --json` wrote")
}

/// One document, or the last line of a stream of events.
fn parse(text: &str) -> Result<Report, ReadError> {
    let last = text.lines().rev().find(|line| !line.trim().is_empty());
    match from_json(text) {
        Err(ReadError::NotJson(cause)) => last.map_or(Err(ReadError::NotJson(cause)), from_json),
        other => other,
    }
}

/// What was seen when the report was written.
#[must_use]
pub fn evidence(report: &Report) -> Evidence {
    let mut servers = report.lookups.clone();
    for server in &mut servers {
        server.lookups.iter_mut().for_each(|lookup| gate::sift(&server.name, lookup));
    }
    Evidence {
        connections: report.connections.clone(),
        bound: report.bound.clone(),
        host_addresses: report.host_addresses.clone(),
        platform_limits: report.platform_limits.clone(),
        name_servers: None,
        servers,
        names: report.names.clone(),
        exchanges: report.evidence.clone().into(),
        stopped: report.stopped,
        strays: report.strays,
        elapsed_ms: report.duration_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_report_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        for text in ["", "{}", "[1]", "not json", "{\"event\":\"sent\"}\n{\"event\":\"sent\"}\n"] {
            std::fs::write(&path, text).unwrap();
            let error = report("classify", &path).unwrap_err();
            assert!(error.what.contains("report.json"), "{error}");
        }
    }
}
