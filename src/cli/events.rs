//! `--ndjson`: events while they happen, one a line, and the document as the last line.

use serde_json::Value;

use super::args::OutputArgs;
use super::error::CliError;
use super::output::Output;
use crate::engine::LogEvent;
use crate::report::redact::Redactor;
use crate::report::{Report, escape, json, users};

/// Prints the events of a run, if that was asked for.
pub struct Events {
    wanted: bool,
    /// Which letter masks which address is known only at the end, so masked events wait until then.
    waiting: Option<Vec<Value>>,
    failed: Option<CliError>,
}

impl Events {
    /// As the options say.
    #[must_use]
    pub fn new(output: &OutputArgs) -> Self {
        Self { wanted: output.ndjson, waiting: output.redact.then(Vec::new), failed: None }
    }

    /// Prints an event at once.
    pub fn see(&mut self, event: &LogEvent, out: &mut Output) {
        if !self.wanted || self.failed.is_some() {
            return;
        }
        if let Some(waiting) = &mut self.waiting {
            waiting.extend(serde_json::to_value(event));
        } else if let Ok(line) = serde_json::to_string(event) {
            // The run goes on without its reader; the error is told once it has ended.
            self.failed = out.line(&escape::json(&line)).and_then(|()| out.finish()).err();
        }
    }

    /// Prints what waited, and the document.
    ///
    /// # Errors
    /// When this or an earlier line could not be written.
    pub fn end(&mut self, report: &Report, out: &mut Output) -> Result<(), CliError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if let Some(waiting) = self.waiting.take() {
            let redactor = Redactor::for_report(report);
            let users = users::names(report);
            for mut event in waiting {
                mask(&mut event, &redactor);
                users::mask(&mut event, &users);
                out.line(&escape::json(&event.to_string()))?;
            }
        }
        let last = Report { event: Some("report".to_owned()), ..report.clone() };
        out.line(&one_line(&json::render(&last)))
    }
}

fn mask(value: &mut Value, redactor: &Redactor) {
    match value {
        Value::String(text) => *text = redactor.mask(text),
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, redactor)),
        Value::Object(members) => members.values_mut().for_each(|member| mask(member, redactor)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A JSON text without white space between its tokens.
fn one_line(json: &str) -> String {
    let (mut literal, mut escaped) = (false, false);
    json.chars()
        .filter(|&character| {
            if literal {
                literal = escaped || character != '"';
                escaped = !escaped && character == '\\';
                return true;
            }
            literal = character == '"';
            !character.is_ascii_whitespace()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_goes_except_in_strings() {
        let pretty = "{\n  \"a \\\" b\": [ 1, \"c\\\\\" ],\n  \"d\": \" \\n \"\n}\n";
        let line = one_line(pretty);
        assert_eq!(line, "{\"a \\\" b\":[1,\"c\\\\\"],\"d\":\" \\n \"}");
        let (before, after): (Value, Value) =
            (serde_json::from_str(pretty).unwrap(), serde_json::from_str(&line).unwrap());
        assert_eq!(before, after);
    }

    #[test]
    fn an_address_that_the_report_lacks_is_masked_too() {
        let mut value =
            serde_json::json!({"event": "stray", "source": "192.0.2.9:1", "n": 3, "list": ["x 192.0.2.9 y"]});
        mask(&mut value, &Redactor::default());
        assert!(!value.to_string().contains("192.0.2.9"), "{value}");
    }
}
