//! Why it works or does not: ordered tables, one for each way that it may have gone, of which the first row that fits decides.

use super::cause::{Cause, cause, failed, inconclusive};
use super::degraded::{DEGRADED, ipv6_only};
use super::judged::{Judged, Reached, Relayed, Row};
use super::relay::Meaning;
use super::silence::is_proven;
use super::{renewal, unreachable};
use crate::evidence::key::{ServerStep, SocketStep, TurnStep};
use crate::evidence::{Exchange, FailureCode, Outcome};
use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::facts::target::{Target, step_of};
use crate::measure::turn::finding::{PathOutcome, RelayPath, TurnVerdict};
use crate::wire::{Method, escape};

/// What a STUN server, or a server without an allocation, did.
const UNALLOCATED: &[fn(&Judged) -> Option<Cause>] =
    &[|judged| unreachable::elsewhere(judged.target), answers, |judged| judged.unreachable.clone(), refused];

/// What became of an allocation, before anything lesser counts.
const ALLOCATED: &[Row] = &[
    |judged, _| unreachable::elsewhere(judged.target),
    |_, relayed| relayed.unsigned.clone(),
    |_, relayed| relayed.ended.filter(|_| relayed.spoilt).map(renewal::judge),
    does_not_relay,
    |_, relayed| relayed.ended.map(renewal::judge),
    mute,
    |_, relayed| relayed.not_kept.clone(),
    closed,
    cut_short,
    seen_by_nobody,
    some_data_only,
    doubtful,
];

/// The verdict and its cause.
pub(super) fn judge(judged: &Judged) -> Cause {
    let found = match &judged.reached {
        Reached::Stun | Reached::Server { .. } => {
            UNALLOCATED.iter().find_map(|row| row(judged)).unwrap_or_else(|| ended(judged.target))
        }
        Reached::Allocation(relayed) => {
            let works = || cause(TurnVerdict::Ok, Code::Ok, "it relays", "");
            ALLOCATED.iter().chain(DEGRADED).find_map(|row| row(judged, relayed)).unwrap_or_else(works)
        }
    };
    // This host ran out of something: then nothing that failed is the server's fault.
    if found.0 == TurnVerdict::Ok { found } else { unreachable::shortage(judged.target).unwrap_or(found) }
}

/// A STUN server tells an address.
fn answers(judged: &Judged) -> Option<Cause> {
    let stun = matches!(judged.reached, Reached::Stun);
    let mapped = judged.target.find(ServerStep::Binding).filter(|_| stun)?.mapped()?;
    Some(cause(TurnVerdict::Ok, Code::Ok, format!("it answers: this host is {mapped}"), ""))
}

fn refused(judged: &Judged) -> Option<Cause> {
    match &judged.reached {
        Reached::Server { refusal } => refusal.clone(),
        _ => None,
    }
}

/// The paths through the relay show it; where the run was cut short, only if the relayed address shows it by itself.
fn does_not_relay(judged: &Judged, relayed: &Relayed) -> Option<Cause> {
    let relaying = relayed.relaying.as_ref()?;
    let decisive = relaying.is_decisive() && (judged.complete || relaying.is_plain());
    relaying.found.clone().filter(|_| decisive)
}

/// Whoever grants an allocation and answers nothing that is asked of it has lost it, or is somebody else.
fn mute(judged: &Judged, _: &Relayed) -> Option<Cause> {
    let target = judged.target;
    let silent = |asked: &&Exchange| asked.silent() && is_proven(target, ServerStep::Refresh);
    let refresh = target.last(ServerStep::Refresh).filter(silent)?;
    // An open relay is asked without a signature.
    let is_its = |one: &Exchange| {
        one.request.auth().is_some() || target.is_open_relay() && one.request.method() != Some(Method::Binding)
    };
    let asked = target.exchanges().filter(|one| one.socket == refresh.socket && is_its(one));
    let answered = asked.filter(|one| one.reply().is_some()).count();
    let text = "the server grants an allocation and leaves what is asked of it then without an answer";
    let fix = "look into the server's log; a load balancer may send one client to several servers";
    (answered <= 1).then(|| failed(Code::ProtocolError, text, fix))
}

/// The connection ended before it was our turn to end it.
fn closed(judged: &Judged, relayed: &Relayed) -> Option<Cause> {
    let name = judged.target.socket(relayed.role);
    let deletes =
        |one: &Exchange| matches!(step_of(one), Some(TurnStep::On(_, SocketStep::Delete | SocketStep::DeleteAgain)));
    let mut asked = judged.target.exchanges().filter(|one| one.socket == name && !deletes(one));
    let failure = asked.find_map(|one| match &one.outcome {
        Outcome::Failed(failure) if failure.code == FailureCode::ConnectionClosed => Some(failure),
        _ => None,
    })?;
    let text = format!("the server grants an allocation, and then: {}", escape(&failure.text));
    let fix = "look into the server's log; a proxy or a firewall may close connections";
    Some(failed(Code::ConnectionClosed, text, fix))
}

/// The run ended before everything was tried.
fn cut_short(judged: &Judged, relayed: &Relayed) -> Option<Cause> {
    let unknown = judged.was_stopped() && !judged.complete || relayed.relaying.is_none();
    unknown.then(|| ended(judged.target))
}

/// Nobody outside could be asked: what happens on the server alone decides nothing.
fn seen_by_nobody(judged: &Judged, relayed: &Relayed) -> Option<Cause> {
    if relayed.relaying.as_ref()?.meaning != Meaning::Unseen {
        return None;
    }
    let between = match judged.paths.as_ref()?.between_allocations.outcome {
        PathOutcome::Works => "data gets from one allocation on the server to another",
        PathOutcome::Fails => "no data gets from one allocation on the server to another",
        PathOutcome::Forbidden => "the server refuses (403) its own addresses as peers",
        PathOutcome::Unknown => "the server grants an allocation",
    };
    let text =
        format!("could not tell: {between}, and nobody outside it answered, who would tell whether data gets past it");
    let fix = "name a STUN server that can be reached, with --server";
    ipv6_only(judged, relayed).or_else(|| Some(inconclusive(Code::Undetermined, text, fix)))
}

fn some_data_only(_: &Judged, relayed: &Relayed) -> Option<Cause> {
    let text = "could not tell: some data gets through, and whether peers reach the relayed address was not seen";
    let some = relayed.relaying.as_ref()?.meaning == Meaning::SomeOnly;
    some.then(|| inconclusive(Code::Undetermined, text, "run again on a better path"))
}

/// Something that could speak against the relay is not known: the run was stopped before, or a test with our own plain socket did not
/// come to an end.
fn doubtful(judged: &Judged, _: &Relayed) -> Option<Cause> {
    let (target, paths) = (judged.target, judged.paths.as_ref()?);
    let is_unknown = |path: &RelayPath| path.outcome == PathOutcome::Unknown;
    let answered = |step: ServerStep| target.last(step).is_some_and(|one| one.reply().is_some());
    let has_socket = !target.plain_addresses().is_empty();
    let unfinished = has_socket && (is_unknown(&paths.from_peer) || is_unknown(&paths.to_peer));
    let all = [&paths.third_party, &paths.to_peer, &paths.from_peer, &paths.between_allocations];
    let missing = all.into_iter().any(is_unknown) || !answered(ServerStep::Refresh) || !answered(ServerStep::Channel);
    if judged.was_stopped() {
        return (unfinished || missing).then(|| ended(target));
    }
    let text = "could not tell: some data gets through, and whether peers reach the relayed address was not seen";
    unfinished.then(|| inconclusive(Code::Undetermined, text, "run again on a better path"))
}

fn ended(target: &Target) -> Cause {
    let text = match target.seen.stop_reason() {
        Some(reason) => format!("could not tell: {}", reason.text),
        None => "could not tell: no test of the relay with data could be made".to_owned(),
    };
    let fix = "run again with a longer --deadline, or name a STUN server with --server";
    inconclusive(Code::Undetermined, text, fix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Stop;
    use crate::measure::turn::facts::testing::{PLAIN, Scene};
    use crate::wire::Transport;

    fn found(scene: &Scene) -> (TurnVerdict, Code) {
        let target = scene.target();
        let (verdict, found) = judge(&Judged::new(&target));
        (verdict, found.code)
    }

    fn changed(change: impl FnOnce(&mut Scene)) -> (TurnVerdict, Code) {
        let mut scene = Scene::relays();
        change(&mut scene);
        found(&scene)
    }

    #[test]
    fn a_server_that_relays_works() {
        assert_eq!(changed(|_| ()), (TurnVerdict::Ok, Code::Ok));
    }

    #[test]
    fn a_server_of_which_nothing_was_heard_decides_nothing() {
        assert_eq!(found(&Scene::udp()), (TurnVerdict::Inconclusive, Code::Undetermined));
    }

    #[test]
    fn answers_from_elsewhere_outweigh_everything() {
        let verdict = changed(|scene| {
            scene.reply("binding", |reply| reply.source = "203.0.113.7:3478".parse().expect("an address"));
        });
        assert_eq!(verdict, (TurnVerdict::Failed, Code::AnswersFromElsewhere));
    }

    #[test]
    fn a_connection_that_is_closed_meanwhile_fails() {
        let mut scene = Scene::over(Transport::Tcp);
        scene.challenged("a", "example.org");
        scene.granted("a/login", "192.0.2.10:50000");
        scene.failed("refresh", FailureCode::ConnectionClosed);
        assert_eq!(found(&scene), (TurnVerdict::Failed, Code::ConnectionClosed));
    }

    #[test]
    fn what_a_stop_left_open_is_not_told() {
        let stopped = |step: &'static str| {
            changed(|scene| {
                scene.seen.stopped = Some(Stop::Interrupted);
                scene.abandoned(step);
            })
        };
        assert_eq!(stopped("inward"), (TurnVerdict::Inconclusive, Code::Undetermined));
        assert_eq!(stopped("refresh"), (TurnVerdict::Inconclusive, Code::Undetermined));
        let complete = changed(|scene| {
            scene.seen.stopped = Some(Stop::Interrupted);
            scene.bound("x/third/0", PLAIN);
        });
        assert_eq!(complete.1, Code::Undetermined, "no third party was asked through the relay");
    }

    #[test]
    fn where_this_host_ran_out_of_sockets_nothing_is_the_servers_fault() {
        let verdict = changed(|scene| {
            scene.failed("refresh", FailureCode::ConnectionClosed);
            scene.failed("inward-b", FailureCode::LocalShortage);
        });
        assert_eq!(verdict, (TurnVerdict::Inconclusive, Code::LocalSocket));
    }

    #[test]
    fn a_server_that_grants_and_then_is_mute_fails() {
        let mut scene = Scene::udp();
        scene.bound("binding", PLAIN);
        scene.challenged("a", "example.org");
        scene.granted("a/login", "192.0.2.10:50000");
        scene.silent("refresh");
        assert_eq!(found(&scene), (TurnVerdict::Failed, Code::ProtocolError));
    }
}
