//! The filter test against one server: what to ask next, or what it showed.
//!
//! From a socket that has sent nothing to the server's other addresses, the server is asked to answer from them. What comes
//! in shows the filter; what does not come in is a filter only if the server really sent it and the path did not lose it. So a
//! silence counts when it was as long as companions, sent at the same moments, ask for ([`silence`](crate::evidence::silence)), and when a
//! positive control came through: the same answer, over a pinhole that the control socket had opened for it.

use std::net::SocketAddr;
use std::ops::RangeInclusive;

use super::first;
use super::servers::Capable;
use crate::evidence::key::{AnswerFrom, FilteringPort as Port, FilteringStep as Asked, NatTest};
use crate::evidence::silence::Silence;
use crate::evidence::{Ask, Behavior, Evidence, Exchange, Key, Outcome, Patience, Reason, ReasonCode, SocketName};
use crate::wire::{Change, Family, Request};

/// A NAT that lets in one packet of a stranger a second, and not the next, is given that time before a third port is tried.
const PAUSE_MS: f64 = 1_200.0;

/// How far the test is.
pub(super) struct Test {
    /// What comes next, or what it showed.
    pub progress: Progress,
    /// The series that have told enough, whatever the test came to.
    pub enough: Vec<Key>,
}

/// Whether the test goes on.
pub(super) enum Progress {
    /// These exchanges are wanted (those that are there already included).
    Asking {
        /// What is wanted.
        asks: Vec<Ask>,
        /// When a silence may have lasted long enough.
        look_again_ms: Option<f64>,
        /// The alternate addresses must stay untouched by everybody.
        untouched: bool,
    },
    /// The test is over.
    Settled {
        /// What it showed.
        verdict: Result<Behavior, Reason>,
        /// The evidence in a few words.
        summary: String,
        /// The exchanges it rests on.
        because: Vec<String>,
    },
}

/// What one CHANGE-REQUEST brought.
pub(super) enum Heard {
    Pending,
    Expected,
    Silent,
    Wrong(Reason),
}

/// The test's own view of the evidence.
pub(super) struct Run<'a> {
    pub(super) seen: &'a Evidence,
    pub(super) server: &'a Capable,
    pub(super) family: Family,
    /// How this server wants a Binding to be.
    plain: Change,
    asks: Vec<Ask>,
    enough: Vec<Key>,
    look_again_ms: Option<f64>,
    pub(super) because: Vec<String>,
}

pub(super) enum Step {
    Ask { untouched: bool },
    Found(Behavior, String),
    Stuck(Reason),
}

const ASK: Step = Step::Ask { untouched: true };
const ASK_CONTROL: Step = Step::Ask { untouched: false };

/// How far the test against this server is, and what it showed. With `repeat` a second fresh port must show the same.
#[must_use]
pub(super) fn assess(seen: &Evidence, family: Family, server: &Capable, repeat: bool) -> Test {
    let mut test = Run {
        seen,
        server,
        family,
        plain: first::form(seen, family, server.server),
        asks: Vec::new(),
        enough: Vec::new(),
        look_again_ms: None,
        because: Vec::new(),
    };
    let outcome = test.run(repeat);
    let Run { asks, enough, look_again_ms, mut because, .. } = test;
    let mut known = std::collections::BTreeSet::new();
    because.retain(|id| known.insert(id.clone()));
    let progress = match outcome {
        Step::Ask { untouched } => Progress::Asking { asks, look_again_ms, untouched },
        Step::Found(behavior, summary) => Progress::Settled { verdict: Ok(behavior), summary, because },
        Step::Stuck(reason) => Progress::Settled { summary: reason.text.clone(), verdict: Err(reason), because },
    };
    Test { progress, enough }
}

/// Whether a third fresh port was tried: a second one stayed silent after the first was let in to, as where strangers' packets are limited.
#[must_use]
pub(super) fn took_a_third_port(seen: &Evidence, family: Family, server: &Capable) -> bool {
    seen.within(&rounds(family, server.server, Port::Fresh(3), AnswerFrom::AddressAndPort)).next().is_some()
}

impl<'a> Run<'a> {
    fn run(&mut self, repeat: bool) -> Step {
        // A saved report does not say whether --thorough wanted a second port: that there are exchanges from one does.
        let repeat = repeat || self.find(Port::Fresh(2), Asked::Change(AnswerFrom::Port, 1)).is_some();
        let first = self.port(Port::Fresh(1));
        let second = repeat.then(|| self.port(Port::Fresh(2)));
        let (behavior, sends) = match first {
            Ok(shown) => shown,
            Err(step) => return step,
        };
        if behavior == Behavior::EndpointIndependent {
            return self.more_ports();
        }
        match second {
            None => {}
            Some(Ok((again, _))) if again == behavior => {}
            Some(Ok((again, _))) => {
                let text = format!("one fresh port showed {} filtering, another {}", behavior.name(), again.name());
                return Step::Stuck(Reason::new(ReasonCode::RepeatsDisagree, text));
            }
            Some(Err(step)) => return step,
        }
        self.controls(behavior, sends)
    }

    /// What one fresh port shows, with the number of sends behind its silence; or what is to be done first.
    fn port(&mut self, socket: Port) -> Result<(Behavior, u32), Step> {
        if self.told_in_rounds(socket) {
            return self.rounds_of_port(self.family, socket);
        }
        let (alternate, other_port) = (self.server.alternate, self.server.primary_other_port());
        let companion = self.companion(socket, None);
        // The answer from the other address is asked for first: where the NAT lets one stranger in and then none for a while, that
        // answer getting in tells more than the one from another port.
        let both = self.beside(socket, AnswerFrom::AddressAndPort);
        let port = self.beside(socket, AnswerFrom::Port);
        let (Some(companion), Some(both), Some(port)) = (companion, both, port) else { return Err(ASK) };
        let shown = match (hear(both, alternate, self.seen), hear(port, other_port, self.seen)) {
            (Heard::Expected, _) => Ok((Behavior::EndpointIndependent, both.sends)),
            (Heard::Wrong(reason), _) | (_, Heard::Wrong(reason)) => Err(Step::Stuck(reason)),
            // Another port of the same address is a stranger too: its answers are the companions that tell whether strangers'
            // packets come in at all at these moments. Where they are limited to one a second, they do not.
            (_, Heard::Expected) => match self.silent(both, port) {
                Err(Step::Stuck(_)) if self.limits(both, port, companion) => Err(Step::Stuck(limited(other_port))),
                silent => silent.map(|sends| (Behavior::AddressDependent, sends)),
            },
            _ => {
                let (both, port) = (self.silent(both, companion), self.silent(port, companion));
                both.and(port).map(|sends| (Behavior::AddressAndPortDependent, sends))
            }
        };
        self.end(companion, !matches!(shown, Err(Step::Ask { .. })));
        shown
    }

    /// Anybody is let in, so it seems: a second fresh port must show the same, or it was a pinhole left by earlier traffic. Where that
    /// one stays silent, a third is tried after a pause: strangers' packets may be limited.
    fn more_ports(&mut self) -> Step {
        let alternate = self.server.alternate;
        let stranger = move |remote: SocketAddr| remote.ip() == alternate.ip();
        if let Some(step) = self.contacted(Port::Fresh(1), AnswerFrom::AddressAndPort, stranger) {
            return step;
        }
        let mut not_before_ms = None;
        for (socket, of) in [(2, "2 of 2 fresh ports"), (3, "2 of 3 fresh ports, a second apart")] {
            let socket = Port::Fresh(socket);
            match self.stranger(socket, not_before_ms) {
                Err(step) => return step,
                Ok(None) => {
                    if let Some(step) = self.contacted(socket, AnswerFrom::AddressAndPort, stranger) {
                        return step;
                    }
                    let summary = format!("{alternate}, never contacted, was let in to {of}");
                    return Step::Found(Behavior::EndpointIndependent, summary);
                }
                // Older reports have no third port.
                Ok(Some(_)) if self.told_in_rounds(socket) => break,
                Ok(Some(ended_ms)) => not_before_ms = Some(ended_ms + PAUSE_MS),
            }
        }
        let text = format!("{alternate} was let in to one fresh port and not to another");
        Step::Stuck(Reason::new(ReasonCode::RepeatsDisagree, text))
    }

    /// Whether a stranger is let in to that port; if not, when its silence was long enough.
    fn stranger(&mut self, socket: Port, not_before_ms: Option<f64>) -> Result<Option<f64>, Step> {
        let (what, alternate) = (AnswerFrom::AddressAndPort, self.server.alternate);
        if self.told_in_rounds(socket) {
            return match self.rounds(socket, what, alternate).0 {
                Heard::Wrong(reason) => Err(Step::Stuck(reason)),
                Heard::Expected => Ok(None),
                Heard::Silent | Heard::Pending => Ok(Some(self.seen.elapsed_ms)),
            };
        }
        let companion = self.companion(socket, not_before_ms);
        let both = self.beside(socket, what);
        let (Some(companion), Some(both)) = (companion, both) else { return Err(ASK) };
        let shown = match hear(both, alternate, self.seen) {
            Heard::Wrong(reason) => Err(Step::Stuck(reason)),
            Heard::Expected => Ok(None),
            Heard::Silent | Heard::Pending => {
                self.silent(both, companion).map(|_| Some(both.ended_ms.unwrap_or(self.seen.elapsed_ms)))
            }
        };
        self.end(companion, !matches!(shown, Err(Step::Ask { .. })));
        shown
    }

    /// The server sends these answers, and the path carries them: shown over pinholes of our own (FIELD traps 4 and 21).
    fn controls(&mut self, behavior: Behavior, sends: u32) -> Step {
        let (alternate, other_port) = (self.server.alternate, self.server.primary_other_port());
        if behavior == Behavior::AddressDependent
            && let Some(step) = self.contacted(Port::Fresh(1), AnswerFrom::Port, |remote| remote == other_port)
        {
            return step;
        }
        // Whoever keeps out another port of an address that was sent to looks at ports: what the second address would show
        // adds nothing. Whoever lets the port in is asked about the address.
        let control = match behavior {
            Behavior::AddressAndPortDependent => self.control(AnswerFrom::Port, other_port),
            _ => self.control(AnswerFrom::AddressAndPort, alternate),
        };
        match control {
            Heard::Wrong(reason) => Step::Stuck(reason),
            Heard::Expected => Step::Found(behavior, self.summary(behavior, sends)),
            Heard::Pending | Heard::Silent => ASK_CONTROL,
        }
    }

    fn summary(&self, behavior: Behavior, sends: u32) -> String {
        let (alternate, other_port) = (self.server.alternate, self.server.primary_other_port());
        match behavior {
            Behavior::AddressDependent => {
                format!("{other_port} was let in, {alternate} was not (asked {sends} times, shown to answer)")
            }
            _ => format!(
                "{other_port}, another port of a contacted address, was not let in (asked {sends} times, shown to answer)"
            ),
        }
    }

    /// One positive control: a Binding to the alternate point opens a pinhole and tells its external port e2; then the server is
    /// asked to answer from there to e2 (RESPONSE-PORT), which passes whatever the mapping. A server that does not know
    /// RESPONSE-PORT is asked without: that passes where the mapping does not depend on the destination.
    fn control(&mut self, what: AnswerFrom, point: SocketAddr) -> Heard {
        let (primary, plain, change) = (self.server.primary, self.plain, change(what));
        let prime = self.ask(Port::Control, Asked::Prime(what), |ask| {
            ask.remote = point;
            ask.request = Request::change(plain).into();
        });
        let Some(prime) = prime else {
            return Heard::Pending;
        };
        if !prime.settled() {
            return Heard::Pending;
        }
        if prime.answer().is_none()
            && let Heard::Wrong(reason) = hear(prime, point, self.seen)
            && matches!(prime.outcome, Outcome::Abandoned { .. })
        {
            return Heard::Wrong(reason);
        }
        if prime.answer().is_none() {
            let text = format!("the server's other address {point} does not answer, so its silence proves nothing");
            return Heard::Wrong(Reason::new(ReasonCode::AlternateDead, text));
        }
        if let Some(external) = prime.mapped() {
            let directed = self.ask(Port::Control, Asked::Change(what, 1), |ask| {
                ask.request = Request { change, response_port: Some(external.port()), ..Request::default() }.into();
                ask.patience = Patience::Silence;
            });
            match directed.map_or(Heard::Pending, |exchange| hear(exchange, point, self.seen)) {
                Heard::Pending => return Heard::Pending,
                Heard::Expected => return Heard::Expected,
                Heard::Silent | Heard::Wrong(_) => {}
            }
        }
        let plain = self.ask(Port::Control, Asked::Plain(what), |ask| {
            ask.request = Request::change(change).into();
            ask.patience = Patience::Silence;
        });
        match plain.map_or(Heard::Pending, |exchange| hear(exchange, point, self.seen)) {
            Heard::Silent => {
                let text = format!(
                    "{primary} could not be shown to answer from {point}: either it does not, or the NAT's mapping hides it"
                );
                Heard::Wrong(Reason::new(ReasonCode::ControlFailed, text))
            }
            heard => heard,
        }
    }

    /// Whether the silence of a question is one, as the companion that was sent beside it shows; with the number of its sends.
    fn silent(&mut self, question: &Exchange, companion: &Exchange) -> Result<u32, Step> {
        let now_ms = question.ended_ms.unwrap_or(self.seen.elapsed_ms);
        let silence = Silence::of(question, companion, self.round_trip_ms(companion), now_ms);
        if silence.proven() {
            return Ok(question.sends);
        }
        if !question.settled() {
            let at_ms = silence.look_again_ms(companion, self.round_trip_ms(companion), now_ms);
            self.look_again_ms = Some(self.look_again_ms.map_or(at_ms, |sooner| sooner.min(at_ms)));
            return Err(ASK);
        }
        Err(Step::Stuck(if silence.witnessed > 0 { too_lossy(question.sends) } else { lost(self.server.primary) }))
    }

    /// Whether strangers' answers come in much more rarely than the path alone explains.
    fn limits(&self, question: &Exchange, stranger: &Exchange, companion: &Exchange) -> bool {
        let now_ms = question.ended_ms.unwrap_or(self.seen.elapsed_ms);
        let [strange, plain] = [stranger, companion]
            .map(|beside| Silence::of(question, beside, self.round_trip_ms(companion), now_ms).witnessed);
        strange * 3 < plain
    }

    /// What an answer from this server takes at least: the first question to it, or the first send of this one.
    fn round_trip_ms(&self, companion: &Exchange) -> f64 {
        let reach = first::exchange(self.seen, Family::of(self.server.primary), self.server.server);
        let reach = reach.filter(|exchange| exchange.sends == 1).and_then(|exchange| exchange.reply());
        let own = companion.arrived_ms.first().zip(companion.sent_ms.first()).map(|(arrived, sent)| arrived - sent);
        [reach.map(|reply| reply.rtt_ms), own].into_iter().flatten().fold(f64::MAX, f64::min)
    }

    /// The companion of a port's questions: a Binding whose answer surely passes, retransmitted with each of them.
    fn companion(&mut self, socket: Port, not_before_ms: Option<f64>) -> Option<&'a Exchange> {
        let plain = self.plain;
        self.ask(socket, Asked::Binding, |ask| {
            ask.request = Request::change(plain).into();
            ask.patience = Patience::Series;
            ask.terms.not_before_ms = not_before_ms;
        })
    }

    /// A CHANGE-REQUEST, sent at the moments of its companion.
    fn beside(&mut self, socket: Port, what: AnswerFrom) -> Option<&'a Exchange> {
        let leader = self.key(socket, Asked::Binding);
        // Not before the companion itself is due: the two are to leave at the same moments.
        let due = |ask: &&Ask| ask.terms.not_before_ms.is_none_or(|at_ms| at_ms <= self.seen.elapsed_ms + 0.002);
        let led = self.asks.iter().filter(due).any(|ask| ask.key == leader) || self.seen.find(&leader).is_some();
        if !led {
            return None;
        }
        self.ask(socket, Asked::Change(what, 1), |ask| {
            ask.request = Request::change(change(what)).into();
            ask.patience = Patience::Series;
            ask.terms.beside = Some(leader);
        })
    }

    /// The series of a port ends when it has told enough.
    fn end(&mut self, companion: &Exchange, enough: bool) {
        if enough {
            self.enough.push(companion.ask.clone());
        }
    }

    /// An answer proves nothing about strangers if its source had been contacted before it came: some firewalls open by remote
    /// address for the whole host.
    fn contacted(&self, port: Port, what: AnswerFrom, remote: impl Fn(SocketAddr) -> bool) -> Option<Step> {
        let rounds = rounds(self.family, self.server.server, port, what);
        let answered = self.seen.within(&rounds).filter(|exchange| exchange.reply().is_some());
        let first = answered.filter_map(|exchange| exchange.ended_ms).min_by(f64::total_cmp)?;
        self.seen.contacted_before(first, remote).then(|| {
            let text = format!(
                "the second address of {} had been contacted before it answered, so the answer does not show whether strangers get in",
                self.server.primary
            );
            Step::Stuck(Reason::new(ReasonCode::AlternateContacted, text))
        })
    }

    fn key(&self, port: Port, step: Asked) -> Key {
        NatTest::Filtering { server: self.server.server, port, step }.over(self.family)
    }

    pub(super) fn find(&self, port: Port, step: Asked) -> Option<&'a Exchange> {
        self.seen.find(&self.key(port, step))
    }

    /// Wants an exchange with the server, and returns it if it is there: a Binding to its primary point unless `but` says otherwise.
    fn ask(&mut self, socket: Port, what: Asked, but: impl FnOnce(&mut Ask)) -> Option<&'a Exchange> {
        let key = self.key(socket, what);
        let found = self.seen.find(&key);
        if let Some(exchange) = found {
            self.because.push(exchange.id.clone());
        }
        let name = SocketName::Filtering { family: self.family, server: self.server.server, port: socket };
        let mut ask = Ask::binding(key, self.server.server, name, self.server.primary);
        but(&mut ask);
        self.asks.push(ask);
        found
    }
}

/// Every round of a CHANGE-REQUEST to a port; one today, more in old reports.
pub(super) fn rounds(family: Family, server: usize, port: Port, what: AnswerFrom) -> RangeInclusive<Key> {
    let round = |number| NatTest::Filtering { server, port, step: Asked::Change(what, number) };
    round(0).to(round(u32::MAX), family)
}

fn change(what: AnswerFrom) -> Change {
    match what {
        AnswerFrom::Port => Change::Port,
        AnswerFrom::AddressAndPort => Change::AddressAndPort,
    }
}

/// Strangers are let in, and most of the time they are not.
fn limited(stranger: SocketAddr) -> Reason {
    let text = format!(
        "answers from {stranger} were let in now and then only: something limits packets of strangers, and the silence of others may be its work"
    );
    Reason::new(ReasonCode::RepeatsDisagree, text)
}

pub(super) fn too_lossy(sends: u32) -> Reason {
    let text = format!("too much is lost on this path to tell silence from loss (asked {sends} times)");
    Reason::new(ReasonCode::TooLossy, text)
}

pub(super) fn lost(primary: SocketAddr) -> Reason {
    Reason::new(ReasonCode::PathLost, format!("{primary} stopped answering while the filter was tested"))
}

/// What an exchange brought, the source judged: it must be the point that the server was asked to answer from.
pub(super) fn hear(exchange: &Exchange, expected: SocketAddr, seen: &Evidence) -> Heard {
    let asked = exchange.remote;
    let wrong = |code, text| Heard::Wrong(Reason::new(code, text));
    match &exchange.outcome {
        Outcome::Pending => Heard::Pending,
        Outcome::Silence { .. } => Heard::Silent,
        Outcome::Reply(reply) => match &reply.error {
            Some(error) => wrong(
                ReasonCode::ChangeRequestRefused,
                format!("{asked} refuses to answer from another address (error {})", error.code),
            ),
            None if reply.source == expected => Heard::Expected,
            None if reply.source == asked => wrong(
                ReasonCode::ChangeRequestIgnored,
                format!("{asked} ignores CHANGE-REQUEST: it answered from the address asked instead of {expected}"),
            ),
            None => wrong(
                ReasonCode::UnexpectedSource,
                format!("{asked} was asked to answer from {expected} and the answer came from {}", reply.source),
            ),
        },
        Outcome::Looped { source, .. } => {
            wrong(ReasonCode::UnexpectedSource, format!("the request to {asked} came back to this host from {source}"))
        }
        Outcome::Failed(failure) => wrong(ReasonCode::PathLost, failure.text.clone()),
        Outcome::Abandoned { .. } => Heard::Wrong(seen.stop_reason().unwrap_or_else(|| {
            Reason::new(ReasonCode::PathLost, format!("the run ended before {asked} could answer"))
        })),
    }
}
