//! The filter test against one server: what to ask next, or what it showed.
//!
//! From a socket that has sent nothing to the server's other addresses, the server is asked to answer from them. What comes
//! in shows the filter; what does not come in is a filter only if the server really sent it and the path did not lose it. So a
//! silence counts when it was repeated often enough for the loss of this path, stands between answered controls, and a
//! positive control came through: the same answer, over a pinhole that the control socket had opened for it.

use std::net::SocketAddr;

use super::finding::Reason;
use super::servers::Capable;
use super::{Ask, Behavior, Evidence, Exchange, Family, LocalPort, Outcome, Patience, Terms, loss, reason};
use crate::stun::{Change, Request, Transport};

/// Rounds of sends before the path is called too lossy.
const ROUNDS: usize = 4;

/// How far the test is.
pub enum Progress {
    /// These exchanges are wanted (those that are there already included).
    Asking {
        /// What is wanted.
        asks: Vec<Ask>,
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
enum Heard {
    Pending,
    Expected,
    Silent,
    Wrong(Reason),
}

/// The test's own view of the evidence.
struct Test<'a> {
    seen: &'a Evidence,
    server: &'a Capable,
    base: String,
    asks: Vec<Ask>,
    because: Vec<String>,
}

/// How far the test against this server is, and what it showed. With `repeat` a second fresh port must show the same.
#[must_use]
pub fn assess(seen: &Evidence, family: Family, server: &Capable, repeat: bool) -> Progress {
    let base = format!("{}/filtering/{}", family.name(), server.server);
    let mut test = Test { seen, server, base, asks: Vec::new(), because: Vec::new() };
    let outcome = test.run(family, repeat);
    let Test { asks, because, .. } = test;
    match outcome {
        Step::Ask { untouched } => Progress::Asking { asks, untouched },
        Step::Found(behavior, summary) => Progress::Settled { verdict: Ok(behavior), summary, because },
        Step::Stuck(reason) => Progress::Settled { summary: reason.text.clone(), verdict: Err(reason), because },
    }
}

enum Step {
    Ask { untouched: bool },
    Found(Behavior, String),
    Stuck(Reason),
}

const ASK: Step = Step::Ask { untouched: true };
const ASK_CONTROL: Step = Step::Ask { untouched: false };

impl<'a> Test<'a> {
    fn run(&mut self, family: Family, repeat: bool) -> Step {
        // A saved run tells by its evidence whether a second port was asked for.
        let repeat = repeat || self.seen.find(&format!("{}/2/port", self.base)).is_some();
        let first = self.port(family, "1");
        let second = repeat.then(|| self.port(family, "2"));
        let (behavior, sends) = match first {
            Ok(shown) => shown,
            Err(step) => return step,
        };
        if behavior == Behavior::EndpointIndependent {
            return self.second_port();
        }
        match second {
            None => {}
            Some(Ok((again, _))) if again == behavior => {}
            Some(Ok((again, _))) => {
                let text = format!("one fresh port showed {} filtering, another {}", behavior.name(), again.name());
                return Step::Stuck(reason::make(reason::REPEATS_DISAGREE, text));
            }
            Some(Err(step)) => return step,
        }
        self.controls(behavior, sends)
    }

    /// What one fresh port shows, with the number of sends behind its silence; or what is to be done first.
    fn port(&mut self, family: Family, socket: &str) -> Result<(Behavior, u32), Step> {
        let (primary, alternate) = (self.server.primary, self.server.alternate);
        let other_port = self.server.primary_other_port();
        let before = self.ask(socket, "binding", primary, Change::Nothing, None, Patience::Answer);
        let (both, both_sends) = self.series(socket, "address-and-port", Change::AddressAndPort, alternate);
        let (port, port_sends) = self.series(socket, "port", Change::Port, other_port);
        match both {
            Heard::Pending => return Err(ASK),
            Heard::Wrong(reason) => return Err(Step::Stuck(reason)),
            Heard::Expected => return Ok((Behavior::EndpointIndependent, both_sends)),
            Heard::Silent => {}
        }
        let (behavior, sends) = match port {
            Heard::Pending => return Err(ASK),
            Heard::Wrong(reason) => return Err(Step::Stuck(reason)),
            Heard::Expected => (Behavior::AddressDependent, both_sends),
            Heard::Silent => (Behavior::AddressAndPortDependent, both_sends.min(port_sends)),
        };
        match before {
            Some(exchange) if !exchange.settled() => return Err(ASK),
            Some(exchange) if exchange.answer().is_some() => {}
            _ => return Err(Step::Stuck(lost(primary))),
        }
        if let Some(step) = self.repeat_for_loss(family, socket, behavior, sends) {
            return Err(step);
        }
        // Another round may follow the Binding after a round: that Binding tells how much was lost during the silence.
        let again = round("binding-again", self.rounds(socket));
        match self.ask(socket, &again, primary, Change::Nothing, None, Patience::Answer) {
            Some(after) if after.answer().is_some() => Ok((behavior, sends)),
            Some(after) if after.settled() => Err(Step::Stuck(lost(primary))),
            _ => Err(ASK),
        }
    }

    /// Anybody is let in, so it seems: a second fresh port must show the same, or it was a pinhole left by earlier traffic.
    fn second_port(&mut self) -> Step {
        let alternate = self.server.alternate;
        if let Some(step) = self.contacted("1/address-and-port", |remote| remote.ip() == alternate.ip()) {
            return step;
        }
        match self.series("2", "address-and-port", Change::AddressAndPort, alternate).0 {
            Heard::Pending => ASK,
            Heard::Wrong(reason) => Step::Stuck(reason),
            Heard::Silent => {
                let text = format!("{alternate} was let in to one fresh port and not to another");
                Step::Stuck(reason::make(reason::REPEATS_DISAGREE, text))
            }
            Heard::Expected => {
                if let Some(step) = self.contacted("2/address-and-port", |remote| remote.ip() == alternate.ip()) {
                    return step;
                }
                let summary = format!("{alternate}, never contacted, was let in to 2 of 2 fresh ports");
                Step::Found(Behavior::EndpointIndependent, summary)
            }
        }
    }

    /// The server sends these answers, and the path carries them: shown over pinholes of our own (FIELD traps 4 and 21).
    fn controls(&mut self, behavior: Behavior, sends: u32) -> Step {
        let (alternate, other_port) = (self.server.alternate, self.server.primary_other_port());
        if behavior == Behavior::AddressDependent
            && let Some(step) = self.contacted("1/port", |remote| remote == other_port)
        {
            return step;
        }
        // Whoever keeps out another port of an address that was sent to looks at ports: what the second address would show
        // adds nothing. Whoever lets the port in is asked about the address.
        let control = match behavior {
            Behavior::AddressAndPortDependent => self.control("port", Change::Port, other_port),
            _ => self.control("address-and-port", Change::AddressAndPort, alternate),
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
    fn control(&mut self, what: &str, change: Change, point: SocketAddr) -> Heard {
        let primary = self.server.primary;
        let Some(prime) = self.ask("control", &format!("prime-{what}"), point, Change::Nothing, None, Patience::Answer)
        else {
            return Heard::Pending;
        };
        if !prime.settled() {
            return Heard::Pending;
        }
        if prime.answer().is_none() {
            let text = format!("the server's other address {point} does not answer, so its silence proves nothing");
            return Heard::Wrong(reason::make(reason::ALTERNATE_DEAD, text));
        }
        if let Some(external) = prime.mapped() {
            let directed = self.ask("control", what, primary, change, Some(external.port()), Patience::Silence);
            match directed.map_or(Heard::Pending, |exchange| hear(exchange, point, self.seen)) {
                Heard::Pending => return Heard::Pending,
                Heard::Expected => return Heard::Expected,
                Heard::Silent | Heard::Wrong(_) => {}
            }
        }
        let plain = self.ask("control", &format!("{what}-plain"), primary, change, None, Patience::Silence);
        match plain.map_or(Heard::Pending, |exchange| hear(exchange, point, self.seen)) {
            Heard::Silent => {
                let text = format!(
                    "{primary} could not be shown to answer from {point}: either it does not, or the NAT's mapping hides it"
                );
                Heard::Wrong(reason::make(reason::CONTROL_FAILED, text))
            }
            heard => heard,
        }
    }

    /// As many rounds of the silent questions as the loss asks for: that of this path, and that of this server, which may drop
    /// more than others do.
    fn repeat_for_loss(&mut self, family: Family, socket: &str, behavior: Behavior, sends: u32) -> Option<Step> {
        let (whole, controls) = (format!("{}/", self.base), format!("{}/control/", self.base));
        let own = loss::sends_needed(self.seen.under(&whole), loss::RARE_BY_FEW);
        // Once the controls have begun the alternates are contacted and nothing may be repeated.
        let begun = self.seen.under(&controls).next().is_some();
        let path = self.seen.of(family, Transport::Udp);
        let needed = if begun { own } else { own.max(loss::sends_needed(path, loss::RARE)) };
        if sends >= needed {
            return None;
        }
        let rounds = self.rounds(socket);
        if begun || rounds >= ROUNDS {
            let text = format!("too much is lost on this path to tell silence from loss (asked {sends} times)");
            return Some(Step::Stuck(reason::make(reason::TOO_LOSSY, text)));
        }
        let primary = self.server.primary;
        let both = round("address-and-port", rounds + 1);
        self.ask(socket, &both, primary, Change::AddressAndPort, None, Patience::Silence);
        if behavior == Behavior::AddressAndPortDependent {
            let port = round("port", rounds + 1);
            self.ask(socket, &port, primary, Change::Port, None, Patience::Silence);
        }
        Some(ASK)
    }

    /// Rounds of the silent questions from that socket so far.
    fn rounds(&self, socket: &str) -> usize {
        self.seen.under(&format!("{}/{socket}/address-and-port", self.base)).count()
    }

    /// An answer proves nothing about strangers if its source had been contacted before it came: some firewalls open by remote
    /// address for the whole host.
    fn contacted(&self, label: &str, remote: impl Fn(SocketAddr) -> bool) -> Option<Step> {
        let prefix = format!("{}/{label}", self.base);
        let answered = self.seen.under(&prefix).filter(|exchange| exchange.reply().is_some());
        let first = answered.filter_map(|exchange| exchange.ended_ms).min_by(f64::total_cmp)?;
        self.seen.contacted_before(first, remote).then(|| {
            let text = format!(
                "the second address of {} had been contacted before it answered, so the answer does not show whether strangers get in",
                self.server.primary
            );
            Step::Stuck(reason::make(reason::ALTERNATE_CONTACTED, text))
        })
    }

    /// Every round of one CHANGE-REQUEST: what was heard, and how often it was sent.
    fn series(&mut self, socket: &str, what: &str, change: Change, expected: SocketAddr) -> (Heard, u32) {
        self.ask(socket, what, self.server.primary, change, None, Patience::Silence);
        let (seen, first) = (self.seen, format!("{}/{socket}/{what}", self.base));
        let mut sends = 0_u32;
        let mut heard = Heard::Pending;
        for exchange in seen.exchanges.iter().filter(|exchange| is_round(&exchange.ask, &first)) {
            if exchange.ask != first {
                self.because.push(exchange.id.clone());
            }
            sends = sends.saturating_add(exchange.sends);
            heard = hear(exchange, expected, seen);
            if !matches!(heard, Heard::Silent) {
                break;
            }
        }
        (heard, sends)
    }

    /// Wants an exchange, and returns it if it is there.
    fn ask(
        &mut self,
        socket: &str,
        what: &str,
        remote: SocketAddr,
        change: Change,
        response_port: Option<u16>,
        patience: Patience,
    ) -> Option<&'a Exchange> {
        let label = format!("{}/{socket}/{what}", self.base);
        let found = self.seen.find(&label);
        if let Some(exchange) = found {
            self.because.push(exchange.id.clone());
        }
        self.asks.push(Ask {
            label,
            server: self.server.server,
            socket: format!("{}/{socket}", self.base),
            transport: Transport::Udp,
            remote,
            request: Request { change, response_port, ..Request::default() },
            patience,
            local_port: LocalPort::Fresh,
            terms: Terms::default(),
        });
        found
    }
}

/// What a question is called in that round.
fn round(what: &str, round: usize) -> String {
    if round > 1 { format!("{what}-{round}") } else { what.to_owned() }
}

/// Whether a label is the first one or a repeat of it (`...-2`).
fn is_round(label: &str, first: &str) -> bool {
    label
        .strip_prefix(first)
        .is_some_and(|rest| rest.is_empty() || rest.strip_prefix('-').is_some_and(|round| round.parse::<u8>().is_ok()))
}

fn lost(primary: SocketAddr) -> Reason {
    reason::make(reason::PATH_LOST, format!("{primary} stopped answering while the filter was tested"))
}

/// What an exchange brought, the source judged: it must be the point that the server was asked to answer from.
fn hear(exchange: &Exchange, expected: SocketAddr, seen: &Evidence) -> Heard {
    let asked = exchange.remote;
    let wrong = |code, text| Heard::Wrong(reason::make(code, text));
    match &exchange.outcome {
        Outcome::Pending => Heard::Pending,
        Outcome::Silence { .. } => Heard::Silent,
        Outcome::Reply(reply) => match &reply.error {
            Some(error) => wrong(
                reason::CHANGE_REQUEST_REFUSED,
                format!("{asked} refuses to answer from another address (error {})", error.code),
            ),
            None if reply.source == expected => Heard::Expected,
            None if reply.source == asked => wrong(
                reason::CHANGE_REQUEST_IGNORED,
                format!("{asked} ignores CHANGE-REQUEST: it answered from the address asked instead of {expected}"),
            ),
            None => wrong(
                reason::UNEXPECTED_SOURCE,
                format!("{asked} was asked to answer from {expected} and the answer came from {}", reply.source),
            ),
        },
        Outcome::Looped { source, .. } => {
            wrong(reason::UNEXPECTED_SOURCE, format!("the request to {asked} came back to this host from {source}"))
        }
        Outcome::Failed(failure) => wrong(reason::PATH_LOST, failure.text.clone()),
        Outcome::Abandoned { .. } => {
            Heard::Wrong(seen.stop_reason().unwrap_or_else(|| {
                reason::make(reason::PATH_LOST, format!("the run ended before {asked} could answer"))
            }))
        }
    }
}
