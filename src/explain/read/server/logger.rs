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

/// The journal's microseconds since 1970, or Loki's nanoseconds.
fn micros(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    match text.len() {
        16 => Some(number / 1000),
        19 => Some(number / 1_000_000),
        _ => None,
    }
}

/// The lines of a list of such objects, or of what Loki answers (`data.result[].values[]`), each as an object of its own, in the order of
/// their times: Loki gives the last one first.
pub(crate) fn listed(value: &Value) -> Option<String> {
    let entry = |time: &Value, line: &str| (time.as_str().unwrap_or_default().to_owned(), line.to_owned());
    let mut all: Vec<(String, String)> = if let Some(streams) = value.pointer("/data/result").and_then(Value::as_array)
    {
        let values = streams.iter().filter_map(|stream| stream.get("values")?.as_array()).flatten();
        values.filter_map(|pair| Some(entry(pair.get(0)?, pair.get(1)?.as_str()?))).collect()
    } else {
        let objects = value.as_array()?;
        let of = |object: &Value| {
            let line = TEXTS.iter().find_map(|name| object.get(name)?.as_str())?;
            let time = TIMES.iter().find_map(|name| object.get(name)).unwrap_or(&Value::Null);
            Some(entry(time, line))
        };
        objects.iter().map(of).collect::<Option<Vec<_>>>()?
    };
    if all.is_empty() {
        return None;
    }
    all.sort_by(|one, other| one.0.cmp(&other.0));
    let object = |(time, line): (String, String)| serde_json::json!({ "line": line, "timestamp": time }).to_string();
    Some(all.into_iter().map(object).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{listed, unwrapped};

    #[test]
    fn every_logger_is_unwrapped() {
        let told = |text: &str, time| Some((text.to_owned(), time));
        let docker = r#"{"log":"0: : session\n","stream":"stdout","time":"2023-11-14T22:13:20.5Z"}"#;
        assert_eq!(unwrapped(docker), told("0: : session", Some(1_700_000_000_500)));
        let journal = r#"{"__REALTIME_TIMESTAMP":"1700000000000000","MESSAGE":"0: : x"}"#;
        assert_eq!(unwrapped(journal), told("0: : x", Some(1_700_000_000_000)));
        let grafana: Value = serde_json::from_str(
            r#"[{"line":"b","timestamp":"1700000000500000000"},{"line":"a","timestamp":"1700000000400000000"}]"#,
        )
        .unwrap();
        let loki = serde_json::json!({ "status": "success", "data": { "resultType": "streams", "result": [
            { "stream": {}, "values": [["1700000000500000000", "b"], ["1700000000400000000", "a"]] } ] } });
        for value in [grafana, loki] {
            let lines: Vec<_> = listed(&value).unwrap().lines().map(unwrapped).collect();
            assert_eq!(lines, [told("a", Some(1_700_000_000_400)), told("b", Some(1_700_000_000_500))]);
        }
        assert_eq!(listed(&serde_json::json!([{ "candidate": "" }])), None);
        for line in ["0: : session {", "{}", "{\"log\":7}", "{\"log\":\"x\""] {
            assert_eq!(unwrapped(line), None, "{line}");
        }
    }
}
