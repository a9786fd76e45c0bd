//! The ladder: every step with its time and outcome, or why it could not be tried.

use super::credentials;
use super::judged::Judged;
use crate::evidence::key::{DataStep, ServerStep, SocketRole, SocketStep};
use crate::evidence::{Connection, Exchange, Outcome, span};
use crate::measure::turn::facts::allocation::LOGINS;
use crate::measure::turn::facts::connection::failed_late;
use crate::measure::turn::facts::exchange::{error_code, is_unsigned, succeeded};
use crate::measure::turn::facts::target::Target;
use crate::measure::turn::finding::{Diagnosis, StepName, StepResult, StepStatus};
use crate::wire::{EntryKind, Transport, escape};

/// The steps of a target whose address is known.
pub(super) fn judge(judged: &Judged) -> Vec<StepResult> {
    let target = judged.target;
    // What is wrong with the credentials keeps nobody from trying them.
    let credentials = credentials::step(target.entry, target.options).filter(|_| target.entry.kind == EntryKind::Turn);
    let mut ladder = Ladder { steps: credentials.into_iter().collect(), stopped: None };
    ladder.resolve(target);
    ladder.connection(target);
    // TURN goes on without it: some servers answer Allocate only.
    let bound = ladder.exchange(StepName::Binding, target.find(ServerStep::Binding), |_| false);
    if target.entry.kind == EntryKind::Stun {
        return ladder.steps;
    }
    if !bound && ladder.stopped == Some(StepName::Binding) {
        ladder.stopped = None;
    }
    ladder.allocation(judged);
    let relayed = judged.relayed();
    let mut permits = relayed.into_iter().flat_map(|relayed| target.permits(relayed.role));
    let permit = permits.clone().find(|one| succeeded(one).is_some()).or_else(|| permits.next());
    ladder.exchange(StepName::Permission, permit, refused);
    let data = [DataStep::Outward, DataStep::Third, DataStep::ToSecond, DataStep::Inward];
    ladder.data(StepName::Data, &data.map(|step| target.find(step)), fault(judged, StepName::Data));
    let channel = target.last(ServerStep::ChannelData).or(target.last(ServerStep::Channel));
    ladder.exchange(StepName::Channel, channel, refused);
    ladder.stopped = ladder.stopped.filter(|_| relayed.is_none());
    let ended = relayed.and_then(|relayed| relayed.ended);
    ladder.exchange(StepName::Refresh, target.last(ServerStep::Refresh), |one| refused(one) || ended.is_some());
    if let Some(how) = ended
        && let Some(step) = ladder.steps.last_mut()
    {
        step.detail = format!("granted, and the allocation {}", how.words());
    }
    ladder.stopped = ladder.stopped.filter(|_| relayed.is_none());
    let delete = relayed.and_then(|relayed| target.last((relayed.role, SocketStep::Delete)));
    let gone = relayed.is_some_and(|relayed| target.is_given_back(relayed.role));
    ladder.exchange(StepName::Delete, delete, |one| refused(one) && !gone);
    ladder.steps
}

/// What is wrong with relaying, where it belongs to that step.
fn fault(judged: &Judged, step: StepName) -> Option<Diagnosis> {
    judged.relayed()?.relaying.as_ref()?.fault(step).cloned()
}

/// The steps so far, and the one that made the rest impossible.
struct Ladder {
    steps: Vec<StepResult>,
    stopped: Option<StepName>,
}

impl Ladder {
    fn push(
        &mut self,
        name: StepName,
        status: StepStatus,
        duration_ms: Option<f64>,
        detail: String,
        because: Vec<String>,
    ) {
        if status == StepStatus::Failed {
            self.stopped.get_or_insert(name);
        }
        self.steps.push(StepResult { name, status, duration_ms, detail, because });
    }

    fn skip(&mut self, name: StepName) {
        let detail = match self.stopped {
            Some(StepName::Connect | StepName::Handshake) => "because there is no connection".to_owned(),
            Some(step) => format!("because {} failed", words(step)),
            None => "because the run ended, or nothing needed it".to_owned(),
        };
        self.push(name, StepStatus::Skipped, None, detail, Vec::new());
    }

    fn resolve(&mut self, target: &Target) {
        let lookups = target.seen.servers.get(target.server).map(|server| &server.lookups);
        let lookup = lookups.and_then(|all| all.iter().find(|one| one.transport == target.transport));
        let duration = lookup.map(|lookup| lookup.duration_ms);
        self.push(StepName::Resolve, StepStatus::Ok, duration, target.remote.to_string(), Vec::new());
    }

    fn connection(&mut self, target: &Target) {
        if !target.transport.connects() {
            return;
        }
        let Some(connection) = target.connection(SocketRole::First) else {
            return self.skip(StepName::Connect);
        };
        let failure = connection.failure.as_ref().map(|failure| escape(&failure.text));
        if target.transport.is_stream() {
            match (connection.connected_ms, &failure) {
                (Some(at), _) => {
                    let took = Some(at - connection.started_ms);
                    self.push(StepName::Connect, StepStatus::Ok, took, format!("to {}", connection.remote), Vec::new());
                }
                (None, Some(text)) => {
                    let took = connection.failed_ms.map(|at| at - connection.started_ms);
                    self.push(StepName::Connect, StepStatus::Failed, took, text.clone(), Vec::new());
                }
                (None, None) => {
                    self.push(StepName::Connect, StepStatus::Failed, None, "no answer".to_owned(), Vec::new());
                }
            }
        }
        if target.transport.is_secure() {
            self.handshake(connection, failure);
        }
    }

    fn handshake(&mut self, connection: &Connection, failure: Option<String>) {
        if self.stopped.is_some() {
            return self.skip(StepName::Handshake);
        }
        let begun = connection.connected_ms.unwrap_or(connection.started_ms);
        let opened = connection.opened_ms.filter(|_| failed_late(connection).is_none());
        match (opened, failure) {
            (Some(at), _) => {
                let facts = connection.tls.clone().unwrap_or_default();
                let mut words: Vec<String> = [facts.protocol, facts.cipher].into_iter().flatten().collect();
                words.extend(facts.problem.map(|problem| format!("not to be trusted: {}", problem.text)));
                self.push(StepName::Handshake, StepStatus::Ok, Some(at - begun), escape(&words.join(", ")), Vec::new());
            }
            (None, Some(text)) => {
                let took = connection.failed_ms.map(|at| at - begun);
                self.push(StepName::Handshake, StepStatus::Failed, took, text, Vec::new());
            }
            (None, None) => {
                self.push(StepName::Handshake, StepStatus::Failed, None, "no answer".to_owned(), Vec::new());
            }
        }
    }

    /// The challenge, the answer to it, and the address that came of it.
    fn allocation(&mut self, judged: &Judged) {
        let target = judged.target;
        let role = target.last_tried().unwrap_or(SocketRole::First);
        let challenge = target.find((role, SocketStep::Allocate));
        let unanswerable = challenge.filter(|one| error_code(one) == Some(401) && !target.may_log_in(role));
        self.exchange(StepName::Challenge, challenge, |one| {
            error_code(one).is_some_and(|code| code != 401 || unanswerable.is_some())
        });
        let login = LOGINS.into_iter().rev().find_map(|step| target.last((role, step)));
        let allocation = target.allocation(role);
        let unsigned = judged.relayed().and_then(|relayed| relayed.unsigned.clone());
        match (&allocation, unsigned.filter(|_| !target.is_signed(role)), challenge) {
            (_, Some((_, fault)), _) => {
                self.push(StepName::Allocate, StepStatus::Failed, None, fault.text, Vec::new());
            }
            (Some(_), ..) if target.is_open_relay() => {
                let detail = "granted without credentials".to_owned();
                self.push(StepName::Allocate, StepStatus::Ok, None, detail, Vec::new());
            }
            (None, _, Some(_)) if target.entry.login.is_none() && self.stopped.is_none() => {
                let detail = "the server wants credentials, and none were given".to_owned();
                self.push(StepName::Allocate, StepStatus::Failed, None, detail, Vec::new());
            }
            _ => {
                // Granted without a relayed address is not granted.
                self.exchange(StepName::Allocate, login, |one| refused(one) || allocation.is_none());
            }
        }
        let Some(allocation) = allocation else {
            self.stopped.get_or_insert(StepName::Allocate);
            return self.skip(StepName::RelayedAddress);
        };
        let lifetime = allocation.turn.lifetime_s.map(|s| format!(", for {s} s")).unwrap_or_default();
        let (status, detail) = match fault(judged, StepName::RelayedAddress) {
            Some(fault) => (StepStatus::Failed, fault.text),
            None => (StepStatus::Ok, format!("{}{lifetime}", allocation.relayed)),
        };
        self.push(StepName::RelayedAddress, status, None, detail, vec![allocation.exchange.id.clone()]);
    }

    /// One exchange as a step; whether it went well. `failing` tells the answers that make it a failure.
    fn exchange(&mut self, name: StepName, exchange: Option<&Exchange>, failing: impl Fn(&Exchange) -> bool) -> bool {
        let connected = !matches!(self.stopped, Some(StepName::Connect | StepName::Handshake));
        let Some(exchange) = exchange.filter(|_| connected) else {
            self.skip(name);
            return false;
        };
        let took = exchange.ended_ms.map(|at| at - exchange.started_ms);
        let bad = match &exchange.outcome {
            Outcome::Reply(reply) => {
                let elsewhere = exchange.request.relay().is_none() && reply.source != exchange.remote;
                elsewhere || failing(exchange)
            }
            Outcome::Looped { .. } => false,
            _ => true,
        };
        let status = if bad { StepStatus::Failed } else { StepStatus::Ok };
        self.push(name, status, took, outcome(exchange), vec![exchange.id.clone()]);
        !bad
    }

    /// Data got through if it did in one of the ways, and past the server in none of them failed.
    fn data(&mut self, name: StepName, tried: &[Option<&Exchange>], fault: Option<Diagnosis>) {
        let tried: Vec<&Exchange> = tried.iter().copied().flatten().collect();
        let arrived =
            |exchange: &&&Exchange| matches!(exchange.outcome, Outcome::Looped { .. }) || exchange.reply().is_some();
        let best = tried.iter().find(arrived).or(tried.first()).copied();
        match fault.filter(|_| best.is_some() && self.stopped.is_none()) {
            Some(fault) => {
                let because = tried.iter().map(|exchange| exchange.id.clone()).collect();
                self.push(name, StepStatus::Failed, None, fault.text, because);
            }
            None => {
                self.exchange(name, best, |_| false);
            }
        }
    }
}

fn refused(exchange: &Exchange) -> bool {
    error_code(exchange).is_some() || is_unsigned(exchange)
}

/// What came of an exchange, in words.
fn outcome(exchange: &Exchange) -> String {
    match &exchange.outcome {
        Outcome::Reply(reply) if exchange.request.relay().is_none() && reply.source != exchange.remote => {
            format!("answered from {}, which was not asked", reply.source)
        }
        Outcome::Reply(reply) => match (&reply.error, reply.mapped) {
            (Some(error), _) => error.to_string(),
            (None, Some(mapped)) => format!("sees {mapped}"),
            (None, None) if is_unsigned(exchange) => "granted, and not signed as it must be".to_owned(),
            (None, None) if succeeded(exchange).is_some() => "granted".to_owned(),
            (None, None) => "answered".to_owned(),
        },
        Outcome::Looped { .. } => "arrived".to_owned(),
        Outcome::Silence { waited_ms } => {
            let times = if exchange.sends == 1 { "once".to_owned() } else { format!("{} times", exchange.sends) };
            let over = if exchange.transport == Transport::Udp { ", over UDP" } else { "" };
            let waited = span(*waited_ms);
            match &exchange.strays {
                Some(strays) => {
                    let strays = escape(&strays.to_string());
                    format!("no answer in {waited} (sent {times}{over}), but {strays}")
                }
                None => format!("nothing came in {waited} (sent {times}{over})"),
            }
        }
        Outcome::Failed(failure) => escape(&failure.text),
        Outcome::Pending | Outcome::Abandoned { .. } => "the run ended first".to_owned(),
    }
}

/// A step in words.
pub(super) fn words(step: StepName) -> &'static str {
    match step {
        StepName::Credentials => "credentials",
        StepName::Resolve => "resolve",
        StepName::Connect => "connect",
        StepName::Handshake => "handshake",
        StepName::Binding => "binding",
        StepName::Challenge => "challenge",
        StepName::Allocate => "allocate",
        StepName::RelayedAddress => "relayed address",
        StepName::Permission => "permission",
        StepName::Data => "data",
        StepName::Channel => "channel",
        StepName::Refresh => "refresh",
        StepName::Delete => "delete",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::turn::facts::testing::Scene;

    fn steps(scene: &Scene) -> Vec<(StepName, StepStatus)> {
        let target = scene.target();
        judge(&Judged::new(&target)).into_iter().map(|step| (step.name, step.status)).collect()
    }

    #[test]
    fn a_server_that_relays_passes_every_step() {
        let mut scene = Scene::relays();
        scene.granted("a/delete", "");
        let found = steps(&scene);
        assert_eq!(found.len(), 11);
        assert!(found.iter().all(|(_, status)| *status == StepStatus::Ok), "{found:?}");
    }

    #[test]
    fn what_a_failed_step_makes_impossible_is_skipped() {
        let mut scene = Scene::udp();
        scene.bound("binding", "198.51.100.1:40000");
        scene.challenged("a", "example.org");
        scene.refused("a/login", 401);
        let found = steps(&scene);
        let failed: Vec<StepName> =
            found.iter().filter(|(_, status)| *status == StepStatus::Failed).map(|(name, _)| *name).collect();
        assert_eq!(failed, [StepName::Allocate]);
        let after = found.iter().skip_while(|(name, _)| *name != StepName::RelayedAddress);
        assert!(
            after.clone().count() == 6 && after.clone().all(|(_, status)| *status == StepStatus::Skipped),
            "{found:?}"
        );
    }
}
