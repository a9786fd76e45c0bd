//! What the findings mean and what to try: one rule an idea, each a function of the report.

mod addresses;
#[cfg(test)]
mod agreement;
pub(crate) mod commands;
mod nat;
mod path;
mod servers;

use super::document::{Advice, Findings, Report, Severity};
use super::family_name;
use super::peers::{self, PeerOutcome, PeerRow};
use crate::measure::nat::advice_code::AdviceCode;
use crate::measure::nat::finding::FamilyFindings;
use crate::wire::Family;

/// A rule about one address family.
type FamilyRule = fn(&Case) -> Option<Advice>;

/// What a rule about one family looks at.
struct Case<'a> {
    report: &'a Report,
    family: Family,
    found: &'a FamilyFindings,
    /// How peers connect: what is said of relays follows from this and from nothing else.
    peers: Vec<PeerRow>,
}

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

#[expect(clippy::unnecessary_wraps, reason = "every rule ends with one of these")]
impl Case<'_> {
    fn advice(&self, code: AdviceCode, severity: Severity, text: impl Into<String>) -> Advice {
        Advice { code, severity, family: Some(self.family), text: text.into(), command: None }
    }

    fn error(&self, code: AdviceCode, text: impl Into<String>) -> Option<Advice> {
        Some(self.advice(code, Severity::Error, text))
    }

    fn warning(&self, code: AdviceCode, text: impl Into<String>) -> Option<Advice> {
        Some(self.advice(code, Severity::Warning, text))
    }

    fn info(&self, code: AdviceCode, text: impl Into<String>) -> Option<Advice> {
        Some(self.advice(code, Severity::Info, text))
    }

    /// Whether some peers do not connect directly, or perhaps do not.
    fn hindered(&self) -> bool {
        self.peers.iter().any(|row| row.outcome != PeerOutcome::Direct)
    }

    fn name(&self) -> &'static str {
        family_name(self.family)
    }

    /// Whether only addresses were asked for: what the NAT does was not.
    fn is_discover(&self) -> bool {
        matches!(self.report.findings, Findings::Discover(_))
    }
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

/// Addresses or names as a list in a sentence.
fn list<T: ToString>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    match items.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
pub(super) fn codes(report: &Report) -> Vec<String> {
    advise(report).into_iter().map(|advice| advice.code.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::{advise, codes, list};
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
