//! What a report of `discover` shows of the mapping without judging it: how several servers see one socket.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// One socket over UDP, as its servers see it: the addresses that they have, and the mapped ones.
#[derive(Default)]
struct Seen<'a> {
    servers: BTreeSet<&'a str>,
    /// How many servers see it so.
    mapped: BTreeMap<&'a str, usize>,
}

/// Whether one mapped address serves every destination; `None` where that cannot be told. Only exchanges that a verdict rests on
/// count. Addresses are compared as they are written: a masked one is masked alike everywhere.
pub(super) fn endpoint_independent(report: &Value, because: &[String]) -> Option<bool> {
    let mut sockets: BTreeMap<&str, Seen> = BTreeMap::new();
    let exchanges = report.get("evidence").and_then(Value::as_array).into_iter().flatten();
    for exchange in exchanges {
        let text = |pointer: &str| exchange.pointer(pointer).and_then(Value::as_str);
        let counts = text("/transport") == Some("udp")
            && text("/id").is_some_and(|id| because.iter().any(|counted| counted == id));
        if let (true, Some(socket), Some(remote), Some(mapped)) =
            (counts, text("/socket"), text("/remote"), text("/outcome/mapped"))
        {
            let seen = sockets.entry(socket).or_default();
            if seen.servers.insert(ip(remote)) {
                *seen.mapped.entry(mapped).or_default() += 1;
            }
        }
    }
    let several = || sockets.values().filter(|seen| seen.servers.len() > 1);
    // A single server that says something else than others agree on may have a world of its own.
    let anew = |seen: &Seen| seen.mapped.len() > 1 && seen.mapped.values().all(|count| *count == 1) && one_ip(seen);
    if several().any(anew) {
        Some(false)
    } else if several().next().is_some() && several().all(|seen| seen.mapped.len() == 1) {
        Some(true)
    } else {
        None
    }
}

/// Several addresses may be several ways out, which say nothing of a mapping.
fn one_ip(seen: &Seen) -> bool {
    seen.mapped.keys().map(|mapped| ip(mapped)).collect::<BTreeSet<_>>().len() == 1
}

fn ip(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(ip, _)| ip)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::endpoint_independent;

    fn seen(mapped: &[(&str, &str)]) -> Option<bool> {
        let exchange = |(index, (remote, mapped)): (usize, &(&str, &str))| json!({ "id": format!("e{index}"), "transport": "udp", "socket": "s", "remote": remote, "outcome": { "mapped": mapped } });
        let evidence: Vec<_> = mapped.iter().enumerate().map(exchange).collect();
        let because: Vec<String> = (0..mapped.len()).map(|index| format!("e{index}")).collect();
        endpoint_independent(&json!({ "evidence": evidence }), &because)
    }

    #[test]
    fn servers_with_other_addresses_tell_the_mapping() {
        let (a, b, c) = ("192.0.2.1:3478", "198.51.100.1:3478", "198.51.100.7:3478");
        assert_eq!(seen(&[(a, "203.0.113.7:1"), (b, "203.0.113.7:1")]), Some(true));
        assert_eq!(seen(&[(a, "203.0.113.7:1"), (b, "203.0.113.7:2")]), Some(false));
        assert_eq!(seen(&[(a, "203.0.113.7:1"), (a, "203.0.113.7:1")]), None, "one server");
        assert_eq!(seen(&[(a, "203.0.113.7:1"), (b, "203.0.113.9:2")]), None, "two ways out");
        assert_eq!(seen(&[(a, "203.0.113.7:1"), (b, "203.0.113.7:1"), (c, "203.0.113.7:2")]), None, "one against two");
        assert_eq!(seen(&[]), None);
    }
}
