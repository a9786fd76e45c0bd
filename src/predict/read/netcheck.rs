//! What `tailscale netcheck --format=json` prints. It says of a NAT whether the mapping depends on the destination, and no more.

use std::net::{IpAddr, SocketAddr};

use serde_json::{Map, Value};

use crate::predict::closed::Possible;
use crate::predict::side::{FamilySide, Hairpin, Reach, Side, SideSource, Translation};
use crate::wire::Family;

/// What no other tool's JSON has.
const MARKS: [&str; 3] = ["MappingVariesByDestIP", "PreferredDERP", "RegionLatency"];

/// Reads it; `None` where the document is something else.
#[must_use]
pub fn read(name: &str, text: &str) -> Option<Side> {
    // The warning that the format may change, where both outputs went to one file.
    let json: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let Ok(Value::Object(found)) = serde_json::from_str(&json.join("\n")) else { return None };
    if !MARKS.iter().any(|mark| found.contains_key(*mark)) {
        return None;
    }
    let remark = "tailscale netcheck tells no filtering and no choice of ports: nat-probe classify does";
    Some(Side {
        name: name.to_owned(),
        source: SideSource::Netcheck,
        ipv4: Some(family(Family::Ipv4, &found)),
        ipv6: Some(family(Family::Ipv6, &found)),
        remarks: vec![remark.to_owned()],
        ..Side::default()
    })
}

/// A boolean, also as the words that it writes for one that may not be known.
fn is(found: &Map<String, Value>, member: &str) -> Option<bool> {
    match found.get(member)? {
        Value::Bool(value) => Some(*value),
        Value::String(word) => word.parse().ok(),
        _ => None,
    }
}

fn family(family: Family, found: &Map<String, Value>) -> FamilySide {
    let (works, can_send, global) = match family {
        Family::Ipv4 => ("IPv4", "IPv4CanSend", "GlobalV4"),
        Family::Ipv6 => ("IPv6", "IPv6CanSend", "GlobalV6"),
    };
    let absent = family == Family::Ipv6 && is(found, "OSHasIPv6") == Some(false) || is(found, can_send) == Some(false);
    let reach = match is(found, works) {
        Some(true) => Possible::known(Reach::Passes),
        Some(false) if absent => Possible::known(Reach::Unavailable),
        // No STUN server answered, for whatever reason.
        Some(false) => Possible::among(&[Reach::UdpBlocked, Reach::StunBlocked, Reach::Unavailable]),
        None => Possible::default(),
    };
    let address = found.get(global).and_then(Value::as_str).and_then(|text| text.parse::<SocketAddr>().ok());
    let mut side = FamilySide { reach, addresses: address.map(|address| vec![address.ip()]), ..FamilySide::default() };
    // Its servers are asked over IPv4.
    if family == Family::Ipv4 && side.reach.only() == Some(Reach::Passes) {
        side.mapping = match is(found, "MappingVariesByDestIP") {
            Some(true) => Possible::among(&[Translation::AddressDependent, Translation::AddressAndPortDependent]),
            // The servers differ in their addresses, not in their ports: a mapping by port alone has no name.
            Some(false) => Possible::among(&[Translation::None, Translation::EndpointIndependent]),
            None => Possible::default(),
        };
        side.hairpinning = match is(found, "HairPinning") {
            Some(true) => Possible::known(Hairpin::Works),
            Some(false) => Possible::known(Hairpin::Fails),
            None => Possible::default(),
        };
    }
    side.addresses =
        side.addresses.filter(|addresses| addresses.iter().all(IpAddr::is_ipv4) == (family == Family::Ipv4));
    side
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::predict::read::description;
    use crate::predict::{Answer, predict};

    const REPORT: &str = r#"# Warning: this JSON format is not yet considered a stable interface
{"Now":"2026-01-02T03:04:05Z","UDP":true,"IPv6":false,"IPv4":true,"IPv6CanSend":false,"IPv4CanSend":true,"OSHasIPv6":true,
"ICMPv4":false,"MappingVariesByDestIP":VARIES,"UPnP":null,"PMP":null,"PCP":null,"PreferredDERP":4,"RegionLatency":{"4":12000000},
"GlobalV4":"203.0.113.7:41641","GlobalV6":"","CaptivePortal":null}"#;

    fn answer(varies: &str, other: &str) -> Answer {
        let side = read("netcheck.json", &REPORT.replace("VARIES", varies)).expect("it is one");
        predict(&side, &description::read(other).unwrap(), None).prediction
    }

    #[test]
    fn the_mapping_is_told() {
        for varies in ["\"true\"", "true"] {
            assert_eq!(answer(varies, "nat:full-cone"), Answer::Direct);
            assert_eq!(answer(varies, "nat:port-restricted-cone"), Answer::Inconclusive, "for want of the ports");
        }
        assert_eq!(answer("\"false\"", "nat:port-restricted-cone"), Answer::Direct);
        assert_eq!(answer("\"false\"", "nat:symmetric"), Answer::Inconclusive, "for want of the filtering");
        assert_eq!(answer("\"\"", "nat:port-restricted-cone"), Answer::Inconclusive);
    }

    #[test]
    fn other_documents_are_not_this_one() {
        for text in ["", "{}", "[]", "{\"UDP\": true}", "nat:none"] {
            assert!(read("x", text).is_none(), "{text}");
        }
    }
}
