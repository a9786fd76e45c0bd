//! Lines of a log that a logger put into JSON, one a line: Docker's `json-file`, the journal's `-o json`, Loki, cloud loggers.

use serde_json::Value;

use super::server_log::time_ms;

/// Members that hold what was written.
const TEXTS: [&str; 7] = ["log", "MESSAGE", "message", "line", "msg", "textPayload", "body"];
/// Members that hold when.
const TIMES: [&str; 6] = ["time", "timestamp", "ts", "@timestamp", "__REALTIME_TIMESTAMP", "date"];

/// What was written, and when by the logger's clock; nothing where the line is no such object.
pub(super) fn unwrapped(line: &str) -> Option<(String, Option<u64>)> {
    let object = line.trim().trim_end_matches(',');
    if !object.starts_with('{') || !object.ends_with('}') {
        return None;
    }
    let value: Value = serde_json::from_str(object).ok()?;
    let text = TEXTS.iter().find_map(|name| value.get(name)?.as_str())?.trim_end();
    let time = TIMES.iter().find_map(|name| value.get(name)).and_then(|time| match time {
        Value::String(text) => time_ms(text).or_else(|| micros(text)),
        _ => None,
    });
    Some((text.to_owned(), time))
}

/// The journal's microseconds since 1970.
fn micros(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|_| text.len() == 16).map(|micros| micros / 1000)
}

#[cfg(test)]
mod tests {
    use super::unwrapped;

    #[test]
    fn every_logger_is_unwrapped() {
        let told = |text: &str, time| Some((text.to_owned(), time));
        let docker = r#"{"log":"0: : session\n","stream":"stdout","time":"2023-11-14T22:13:20.5Z"}"#;
        assert_eq!(unwrapped(docker), told("0: : session", Some(1_700_000_000_500)));
        let journal = r#"{"__REALTIME_TIMESTAMP":"1700000000000000","MESSAGE":"0: : x"}"#;
        assert_eq!(unwrapped(journal), told("0: : x", Some(1_700_000_000_000)));
        for line in ["0: : session {", "{}", "{\"log\":7}", "{\"log\":\"x\""] {
            assert_eq!(unwrapped(line), None, "{line}");
        }
    }
}
