//! Where the server does not answer as it should: whether it would in another way, and whether anybody would in this one.

use super::planner::Planner;
use crate::evidence::key::{ServerStep, SocketRole, SocketStep, TurnStep};
use crate::evidence::{Ask, Exchange, FailureCode, Outcome, Patience};
use crate::measure::turn::facts::allocation::FIRST;
use crate::measure::turn::facts::connection::is_open;
use crate::measure::turn::facts::exchange::is_quiet;
use crate::measure::turn::facts::peers::Peer;
use crate::measure::turn::facts::target::Target;
use crate::wire::{Change, Request, Transport};

/// Another transport on the same port.
pub(super) fn other_transports(planner: &mut Planner) {
    let target = planner.target;
    let other = |step: ServerStep, role, transport| Ask { transport, ..target.ask(step, role, Request::default()) };
    let over_tcp = || other(ServerStep::OverTcp, SocketRole::OverTcp, Transport::Tcp);
    let asked = [target.find(ServerStep::Binding), target.find((SocketRole::First, SocketStep::Allocate))];
    let failed = |codes: &[FailureCode]| {
        asked.iter().flatten().any(|exchange| match &exchange.outcome {
            Outcome::Failed(failure) => codes.contains(&failure.code),
            _ => false,
        })
    };
    let quiet = || asked.iter().all(|one| one.is_some_and(is_quiet));
    match target.transport {
        Transport::Udp | Transport::Dtls => {
            if quiet() {
                planner.ask(over_tcp());
                controls(planner);
            }
        }
        Transport::Tcp => {
            let unanswered = target.reply(ServerStep::Binding).is_none();
            let strange = failed(&[FailureCode::NotStun, FailureCode::ConnectionClosed]);
            if unanswered && (strange || quiet() && target.connected()) {
                planner.ask(other(ServerStep::OverTls, SocketRole::OverTls, Transport::Tls));
            }
        }
        Transport::Tls => {
            let open = target.connection(SocketRole::First).is_some_and(is_open);
            let strange = failed(&[FailureCode::NotTls, FailureCode::ConnectionClosed]);
            if !open && (strange || quiet() && target.connected()) {
                planner.ask(over_tcp());
            }
        }
    }
}

/// Whether UDP to others passes, where this server is silent: only then it is this server.
fn controls(planner: &mut Planner) {
    let target = planner.target;
    for control in target.controls() {
        let plain = control_ask(target, control, Change::Nothing);
        let unanswered = target.seen.find(&plain.key).is_some_and(is_quiet);
        planner.ask(plain);
        if unanswered {
            planner.ask(control_ask(target, control, Change::Empty));
        }
    }
}

/// A Binding to a third party; with an empty CHANGE-REQUEST where it answers no other, as some servers of RFC 3489 do.
fn control_ask(target: &Target, to: Peer, change: Change) -> Ask {
    let ask = target.plain(TurnStep::Control(to.form(change)), to.server, to.address);
    let request = Request { change, ..Request::default() };
    Ask { request: request.into(), socket: target.socket(SocketRole::Control), patience: Patience::Silence, ..ask }
}

/// Where a stream answered and then did not: a stream keeps the order, so that an answer to what is asked now shows that the other
/// request had arrived.
pub(super) fn binding_again(planner: &mut Planner) {
    let target = planner.target;
    let silent = |role: SocketRole| {
        let steps = [SocketStep::Allocate, SocketStep::Login].map(|step| target.last((role, step)));
        steps.into_iter().flatten().any(Exchange::silent)
    };
    let role = FIRST.into_iter().find(|role| silent(*role));
    if let Some(role) = role.filter(|_| target.transport.is_stream() && target.reply(ServerStep::Binding).is_some()) {
        planner.ask(target.ask(ServerStep::BindingAgain, role, Request::default()));
    }
}
