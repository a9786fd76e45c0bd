//! The sequence of the test: reach the server, be challenged, allocate, let data through, renew. Each step is stated as soon as what it
//! needs is there.

use super::planner::Planner;
use super::{data, login, other_ways};
use crate::evidence::key::{ServerStep, SocketRole};
use crate::measure::turn::facts::target::Target;
use crate::wire::{EntryKind, Request};

/// What is to be asked as far as is known now.
pub(super) fn plan<'t, 'a>(target: &'t Target<'a>) -> Planner<'t, 'a> {
    let mut planner = Planner::new(target);
    planner.ask(target.ask(ServerStep::Binding, SocketRole::First, Request::default()));
    if target.entry.kind == EntryKind::Stun {
        return planner;
    }
    // Clients ignore what comes from another address than they asked: nothing that is asked further helps them.
    let first = if target.elsewhere().is_some() { None } else { login::first(&mut planner) };
    other_ways::other_transports(&mut planner);
    other_ways::binding_again(&mut planner);
    // What is not signed as it must be is nobody's allocation: it is given back, and no more is asked of it.
    if let Some(first) = first.filter(|first| target.is_signed(*first)) {
        data::plain_bindings(&mut planner);
        let second = login::second(&mut planner);
        data::through(&mut planner, first, second);
    }
    planner
}

/// Whether everything was tried that there is to try: what was cut short proves nothing.
pub(crate) fn is_complete(target: &Target) -> bool {
    if target.seen.stopped.is_none() {
        return true;
    }
    let planner = plan(target);
    !planner.waiting && !planner.cut
}
