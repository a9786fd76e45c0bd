//! A report as one JSON document, and back.

use serde::Deserialize;
use serde_json::error::Category;
use thiserror::Error;

use super::document::{Report, SCHEMA_VERSION};
use super::privacy::Masks;
use super::sound::Sound;
use super::{escape, write};
use crate::measure::catalog;

/// The report as one pretty-printed document and a newline. It is masked where [`Report::redacted`] asks for it.
#[must_use]
pub fn render(report: &Report) -> String {
    let text = if report.redacted { write::document(&Masks::of(report).document()) } else { write::document(report) };
    text + "\n"
}

/// Why a text is no report that could be judged again.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ReadError {
    /// Not JSON.
    #[error("this is not JSON: {0}")]
    NotJson(String),
    /// JSON, but of something else.
    #[error("this is JSON, but not a nat-probe report: {0}")]
    NotAReport(String),
    /// Written by a newer program.
    #[error(
        "this report has schema_version {0}, newer than the {SCHEMA_VERSION} that this nat-probe reads: use the nat-probe that wrote it, or a newer one"
    )]
    TooNew(u64),
    /// Written with `--redact`.
    #[error(
        "this report cannot be judged again: it was written with --redact, so the addresses that verdicts rest on are gone"
    )]
    Redacted,
    /// A report with a member missing or of the wrong type.
    #[error("this nat-probe report is damaged: {0}")]
    Damaged(String),
}

/// Reads a report that [`render`] wrote.
///
/// # Errors
///
/// When the text is not such a report, is newer than this program, or was redacted.
pub fn from_json(text: &str) -> Result<Report, ReadError> {
    let text = text.trim_start_matches('\u{feff}');
    // Three readings that keep nothing but what they look for: a tree of everything would be a hundred times as large as the text.
    serde_json::from_str::<Sound>(text).map_err(|error| match error.classify() {
        Category::Data => ReadError::Damaged(error.to_string()),
        _ => ReadError::NotJson(error.to_string()),
    })?;
    let head = serde_json::from_str::<Head>(text).unwrap_or_default();
    let Some(version) = head.schema_version else {
        return Err(ReadError::NotAReport("it has no schema_version".to_owned()));
    };
    if head.tool.name != "nat-probe" {
        return Err(ReadError::NotAReport("its tool.name is not nat-probe".to_owned()));
    }
    if version > u64::from(SCHEMA_VERSION) {
        return Err(ReadError::TooNew(version));
    }
    if head.redacted {
        return Err(ReadError::Redacted);
    }
    if !head.command.is_empty() && catalog::find(&head.command).is_none() {
        return Err(ReadError::NotAReport(format!("this nat-probe has no command {}", escape::visible(&head.command))));
    }
    serde_json::from_str(text).map_err(|error| ReadError::Damaged(error.to_string()))
}

/// What tells a report from other JSON.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Head {
    schema_version: Option<u64>,
    tool: Name,
    command: String,
    redacted: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Name {
    name: String,
}

#[cfg(test)]
mod tests {
    use super::{ReadError, from_json, render};
    use crate::report::sample;

    #[test]
    fn the_contract_paths_exist() {
        let mut report = sample::home_router();
        report.advice = crate::report::advice::advise(&report);
        let text = render(&report);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(text.ends_with("}\n"));
        for path in [
            "/schema_version",
            "/command",
            "/tool/name",
            "/tool/version",
            "/network",
            "/started_at",
            "/duration_ms",
            "/families/ipv4/connectivity",
            "/families/ipv4/local_address",
            "/families/ipv4/public_addresses/0",
            "/families/ipv4/mapping/behavior",
            "/families/ipv4/mapping/because/0",
            "/families/ipv4/filtering/behavior",
            "/families/ipv4/filtering/because/0",
            "/families/ipv4/port_assignment/behavior",
            "/families/ipv4/pooling/behavior",
            "/families/ipv4/alg/detected",
            "/families/ipv4/rfc3489_type",
            "/families/ipv6/connectivity",
            "/servers/0/server",
            "/servers/0/address",
            "/servers/0/transport",
            "/servers/0/mapped",
            "/servers/0/rtt_ms",
            "/servers/0/software",
            "/servers/0/capabilities/0",
            "/servers/2/error/code",
            "/servers/2/error/text",
            "/advice/0/code",
            "/advice/0/severity",
            "/advice/0/text",
            "/evidence/0/id",
            "/evidence/0/local",
            "/evidence/0/remote",
            "/evidence/0/request/change",
            "/evidence/0/sends",
            "/evidence/0/outcome/source",
            "/evidence/0/outcome/rtt_ms",
            "/evidence/2/outcome/waited_ms",
        ] {
            assert!(json.pointer(path).is_some(), "{path} is missing in {text}");
        }
        assert_eq!(json["schema_version"], 1);
        assert_eq!(json["families"]["ipv4"]["mapping"]["behavior"], "endpoint-independent");
        assert_eq!(json["families"]["ipv4"]["connectivity"], "nat");
        assert_eq!(json["network"], "real");
        assert!(json["servers"][0]["rtt_ms"].is_number());
        assert!(json["redacted"].is_null(), "absent unless asked for");
    }

    #[test]
    fn reasons_stand_where_a_verdict_is_inconclusive() {
        let report = sample::plain_servers();
        let json: serde_json::Value = serde_json::from_str(&render(&report)).unwrap();
        assert_eq!(json["families"]["ipv4"]["filtering"]["behavior"], "inconclusive");
        assert!(json["families"]["ipv4"]["filtering"]["reason"]["code"].is_string());
        assert!(json["families"]["ipv4"]["filtering"]["reason"]["text"].is_string());
        assert!(json["families"].get("ipv6").is_none());
    }

    #[test]
    fn what_was_written_can_be_read() {
        for report in sample::all() {
            let text = render(&report);
            assert_eq!(render(&from_json(&text).unwrap()), text);
        }
    }

    #[test]
    fn what_is_no_report_is_refused_with_the_reason() {
        assert!(matches!(from_json("classify"), Err(ReadError::NotJson(_))));
        assert!(matches!(from_json("[]"), Err(ReadError::NotAReport(_))));
        assert!(matches!(from_json("{\"a\": 1}"), Err(ReadError::NotAReport(_))));
        assert!(matches!(
            from_json("{\"schema_version\": 1, \"tool\": {\"name\": \"other\"}}"),
            Err(ReadError::NotAReport(_))
        ));
        assert!(matches!(
            from_json("{\"schema_version\": 1, \"tool\": {\"name\": \"nat-probe\"}}"),
            Err(ReadError::Damaged(_))
        ));
        for wrong in ["{\"schema_version\": \"1\"}", "{\"schema_version\": 1, \"tool\": 3}", "7", "{}"] {
            assert!(matches!(from_json(wrong), Err(ReadError::NotAReport(_))), "{wrong}");
        }
        for number in ["1e308", "-1e16", "9999999999999999"] {
            let text = render(&sample::home_router()).replacen(
                "\"duration_ms\": ",
                &format!("\"duration_ms\": {number}, \"x\": "),
                1,
            );
            let error = from_json(&text).unwrap_err();
            assert!(matches!(&error, ReadError::Damaged(text) if text.contains("no number")), "{number}: {error}");
        }
        assert_eq!(
            from_json("{\"schema_version\": 9, \"tool\": {\"name\": \"nat-probe\"}}").unwrap_err(),
            ReadError::TooNew(9)
        );
        let mut report = sample::home_router();
        report.redacted = true;
        assert_eq!(from_json(&render(&report)).unwrap_err(), ReadError::Redacted);
    }
}
