//! The verdict for one family in one plain sentence.

use super::tint::Tint;
use crate::evidence::Reason;
use crate::measure::nat::finding::{Connectivity, FamilyFindings, FilteringBehavior, MappingBehavior};
use crate::report::{family_name, possible};
use crate::wire::Family;

/// The sentence, with a color that says how good the news is.
pub(super) fn verdict(family: Family, found: &FamilyFindings) -> (Tint, String) {
    let name = family_name(family);
    let near = possible::in_private(found)
        .map(|ip| format!(" between this host ({ip}) and the servers, which are not on the internet"));
    match (found.connectivity, &near, &found.nat64) {
        (Connectivity::Open, Some(near), _) => {
            (Tint::Good, format!("{name} has no NAT and no firewall{near}: that says nothing of the internet."))
        }
        (Connectivity::Firewalled, Some(near), _) => {
            (Tint::Good, format!("{name} has no NAT, but a firewall{near}: {}.", lets_in(found.filtering.behavior)))
        }
        (Connectivity::Nat, _, Some(prefix)) => {
            let (tint, keeps) = keeps(found);
            let lets_in = lets_in(found.filtering.behavior);
            (tint, format!("{name} reaches IPv4 through NAT64 ({prefix}), which {keeps}; {lets_in}."))
        }
        _ => plain(found, name),
    }
}

/// The sentence for the way to the internet over the family itself.
fn plain(found: &FamilyFindings, name: &str) -> (Tint, String) {
    let because = |text: &str| found.reason.as_ref().map_or(text.to_owned(), trimmed);
    match found.connectivity {
        Connectivity::Open => {
            let at = found.public_addresses.first().map(|ip| format!(" at {ip}")).unwrap_or_default();
            (Tint::Good, format!("{name} is open: no NAT and no firewall, anybody can reach this host{at}."))
        }
        Connectivity::Firewalled => {
            (Tint::Good, format!("{name} has no NAT, but a firewall: {}.", lets_in(found.filtering.behavior)))
        }
        Connectivity::Direct => {
            (Tint::Good, format!("{name} has no NAT; whether a firewall filters could not be told."))
        }
        Connectivity::Nat => {
            let (tint, keeps) = keeps(found);
            (tint, format!("{name} is behind a NAT that {keeps}; {}.", lets_in(found.filtering.behavior)))
        }
        Connectivity::UdpBlocked => {
            (Tint::Bad, format!("{name}: UDP is blocked ({}).", because("TCP to the same servers works")))
        }
        Connectivity::Unavailable => (
            Tint::Plain,
            format!("{name} is not available: {}.", because("this host has no address or route of the family")),
        ),
        Connectivity::Inconclusive => {
            (Tint::Warning, format!("{name} could not be measured: {}.", because("no reason is known")))
        }
    }
}

fn keeps(found: &FamilyFindings) -> (Tint, &'static str) {
    match (found.mapping.behavior, found.mapping.endpoint_independent) {
        (MappingBehavior::EndpointIndependent, _) | (_, Some(true)) => {
            let tint = match found.filtering.behavior {
                FilteringBehavior::EndpointIndependent | FilteringBehavior::AddressDependent => Tint::Good,
                _ => Tint::Warning,
            };
            (tint, "keeps one external port for every destination")
        }
        (MappingBehavior::AddressDependent, _) => {
            (Tint::Warning, "takes another external port for each destination address")
        }
        (MappingBehavior::AddressAndPortDependent, _) => {
            (Tint::Bad, "takes another external port for each destination")
        }
        (MappingBehavior::ConnectionDependent, _) => (Tint::Bad, "takes another external port for each connection"),
        (MappingBehavior::Inconclusive, Some(false)) => (Tint::Bad, "shows other destinations another address or port"),
        (MappingBehavior::None | MappingBehavior::Inconclusive | MappingBehavior::NotApplicable, _) => {
            (Tint::Warning, "translates addresses (how ports depend on destinations could not be told)")
        }
    }
}

fn lets_in(filtering: FilteringBehavior) -> &'static str {
    match filtering {
        FilteringBehavior::EndpointIndependent => "packets get in from anybody",
        FilteringBehavior::AddressDependent => "packets get in only from addresses that this host has sent to",
        FilteringBehavior::AddressAndPortDependent => {
            "packets get in only from addresses and ports that this host has sent to"
        }
        FilteringBehavior::Inconclusive | FilteringBehavior::NotApplicable => "whose packets get in could not be told",
    }
}

/// Reasons are put inside sentences, which end once.
pub(super) fn trimmed(reason: &Reason) -> String {
    reason.text.trim_end_matches('.').to_owned()
}
