//! Whose packets get in? RFC 5780 section 4.4, with a proof that the server really sent what did not arrive.
//!
//! One server alone cannot prove it: whatever drops new flows at its own side opens for the positive control too. So servers that
//! share no address are tested side by side, and a silence has two witnesses where there are two. Whoever is let in unasked proves
//! openness, and another's silence is then that server's own.

use std::net::SocketAddr;

use super::filtering_steps::{Progress, assess, took_a_third_port};
use super::finding::{Filtering as Finding, FilteringBehavior};
use super::look::{Look, NatProbe};
use super::servers::{self, Capable, Roles};
use super::{filtering_steps as steps, first};
use crate::evidence::key::{NatKey, Reach};
use crate::evidence::{Behavior, Evidence, Exchange, Key, Quarantine, Reason, ReasonCode, Step};
use crate::wire::{Family, Transport};

/// So many servers are tested at once: each may be the one that is let in.
const TESTED: usize = 4;
/// So many have to show a silence, where there are so many.
const WITNESSES: usize = 2;
/// A server that turns out to be of no use costs a second; after so many the question stays open.
const FAULTS_BORNE: usize = 3;

/// Tests the filter in front of this host, NAT or not: a host without NAT has a filter too.
pub(super) struct Filtering {
    /// The family tested.
    pub family: Family,
    /// Whatever the first fresh port shows, a second one must show it too.
    pub repeat: bool,
}

/// A server and how far its test is.
struct Test {
    server: Capable,
    progress: Progress,
    /// The series that have told enough.
    enough: Vec<Key>,
}

impl Test {
    fn asking(&self) -> bool {
        matches!(self.progress, Progress::Asking { .. })
    }

    fn fault(&self) -> bool {
        matches!(self.progress, Progress::Settled { verdict: Err(_), .. })
    }

    fn shown(&self) -> Option<Behavior> {
        match &self.progress {
            Progress::Settled { verdict, .. } => verdict.as_ref().ok().copied(),
            Progress::Asking { .. } => None,
        }
    }

    /// Whether nobody may contact its alternates.
    fn untouched(&self) -> bool {
        matches!(self.progress, Progress::Asking { untouched: true, .. })
    }
}

/// The tests under way or over: the first servers that are of use and share no address, and those before them that were not.
fn tests(seen: &Look, family: Family, repeat: bool) -> Vec<Test> {
    let mut tests: Vec<Test> = Vec::new();
    for &server in &seen.roles(family).filtering {
        let sound = tests.iter().filter(|test| !test.fault());
        if sound.clone().count() == TESTED || tests.len() - sound.clone().count() == FAULTS_BORNE {
            break;
        }
        // A second test is worth something only by another machine, to whose alternate addresses this host has sent nothing: where it
        // has, the filter is open for them.
        let known = sound.clone().any(|test| test.server.overlaps(&server))
            || sound.count() > 0
                && seen.range(&NatKey::filtering(family, server.server)).next().is_none()
                && seen.contacted_before(f64::MAX, |remote| server.is_alternate(remote));
        if !known {
            let steps::Test { progress, enough } = assess(seen, family, &server, repeat);
            tests.push(Test { server, progress, enough });
        }
    }
    tests
}

/// Whether no server can turn up any more that is not known yet.
fn all_heard(seen: &Evidence, family: Family) -> bool {
    let asked = seen.addresses(family, Transport::Udp);
    !seen.looking_up(Transport::Udp)
        && asked
            .iter()
            .all(|(server, _)| seen.find(&first::key(family, Reach::Udp, *server)).is_some_and(Exchange::settled))
}

/// Whether the question is closed: nothing more will be asked.
#[must_use]
pub(super) fn closed(seen: &Look, family: Family) -> bool {
    *seen.of(family).filtering_closed.get_or_init(|| is_closed(seen, family, &tests(seen, family, false)))
}

fn is_closed(seen: &Evidence, family: Family, tests: &[Test]) -> bool {
    let open = tests.iter().any(|test| test.shown() == Some(Behavior::EndpointIndependent));
    let told = tests.iter().filter(|test| test.shown().is_some()).count();
    // Once two servers have shown the same, nobody waits for the controls of a third test; but a test that is still listening may
    // hear a packet get in, which would refute both.
    let under_way = |test: &Test| if told < WITNESSES { test.asking() } else { test.untouched() };
    open || !tests.iter().any(under_way) && (told > 0 || all_heard(seen, family))
}

impl NatProbe for Filtering {
    fn next(&self, seen: &Look, _: &Look) -> Step {
        let tests = tests(seen, self.family, self.repeat);
        let enough: Vec<Key> = tests.iter().flat_map(|test| test.enough.clone()).collect();
        if is_closed(seen, self.family, &tests) {
            return Step { done: true, enough, ..Step::default() };
        }
        let mut step = Step { quarantine: untouched(seen.roles(self.family), &tests), enough, ..Step::default() };
        for test in tests {
            let Progress::Asking { asks, look_again_ms, .. } = test.progress else { continue };
            step.asks.extend(asks);
            step.look_again_ms = [step.look_again_ms, look_again_ms].into_iter().flatten().reduce(f64::min);
        }
        step
    }
}

/// The remotes that nobody may contact: the alternates of the servers under test while their silence counts, and those of the servers
/// that stand by.
fn untouched(roles: &Roles, tests: &[Test]) -> Vec<Quarantine> {
    let kept = roles.filtering.iter().filter(|server| match tests.iter().find(|test| test.server == **server) {
        Some(test) => test.untouched(),
        None => true,
    });
    kept.flat_map(|server| {
        [Quarantine::Address(server.alternate.ip()), Quarantine::Endpoint(server.primary_other_port())]
    })
    .collect()
}

/// The verdict that the evidence supports.
#[must_use]
pub(super) fn judge(seen: &Look, family: Family) -> Finding {
    let tests = tests(seen, family, false);
    let shown = tests.iter().filter_map(|test| test.shown().map(|behavior| (test, behavior)));
    let Some((best, behavior)) = shown.clone().min_by_key(|(_, behavior)| *behavior) else {
        return undecided(seen, family, &tests);
    };
    // Whoever was let in unasked refutes a stricter verdict, whatever its own test came to.
    let each_for_itself = each_socket_for_itself(seen, family, &best.server);
    if let Some((stranger, open)) = stranger(seen, family, each_for_itself)
        && open < behavior
    {
        let text = format!(
            "an answer to {} was let in from where nothing had been sent, those of {} were not: something limits what strangers send, a port was open from before, or something on the way changes where packets come from",
            stranger.remote, best.server.primary
        );
        return inconclusive(Reason::new(ReasonCode::RepeatsDisagree, text), vec![stranger.id.clone()]);
    }
    let agreeing: Vec<&Test> = shown.clone().filter(|(_, other)| *other == behavior).map(|(test, _)| test).collect();
    let told = match &best.progress {
        Progress::Settled { summary, .. } => summary.as_str(),
        Progress::Asking { .. } => "",
    };
    let summary = match (behavior, agreeing.as_slice()) {
        (_, [_, other, ..]) => format!("{told}; {} shows the same", other.server.primary),
        (Behavior::EndpointIndependent, _) => told.to_owned(),
        _ => format!("{told}; one server only"),
    };
    let because = agreeing.iter().flat_map(|test| match &test.progress {
        Progress::Settled { because, .. } => because.clone(),
        Progress::Asking { .. } => Vec::new(),
    });
    // A NAT that lets strangers in only now and then (one packet a second) also makes silences, which are no stricter filter.
    let steady = !took_a_third_port(seen, family, &best.server);
    let name = |test: &Test| seen.servers.get(test.server.server).map(|server| server.name.clone());
    let stricter = shown.filter(|(_, other)| *other > behavior && steady);
    Finding {
        behavior: behavior.into(),
        reason: None,
        summary,
        witnesses: Some(agreeing.len()),
        withheld_by: stricter.filter_map(|(test, _)| name(test)).collect(),
        because: because.collect(),
    }
}

/// Whether what one socket sends lets nobody in to another: the second address of that server had been contacted before, from another
/// socket, and its test was met with silence all the same. Some firewalls open by remote address for the whole host.
fn each_socket_for_itself(seen: &Evidence, family: Family, server: &Capable) -> bool {
    let test = seen.range(&NatKey::filtering(family, server.server)).map(|exchange| exchange.started_ms);
    let begun = test.min_by(f64::total_cmp);
    begun.is_some_and(|begun| seen.contacted_before(begun, |remote| remote == server.alternate))
}

/// An answer of whatever question that got in though nothing had been sent to where it came from, and the filter that allows that: who
/// is let in by mistake is let in as much as who was asked to come. Where each socket is for itself, nothing sent from that one counts.
fn stranger(seen: &Evidence, family: Family, each_for_itself: bool) -> Option<(&Exchange, Behavior)> {
    let let_in = |exchange: &Exchange| {
        let reply = exchange.reply().filter(|reply| reply.over.is_none() && reply.source != exchange.remote)?;
        let ended = exchange.ended_ms?;
        let contacted = |is_it: &dyn Fn(SocketAddr) -> bool| {
            let same = |other: &&Exchange| other.socket == exchange.socket && other.sends > 0;
            let mut own = seen.exchanges.iter().filter(same);
            if each_for_itself {
                own.any(|other| other.started_ms < ended && is_it(other.remote))
            } else {
                seen.contacted_before(ended, is_it)
            }
        };
        if contacted(&|remote| remote == reply.source) {
            return None;
        }
        let known = contacted(&|remote| remote.ip() == reply.source.ip());
        Some(if known { Behavior::AddressDependent } else { Behavior::EndpointIndependent })
    };
    let over_udp = seen.of(family, Transport::Udp).filter_map(|exchange| Some((exchange, let_in(exchange)?)));
    over_udp.min_by_key(|(_, open)| *open)
}

/// Why no server showed anything: the fault of the first, what is missing of the one under way, or why there is none.
fn undecided(seen: &Evidence, family: Family, tests: &[Test]) -> Finding {
    let fault = tests.iter().find_map(|test| match &test.progress {
        Progress::Settled { verdict: Err(reason), because, .. } => Some(inconclusive(reason.clone(), because.clone())),
        _ => None,
    });
    fault.unwrap_or_else(|| {
        let reason = if tests.is_empty() {
            let stopped = seen.stop_reason().filter(|_| !all_heard(seen, family));
            stopped.unwrap_or_else(|| servers::why_none(seen, family))
        } else {
            seen.stop_reason().unwrap_or_else(|| {
                Reason::new(ReasonCode::Deadline, "the filter test was not finished when the report was made")
            })
        };
        inconclusive(reason, Vec::new())
    })
}

/// A verdict withheld.
#[must_use]
pub(super) fn inconclusive(reason: Reason, because: Vec<String>) -> Finding {
    Finding {
        behavior: FilteringBehavior::Inconclusive,
        summary: format!("could not tell: {}", reason.text),
        reason: Some(reason),
        witnesses: None,
        withheld_by: Vec::new(),
        because,
    }
}
