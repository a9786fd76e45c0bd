//! What a verdict leaves open: every value that the evidence does not rule out. One where it is known, several where it is not.

use std::net::IpAddr;

use crate::evidence::{Behavior, ReasonCode};
use crate::measure::nat::finding::{Connectivity, FamilyFindings, FilteringBehavior, MappingBehavior};
use crate::wire::AddressKind as Kind;

/// The address that servers saw, where none is one of the internet: they are in the same private network, and what was measured
/// says nothing of the way to the internet.
#[must_use]
pub(super) fn in_private(found: &FamilyFindings) -> Option<IpAddr> {
    let public = found.public_addresses.iter().any(|ip| Kind::of(*ip).is_public());
    found.public_addresses.first().copied().filter(|_| !public)
}

/// Whether no port of the servers answered but those that were named: a network that lets only some ports pass looks so too, and peers
/// have any port.
#[must_use]
pub(super) fn only_named_ports(found: &FamilyFindings) -> bool {
    found.filtering.reason.as_ref().is_some_and(|reason| reason.code == ReasonCode::AlternateDead)
}

/// The connectivities that remain possible.
#[must_use]
pub(super) fn connectivities(found: &FamilyFindings) -> Vec<Connectivity> {
    match found.connectivity {
        Connectivity::Inconclusive if udp_passes(found) => {
            vec![Connectivity::Open, Connectivity::Firewalled, Connectivity::Nat]
        }
        Connectivity::Inconclusive => {
            vec![
                Connectivity::Open,
                Connectivity::Firewalled,
                Connectivity::Nat,
                Connectivity::UdpBlocked,
                Connectivity::Unavailable,
            ]
        }
        // No translation: open or firewalled, the filter decides.
        Connectivity::Direct => vec![Connectivity::Open, Connectivity::Firewalled],
        known => vec![known],
    }
}

/// Whether a control showed that UDP gets out, though no server answered.
fn udp_passes(found: &FamilyFindings) -> bool {
    let codes = [ReasonCode::StunBlocked, ReasonCode::PortBlocked, ReasonCode::UdpPasses];
    found.reason.as_ref().is_some_and(|reason| codes.contains(&reason.code))
}

/// The mapping behaviors that remain possible.
#[must_use]
pub(super) fn mappings(found: &FamilyFindings) -> Vec<MappingBehavior> {
    match (found.mapping.behavior, found.mapping.endpoint_independent) {
        (MappingBehavior::Inconclusive, Some(true)) => vec![MappingBehavior::EndpointIndependent],
        (MappingBehavior::Inconclusive, Some(false)) => {
            vec![MappingBehavior::AddressDependent, MappingBehavior::AddressAndPortDependent]
        }
        (MappingBehavior::Inconclusive, None) => {
            let translated = Behavior::ALL.map(MappingBehavior::from);
            match found.connectivity {
                Connectivity::Open | Connectivity::Firewalled | Connectivity::Direct => vec![MappingBehavior::None],
                Connectivity::Nat => translated.to_vec(),
                _ => [MappingBehavior::None].into_iter().chain(translated).collect(),
            }
        }
        (known, _) => vec![known],
    }
}

/// The filtering behaviors that remain possible.
#[must_use]
pub(super) fn filterings(found: &FamilyFindings) -> Vec<FilteringBehavior> {
    match found.filtering.behavior {
        FilteringBehavior::Inconclusive => {
            let all = Behavior::ALL.map(FilteringBehavior::from);
            match found.connectivity {
                Connectivity::Open => all[..1].to_vec(),
                Connectivity::Firewalled => all[1..].to_vec(),
                _ => all.to_vec(),
            }
        }
        known => vec![known],
    }
}

/// The mappings that remain possible as a peer meets them: a host without translation keeps one address and port for everybody.
/// Empty when UDP does not get out at all, or when it is not known to.
#[must_use]
pub(super) fn peer_mappings(found: &FamilyFindings) -> Vec<Behavior> {
    match found.connectivity {
        Connectivity::UdpBlocked | Connectivity::Unavailable | Connectivity::Inconclusive => Vec::new(),
        Connectivity::Open | Connectivity::Firewalled | Connectivity::Direct => vec![Behavior::EndpointIndependent],
        Connectivity::Nat => {
            let mut behaviors: Vec<Behavior> = mappings(found).into_iter().map(as_peer_sees).collect();
            behaviors.dedup();
            behaviors
        }
    }
}

/// The filterings that remain possible.
#[must_use]
pub(super) fn peer_filterings(found: &FamilyFindings) -> Vec<Behavior> {
    Behavior::ALL.into_iter().filter(|behavior| filterings(found).contains(&(*behavior).into())).collect()
}

fn as_peer_sees(mapping: MappingBehavior) -> Behavior {
    match mapping {
        MappingBehavior::None | MappingBehavior::EndpointIndependent => Behavior::EndpointIndependent,
        MappingBehavior::AddressDependent => Behavior::AddressDependent,
        MappingBehavior::AddressAndPortDependent
        | MappingBehavior::ConnectionDependent
        | MappingBehavior::Inconclusive
        | MappingBehavior::NotApplicable => Behavior::AddressAndPortDependent,
    }
}

#[cfg(test)]
mod tests {
    use super::{connectivities, filterings, mappings, peer_mappings};
    use crate::evidence::Behavior;
    use crate::evidence::ReasonCode;
    use crate::measure::nat::finding::{Connectivity, FilteringBehavior, MappingBehavior};
    use crate::report::sample;

    #[test]
    fn a_known_verdict_leaves_nothing_open() {
        let found = sample::nat(Behavior::EndpointIndependent, Behavior::AddressDependent);
        assert_eq!(connectivities(&found), [Connectivity::Nat]);
        assert_eq!(mappings(&found), [MappingBehavior::EndpointIndependent]);
        assert_eq!(filterings(&found), [FilteringBehavior::AddressDependent]);
    }

    #[test]
    fn partial_evidence_narrows_an_inconclusive_verdict() {
        let mut found = sample::inconclusive(ReasonCode::NoAnswer, "no server answered");
        assert_eq!(mappings(&found).len(), 4);
        assert!(peer_mappings(&found).is_empty(), "not known to get out at all");
        found.connectivity = Connectivity::Nat;
        assert_eq!(mappings(&found).len(), 3, "translated, so not none");
        found.mapping.endpoint_independent = Some(false);
        assert_eq!(mappings(&found), [MappingBehavior::AddressDependent, MappingBehavior::AddressAndPortDependent]);
        assert_eq!(filterings(&found).len(), 3);
        found.connectivity = Connectivity::Firewalled;
        assert_eq!(
            filterings(&found),
            [FilteringBehavior::AddressDependent, FilteringBehavior::AddressAndPortDependent]
        );
    }
}
