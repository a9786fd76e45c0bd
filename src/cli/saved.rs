//! Files that people name: text of a bounded size, and saved reports to judge again.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::error::CliError;
use crate::probe::Evidence;
use crate::report::Report;
use crate::report::json::{ReadError, from_json};

/// How large a saved report may be: hundreds of servers asked a hundred times each need less.
const LARGEST_REPORT: u64 = 256 << 20;

/// Reads a text file of at most so many bytes; `-` is standard input.
///
/// # Errors
/// In words, when it cannot be read, is too large, or is no text.
pub fn read_text(path: &Path, largest: u64) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        io::stdin().take(largest + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(largest + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| error.to_string())?;
    if bytes.len() as u64 > largest {
        return Err(format!("it is larger than {} MiB", largest >> 20));
    }
    String::from_utf8(bytes).map_err(|_| "it is not a text in UTF-8".to_owned())
}

/// Reads a report that this command wrote with `--json` or `--ndjson`.
///
/// # Errors
/// When the file cannot be read, or is no report that can be judged again.
pub fn report(command: &str, path: &Path) -> Result<Report, CliError> {
    let fail = |cause: String, advice: &str| {
        CliError::usage(format!("cannot judge the saved report {} again: {cause}", path.display())).advise(advice)
    };
    let wanted = format!("a file that `nat-probe {command} --json` wrote");
    let text = read_text(path, LARGEST_REPORT).map_err(|cause| fail(cause, &wanted))?;
    let report = parse(&text).map_err(|error| fail(error.to_string(), &wanted))?;
    if report.command != command {
        let other = report.command.escape_default().to_string();
        let cause = format!("it is a report of {other}, not of {command}");
        let advice = if ["classify", "discover", "turn"].contains(&&*other) {
            format!("nat-probe {other} --from FILE, or a report of {command}")
        } else {
            wanted
        };
        return Err(fail(cause, &advice));
    }
    if command == "turn" && report.options.turn.is_none() {
        let cause = "it does not say what was tested: an older nat-probe wrote it".to_owned();
        return Err(fail(cause, "a report of this version"));
    }
    if let Some(exchange) = report.evidence.iter().find(|exchange| exchange.server >= report.lookups.len()) {
        let cause = format!("its exchange {} refers to a server that it does not list", exchange.id.escape_default());
        return Err(fail(cause, "the file as nat-probe wrote it"));
    }
    Ok(report)
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
    Evidence {
        connections: report.connections.clone(),
        host_addresses: report.host_addresses.clone(),
        servers: report.lookups.clone(),
        exchanges: report.evidence.clone(),
        stopped: report.stopped,
        strays: report.strays,
        elapsed_ms: report.duration_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_a_largest_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("servers");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read_text(&path, 5), Ok("12345".to_owned()));
        assert!(read_text(&path, 4).is_err());
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(read_text(&path, 5).unwrap_err().contains("UTF-8"));
        assert!(read_text(folder.path(), 5).is_err(), "a folder is no text");
    }

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
