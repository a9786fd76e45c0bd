//! Whose packets get in? RFC 5780 section 4.4, with a proof that the server really sent what did not arrive.

use super::filtering_steps::{Progress, assess};
use super::finding::{Filtering as Finding, FilteringBehavior, Reason};
use super::servers::{self, Capable};
use super::{Evidence, Family, Probe, Quarantine, Step, first, reason};
use crate::stun::Transport;

/// A server that turns out to be of no use costs a second; after so many the question stays open.
const SERVERS_TRIED: usize = 3;

/// Tests the filter in front of this host, NAT or not: a host without NAT has a filter too.
pub struct Filtering {
    /// The family tested.
    pub family: Family,
    /// Whatever the first fresh port shows, a second one must show it too.
    pub repeat: bool,
}

fn candidates(seen: &Evidence, family: Family) -> Vec<Capable> {
    let mut candidates = servers::roles(seen, family).filtering;
    candidates.truncate(SERVERS_TRIED);
    candidates
}

/// The server whose filter test is under way or was the last, and how far it is.
fn current(seen: &Evidence, family: Family, repeat: bool) -> Option<(Capable, Progress)> {
    let mut last = None;
    for candidate in candidates(seen, family) {
        let progress = assess(seen, family, &candidate, repeat);
        let fault = matches!(progress, Progress::Settled { verdict: Err(_), .. });
        last = Some((candidate, progress));
        if !fault {
            break;
        }
    }
    last
}

/// Whether no server can turn up any more that is not known yet.
fn all_heard(seen: &Evidence, family: Family) -> bool {
    let asked = seen.addresses(family, Transport::Udp);
    !seen.looking_up(Transport::Udp)
        && asked
            .iter()
            .all(|(server, _)| seen.find(&first::label(family, *server)).is_some_and(super::Exchange::settled))
}

/// Whether the question is closed: nothing more will be asked.
#[must_use]
pub fn closed(seen: &Evidence, family: Family) -> bool {
    match current(seen, family, false) {
        Some((_, Progress::Settled { verdict: Ok(_), .. })) => true,
        Some((_, Progress::Settled { verdict: Err(_), .. })) | None => all_heard(seen, family),
        _ => false,
    }
}

impl Probe for Filtering {
    fn name(&self) -> &'static str {
        "filtering"
    }

    fn next(&self, seen: &Evidence) -> Step {
        match current(seen, self.family, self.repeat) {
            Some((server, Progress::Asking { asks, untouched })) => {
                let quarantine = self.untouched(seen, &server, untouched);
                Step { asks, quarantine, done: false }
            }
            _ => Step { done: closed(seen, self.family), ..Step::default() },
        }
    }
}

impl Filtering {
    /// The remotes that nobody may contact: the alternates of the server under test while its silence counts, and those of the
    /// servers that stand by.
    fn untouched(&self, seen: &Evidence, current: &Capable, current_too: bool) -> Vec<Quarantine> {
        let roles = servers::roles(seen, self.family);
        let standing_by = roles.filtering.iter().filter(|server| *server != current && Some(**server) != roles.given);
        let kept = standing_by.chain(current_too.then_some(current));
        kept.flat_map(|server| {
            [Quarantine::Address(server.alternate.ip()), Quarantine::Endpoint(server.primary_other_port())]
        })
        .collect()
    }
}

/// The verdict that the evidence supports.
#[must_use]
pub fn judge(seen: &Evidence, family: Family) -> Finding {
    let tried = candidates(seen, family);
    let mut first_fault: Option<Finding> = None;
    for candidate in &tried {
        match assess(seen, family, candidate, false) {
            Progress::Settled { verdict: Ok(behavior), summary, because } => {
                return Finding { behavior: behavior.into(), reason: None, summary, because };
            }
            Progress::Settled { verdict: Err(reason), because, .. } => {
                first_fault.get_or_insert_with(|| inconclusive(reason, because));
            }
            Progress::Asking { .. } => {
                let reason = seen.stop_reason().unwrap_or_else(|| {
                    reason::make(reason::DEADLINE, "the filter test was not finished when the report was made")
                });
                return first_fault.unwrap_or_else(|| inconclusive(reason, Vec::new()));
            }
        }
    }
    first_fault.unwrap_or_else(|| {
        let stopped = seen.stop_reason().filter(|_| !all_heard(seen, family));
        inconclusive(stopped.unwrap_or_else(|| servers::why_none(seen, family)), Vec::new())
    })
}

/// A verdict withheld.
#[must_use]
pub fn inconclusive(reason: Reason, because: Vec<String>) -> Finding {
    Finding {
        behavior: FilteringBehavior::Inconclusive,
        summary: format!("could not tell: {}", reason.text),
        reason: Some(reason),
        because,
    }
}
