//! Over everything that can be found: no advice and no sentence contradicts the table of peers.

use crate::evidence::{Behavior, ReasonCode};
use crate::measure::nat::finding::{Connectivity, FamilyFindings, FilteringBehavior, MappingBehavior, PoolingBehavior};
use crate::report::advice::advise;
use crate::report::document::{Findings, Report};
use crate::report::peers::{self, PeerOutcome, PeerRow};
use crate::report::view::render;
use crate::report::{Style, sample};

/// Every combination of what a family's verdicts can be, and more: only that open means no filter is kept.
fn everything() -> Vec<FamilyFindings> {
    let connectivities = [
        (Connectivity::Open, ReasonCode::NoAnswer),
        (Connectivity::Firewalled, ReasonCode::NoAnswer),
        (Connectivity::Direct, ReasonCode::NoAnswer),
        (Connectivity::Nat, ReasonCode::NoAnswer),
        (Connectivity::UdpBlocked, ReasonCode::UdpBlocked),
        (Connectivity::Unavailable, ReasonCode::NoAddress),
        (Connectivity::Inconclusive, ReasonCode::NoAnswer),
        (Connectivity::Inconclusive, ReasonCode::StunBlocked),
        (Connectivity::Inconclusive, ReasonCode::PortBlocked),
        (Connectivity::Inconclusive, ReasonCode::UdpPasses),
    ];
    let mappings = [
        (MappingBehavior::None, Some(true)),
        (MappingBehavior::EndpointIndependent, Some(true)),
        (MappingBehavior::AddressDependent, Some(false)),
        (MappingBehavior::AddressAndPortDependent, Some(false)),
        (MappingBehavior::ConnectionDependent, Some(false)),
        (MappingBehavior::Inconclusive, None),
        (MappingBehavior::Inconclusive, Some(true)),
        (MappingBehavior::Inconclusive, Some(false)),
    ];
    let filterings = [
        FilteringBehavior::EndpointIndependent,
        FilteringBehavior::AddressDependent,
        FilteringBehavior::AddressAndPortDependent,
        FilteringBehavior::Inconclusive,
    ];
    let seen = [
        vec!["203.0.113.7"],
        vec!["203.0.113.7", "203.0.113.8"],
        vec!["100.64.1.2"],
        vec!["10.0.0.1"],
        vec!["127.0.0.1"],
    ];
    let mut all = Vec::new();
    for (connectivity, code) in connectivities {
        for (mapping, independent) in mappings {
            for filtering in filterings {
                if connectivity == Connectivity::Open && filtering != FilteringBehavior::EndpointIndependent {
                    continue;
                }
                for pooling in [PoolingBehavior::Paired, PoolingBehavior::Arbitrary] {
                    for addresses in &seen {
                        let mut found = sample::nat(Behavior::EndpointIndependent, Behavior::EndpointIndependent);
                        found.connectivity = connectivity;
                        found.reason = sample::inconclusive(code, "x").reason;
                        found.mapping.behavior = mapping;
                        found.mapping.endpoint_independent = independent;
                        found.filtering.behavior = filtering;
                        found.pooling.as_mut().unwrap().behavior = pooling;
                        found.public_addresses = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
                        all.push(found);
                    }
                }
            }
        }
    }
    all
}

fn report(found: FamilyFindings) -> (Report, Vec<PeerRow>) {
    let mut report = sample::ipv4(found);
    let rows = peers::table(report.families().iter());
    if let Findings::Classify(classified) = &mut report.findings {
        classified.peers.clone_from(&rows);
    }
    report.advice = advise(&report);
    (report, rows)
}

#[test]
fn a_relay_is_advised_where_the_table_has_one_and_nowhere_else() {
    let (mut advised_ones, mut without_need) = (0, 0);
    for found in everything() {
        let words = format!("{:?} {:?} {:?}", found.connectivity, found.mapping.behavior, found.filtering.behavior);
        let (report, rows) = report(found);
        let some = |outcome| rows.iter().any(|row| row.outcome == outcome);
        let needed = some(PeerOutcome::Relay) || some(PeerOutcome::Depends);
        let advised = report.advice.iter().any(|advice| {
            advice.text.to_lowercase().contains("provide a turn") || advice.text.contains("provide TURN")
        });
        let hedged = report.advice.iter().any(|advice| advice.text.contains("to be sure"));
        assert!(!needed || advised, "{words}: a relay is needed and not advised");
        assert!(
            !advised || needed || (hedged && some(PeerOutcome::CouldNotTell)),
            "{words}: a relay is advised for nobody"
        );
        let direct = !rows.is_empty() && rows.iter().all(|row| row.outcome == PeerOutcome::Direct);
        let no_need = report.advice.iter().any(|advice| advice.text.contains("no relay is needed"));
        advised_ones += u32::from(advised);
        without_need += u32::from(no_need);
        assert!(!no_need || direct, "{words}: no relay is needed, and the table has one");
        for advice in &report.advice {
            let of_relays = ["TURN", "relay"].iter().any(|word| advice.text.contains(word));
            assert!(!of_relays || advised || no_need, "{words}: {}", advice.text);
        }
    }
    assert!(advised_ones > 0 && without_need > 0, "the sentences that are looked for are those that are written");
}

#[test]
fn the_page_says_of_peers_what_the_table_says() {
    let mut reachable = 0;
    for found in everything().into_iter().step_by(7) {
        let (report, rows) = report(found);
        let page = render(&report, &Style { width: 120, ..Style::default() });
        for (outcome, word) in [
            (PeerOutcome::Direct, "  directly"),
            (PeerOutcome::Relay, "  by relay"),
            (PeerOutcome::Depends, "  depends"),
            (PeerOutcome::CouldNotTell, "  not known"),
        ] {
            // What could not be measured at all stands in the verdict.
            let told =
                rows.iter().any(|row| row.outcome == outcome && row.reason.code != peers::PeerReasonCode::NotMeasured);
            assert_eq!(page.contains(word), told, "{word} in\n{page}");
        }
        let reach = page.contains("anybody can reach this host");
        reachable += u32::from(reach);
        assert!(!reach || rows.iter().all(|row| row.outcome == PeerOutcome::Direct), "{page}");
    }
    assert!(reachable > 0, "the sentence that is looked for is the one that is written");
}
