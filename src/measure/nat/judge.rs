//! From evidence to verdicts: the same function for a run that has just ended and for a report read back from a file.

use std::collections::BTreeMap;

use super::finding::{Connectivity, FamilyFindings, Filtering, FilteringBehavior, Mapping, MappingBehavior};
use super::look::Look;
use super::plan::{ClassifyOptions, DiscoverOptions};
use super::{connectivity, controls, filtering, hairpin, legacy, mapping_judge, ports, tcp};
use crate::evidence::{Evidence, Exchange, Reason, ReasonCode};
use crate::measure::witness::Witnesses;
use crate::wire::{Family, Transport};

/// The verdicts of `classify` for each family.
#[must_use]
pub fn classify(seen: &Evidence, options: &ClassifyOptions) -> BTreeMap<Family, FamilyFindings> {
    let all = Look::at(seen);
    let of = |family, believed: &Look| (family, classify_family(&all, believed, family, options));
    all.believed(|believed| options.families.iter().map(|&family| of(family, believed)).collect())
}

/// What got in does not depend on what servers say, so the filter is judged by everything seen; the rest by what is believed.
fn classify_family(all: &Look, seen: &Look, family: Family, options: &ClassifyOptions) -> FamilyFindings {
    let witnesses = all.witnesses();
    let nothing_believed = witnesses.reason(family);
    let mut mapping = mapping_judge::judge(seen, family, nothing_believed.as_ref());
    let mut filtering = filtering::judge(all, family);
    let (mut connectivity, mut reason) = connectivity::judge(seen, family, &mapping, &filtering);
    if let Some(shortage) = connectivity::shortage(all, family) {
        // What could not be asked for want of a socket is nobody's behavior.
        if filtering.behavior == FilteringBehavior::Inconclusive {
            filtering = filtering::inconclusive(shortage.clone(), filtering.because);
        }
        (connectivity, reason) = (Connectivity::Inconclusive, Some(shortage));
    }
    if mapping_judge::unheard(seen, family)
        && let Some(reason) = &reason
    {
        // One cause, said once: nothing else can be known where nothing answered.
        let text = format!("could not tell: {}", reason.text);
        mapping = Mapping { reason: Some(reason.clone()), summary: text, ..mapping };
        filtering = filtering::inconclusive(reason.clone(), Vec::new());
    }
    let mut tcp_mapping = options.tcp.then(|| tcp_mapping(seen, family, &mapping));
    if let Some(reason) = missing(connectivity, reason.as_ref()) {
        (mapping, filtering) = (Mapping::not_applicable(reason), Filtering::not_applicable(reason));
        tcp_mapping = tcp_mapping.map(|_| Mapping::not_applicable(reason));
    }
    let rfc3489_type = legacy::name(connectivity, mapping.behavior, filtering.behavior);
    FamilyFindings {
        connectivity,
        reason,
        local_address: connectivity::local_address(seen, family),
        public_addresses: connectivity::public_addresses(seen, family),
        port_assignment: ports::judge(seen, family, mapping.behavior),
        pooling: ports::pooling(seen, family, mapping.behavior),
        alg: connectivity::alg(seen, family),
        rfc3489_type,
        hairpinning: options.hairpin.then(|| hairpin::judge(seen, family)).flatten(),
        tcp_mapping,
        nat64: witnesses.nat64(family),
        other_paths: witnesses.other_paths(family),
        blocked_port: controls::blocked_port(all, family),
        mapping,
        filtering,
    }
}

/// Why this host has nothing of the family that could behave in some way.
fn missing(connectivity: Connectivity, reason: Option<&Reason>) -> Option<&Reason> {
    reason.filter(|_| connectivity == Connectivity::Unavailable)
}

/// The mapping over TCP. Where servers contradict each other over UDP, one alone cannot be believed over TCP; nor can it where packets
/// leave through any of several exits.
fn tcp_mapping(seen: &Look, family: Family, over_udp: &Mapping) -> Mapping {
    let found = tcp::judge(seen, family);
    let contradicted = over_udp.reason.as_ref().filter(|reason| {
        [ReasonCode::ServersDisagree, ReasonCode::PartlyTranslated, ReasonCode::OneWitness, ReasonCode::MappingUnstable]
            .contains(&reason.code)
    });
    match contradicted {
        Some(reason) if found.behavior != MappingBehavior::Inconclusive => Mapping {
            behavior: MappingBehavior::Inconclusive,
            endpoint_independent: None,
            reason: Some(reason.clone()),
            summary: format!("could not tell: {}", reason.text),
            ..found
        },
        _ => found,
    }
}

/// What `discover` can say of each family: addresses, and whether there is a translation; not what kind of NAT it is.
#[must_use]
pub fn discover(seen: &Evidence, options: &DiscoverOptions) -> BTreeMap<Family, FamilyFindings> {
    let witnesses = Witnesses::hear(seen);
    options.families.iter().map(|&family| (family, discover_family(seen, &witnesses, family))).collect()
}

fn discover_family(all: &Evidence, witnesses: &Witnesses, family: Family) -> FamilyFindings {
    let seen = &*witnesses.believed(all);
    let not_asked = || Reason::new(ReasonCode::NotAsked, "discover does not test this; classify does");
    let mut filtering = filtering::inconclusive(not_asked(), Vec::new());
    let answered: Vec<&Exchange> = seen
        .exchanges
        .iter()
        .filter(|exchange| family.has(exchange.remote.ip()) && exchange.mapped().is_some())
        .collect();
    let untranslated = !answered.is_empty() && answered.iter().all(|exchange| exchange.untranslated() == Some(true));
    let mut mapping = Mapping {
        behavior: if untranslated { MappingBehavior::None } else { MappingBehavior::Inconclusive },
        endpoint_independent: untranslated.then_some(true),
        reason: (!untranslated).then(|| contradiction(seen, family, witnesses).unwrap_or_else(not_asked)),
        summary: String::new(),
        because: answered.iter().map(|exchange| exchange.id.clone()).collect(),
    };
    let over_udp = seen.of(family, Transport::Udp).next().is_some();
    let (connectivity, reason) = if over_udp || answered.is_empty() {
        connectivity::judge(seen, family, &mapping, &filtering)
    } else {
        let text = "only TCP or TLS was asked: what UDP does is not known";
        (Connectivity::Inconclusive, Some(Reason::new(ReasonCode::NoAnswer, text)))
    };
    if let Some(reason) = missing(connectivity, reason.as_ref()) {
        (mapping, filtering) = (Mapping::not_applicable(reason), Filtering::not_applicable(reason));
    }
    FamilyFindings {
        connectivity,
        reason,
        local_address: connectivity::local_address(seen, family),
        public_addresses: connectivity::public_addresses(seen, family),
        mapping,
        filtering,
        port_assignment: None,
        pooling: None,
        alg: connectivity::alg(seen, family),
        rfc3489_type: None,
        hairpinning: None,
        tcp_mapping: None,
        nat64: witnesses.nat64(family),
        other_paths: witnesses.other_paths(family),
        blocked_port: None,
    }
}

/// Why what servers say over UDP does not tell whether there is a translation.
fn contradiction(seen: &Evidence, family: Family, witnesses: &Witnesses) -> Option<Reason> {
    let over_udp: Vec<_> =
        seen.of(family, Transport::Udp).filter_map(|exchange| Some((exchange, exchange.mapped()?))).collect();
    if over_udp.is_empty() { witnesses.reason(family) } else { mapping_judge::contradiction(seen, family, &over_udp) }
}
