//! The asks of one target, rung by rung: each is stated as soon as what it needs is there.

use crate::evidence::{Ask, Evidence, Exchange, FailureCode, Outcome, Patience, Probe, Step};
use crate::measure::turn::STRANGER;
use crate::measure::turn::ask::{features, release};
use crate::measure::turn::facts::software;
use crate::measure::turn::facts::target::{FIRST, LOGIN_IPV6, SHA256, Target, Tried, error_code};
use crate::measure::turn::judge::{handshake, keep_alive, quality, refusal};
use crate::wire::{Family, PasswordForm, Request, Transport};

/// Sends without an answer after which another way to the server is tried.
const UNANSWERED: u32 = 4;

/// One entry over one transport and family.
pub struct Sequence {
    pub options: crate::measure::turn::TurnOptions,
    pub entry: usize,
    pub transport: Transport,
    pub family: Family,
}

impl Sequence {
    fn target<'a>(&'a self, seen: &'a Evidence) -> Option<Target<'a>> {
        Target::new(seen, &self.options, self.entry, self.transport, self.family)
    }

    fn looking_up(&self, seen: &Evidence) -> bool {
        let server = self.options.entries.get(self.entry).and_then(|entry| entry.server);
        let lookups = server.and_then(|server| seen.servers.get(server)).map(|server| &server.lookups);
        lookups.is_some_and(|lookups| lookups.iter().all(|lookup| lookup.transport != self.transport))
    }
}

impl Probe for Sequence {
    fn name(&self) -> &'static str {
        "turn"
    }

    fn next(&self, seen: &Evidence) -> Step {
        let Some(target) = self.target(seen) else {
            return Step { done: !self.looking_up(seen), ..Step::default() };
        };
        // An answer that comes late, when the ladder was over already, begins nothing anew.
        let mut asks = Vec::new();
        let over = ["quality/", "hold/"].iter().any(|stage| target.under(stage).next().is_some());
        if !over && !release::has_begun(&target) {
            let mut planner = Planner::new(&target);
            planner.climb();
            let waiting = planner.waiting;
            asks = planner.asks;
            if waiting || asks.iter().any(|ask| seen.find(&ask.key).is_none()) {
                return Step { asks, ..Step::default() };
            }
        }
        // One after the other, so that none disturbs the other's measurement; the features last, each on an allocation of its own,
        // when the others do not count towards a quota any more.
        for stage in [quality::next, keep_alive::next, release::next, features::next] {
            let step = stage(&target);
            asks.extend(step.asks);
            if !step.done {
                return Step { asks, ..Step::default() };
            }
        }
        Step { asks, done: true, ..Step::default() }
    }

    fn farewell(&self, seen: &Evidence) -> Vec<Ask> {
        self.target(seen).map(|target| release::farewell(&target)).unwrap_or_default()
    }
}

/// Whether everything was tried that there is to try: what was cut short proves nothing.
pub fn is_complete(target: &Target) -> bool {
    if target.seen.stopped.is_none() {
        return true;
    }
    let mut planner = Planner::new(target);
    planner.climb();
    !planner.waiting && !planner.cut
}

/// The asks so far, whether one that matters is still under way, and whether one was cut short.
pub struct Planner<'s, 'a> {
    pub target: &'s Target<'a>,
    pub asks: Vec<Ask>,
    pub waiting: bool,
    cut: bool,
}

impl<'s, 'a> Planner<'s, 'a> {
    fn new(target: &'s Target<'a>) -> Self {
        Self { target, asks: Vec::new(), waiting: false, cut: false }
    }

    fn climb(&mut self) {
        self.ask(self.target.ask("binding", "a", Request::default()));
        if self.target.entry.kind == crate::wire::EntryKind::Stun {
            return;
        }
        // Clients ignore what comes from another address than they asked: nothing that is asked further helps them.
        let first = if self.target.elsewhere().is_some() { None } else { self.allocate() };
        self.other_ways();
        self.later();
        // What is not signed as it must be is nobody's allocation: it is given back, and no more is asked of it.
        let Some(first) = first.filter(|first| self.target.is_signed(first)) else { return };
        self.plain_bindings();
        let second = self.second();
        self.through(first, second);
    }

    /// States an ask, and takes note whether it is under way.
    pub fn ask(&mut self, ask: Ask) -> Option<&'a Exchange> {
        let found = self.target.seen.find(&ask.key);
        self.waiting |= found.is_none();
        self.asks.push(ask);
        found.and_then(|exchange| self.over(exchange))
    }

    fn over(&mut self, exchange: &'a Exchange) -> Option<&'a Exchange> {
        self.waiting |= !exchange.settled();
        self.cut |= matches!(exchange.outcome, Outcome::Abandoned { .. });
        exchange.settled().then_some(exchange)
    }

    /// The same for a request that may need several nonces.
    pub fn tried(&mut self, tried: Tried<'a>) -> Option<&'a Exchange> {
        match tried {
            Tried::Ask(ask) => self.ask(*ask),
            Tried::Asked(exchange) => self.over(exchange),
            Tried::Impossible => None,
        }
    }

    /// Where the server does not answer as it should, whether it would by another transport on the same port.
    fn other_ways(&mut self) {
        let target = self.target;
        let other = |step: &str, transport| Ask { transport, ..target.ask(step, step, Request::default()) };
        let steps = ["binding", "a/allocate"].map(|step| target.find(step));
        let failed = |codes: &[FailureCode]| {
            steps.iter().flatten().any(|exchange| match &exchange.outcome {
                Outcome::Failed(failure) => codes.contains(&failure.code),
                _ => false,
            })
        };
        let mute = || steps.iter().all(|step| step.is_some_and(is_quiet)) && handshake::connected(target);
        match target.transport {
            Transport::Udp | Transport::Dtls => {
                if steps.iter().all(|step| step.is_some_and(is_quiet)) {
                    self.ask(other("tcp", Transport::Tcp));
                    self.controls();
                }
            }
            Transport::Tcp => {
                let unanswered = target.reply("binding").is_none();
                if unanswered && (failed(&[FailureCode::NotStun, FailureCode::ConnectionClosed]) || mute()) {
                    self.ask(other("tls", Transport::Tls));
                }
            }
            Transport::Tls => {
                let open = handshake::connection(target).is_some_and(|connection| connection.opened_ms.is_some());
                if !open && (failed(&[FailureCode::NotTls, FailureCode::ConnectionClosed]) || mute()) {
                    self.ask(other("tcp", Transport::Tcp));
                }
            }
        }
    }

    /// Whether UDP to others passes, where this server is silent: only then it is this server.
    fn controls(&mut self) {
        let target = self.target;
        for control in target.controls() {
            let step = format!("control/{}", control.number);
            let ask = target.plain(&step, control.server, control.address);
            self.ask(Ask { socket: target.label("control"), patience: Patience::Silence, ..ask });
        }
    }

    /// Where a stream answered and then did not: a stream keeps the order, so that an answer to what is asked now shows that the other
    /// request had arrived.
    fn later(&mut self) {
        let target = self.target;
        let silent = |socket: &str| {
            let steps = ["allocate", "login"].map(|step| target.last(&format!("{socket}/{step}")));
            steps.into_iter().flatten().any(Exchange::silent)
        };
        let socket = FIRST.into_iter().find(|socket| silent(socket));
        if let Some(socket) = socket.filter(|_| target.transport.is_stream() && target.reply("binding").is_some()) {
            self.ask(target.ask("binding-again", socket, Request::default()));
        }
    }

    /// The first allocation; the socket it is on.
    fn allocate(&mut self) -> Option<&'static str> {
        for socket in FIRST {
            let step = format!("{socket}/allocate");
            let challenge = self.ask(self.target.ask(&step, socket, Target::allocate()))?;
            if self.target.allocation(socket).is_some() {
                return Some(socket);
            }
            let verdict = if error_code(challenge) == Some(401) { self.log_in(socket)? } else { challenge };
            if self.target.allocation(socket).is_some() {
                return Some(socket);
            }
            match error_code(verdict) {
                Some(437) => {}
                Some(440) => {
                    let step = format!("{socket}/{LOGIN_IPV6}");
                    self.tried(self.target.signed(&step, socket, &Target::allocate_ipv6()))?;
                    return self.target.allocation(socket).map(|_| socket);
                }
                _ => return None,
            }
        }
        None
    }

    /// Answers the challenge on that socket, once: a second 401 is the verdict. Other credentials tell what that hides.
    fn log_in(&mut self, socket: &str) -> Option<&'a Exchange> {
        let target = self.target;
        if !target.may_log_in(socket) {
            return None;
        }
        let login = target.entry.login.as_ref()?;
        let step = format!("{socket}/login");
        let verdict = self.tried(target.signed(&step, socket, &Target::allocate()))?;
        if !refusal::may_be_the_login(verdict) {
            return Some(verdict);
        }
        // A bad request may be a bad login to this server: it depends on what a user gets that nobody has.
        let unknown = error_code(verdict) == Some(400) && software::of(target).refuses_logins_with().is_none();
        if let Some(credential) = target.options.stranger.filter(|_| unknown) {
            self.log_in_as("stranger", credential, STRANGER, PasswordForm::AsTyped)?;
        }
        if login.exotic {
            // On a port and with a nonce of its own: each nonce sees one password.
            self.log_in_as("nfkc", login.credential, &login.username, PasswordForm::Nfkc)?;
        }
        if target.offers_sha256() {
            self.log_in_as(SHA256, login.credential, &login.username, PasswordForm::AsTyped)?;
        }
        // The same secret, and an expiry that no clock has passed: it tells a clock that is off from a secret that is another.
        if let Some((credential, name)) = &login.later {
            self.log_in_as("late", *credential, name, PasswordForm::AsTyped);
        }
        Some(verdict)
    }

    /// The same with other credentials, on a socket of their own, only to learn whether they are taken.
    fn log_in_as(&mut self, socket: &str, credential: usize, name: &str, form: PasswordForm) -> Option<()> {
        let target = self.target;
        let challenge = self.ask(target.ask(&format!("{socket}/allocate"), socket, Target::allocate()))?;
        if error_code(challenge) == Some(401) {
            let step = format!("{socket}/login");
            self.tried(target.signed_as(&step, socket, &Target::allocate(), credential, name, form))?;
        }
        Some(())
    }
}

/// Whether it was sent often enough without an answer to try something else meanwhile.
pub fn is_quiet(exchange: &Exchange) -> bool {
    match &exchange.outcome {
        Outcome::Pending => exchange.sends >= UNANSWERED,
        Outcome::Silence { .. } => true,
        _ => false,
    }
}
