//! Every server fault with every NAT: right, or inconclusive with the right reason; never wrong, never a hang.

use nat_probe::measure::nat::finding::{FilteringBehavior, MappingBehavior};
use nat_probe::sim::{Fault, Scenario};

use super::bench::{classify, link, nine_nats, story};

/// The faults, and the reasons that a test with such a server alone may give for not telling the filter; a fault with no
/// reason must not keep the verdict from being right.
fn faults() -> Vec<(Fault, &'static [&'static str])> {
    use Fault as F;
    vec![
        (F::NoOtherAddress, &["no-second-address"]),
        (F::OtherSameIp, &["no-second-address"]),
        (F::DeadAlternate, &["alternate-dead"]),
        (F::DeadAlternatePath, &["control-failed"]),
        (F::DeadAlternatePort, &["alternate-dead"]),
        (F::PrivateAlternate, &["no-second-address"]),
        (F::IgnoresChangeRequest, &["change-request-ignored"]),
        (F::Answers420, &["change-request-refused"]),
        (F::WrongSource, &["unexpected-source", "control-failed"]),
        (
            F::WrongSourcePort,
            &["answer-unusable", "no-answer", "nothing-answered", "too-few-servers", "no-second-address", "path-lost"],
        ),
        (F::WrongTransactionId, &["answer-unusable"]),
        (F::Duplicate, &[]),
        (
            F::Late,
            &["no-answer", "nothing-answered", "too-few-servers", "control-failed", "path-lost", "alternate-dead"],
        ),
        (F::MappedAddressOnly, &["no-second-address"]),
        (F::NoCookie, &[]),
        (F::BadFingerprint, &["answer-unusable", "no-second-address"]),
        (F::HostileSoftware, &[]),
        (F::TruncatedAttributes, &["answer-unusable", "no-second-address"]),
        (F::Error500, &["answer-unusable", "no-second-address"]),
        (F::RandomBytes, &["answer-unusable"]),
        (F::WrongMapped, &["alternate-dead", "control-failed"]),
        (F::Proxied, &["control-failed", "answer-unusable", "no-second-address", "server-misreports"]),
        (F::ProxiedToIpv4, &["control-failed"]),
        (F::RewritesSource, &["control-failed", "answer-unusable", "no-second-address", "server-misreports"]),
        (
            F::OtherSource,
            &["answer-unusable", "no-answer", "nothing-answered", "too-few-servers", "no-second-address", "path-lost"],
        ),
        (F::IgnoresResponsePort, &["control-failed"]),
        (F::RequiresChangeRequest, &["control-failed", "path-lost", "alternate-dead"]),
        (F::Dead, &["nothing-answered", "no-answer"]),
        (F::Refused, &["nothing-answered"]),
        (F::Http, &["nothing-answered", "too-few-servers"]),
        (F::NoSuchName, &["names-unresolved"]),
    ]
}

#[test]
fn one_faulty_server_alone_never_makes_a_wrong_verdict() {
    for (fault, reasons) in faults() {
        for nat in nine_nats() {
            let mut scenario = Scenario { nats: vec![nat.clone()], link: link(40.0, 0.0), ..Scenario::default() };
            scenario.servers.truncate(1);
            scenario.servers[0].faults = vec![fault];
            let run = classify(&scenario, 3);
            let case = format!("{fault:?}, {:?} + {:?}", nat.mapping.unwrap(), nat.filtering);
            check(&case, &run, &nat, reasons);
        }
    }
}

#[test]
fn one_faulty_server_among_good_ones_never_makes_a_wrong_verdict() {
    for (fault, reasons) in faults() {
        for nat in nine_nats() {
            let mut scenario = Scenario { nats: vec![nat.clone()], link: link(40.0, 0.0), ..Scenario::default() };
            scenario.servers[0].faults = vec![fault];
            let run = classify(&scenario, 3);
            let case = format!("{fault:?} among good ones, {:?} + {:?}", nat.mapping.unwrap(), nat.filtering);
            check(&case, &run, &nat, reasons);
            assert_eq!(
                run.v4.filtering.behavior,
                nat.filtering.into(),
                "{case}: the other servers could tell\n{:?}\n{}",
                run.v4.filtering,
                story(&run)
            );
        }
    }
}

fn check(case: &str, run: &super::bench::Run, nat: &nat_probe::sim::NatConfig, reasons: &[&str]) {
    assert!(run.took_ms <= 10_000.0, "{case} took {} ms", run.took_ms);
    let (mapping, filtering) = (&run.v4.mapping, &run.v4.filtering);
    let truth = MappingBehavior::from(nat.mapping.unwrap());
    if mapping.behavior == MappingBehavior::Inconclusive {
        assert!(mapping.reason.is_some(), "{case}: {mapping:?}");
    } else {
        assert_eq!(mapping.behavior, truth, "{case}: {mapping:?}\n{}", story(run));
    }
    if filtering.behavior == FilteringBehavior::Inconclusive {
        let code = filtering.reason.as_ref().map_or("none", |reason| reason.code.as_str());
        assert!(reasons.contains(&code), "{case}: {filtering:?} {}\n{}", run.took_ms, story(run));
    } else {
        assert_eq!(filtering.behavior, nat.filtering.into(), "{case}: {filtering:?}\n{}", story(run));
    }
}
