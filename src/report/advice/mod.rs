//! What the findings mean and what to try: one rule an idea, each a function of the report.

mod addresses;
#[cfg(test)]
mod agreement;
mod case;
pub(crate) mod commands;
mod nat;
mod path;
mod servers;

use super::document::{Advice, Findings, Report, Severity};
use super::peers;
use crate::measure::nat::advice_code::AdviceCode;
use case::Case;

/// A rule about one address family.
type FamilyRule = fn(&Case) -> Option<Advice>;

/// In the order in which they are printed within one severity.
const FAMILY_RULES: &[FamilyRule] = &[
    servers::nothing_answered,
    nat::udp_blocked,
    nat::udp_filtered,
    path::loss,
    path::round_trip,
    nat::relay,
    nat::pooling,
    servers::several_exits,
    nat::firewall,
    addresses::carrier_grade,
    addresses::wan_address,
    addresses::not_the_internet,
    addresses::private_server,
    nat::alg,
    servers::not_believed,
    servers::one_differs,
    servers::no_second_address,
    servers::unfit,
    servers::withholding,
    servers::run_again,
    nat::port_prediction,
    addresses::port_block,
    addresses::over_ipv6,
    addresses::nat64,
    addresses::several_local_addresses,
    addresses::teredo,
    nat::no_hairpinning,
    addresses::ipv6_unavailable,
];

/// Everything worth saying about the report, the gravest first.
#[must_use]
pub(super) fn advise(report: &Report) -> Vec<Advice> {
    let mut advice = Vec::new();
    for (family, found) in report.families().iter() {
        let case = Case { report, family, found, peers: peers::rows(family, found) };
        advice.extend(FAMILY_RULES.iter().filter_map(|rule| rule(&case)));
    }
    advice.extend(addresses::offline(report));
    advice.extend(addresses::ipv6_is_better(report));
    advice.extend(local_port_reused(report));
    advice.sort_by_key(|one| match one.severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Info => 2,
    });
    advice
}

fn local_port_reused(report: &Report) -> Option<Advice> {
    let (port, again) = match &report.findings {
        Findings::Classify(found) => (found.options.local_port?, commands::CLASSIFY),
        Findings::Discover(found) => (found.options.local_port?, commands::DISCOVER),
        _ => return None,
    };
    let text = format!(
        "The tests ran from local port {port}, as asked. If something used it in the last minutes, the NAT may still remember that, \
         and filtering looks more open than it is: run again without --local-port."
    );
    let advice =
        Advice { code: AdviceCode::LocalPortReused, severity: Severity::Warning, family: None, text, command: None };
    Some(advice.trying(again))
}

#[cfg(test)]
pub(super) fn codes(report: &Report) -> Vec<String> {
    advise(report).into_iter().map(|advice| advice.code.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::case::list;
    use super::{advise, codes};
    use crate::evidence::{Behavior, ReasonCode};
    use crate::measure::nat::advice_code::AdviceCode;
    use crate::measure::nat::finding::{FamilyFindings, OtherPath};
    use crate::report::document::{Findings, Severity};
    use crate::report::sample;

    #[test]
    fn lists_read_well() {
        assert_eq!(list::<u8>(&[]), "");
        assert_eq!(list(&[1]), "1");
        assert_eq!(list(&[1, 2, 3]), "1, 2 and 3");
    }

    #[test]
    fn texts_are_sentences() {
        for advice in sample::all().iter().flat_map(advise) {
            assert!(advice.text.ends_with('.') && !advice.text.contains("  "), "{}", advice.text);
        }
    }

    #[test]
    fn what_a_control_showed_and_what_no_server_could() {
        for (reason, code) in [
            (ReasonCode::StunBlocked, "stun-blocked-use-turn-tls"),
            (ReasonCode::PortBlocked, "udp-port-blocked"),
            (ReasonCode::UdpPasses, "udp-filtered"),
            (ReasonCode::NoServerOfFamily, "no-server-of-family"),
        ] {
            let mut report = sample::ipv4(sample::inconclusive(reason, "x"));
            report.servers_mut().clear();
            assert_eq!(codes(&report), [code]);
        }
    }

    #[test]
    fn other_ways_out_are_named() {
        let nat = || sample::nat(Behavior::EndpointIndependent, Behavior::EndpointIndependent);
        let advised = |found| codes(&sample::ipv4(found));
        let path = OtherPath {
            local_address: Some("192.0.2.77".parse().unwrap()),
            nat64: None,
            private: false,
            public_addresses: vec!["203.0.113.99".parse().unwrap()],
            because: Vec::new(),
        };
        let several = "several-local-addresses".to_owned();
        assert!(advised(FamilyFindings { other_paths: vec![path.clone()], ..nat() }).contains(&several));
        assert!(!advised(nat()).contains(&several));
        let prefix = Some("64:ff9b::/96".to_owned());
        let translated = OtherPath { nat64: prefix.clone(), ..path };
        for found in
            [FamilyFindings { other_paths: vec![translated], ..nat() }, FamilyFindings { nat64: prefix, ..nat() }]
        {
            let codes = advised(found);
            assert!(codes.contains(&"nat64".to_owned()) && !codes.contains(&several), "{codes:?}");
        }
        let teredo = vec!["2001:0:53aa:64c::1".parse().unwrap()];
        assert!(advised(FamilyFindings { public_addresses: teredo, ..nat() }).contains(&"teredo".to_owned()));
    }

    #[test]
    fn the_gravest_comes_first() {
        let mut report = sample::home_router();
        report.families_mut().ipv4 = Some(sample::udp_blocked());
        if let Findings::Classify(found) = &mut report.findings {
            found.options.local_port = Some(5000);
        }
        let advice = advise(&report);
        assert_eq!(advice[0].severity, Severity::Error);
        assert!(advice.iter().any(|one| one.code == AdviceCode::LocalPortReused));
        let order: Vec<u8> = advice.iter().map(|one| one.severity as u8).collect();
        assert!(order.is_sorted_by(|a, b| a >= b), "{order:?}");
    }
}
