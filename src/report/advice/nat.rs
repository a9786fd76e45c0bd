//! Advice that follows from what the NAT or firewall does.

use super::{Case, servers};
use crate::evidence::{Behavior, ReasonCode};
use crate::measure::nat::finding::{Connectivity, PortBehavior};
use crate::report::advice_code::AdviceCode;
use crate::report::document::Advice;
use crate::report::possible;

pub(super) fn udp_blocked(case: &Case) -> Option<Advice> {
    if case.found.connectivity != Connectivity::UdpBlocked {
        return None;
    }
    case.error(
        AdviceCode::UdpBlockedUseTurnTcp,
        "UDP does not get out of this network, so nothing connects directly. Use a TURN server over TCP or TLS, best on port 443 \
         (turns:HOST:443?transport=tcp); or ask whoever runs the network to let UDP out to ports 3478 and 443.",
    )
}

/// UDP passes, and not all that WebRTC needs of it.
pub(super) fn udp_filtered(case: &Case) -> Option<Advice> {
    let way_out = "Offer TURN over TLS on port 443 beside UDP (turns:HOST:443?transport=tcp)";
    if let Some(blocked) = &case.found.blocked_port {
        let port = blocked.port;
        return case.warning(
            AdviceCode::UdpPortBlocked,
            format!("{}. Use STUN and TURN servers on another port than {port}. {way_out}.", blocked.summary),
        );
    }
    match case.found.reason.as_ref().map(|reason| reason.code)? {
        ReasonCode::StunBlocked => case.error(
            AdviceCode::StunBlockedUseTurnTls,
            format!(
                "Something on the way drops STUN, which WebRTC needs for every direct connection. {way_out}, or ask whoever runs the                  network to let STUN out."
            ),
        ),
        ReasonCode::PortBlocked => case.warning(
            AdviceCode::UdpPortBlocked,
            format!("UDP gets out, but not to the ports of these servers. Use servers on a port that passes. {way_out}."),
        ),
        ReasonCode::UdpPasses => case.warning(
            AdviceCode::UdpFiltered,
            format!(
                "UDP gets out, and no STUN server answered: name servers on other ports (443, 3478, 19302) to see which pass. {way_out}."
            ),
        ),
        _ => None,
    }
}

/// What the pair of mapping and filtering means for peers, as far as both are known.
pub(super) fn relay(case: &Case) -> Option<Advice> {
    if case.found.connectivity != Connectivity::Nat {
        return None;
    }
    let mappings = possible::peer_mappings(case.found);
    let filterings = possible::peer_filterings(case.found);
    let dependent = !mappings.contains(&Behavior::EndpointIndependent);
    match (&mappings[..], &filterings[..]) {
        ([Behavior::EndpointIndependent], [Behavior::AddressAndPortDependent]) => case.warning(
            AdviceCode::RelayNeededForSymmetricPeers,
            "Direct connections work unless the peer's NAT gives every destination another port (symmetric NAT). Provide a TURN \
             server for those peers; or, if the router itself has the public address, map a port on it (PCP, UPnP), and anybody can \
             reach that.",
        ),
        ([Behavior::EndpointIndependent], [Behavior::EndpointIndependent | Behavior::AddressDependent])
            if servers::pools(case) =>
        {
            None
        }
        ([Behavior::EndpointIndependent], [Behavior::EndpointIndependent | Behavior::AddressDependent]) => case.info(
            AdviceCode::NoRelayNeeded,
            "This NAT normally needs no relay. Keep the port alive with a packet every 15 seconds or so, and keep a TURN server \
             for peers whose UDP is blocked.",
        ),
        ([Behavior::EndpointIndependent], _) => case.info(
            AdviceCode::RelayForSomePeers,
            "Peers behind endpoint-independent NATs connect directly. Whether symmetric ones do depends on the filtering, which \
             could not be measured: provide a TURN server to be sure.",
        ),
        (_, [Behavior::AddressAndPortDependent]) if dependent => case.error(
            AdviceCode::RelayRequired,
            "Only peers without NAT, or behind endpoint-independent NATs with a lenient filter, connect directly: for all others \
             a TURN server is required. Try port mapping (PCP, UPnP), a router setting called \"endpoint independent\" or \"full \
             cone\", or IPv6.",
        ),
        _ if dependent => case.warning(
            AdviceCode::RelayForSomePeers,
            "Every destination sees another port, so peers with a strict filter cannot get in: provide a TURN server for them. \
             Port mapping on the router (PCP, UPnP) or IPv6 avoids it.",
        ),
        _ => None,
    }
}

pub(super) fn firewall(case: &Case) -> Option<Advice> {
    if case.found.connectivity != Connectivity::Firewalled {
        return None;
    }
    case.info(
        AdviceCode::Firewall,
        "There is no NAT, but a firewall (on this host or on the way) lets in only answers. Direct connections work once both \
         sides send; to accept connections that others start, open the port in the firewall.",
    )
}

pub(super) fn alg(case: &Case) -> Option<Advice> {
    if !case.found.alg.as_ref()?.detected {
        return None;
    }
    case.warning(
        AdviceCode::SipAlg,
        "Something on the path rewrites addresses inside packets (an application-level gateway, often called SIP ALG). It breaks \
         calls in ways that look random: switch it off in the router, or use TLS so that it cannot read the packets.",
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
            "This host appears under several addresses ({}): the NAT takes them from a pool, or the network has several exits. \
             A peer whose filter looks at the address shuts out packets from another one: keep to one socket, provide a TURN \
             server, and do not rely on one public address.",
            super::list(&case.found.public_addresses)
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
        assert!(!codes(&sample::ipv4(found)).iter().any(|code| code.starts_with("relay")), "neither is known");
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
        let texts: Vec<String> = advise(&report, None).into_iter().map(|advice| advice.text).collect();
        assert!(
            texts.iter().any(|text| text.contains("203.0.113.7 and 203.0.113.8")),
            "addresses are named: {texts:?}"
        );
        assert!(texts.iter().any(|text| text.contains("last port +2")));
    }
}
