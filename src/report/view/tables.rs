//! The rows of the two tables.

use crate::evidence::{Reason, ReasonCode};
use crate::measure::nat::finding::{
    Connectivity, FamilyFindings, FilteringBehavior, Hairpinning, Mapping, MappingBehavior, PoolingBehavior,
    PortAssignment, PortBehavior,
};
use crate::report::document::ServerRow;
use crate::report::escape;

use super::sentence::trimmed;

pub(super) const BEHAVIORS: [&str; 3] = ["what", "verdict", "evidence"];

/// One row a behavior; what was not measured has none.
pub(super) fn behaviors(found: &FamilyFindings) -> Vec<Vec<String>> {
    let mut rows = vec![row("connectivity", connectivity(found.connectivity), connectivity_evidence(found))];
    if !said(found, found.mapping.reason.as_ref()) {
        rows.push(row(
            "mapping",
            mapping(&found.mapping),
            evidence(&found.mapping.summary, found.mapping.reason.as_ref()),
        ));
    }
    if !said(found, found.filtering.reason.as_ref()) {
        let summary = evidence(&found.filtering.summary, found.filtering.reason.as_ref());
        rows.push(row("filtering", filtering(found.filtering.behavior), summary));
    }
    if let Some(ports) = &found.port_assignment {
        rows.push(row("port assignment", &port_assignment(ports), ports.summary.clone()));
    }
    if let Some(pooling) = &found.pooling {
        let verdict = match pooling.behavior {
            PoolingBehavior::Paired => "paired",
            PoolingBehavior::Arbitrary => "arbitrary",
        };
        rows.push(row("pooling", verdict, pooling.summary.clone()));
    }
    if let Some(alg) = &found.alg {
        rows.push(row("ALG", if alg.detected { "rewrites addresses" } else { "none" }, alg.summary.clone()));
    }
    if let Some(hairpin) = &found.hairpinning {
        rows.push(row("hairpinning", hairpinning(hairpin), hairpin.summary.clone()));
    }
    if let Some(tcp) = &found.tcp_mapping {
        rows.push(row("TCP mapping", mapping(tcp), evidence(&tcp.summary, tcp.reason.as_ref())));
    }
    if let Some(blocked) = &found.blocked_port {
        rows.push(row("UDP port", &format!("{} is blocked", blocked.port), blocked.summary.clone()));
    }
    rows.extend(rfc3489(found));
    rows
}

fn row(what: &str, verdict: &str, evidence: String) -> Vec<String> {
    vec![what.to_owned(), verdict.to_owned(), evidence]
}

/// Whether the reason is none worth a row: not asked for, or nothing could be known for what connectivity says already.
fn said(found: &FamilyFindings, reason: Option<&Reason>) -> bool {
    reason.is_some_and(|reason| {
        let repeated = found.reason.as_ref().is_some_and(|connectivity| connectivity.text == reason.text);
        (repeated && is_whole_story(found)) || reason.code == ReasonCode::NotAsked
    })
}

/// Whether the reason of the connectivity is the reason for everything else too.
fn is_whole_story(found: &FamilyFindings) -> bool {
    matches!(found.connectivity, Connectivity::UdpBlocked | Connectivity::Unavailable | Connectivity::Inconclusive)
}

fn evidence(summary: &str, reason: Option<&Reason>) -> String {
    match reason {
        Some(reason) if summary.is_empty() || summary.contains(&reason.text) => trimmed(reason),
        Some(reason) => format!("{summary}; {}", trimmed(reason)),
        None => summary.to_owned(),
    }
}

fn connectivity(connectivity: Connectivity) -> &'static str {
    match connectivity {
        Connectivity::Open => "open",
        Connectivity::Firewalled => "firewalled",
        Connectivity::Direct => "direct",
        Connectivity::Nat => "nat",
        Connectivity::UdpBlocked => "udp-blocked",
        Connectivity::Unavailable => "unavailable",
        Connectivity::Inconclusive => "inconclusive",
    }
}

fn connectivity_evidence(found: &FamilyFindings) -> String {
    if let Some(reason) = found.reason.as_ref().filter(|_| is_whole_story(found)) {
        return trimmed(reason);
    }
    let public: Vec<String> = found.public_addresses.iter().map(ToString::to_string).collect();
    match (found.local_address, public.is_empty()) {
        (Some(local), false) if found.public_addresses == [local] => {
            format!("servers saw {local}, this host's own address")
        }
        (Some(local), false) => format!("{local} is seen as {}", public.join(", ")),
        (None, false) => format!("seen as {}", public.join(", ")),
        (Some(local), true) => format!("sends from {local}"),
        (None, true) => String::new(),
    }
}

fn mapping(mapping: &Mapping) -> &'static str {
    match (mapping.behavior, mapping.endpoint_independent) {
        (MappingBehavior::None, _) => "none",
        (MappingBehavior::EndpointIndependent, _) => "endpoint-independent",
        (MappingBehavior::AddressDependent, _) => "address-dependent",
        (MappingBehavior::AddressAndPortDependent, _) => "address-and-port-dependent",
        (MappingBehavior::ConnectionDependent, _) => "connection-dependent",
        (MappingBehavior::Inconclusive, Some(false)) => "not endpoint-independent",
        (MappingBehavior::Inconclusive, _) => "inconclusive",
    }
}

fn filtering(filtering: FilteringBehavior) -> &'static str {
    match filtering {
        FilteringBehavior::EndpointIndependent => "endpoint-independent",
        FilteringBehavior::AddressDependent => "address-dependent",
        FilteringBehavior::AddressAndPortDependent => "address-and-port-dependent",
        FilteringBehavior::Inconclusive => "inconclusive",
    }
}

fn port_assignment(ports: &PortAssignment) -> String {
    let model = match (ports.behavior, ports.step) {
        (PortBehavior::Preserved, _) => "preserved".to_owned(),
        (PortBehavior::Sequential, Some(step)) => format!("sequential ({step:+})"),
        (PortBehavior::Sequential, None) => "sequential".to_owned(),
        (PortBehavior::Random, _) => "random".to_owned(),
        (PortBehavior::Inconclusive, _) => "inconclusive".to_owned(),
    };
    let delta = ports.per_destination_delta.map(|delta| format!("{delta:+} a destination"));
    let parity = ports.parity_kept == Some(true) && ports.behavior != PortBehavior::Preserved;
    let words: Vec<String> =
        [Some(model), delta, parity.then(|| "parity kept".to_owned())].into_iter().flatten().collect();
    words.join(", ")
}

fn hairpinning(hairpin: &Hairpinning) -> &'static str {
    match (hairpin.supported, hairpin.external_source) {
        (Some(true), Some(false)) => "works, internal source",
        (Some(true), _) => "works",
        (Some(false), _) => "does not work",
        (None, _) => "inconclusive",
    }
}

/// The old name beside the new ones, because people search for it.
fn rfc3489(found: &FamilyFindings) -> Option<Vec<String>> {
    let known = found.mapping.behavior != MappingBehavior::Inconclusive
        && found.filtering.behavior != FilteringBehavior::Inconclusive;
    match &found.rfc3489_type {
        Some(name) => {
            let name = name.to_string().replace('-', " ").replace("udp", "UDP");
            Some(row("RFC 3489 name", &name, "what older tools call it".to_owned()))
        }
        None if known => Some(row("RFC 3489 name", "no name", "RFC 3489 has no word for this pair".to_owned())),
        None => None,
    }
}

pub(super) const SERVERS: [&str; 4] =
    ["server", "over", "sees this host as\nmin/median/max ms", "software, support,\nor what failed"];

/// One row a server, address and transport. A line break is ours to make: one that a server wrote is escaped first.
pub(super) fn server(row: &ServerRow) -> Vec<String> {
    let name = escape::visible(&row.server);
    let name = match row.address.map(|address| address.to_string()) {
        Some(address) if address != name => format!("{name}\n{address}"),
        _ => name,
    };
    let mapped = row.mapped.map(|mapped| mapped.to_string());
    let seen: Vec<String> = mapped.into_iter().chain(round_trips(row)).collect();
    let software = row.software.as_deref().map(escape::visible);
    let support = (!row.capabilities.is_empty())
        .then(|| row.capabilities.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
    let failure = row.error.as_ref().map(|error| escape::visible(&error.text));
    let doubt = row.disbelieved.as_ref().map(|doubt| escape::visible(&format!("not believed: {}", doubt.text)));
    let about: Vec<String> = [software, support, doubt, failure].into_iter().flatten().collect();
    vec![name, row.transport.name().to_owned(), seen.join("\n"), about.join("\n")]
}

/// One number where there was one round trip, or where they do not differ.
fn round_trips(row: &ServerRow) -> Option<String> {
    let median = row.rtt_ms?;
    let times =
        [row.rtt_min_ms.unwrap_or(median), median, row.rtt_max_ms.unwrap_or(median)].map(|ms| format!("{ms:.1}"));
    let equal = times[0] == times[2];
    Some(if equal { format!("{} ms", times[1]) } else { format!("{} ms", times.join("/")) })
}
