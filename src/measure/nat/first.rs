//! The first question to each server: what it is called, and what came of it. Every other question builds on that.

use crate::evidence::key::{NatTest, Reach};
use crate::evidence::{Evidence, Exchange, Failure, FailureCode, Key, Outcome};
use crate::wire::{Change, Family, Transport};

/// What the first question to a server is called.
#[must_use]
pub(crate) fn key(family: Family, how: Reach, server: usize) -> Key {
    NatTest::Reach(how, server).over(family)
}

/// The first Binding of each server, and for jstun's kind the one with an empty CHANGE-REQUEST where the plain one was not answered.
#[must_use]
pub(crate) fn exchanges(seen: &Evidence, family: Family) -> Vec<&Exchange> {
    let servers = seen.addresses(family, Transport::Udp);
    servers.into_iter().filter_map(|(server, _)| exchange(seen, family, server)).collect()
}

/// The first Binding of that server.
#[must_use]
pub(crate) fn exchange(seen: &Evidence, family: Family, server: usize) -> Option<&Exchange> {
    let empty =
        seen.find(&key(family, Reach::EmptyChangeRequest, server)).filter(|exchange| exchange.answer().is_some());
    match seen.find(&key(family, Reach::Udp, server)) {
        Some(plain) if plain.answer().is_none() => empty.or(Some(plain)),
        plain => plain,
    }
}

/// How that server wants a Binding: with an empty CHANGE-REQUEST where it answers no other, as jstun does.
#[must_use]
pub(crate) fn form(seen: &Evidence, family: Family, server: usize) -> Change {
    let first = exchange(seen, family, server).filter(|exchange| exchange.answer().is_some());
    first.map_or(Change::Nothing, |exchange| exchange.request.change())
}

/// Sends without an answer after which something else is tried beside: half a second into the run.
const SENDS_BEFORE_MORE: u32 = 4;

/// Whether so many sends went unanswered that something else is worth a try: TCP, or a Binding as jstun wants it.
#[must_use]
pub(crate) fn waited_long(exchange: &Exchange) -> bool {
    match exchange.outcome {
        Outcome::Pending => exchange.sends >= SENDS_BEFORE_MORE,
        Outcome::Silence { .. } => true,
        _ => false,
    }
}

/// Whether this host itself has no route there.
#[must_use]
pub(crate) fn no_route(exchange: &Exchange) -> bool {
    refused_here(exchange, &[FailureCode::NetworkUnreachable, FailureCode::HostUnreachable])
}

/// Whether the packet never left this host, for want of a route, a socket or a port.
#[must_use]
pub(crate) fn failed_here(exchange: &Exchange) -> bool {
    no_route(exchange)
        || refused_here(exchange, &[FailureCode::BindFailed, FailureCode::LocalShortage, FailureCode::Other])
}

fn refused_here(exchange: &Exchange, codes: &[FailureCode]) -> bool {
    matches!(&exchange.outcome, Outcome::Failed(Failure { code, by: None, .. }) if codes.contains(code))
}
