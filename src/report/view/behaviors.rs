//! Each behavior with its verdict and what it rests on.

use crate::evidence::{Reason, ReasonCode};
use crate::measure::nat::finding::{
    Connectivity, FamilyFindings, FilteringBehavior, Hairpinning, MappingBehavior, PortAssignment, PortBehavior,
};
use crate::report::family_name;
use crate::report::word::{self, word};
use crate::wire::Family;

use super::page::Page;
use super::sentence::trimmed;
use super::table::{Cell, Table};
use super::tint::Tint;

/// The table of one family; none where connectivity is all there is to say.
pub(super) fn write(page: &mut Page, family: Family, found: &FamilyFindings) {
    let rows = behaviors(found);
    if rows.len() > 1 {
        page.heading(family_name(family));
        page.table(Table::new(&["what", "verdict", "evidence"], rows));
    }
}

/// One row a behavior; what was not measured has none.
fn behaviors(found: &FamilyFindings) -> Vec<Vec<Cell>> {
    let mut rows = vec![row("connectivity", &connectivity(found.connectivity), connectivity_evidence(found))];
    if !said(found, found.mapping.reason.as_ref()) {
        rows.push(row(
            "mapping",
            &word::mapping(&found.mapping),
            evidence(&found.mapping.summary, found.mapping.reason.as_ref()),
        ));
    }
    if !said(found, found.filtering.reason.as_ref()) {
        let summary = evidence(&found.filtering.summary, found.filtering.reason.as_ref());
        rows.push(row("filtering", &word(&found.filtering.behavior), summary));
    }
    if let Some(ports) = &found.port_assignment {
        rows.push(row("port assignment", &port_assignment(ports), ports.summary.clone()));
    }
    if let Some(pooling) = &found.pooling {
        rows.push(row("pooling", &word(&pooling.behavior), pooling.summary.clone()));
    }
    if let Some(alg) = &found.alg {
        rows.push(row("ALG", if alg.detected { "rewrites addresses" } else { "none" }, alg.summary.clone()));
    }
    if let Some(hairpin) = &found.hairpinning {
        rows.push(row("hairpinning", hairpinning(hairpin), hairpin.summary.clone()));
    }
    if let Some(tcp) = found.tcp_mapping.as_ref().filter(|_| found.connectivity != Connectivity::Unavailable) {
        if is_whole_story(found) {
            let why = "the servers that have a second address are found over UDP";
            rows.push(row("TCP mapping", "not measured", why.to_owned()));
        } else {
            rows.push(row("TCP mapping", &word::mapping(tcp), evidence(&tcp.summary, tcp.reason.as_ref())));
        }
    }
    if let Some(blocked) = &found.blocked_port {
        rows.push(row("UDP port", &format!("{} is blocked", blocked.port), blocked.summary.clone()));
    }
    rows.extend(rfc3489(found));
    rows
}

fn row(what: &str, verdict: &str, evidence: String) -> Vec<Cell> {
    vec![what.into(), Cell::tinted(tint(verdict), verdict), evidence.into()]
}

/// How good the news of a verdict is, for peers that want to connect.
fn tint(verdict: &str) -> Tint {
    match verdict {
        "open" | "none" | "endpoint-independent" | "paired" | "works" => Tint::Good,
        "udp-blocked" | "unavailable" | "connection-dependent" | "rewrites addresses" => Tint::Bad,
        "address-dependent"
        | "address-and-port-dependent"
        | "not endpoint-independent"
        | "inconclusive"
        | "arbitrary"
        | "does not work"
        | "not measured" => Tint::Warning,
        _ => Tint::Plain,
    }
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

fn connectivity(connectivity: Connectivity) -> String {
    match connectivity {
        Connectivity::Direct => "no NAT, filter unknown".to_owned(),
        known => word(&known),
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

fn port_assignment(ports: &PortAssignment) -> String {
    let model = match (ports.behavior, ports.step) {
        (PortBehavior::Sequential, step) => step.map_or("counts up or down".to_owned(), counts),
        (known, _) => word(&known),
    };
    // A step between destinations that equals the step between sockets is not said twice.
    let delta = ports.per_destination_delta.filter(|delta| ports.step != Some(*delta));
    let delta = delta.map(|delta| format!("{} for each destination", counts(delta)));
    let parity = ports.parity_kept == Some(true) && ports.behavior != PortBehavior::Preserved;
    let words: Vec<String> =
        [Some(model), delta, parity.then(|| "parity kept".to_owned())].into_iter().flatten().collect();
    words.join(", ")
}

fn counts(step: i32) -> String {
    format!("counts {} by {}", if step < 0 { "down" } else { "up" }, step.unsigned_abs())
}

pub(super) fn hairpinning(hairpin: &Hairpinning) -> &'static str {
    match (hairpin.supported, hairpin.external_source) {
        (Some(true), Some(false)) => "works, internal source",
        (Some(true), _) => "works",
        (Some(false), _) => "does not work",
        (None, _) => "inconclusive",
    }
}

/// The old name beside the new ones, because people search for it.
fn rfc3489(found: &FamilyFindings) -> Option<Vec<Cell>> {
    let known = !matches!(found.mapping.behavior, MappingBehavior::Inconclusive | MappingBehavior::NotApplicable)
        && !matches!(found.filtering.behavior, FilteringBehavior::Inconclusive | FilteringBehavior::NotApplicable);
    match &found.rfc3489_type {
        Some(name) => {
            let name = name.to_string().replace('-', " ").replace("udp", "UDP");
            Some(row("RFC 3489 name", &name, "what older tools call it".to_owned()))
        }
        None if known => Some(row("RFC 3489 name", "no name", "RFC 3489 has no word for this pair".to_owned())),
        None => None,
    }
}
