//! Advice that follows from what the NAT or firewall does.

use super::case::{Case, list};
use super::{commands, servers};
use crate::evidence::{Behavior, ReasonCode};
use crate::measure::nat::advice_code::AdviceCode;
use crate::measure::nat::finding::{Connectivity, PortBehavior};
use crate::report::document::Advice;
use crate::report::peers::{PeerKind, PeerOutcome, PeerReasonCode as ReasonOfPeer};
use crate::report::possible;

pub(super) fn udp_blocked(case: &Case) -> Option<Advice> {
    if case.found.connectivity != Connectivity::UdpBlocked {
        return None;
    }
    case.error(
        AdviceCode::UdpBlockedUseTurnTcp,
        "UDP does not get out of this network: provide TURN over TLS on port 443, or ask whoever runs the network to let UDP out.",
    )
    .map(|advice| advice.trying(commands::TURN_TLS))
}

/// UDP passes, and not all that WebRTC needs of it.
pub(super) fn udp_filtered(case: &Case) -> Option<Advice> {
    if let Some(blocked) = &case.found.blocked_port {
        let port = blocked.port;
        let text = format!("UDP to port {port} is blocked here: use servers on another port, best on 443.");
        return case.warning(AdviceCode::UdpPortBlocked, text).map(|advice| advice.trying(commands::OTHER_PORT));
    }
    match case.found.reason.as_ref().map(|reason| reason.code)? {
        ReasonCode::StunBlocked => case
            .error(
                AdviceCode::StunBlockedUseTurnTls,
                "Something on the way drops STUN, which every direct WebRTC connection needs: provide TURN over TLS on port 443, or \
                 ask whoever runs the network to let STUN out.",
            )
            .map(|advice| advice.trying(commands::TURN_TLS)),
        ReasonCode::PortBlocked => case
            .warning(
                AdviceCode::UdpPortBlocked,
                "UDP gets out, but not to the ports of these servers: use servers on a port that passes, best on 443.",
            )
            .map(|advice| advice.trying(commands::OTHER_PORT)),
        ReasonCode::UdpPasses => case
            .warning(
                AdviceCode::UdpFiltered,
                "UDP gets out, and no STUN server answered: name servers on other ports (443, 3478, 19302) to see which pass.",
            )
            .map(|advice| advice.trying(commands::OTHER_PORT)),
        ReasonCode::NoControl => case
            .warning(
                AdviceCode::UdpFiltered,
                "No UDP came back, and whether any can was not seen: look at this host's own firewall, and name servers on other ports \
                 (443, 3478, 19302).",
            )
            .map(|advice| advice.trying(commands::OTHER_PORT)),
        _ => None,
    }
}

/// Who needs a relay, as the table of peers says; what UDP or STUN does not pass at all has advice of its own.
pub(super) fn relay(case: &Case) -> Option<Advice> {
    let special =
        [ReasonOfPeer::UdpBlocked, ReasonOfPeer::StunBlocked, ReasonOfPeer::NotMeasured, ReasonOfPeer::NotTheInternet];
    let first = case.peers.first()?;
    if special.contains(&first.reason.code) {
        return None;
    }
    let with = |outcomes: &[PeerOutcome]| -> Vec<PeerKind> {
        case.peers.iter().filter(|row| outcomes.contains(&row.outcome)).map(|row| row.kind).collect()
    };
    let hindered = with(&[PeerOutcome::Relay, PeerOutcome::Depends]);
    let relayed = with(&[PeerOutcome::Relay]);
    let unknown = with(&[PeerOutcome::CouldNotTell]);
    let provide = |kinds: &[PeerKind]| {
        let names: Vec<&str> = kinds.iter().map(|kind| kind.behind()).collect();
        format!("Provide a TURN server for peers behind {} NATs.", list(&names))
    };
    let advice = match (&hindered[..], &unknown[..]) {
        ([], []) if case.found.connectivity != Connectivity::Nat || servers::pools(case) => return None,
        ([], []) => {
            return case.info(
                AdviceCode::NoRelayNeeded,
                "Whatever NAT the other end has, no relay is needed. Keep the port open with a packet every 15 seconds or so.",
            );
        }
        ([], unknown) => {
            let names: Vec<&str> = unknown.iter().map(|kind| kind.behind()).collect();
            let text = format!(
                "Provide a TURN server to be sure: whether peers behind {} NATs connect directly could not be told.",
                list(&names)
            );
            case.info(AdviceCode::RelayForSomePeers, text)
        }
        ([PeerKind::Symmetric], []) if relayed.len() == 1 => {
            case.warning(AdviceCode::RelayNeededForSymmetricPeers, provide(&hindered))
        }
        (_, []) if relayed.ends_with(&[PeerKind::PortRestrictedCone, PeerKind::Symmetric]) => {
            case.error(AdviceCode::RelayRequired, provide(&hindered))
        }
        _ => case.warning(AdviceCode::RelayForSomePeers, provide(&hindered)),
    };
    advice.map(|advice| advice.trying(commands::TURN))
}

pub(super) fn firewall(case: &Case) -> Option<Advice> {
    if case.found.connectivity != Connectivity::Firewalled {
        return None;
    }
    case.info(
        AdviceCode::Firewall,
        "A firewall without NAT, on this host or on the way, lets in only answers: to accept what others start, open the port in it.",
    )
}

pub(super) fn alg(case: &Case) -> Option<Advice> {
    if !case.found.alg.as_ref()?.detected {
        return None;
    }
    case.warning(
        AdviceCode::SipAlg,
        "Something on the path rewrites addresses inside packets (often called SIP ALG), which breaks calls in ways that look random: \
         switch it off in the router, or use TLS.",
    )
}

/// One server against several that agree is judged elsewhere: it may just be wrong.
pub(super) fn pooling(case: &Case) -> Option<Advice> {
    if !servers::pools(case) || servers::outlier(case).is_some() {
        return None;
    }
    case.warning(
        AdviceCode::PoolingArbitrary,
        format!(
            "This host appears under several addresses ({}): a pool of the NAT, or several exits. Use one socket for everything.",
            list(&case.found.public_addresses)
        ),
    )
}

/// Guessing the next port rescues some pairs (RFC 5128 section 3.5); only where every destination gets another one is it needed.
pub(super) fn port_prediction(case: &Case) -> Option<Advice> {
    if case.found.connectivity != Connectivity::Nat
        || possible::peer_mappings(case.found).contains(&Behavior::EndpointIndependent)
    {
        return None;
    }
    let ports = case.found.port_assignment.as_ref()?;
    let guess = match (ports.behavior, ports.step, ports.per_destination_delta) {
        (PortBehavior::Preserved, ..) => "the external port equals the local one".to_owned(),
        (_, _, Some(delta)) => format!("the next destination gets the last port {delta:+}"),
        (PortBehavior::Sequential, Some(step), _) => format!("the next mapping gets the last port {step:+}"),
        _ => return None,
    };
    case.info(
        AdviceCode::PortsPredictable,
        format!(
            "The ports can be guessed: {guess}. Software that predicts ports may connect without a relay while little else goes \
             through this NAT; there is no guarantee."
        ),
    )
}

pub(super) fn no_hairpinning(case: &Case) -> Option<Advice> {
    if case.found.hairpinning.as_ref()?.supported != Some(false) {
        return None;
    }
    case.info(
        AdviceCode::NoHairpinning,
        "Two devices behind this NAT cannot reach each other by their public addresses: let them use their local ones (host \
         candidates, mDNS).",
    )
}

#[cfg(test)]
mod tests {
    use crate::evidence::Behavior::{AddressAndPortDependent, AddressDependent, EndpointIndependent};
    use crate::evidence::ReasonCode;
    use crate::measure::nat::finding::{FamilyFindings, Hairpinning, PoolingBehavior, PortBehavior};
    use crate::report::advice::{advise, codes};
    use crate::report::sample;

    fn first(found: FamilyFindings) -> String {
        codes(&sample::ipv4(found)).into_iter().next().unwrap_or_default()
    }

    #[test]
    fn every_pair_has_its_advice() {
        for (mapping, filtering, code) in [
            (EndpointIndependent, EndpointIndependent, "no-relay-needed"),
            (EndpointIndependent, AddressDependent, "no-relay-needed"),
            (EndpointIndependent, AddressAndPortDependent, "relay-needed-for-symmetric-peers"),
            (AddressDependent, EndpointIndependent, "relay-for-some-peers"),
            (AddressDependent, AddressDependent, "relay-for-some-peers"),
            (AddressDependent, AddressAndPortDependent, "relay-required"),
            (AddressAndPortDependent, EndpointIndependent, "relay-for-some-peers"),
            (AddressAndPortDependent, AddressDependent, "relay-for-some-peers"),
            (AddressAndPortDependent, AddressAndPortDependent, "relay-required"),
        ] {
            assert_eq!(first(sample::nat(mapping, filtering)), code);
        }
        assert_eq!(first(sample::udp_blocked()), "udp-blocked-use-turn-tcp");
        assert_eq!(first(sample::firewalled(AddressDependent)), "firewall");
        assert_eq!(first(sample::open()), "", "nothing to do");
    }

    #[test]
    fn what_is_unknown_is_hedged() {
        let mut found = sample::nat(AddressAndPortDependent, EndpointIndependent);
        found.filtering = sample::inconclusive(ReasonCode::NoSecondAddress, "x").filtering;
        assert!(codes(&sample::ipv4(found)).contains(&"relay-for-some-peers".to_owned()));
        assert!(codes(&sample::plain_servers()).contains(&"relay-for-some-peers".to_owned()));
        let mut found = sample::nat(AddressAndPortDependent, EndpointIndependent);
        found.mapping = sample::inconclusive(ReasonCode::OneDestination, "x").mapping;
        let advice = advise(&sample::ipv4(found));
        assert!(advice.iter().any(|advice| advice.text.contains("to be sure")), "neither is known: {advice:?}");
    }

    #[test]
    fn middleboxes_pools_and_ports() {
        let mut found = sample::nat(AddressAndPortDependent, AddressAndPortDependent);
        found.alg.as_mut().unwrap().detected = true;
        found.pooling.as_mut().unwrap().behavior = PoolingBehavior::Arbitrary;
        found.public_addresses.push("203.0.113.8".parse().unwrap());
        let ports = found.port_assignment.as_mut().unwrap();
        ports.behavior = PortBehavior::Sequential;
        ports.step = Some(2);
        found.hairpinning = Some(Hairpinning {
            supported: Some(false),
            source: None,
            external_source: None,
            summary: "none of 3 came back".to_owned(),
            because: Vec::new(),
        });
        let report = sample::ipv4(found);
        for code in ["relay-required", "sip-alg", "pooling-arbitrary", "ports-predictable", "no-hairpinning"] {
            assert!(codes(&report).contains(&code.to_owned()), "{code}");
        }
        let texts: Vec<String> = advise(&report).into_iter().map(|advice| advice.text).collect();
        assert!(
            texts.iter().any(|text| text.contains("203.0.113.7 and 203.0.113.8")),
            "addresses are named: {texts:?}"
        );
        assert!(texts.iter().any(|text| text.contains("last port +2")));
    }
}
