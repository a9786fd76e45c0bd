//! The session while it runs: the agent on the network, the token that is waited for, and the pairs for somebody who watches.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::exchange::{self, Arrived, Inbox};
use crate::cli::arguments::common::OutputArgs;
use crate::cli::error::{CliError, note};
use crate::cli::run::Live;
use crate::engine::{Command, Input, Machine, Time};
use crate::evidence::{Candidacy, End, LogEvent, PairSeen, Progress, Stop};
use crate::measure::connect::PeerConnected;
use crate::net;
use crate::peer::{Agent, Remote, Setup, Token, TokenError};
use crate::predict::predict;
use crate::predict::read::candidates;
use crate::wire::Candidate;

/// How often somebody who pastes a token is looked after.
const SLICE: Duration = Duration::from_millis(100);
/// Pairs that are shown while they are checked.
const SHOWN: usize = 10;

/// Runs the session to its end, and fills in what came of it.
///
/// # Errors
/// When what came as the other side's token is none.
pub(super) fn run(
    live: &mut Live,
    setup: Setup,
    theirs: Option<Token>,
    inbox: Inbox,
    output: &OutputArgs,
    found: &mut PeerConnected,
) -> Result<(), CliError> {
    let own: Vec<Candidate> = setup.locals.iter().map(|local| local.candidate.clone()).collect();
    let ufrag = setup.credentials.ufrag.clone();
    let table = Table::new(output);
    let mut session =
        Session { agent: Agent::new(setup), inbox, ufrag, theirs: None, told: None, polled: live.network.now() };
    if let Some(token) = theirs {
        session.learn(token);
    }
    let mut news = News::default();
    net::run(&mut session, live.network, &mut |session| {
        table.show(&session.agent);
        news.tell(session, live.tell);
    });
    table.done();
    let (agent, theirs) = (session.agent, session.theirs);
    found.session = agent.session();
    if found.session.end == End::Interrupted {
        live.seen.stopped = Some(Stop::Interrupted);
    }
    live.seen.elapsed_ms = live.network.now().as_secs_f64() * 1e3;
    if let (None, Some(error), End::NoToken) = (&theirs, &session.told, found.session.end) {
        return Err(exchange::usage(error));
    }
    if found.prediction.is_some() {
        return Ok(());
    }
    found.prediction = theirs.and_then(|token| {
        let here = found.options.side.as_deref().cloned().or_else(|| candidates::whole("this side", &own))?;
        let there = candidates::whole("the other side", &token.candidates)?;
        // Relays are among the candidates of whoever has one.
        Some(predict(&here, &there, None))
    });
    Ok(())
}

/// The agent, and the token that it waits for.
struct Session {
    agent: Agent,
    inbox: Inbox,
    ufrag: String,
    theirs: Option<Token>,
    /// The newest thing that came and was no token.
    told: Option<TokenError>,
    polled: Time,
}

impl Session {
    fn learn(&mut self, token: Token) {
        self.agent.learn(self.polled, &Remote::of(&token, Some(&self.ufrag)));
        self.theirs = Some(token);
        self.inbox = Inbox::Nothing;
    }

    fn look(&mut self) {
        match self.inbox.look(&self.ufrag) {
            Arrived::Nothing => {}
            Arrived::Token(token) if token.answers.as_ref().is_some_and(|answered| *answered != self.ufrag) => {
                wrong("it answers the token of another run");
            }
            Arrived::Token(token) => self.learn(*token),
            Arrived::Wrong { error } => {
                if self.told.as_ref() != Some(&error) {
                    wrong(&error.to_string());
                    self.told = Some(error);
                }
            }
            Arrived::Closed => {
                self.inbox = Inbox::Nothing;
                self.agent.give_up_waiting(self.polled);
            }
        }
    }
}

fn wrong(why: &str) {
    note(&format!("cannot use that token: {why}; still waiting for the other side's"));
}

impl Machine for Session {
    fn poll(&mut self, now: Time) -> Vec<Command> {
        self.polled = now;
        self.look();
        self.agent.poll(now)
    }

    fn handle(&mut self, now: Time, input: Input) {
        self.agent.handle(now, input);
    }

    fn next_wake(&self) -> Time {
        let own = self.agent.next_wake();
        if matches!(self.inbox, Inbox::Nothing) { own } else { own.min(self.polled + SLICE) }
    }

    fn is_finished(&self) -> bool {
        self.agent.is_finished()
    }
}

/// How far each pair was when that was told last.
#[derive(Default)]
struct News {
    told: BTreeMap<(SocketAddr, SocketAddr), Progress>,
}

impl News {
    /// Tells of each pair that came further.
    fn tell(&mut self, session: &Session, tell: &mut dyn FnMut(&LogEvent)) {
        for pair in session.agent.pairs() {
            let progress = pair.progress();
            let ends = (pair.local.address, pair.remote.address);
            if self.told.get(&ends).copied().unwrap_or(Progress::NeverSent) != progress {
                self.told.insert(ends, progress);
                let at_ms = session.polled.as_secs_f64() * 1e3;
                tell(&LogEvent::Pair { at_ms, progress, pair: Box::new(pair.clone()) });
            }
        }
    }
}

/// The pairs on standard error, for somebody who watches.
struct Table {
    lines: ProgressBar,
}

impl Table {
    fn new(output: &OutputArgs) -> Self {
        let watched = io::stderr().is_terminal() && !output.json && !output.ndjson && !output.quiet;
        let target = if watched { ProgressDrawTarget::stderr_with_hz(4) } else { ProgressDrawTarget::hidden() };
        let lines = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            lines.set_style(style);
        }
        Self { lines }
    }

    fn show(&self, agent: &Agent) {
        if self.lines.is_hidden() {
            return;
        }
        let row = |pair: &PairSeen| {
            let (local, remote) = (&pair.local, &pair.remote);
            let place = |at: &Candidacy| format!("{} {}", at.kind, at.address);
            format!(
                "{} - {}: {} ({} sent, {} heard)",
                place(local),
                place(remote),
                pair.progress(),
                pair.sent,
                pair.asked
            )
        };
        let rows: Vec<String> = agent.pairs().take(SHOWN).map(row).collect();
        let head = if agent.is_connected() {
            "connected; test packets pass"
        } else if rows.is_empty() {
            "waiting for the other side's token"
        } else {
            "checking pairs"
        };
        self.lines.set_message([&[head.to_owned()], &rows[..]].concat().join("\n"));
    }

    fn done(self) {
        self.lines.finish_and_clear();
    }
}
