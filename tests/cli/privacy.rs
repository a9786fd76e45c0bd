//! `--redact`: nothing private is in any output, whatever it stands in.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use nat_probe::evidence::LogEvent;
use nat_probe::report::document::Report;
use nat_probe::report::json::{from_json, render};
use nat_probe::report::privacy::Masks;
use nat_probe::report::schema::schema;
use nat_probe::report::{Style, view, write};
use serde_json::{Value, json};

use super::run;

const USER: &str = "1700003600:wilhelmine";
const PART: &str = "wilhelmine";
const ADDRESS: &str = "203.0.113.177";

/// Reports in which nearly every member occurs.
fn reports() -> Vec<Value> {
    let runs = [
        "classify --simulate home-router --hairpin --tcp --require family=ipv4",
        "classify --simulate lying-servers",
        "classify --simulate hotel-udp-blocked",
        "classify --simulate ipv6-firewall",
        "discover --simulate address-pool --transport udp,tcp",
        "turn --simulate turn-server -u demo --password demo --features --duration 60s",
        "turn --simulate turn-lossy -u demo --password demo --duration 60s",
        "turn --simulate turn-expired-certificate -u demo --password demo --transport tls --insecure",
        "turn --simulate turn-private-relay -u demo --password wrong",
        "gateway --simulate gateway-pcp --map",
        "gateway --simulate gateway-silent",
    ];
    runs.map(|arguments| super::json(&format!("{arguments} --json"))).to_vec()
}

/// The words that the schema lists.
fn listed(schema: &Value, words: &mut BTreeSet<String>) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| listed(item, words)),
        Value::Object(members) => {
            let all = members.get("enum").and_then(Value::as_array).into_iter().flatten().chain(members.get("const"));
            words.extend(all.filter_map(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| listed(member, words));
        }
        _ => {}
    }
}

/// Puts something private into every text.
fn poison(value: &mut Value, name: &str, words: &BTreeSet<String>) {
    match value {
        Value::String(text) if name == "username" => USER.clone_into(text),
        Value::String(text) if text.parse::<IpAddr>().is_ok() => ADDRESS.clone_into(text),
        Value::String(text) if text.parse::<SocketAddr>().is_ok() => *text = format!("{ADDRESS}:4000"),
        Value::String(text) if words.contains(text) => {}
        Value::String(text) => *text = format!("{text} {USER} {PART} [{ADDRESS}]"),
        Value::Array(items) => items.iter_mut().for_each(|item| poison(item, name, words)),
        Value::Object(members) => members.iter_mut().for_each(|(name, member)| poison(member, name, words)),
        _ => {}
    }
}

fn events(report: &Report) -> Vec<LogEvent> {
    let text = format!("{USER} {ADDRESS}");
    let source: SocketAddr = format!("{ADDRESS}:1").parse().unwrap();
    let mut events = vec![LogEvent::Stray { at_ms: 0.0, source, text: text.clone() }];
    for exchange in &report.evidence {
        let (id, ask, remote) = (exchange.id.clone(), exchange.ask.clone(), exchange.remote);
        events.push(LogEvent::Sent { at_ms: 0.0, exchange: id, ask, remote, sends: 1 });
        events.push(LogEvent::Settled { at_ms: 0.0, server: text.clone(), exchange: Box::new(exchange.clone()) });
    }
    for server in &report.lookups {
        for lookup in &server.lookups {
            let (transport, addresses) = (lookup.transport, lookup.addresses.clone());
            let (server, failure) = (server.name.clone(), lookup.failure.clone());
            events.push(LogEvent::Resolved { at_ms: 0.0, server, transport, addresses, failure });
        }
    }
    events
}

#[test]
fn nothing_private_survives_in_any_text_of_any_finding() {
    let mut words = BTreeSet::new();
    listed(&schema(), &mut words);
    for mut document in reports() {
        let tool = document["tool"].clone();
        poison(&mut document, "", &words);
        document["tool"] = tool;
        if let Some(entry) = document.pointer("/results/0") {
            assert!(entry["diagnosis"]["text"].as_str().unwrap().contains(PART), "the test changes something");
        }
        // A report with a user name in it, whatever the command.
        let auth = json!({ "username": USER, "realm": format!("{PART} {ADDRESS}") });
        document["evidence"][0]["request"] = json!({ "change": "nothing", "auth": auth });
        let mut report = from_json(&document.to_string()).unwrap();
        report.redacted = true;
        let mut outputs = vec![render(&report)];
        for (width, verbosity) in [(200, 2), (80, 2), (80, 0), (200, 1)] {
            outputs.push(view::render(&report, &Style { width, verbosity, ..Style::default() }));
        }
        let mut masks = Masks::of(&report);
        outputs.extend(events(&report).iter().map(|event| write::line(&masks.event(event))));
        for output in outputs {
            for secret in [USER, PART, ADDRESS] {
                let line = output.lines().find(|line| line.contains(secret));
                assert_eq!(line, None, "{secret} in the output of {}", document["command"]);
            }
        }
    }
}

/// A report that hides everything is no use: what is not private is still there.
#[test]
fn what_is_not_private_stays() {
    for arguments in [
        "classify --simulate home-router --hairpin --tcp --require mapping=none",
        "classify --simulate lying-servers",
        "classify --simulate hotel-udp-blocked",
        "discover --simulate home-router --transport udp,tcp",
        "turn --simulate turn-server -u demo --password demo --features --duration 30s",
        "turn --simulate turn-expired-certificate -u demo --password demo --transport tls",
        "turn --simulate turn-private-relay -u demo --password demo",
        "gateway --simulate gateway-pcp --map",
        "gateway --simulate gateway-refusing --map",
    ] {
        for format in ["--json", "--ndjson", "-vv"] {
            let masked = run(&format!("{arguments} --redact {format}")).stdout;
            let hidden = masked.lines().find(|line| line.contains("***"));
            assert_eq!(hidden, None, "{arguments} {format}");
        }
        let open = super::json(&format!("{arguments} --json"));
        let masked = super::json(&format!("{arguments} --redact --json"));
        assert_eq!(masked["advice"].as_array().map(Vec::len), open["advice"].as_array().map(Vec::len));
        assert_eq!(masked["servers"].pointer("/0/server"), open["servers"].pointer("/0/server"), "names stay");
        assert_eq!(masked["started_at"], open["started_at"]);
        assert_eq!(masked["duration_ms"], open["duration_ms"]);
        let order = |document: &Value| document.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let shown: Vec<_> = order(&masked).into_iter().filter(|name| name != "redacted").collect();
        assert_eq!(shown, order(&open));
    }
}
