//! The first question to each server: what it is called, and what came of it. Every other question builds on that.

use super::{Evidence, Exchange, Failure, FailureCode, Family, Outcome};
use crate::stun::Transport;

/// The socket that every server is asked from.
#[must_use]
pub fn main_socket(family: Family) -> String {
    format!("{}/main", family.name())
}

/// What the first Binding to a server is called.
#[must_use]
pub fn label(family: Family, server: usize) -> String {
    format!("{}/reach/udp/{server}", family.name())
}

/// What the Binding with an empty CHANGE-REQUEST is called.
#[must_use]
pub fn empty_label(family: Family, server: usize) -> String {
    format!("{}/reach/udp-empty-change-request/{server}", family.name())
}

/// What the Binding over TCP to a server is called.
#[must_use]
pub fn tcp_label(family: Family, server: usize) -> String {
    format!("{}/reach/tcp/{server}", family.name())
}

/// The first Binding of each server, and for jstun's kind the one with an empty CHANGE-REQUEST where the plain one was not answered.
#[must_use]
pub fn exchanges(seen: &Evidence, family: Family) -> Vec<&Exchange> {
    let servers = seen.addresses(family, Transport::Udp);
    let pick = |(server, _): (usize, _)| {
        let plain = seen.find(&label(family, server));
        let empty = seen.find(&empty_label(family, server)).filter(|exchange| exchange.answer().is_some());
        match plain {
            Some(plain) if plain.answer().is_none() => empty.or(Some(plain)),
            other => other,
        }
    };
    servers.into_iter().filter_map(pick).collect()
}

/// Whether this host itself has no route there.
#[must_use]
pub fn no_route(exchange: &Exchange) -> bool {
    refused_here(exchange, &[FailureCode::NetworkUnreachable, FailureCode::HostUnreachable])
}

/// Whether the packet never left this host, for want of a route, a socket or a port.
#[must_use]
pub fn failed_here(exchange: &Exchange) -> bool {
    no_route(exchange)
        || refused_here(exchange, &[FailureCode::BindFailed, FailureCode::LocalShortage, FailureCode::Other])
}

fn refused_here(exchange: &Exchange, codes: &[FailureCode]) -> bool {
    matches!(&exchange.outcome, Outcome::Failed(Failure { code, by: None, .. }) if codes.contains(code))
}
