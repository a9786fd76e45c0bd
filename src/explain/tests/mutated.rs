//! Genuine files of which one thing was changed, and texts as people hand them on: the answer changes as it must, and else stays.

use serde_json::{Value, json};

use super::super::*;
use super::calls::file_of;
use super::redaction::unpacked;
use super::{codes, explained};

/// What a `getStats()` of a call by relay says with other states of its transport.
#[test]
fn what_was_connected_and_has_no_way_any_more_is_lost() {
    let file = unpacked(&file_of("chromium-home-symmetric-turn", "here.getstats.json.gz"));
    for (ice, dtls, progress) in [
        ("connected", "connected", "connected"),
        ("disconnected", "connected", "lost"),
        ("failed", "connected", "lost"),
        ("connected", "connecting", "checking"),
        ("connected", "failed", "failed"),
    ] {
        let mut stats: Value = serde_json::from_slice(&file).unwrap();
        let transport = stats.as_array_mut().unwrap().iter_mut().find(|it| it["type"] == "transport").unwrap();
        transport["iceState"] = json!(ice);
        transport["dtlsState"] = json!(dtls);
        assert_eq!(explained(stats.to_string().as_bytes()).connections[0].progress, progress, "{ice} {dtls}");
    }
}

/// The dump of a call that failed, changed.
fn dump(call: &str, change: impl Fn(&mut Value)) -> Vec<String> {
    let file = unpacked(&file_of(call, "here.internals.json.gz"));
    let mut dump: Value = serde_json::from_slice(&file).unwrap();
    dump["PeerConnections"].as_object_mut().unwrap().values_mut().for_each(change);
    codes(&explained(dump.to_string().as_bytes()))
}

#[test]
fn a_configuration_that_is_not_there_says_nothing() {
    let call = "chromium-home-symmetric-none";
    assert!(dump(call, |_| {}).contains(&"no-turn-configured/certain".to_owned()));
    let without = dump(call, |connection| connection["rtcConfiguration"] = json!(""));
    assert!(!without.iter().any(|code| code.contains("configured")), "{without:?}");
}

#[test]
fn whose_addresses_are_all_hidden_has_only_those_of_its_network() {
    let found = dump("chromium-home-symmetric-none", |connection| {
        let reflexive =
            |event: &Value| event["type"] == "onicecandidate" && event["value"].to_string().contains("typ srflx");
        connection["updateLog"].as_array_mut().unwrap().retain(|event| !reflexive(event));
        let stats = connection["stats"].as_object_mut().unwrap();
        let is = |(name, series): (&String, &Value)| {
            let own = series["statsType"] == "local-candidate" && series["values"].to_string().contains("srflx");
            own.then(|| name.strip_suffix("-candidateType").map(str::to_owned)).flatten()
        };
        let reflexive: Vec<String> = stats.iter().filter_map(is).collect();
        stats.retain(|name, _| !reflexive.iter().any(|id| name.starts_with(id.as_str())));
    });
    assert!(found.contains(&"only-local-here/certain".to_owned()), "{found:?}");
}

#[test]
fn the_relay_of_the_other_end_is_a_way_too() {
    let found = dump("chromium-home-symmetric-none", |connection| {
        let event = json!({ "sdpMid": "0", "candidate": "candidate:9 1 udp 50340095 198.51.100.90 50000 typ relay raddr 0.0.0.0 rport 0" });
        let events = connection["updateLog"].as_array_mut().unwrap();
        let at = events.iter().position(|event| event["type"] == "oniceconnectionstatechange").unwrap();
        events.insert(
            at,
            json!({ "type": "addIceCandidate", "value": event.to_string(), "timestamp": events[at]["timestamp"] }),
        );
    });
    assert!(found.contains(&"(no-turn-configured/certain)".to_owned()), "{found:?}");
}

#[test]
fn what_people_put_around_a_dump_takes_nothing_from_it() {
    let file = unpacked(&file_of("chromium-home-symmetric-none", "here.internals.json.gz"));
    let value: Value = serde_json::from_slice(&file).unwrap();
    let text = serde_json::to_string_pretty(&value).unwrap();
    let each = |around: &dyn Fn(usize, &str) -> String| -> String {
        text.lines().enumerate().map(|(index, line)| around(index + 1, line) + "\n").collect()
    };
    let expected = codes(&explained(text.as_bytes()));
    for (what, other) in [
        ("quoted", each(&|_, line| format!("> {line}"))),
        ("quoted twice", each(&|_, line| format!("> > {line}"))),
        ("quoted below a sentence", format!("See this:\n\n{}\nAny idea?\n", each(&|_, line| format!("> {line}")))),
        ("numbered by an editor", each(&|number, line| format!("{number:6}\t{line}"))),
        ("numbered with a colon", each(&|number, line| format!("{number}: {line}"))),
        ("numbered with a bar", each(&|number, line| format!("{number:4} | {line}"))),
        ("numbered with a blank", each(&|number, line| format!("{number} {line}"))),
        ("in a fence", format!("```json\n{text}\n```\n")),
        ("with a signature", format!("{text}\n-- \nSent from my phone\n")),
    ] {
        assert_eq!(codes(&explained(other.as_bytes())), expected, "{what}");
    }
    // Numbers that belong to the lines stay.
    let log = "0: : log\n1: session 000000000000000001: realm <a> user <b>: incoming packet ALLOCATE processed, success\n2: x\n3: y\n4: z\n5: w\n";
    assert_eq!(explained(log.as_bytes()).format, Format::CoturnLog);
}
