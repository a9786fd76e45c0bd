//! The other side of a simulated session: it gathers as this one does, answers this side's token, and runs an agent of its own.

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;
use std::time::Duration;

use super::setup::{self, Wanted};
use crate::engine::{Command, Engine, Input, Machine, Time};
use crate::measure::ice_gather::{GatherOptions, judge};
use crate::peer::{Agent, Remote, Token};

/// How often it looks for this side's token.
const SLICE: Duration = Duration::from_millis(100);

/// The tokens on their way: what people do by a chat.
#[derive(Debug, Default)]
pub(super) struct Post {
    /// This side's.
    pub(super) ours: Option<Token>,
    /// The other side's.
    pub(super) theirs: Option<Token>,
}

/// The other side.
pub(super) struct Beside {
    stage: Stage,
    gathering: GatherOptions,
    post: Rc<RefCell<Post>>,
    relay_only: bool,
    deadline: Duration,
    seed: u64,
    polled: Time,
}

enum Stage {
    /// Candidates, by its own engine.
    Gathering(Box<Engine>),
    /// They are gathered: the one that began has not sent its token yet.
    Gathered(Box<Engine>),
    Connecting(Box<Agent>),
    Over,
}

impl Beside {
    /// One whose engine is ready to gather.
    pub(super) fn new(
        engine: Engine,
        gathering: GatherOptions,
        post: Rc<RefCell<Post>>,
        (relay_only, deadline): (bool, Duration),
        seed: u64,
    ) -> Self {
        let stage = Stage::Gathering(Box::new(engine));
        Self { stage, gathering, post, relay_only, deadline, seed, polled: Time::ZERO }
    }

    fn answer(&mut self, now: Time, engine: Engine, token: &Token) -> Stage {
        let open = engine.handed_over();
        let gathered = judge(&engine.into_evidence(), &self.gathering);
        let wanted =
            Wanted { relay_only: self.relay_only, answers: Some(token), deadline: self.deadline, idle: Duration::ZERO };
        let seeds = [1, 2, 3, 4].map(|number| self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number));
        let setup = setup::setup(&gathered, &open, &wanted, seeds);
        if setup.locals.is_empty() {
            // It has nothing to say.
            return Stage::Over;
        }
        self.post.borrow_mut().theirs = Some(setup::token(&setup, &wanted));
        let mut agent = Agent::new(setup);
        agent.learn(now, &Remote::of(token, None));
        Stage::Connecting(Box::new(agent))
    }
}

impl Machine for Beside {
    fn poll(&mut self, now: Time) -> Vec<Command> {
        self.polled = now;
        let mut commands = Vec::new();
        self.stage = match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Gathering(mut engine) => {
                commands = engine.poll(now);
                if engine.is_finished() { Stage::Gathered(engine) } else { Stage::Gathering(engine) }
            }
            other => other,
        };
        let token = self.post.borrow().ours.clone();
        if let Some(token) = token {
            self.stage = match mem::replace(&mut self.stage, Stage::Over) {
                Stage::Gathered(engine) => self.answer(now, *engine, &token),
                other => other,
            };
        }
        if let Stage::Connecting(agent) = &mut self.stage {
            commands.extend(agent.poll(now));
        }
        commands
    }

    fn handle(&mut self, now: Time, input: Input) {
        match &mut self.stage {
            Stage::Gathering(engine) | Stage::Gathered(engine) => engine.handle(now, input),
            Stage::Connecting(agent) => agent.handle(now, input),
            Stage::Over => {}
        }
    }

    fn next_wake(&self) -> Time {
        match &self.stage {
            Stage::Gathering(engine) => engine.next_wake(),
            Stage::Gathered(_) => self.polled + SLICE,
            Stage::Connecting(agent) => agent.next_wake(),
            Stage::Over => self.polled,
        }
    }

    fn is_finished(&self) -> bool {
        match &self.stage {
            Stage::Gathering(_) | Stage::Gathered(_) => false,
            Stage::Connecting(agent) => agent.is_finished(),
            Stage::Over => true,
        }
    }
}
