//! SARIF 2.1.0 (OASIS): what is wrong with a file, for whoever shows it beside its lines.

use serde_json::{Value, json};

use crate::explain::{Lint, LintCode};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The log of one run.
pub(in crate::report) fn sarif(lint: &Lint) -> Value {
    let codes: Vec<LintCode> = {
        let mut codes: Vec<LintCode> = lint.findings.iter().map(|fault| fault.code).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    };
    let rules: Vec<Value> = codes
        .iter()
        .map(|code| json!({ "id": code.to_string(), "shortDescription": { "text": code.meaning() } }))
        .collect();
    let uri = uri(&lint.file);
    let results: Vec<Value> = lint
        .findings
        .iter()
        .map(|fault| {
            let parts = [&fault.text, &fault.effect, &fault.fix];
            let message: Vec<&str> = parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
            json!({
                "ruleId": fault.code.to_string(),
                "ruleIndex": codes.iter().position(|code| *code == fault.code),
                "level": fault.severity.word(),
                "message": { "text": message.join(". ") },
                // What is missing has no line, and whoever shows it needs one.
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": uri },
                    "region": { "startLine": fault.line.unwrap_or(1) },
                } }],
            })
        })
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "nat-probe", "version": lint.version, "rules": rules } },
            "results": results,
        }],
    })
}

/// The name of a file as a reference (RFC 3986 section 4.2).
fn uri(name: &str) -> String {
    let name = name.replace('\\', "/");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let path: String = name
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    if path.starts_with('/') { format!("file://{path}") } else { path }
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_name_becomes_a_reference() {
        for (name, reference) in [
            ("turnserver.conf", "turnserver.conf"),
            ("etc/turn server.conf", "etc/turn%20server.conf"),
            ("/etc/turnserver.conf", "file:///etc/turnserver.conf"),
            ("standard input", "standard%20input"),
            ("a:b%c", "a%3Ab%25c"),
        ] {
            assert_eq!(uri(name), reference);
        }
    }
}
