//! Every server fault with every NAT: right, or inconclusive with the right reason; never wrong, never a hang.

use nat_probe::evidence::ReasonCode as Why;
use nat_probe::measure::nat::finding::{FilteringBehavior, MappingBehavior};
use nat_probe::sim::{Fault, Scenario};

use super::bench::{classify, link, nine_nats, story};

/// The faults, and the reasons that a test with such a server alone may give for not telling the filter; a fault with no
/// reason must not keep the verdict from being right.
fn faults() -> Vec<(Fault, &'static [Why])> {
    use Fault as F;
    vec![
        (F::NoOtherAddress, &[Why::NoSecondAddress]),
        (F::OtherSameIp, &[Why::NoSecondAddress]),
        (F::DeadAlternate, &[Why::AlternateDead]),
        (F::DeadAlternatePath, &[Why::ControlFailed]),
        (F::DeadAlternatePort, &[Why::AlternateDead]),
        (F::PrivateAlternate, &[Why::NoSecondAddress]),
        (F::IgnoresChangeRequest, &[Why::ChangeRequestIgnored]),
        (F::Answers420, &[Why::ChangeRequestRefused]),
        (F::WrongSource, &[Why::UnexpectedSource, Why::ControlFailed]),
        (
            F::WrongSourcePort,
            &[
                Why::AnswerUnusable,
                Why::NoAnswer,
                Why::NothingAnswered,
                Why::TooFewServers,
                Why::NoSecondAddress,
                Why::PathLost,
            ],
        ),
        (F::WrongTransactionId, &[Why::AnswerUnusable]),
        (F::Duplicate, &[]),
        (
            F::Late,
            &[
                Why::NoAnswer,
                Why::NothingAnswered,
                Why::TooFewServers,
                Why::ControlFailed,
                Why::PathLost,
                Why::AlternateDead,
            ],
        ),
        (F::MappedAddressOnly, &[Why::NoSecondAddress]),
        (F::NoCookie, &[]),
        (F::BadFingerprint, &[Why::AnswerUnusable, Why::NoSecondAddress]),
        (F::HostileSoftware, &[]),
        (F::TruncatedAttributes, &[Why::AnswerUnusable, Why::NoSecondAddress]),
        (F::Error500, &[Why::AnswerUnusable, Why::NoSecondAddress]),
        (F::RandomBytes, &[Why::AnswerUnusable]),
        (F::WrongMapped, &[Why::AlternateDead, Why::ControlFailed]),
        (F::Proxied, &[Why::ControlFailed, Why::AnswerUnusable, Why::NoSecondAddress, Why::ServerMisreports]),
        (F::ProxiedToIpv4, &[Why::ControlFailed]),
        (F::RewritesSource, &[Why::ControlFailed, Why::AnswerUnusable, Why::NoSecondAddress, Why::ServerMisreports]),
        (
            F::OtherSource,
            &[
                Why::AnswerUnusable,
                Why::NoAnswer,
                Why::NothingAnswered,
                Why::TooFewServers,
                Why::NoSecondAddress,
                Why::PathLost,
            ],
        ),
        (F::IgnoresResponsePort, &[Why::ControlFailed]),
        (F::RequiresChangeRequest, &[Why::ControlFailed, Why::PathLost, Why::AlternateDead]),
        (F::Dead, &[Why::NothingAnswered, Why::NoAnswer]),
        (F::Refused, &[Why::NothingAnswered]),
        (F::Http, &[Why::NothingAnswered, Why::TooFewServers]),
        (F::NoSuchName, &[Why::NamesUnresolved]),
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

fn check(case: &str, run: &super::bench::Run, nat: &nat_probe::sim::NatConfig, reasons: &[Why]) {
    assert!(run.took_ms <= 10_000.0, "{case} took {} ms", run.took_ms);
    let (mapping, filtering) = (&run.v4.mapping, &run.v4.filtering);
    let truth = MappingBehavior::from(nat.mapping.unwrap());
    if mapping.behavior == MappingBehavior::Inconclusive {
        assert!(mapping.reason.is_some(), "{case}: {mapping:?}");
    } else {
        assert_eq!(mapping.behavior, truth, "{case}: {mapping:?}\n{}", story(run));
    }
    if filtering.behavior == FilteringBehavior::Inconclusive {
        let told = filtering.reason.as_ref().is_some_and(|reason| reasons.contains(&reason.code));
        assert!(told, "{case}: {filtering:?} {}\n{}", run.took_ms, story(run));
    } else {
        assert_eq!(filtering.behavior, nat.filtering.into(), "{case}: {filtering:?}\n{}", story(run));
    }
}
