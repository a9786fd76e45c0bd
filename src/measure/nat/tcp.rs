//! What does the mapping over TCP depend on? RFC 5382 section 4.1, tested as RFC 5780 section 4.3: several connections from one
//! local port. Filtering over TCP cannot be tested: a STUN server opens no connections.

use super::filtering;
use super::finding::{Mapping as Finding, MappingBehavior};
use super::look::{Look, NatProbe};
use super::mapping_class::{Kind, Sight};
use super::servers::{self, Capable};
use crate::evidence::key::{NatTest, Point};
use crate::evidence::{Ask, Exchange, Key, LocalPort, Patience, Reason, ReasonCode, Step, Terms};
use crate::measure::witness;
use crate::wire::{Family, Question, Transport};

/// Connects from one local port to the points of a server with a second address.
pub(super) struct TcpMapping {
    /// The family tested.
    pub family: Family,
}

fn key(family: Family, server: &Capable, point: Point) -> Key {
    NatTest::Tcp { server: server.server, point }.over(family)
}

impl NatProbe for TcpMapping {
    fn next(&self, seen: &Look, _: &Look) -> Step {
        let Some(server) = seen.roles(self.family).mapping.first().copied() else {
            return Step { done: filtering::closed(seen, self.family), ..Step::default() };
        };
        let asks: Vec<Ask> = Point::EVERY
            .into_iter()
            .map(|point| {
                let key = key(self.family, &server, point);
                Ask {
                    socket: key.to_string(),
                    key,
                    server: server.server,
                    transport: Transport::Tcp,
                    remote: server.point(point),
                    request: Question::default(),
                    patience: Patience::Answer,
                    local_port: LocalPort::Shared(format!("{}/tcp/{}", self.family.name(), server.server)),
                    terms: Terms::default(),
                }
            })
            .collect();
        let done = asks.iter().all(|ask| seen.find(&ask.key).is_some_and(Exchange::settled));
        Step { asks, done, ..Step::default() }
    }
}

/// The verdict that the evidence supports.
#[must_use]
pub(super) fn judge(seen: &Look, family: Family) -> Finding {
    let of = |server, point| NatTest::Tcp { server, point };
    let all = of(0, Point::Primary).to(of(usize::MAX, Point::PrimaryOtherPort), family);
    let because: Vec<String> = seen.within(&all).map(|exchange| exchange.id.clone()).collect();
    let finding = |behavior, reason, endpoint_independent, summary| Finding {
        behavior,
        endpoint_independent,
        reason,
        summary,
        because: because.clone(),
    };
    let withheld = |reason: Reason, independent| {
        let summary = format!("could not tell: {}", reason.text);
        finding(MappingBehavior::Inconclusive, Some(reason), independent, summary)
    };
    let Some(server) = seen.roles(family).mapping.first().copied() else {
        let reason = servers::why_none(seen, family);
        return withheld(reason, None);
    };
    let exchanges = Point::EVERY.map(|point| seen.find(&key(family, &server, point)));
    let [primary, same_port, other_port, _] = exchanges.map(|exchange| exchange.and_then(Exchange::mapped));
    let (Some(primary), Some(same_port), Some(other_port)) = (primary, same_port, other_port) else {
        let failed = exchanges.iter().flatten().find(|exchange| exchange.mapped().is_none());
        let what = failed.map_or_else(|| "the server".to_owned(), |exchange| exchange.remote.to_string());
        if let Some(reason) = seen.stop_reason() {
            return withheld(reason, None);
        }
        let text = format!("{what} did not answer over TCP from the shared local port");
        return withheld(Reason::new(ReasonCode::AlternateDead, text), None);
    };
    // Over TCP one server is asked; an address that no server saw over UDP may be that of what stands before it.
    let camps = witness::camps(seen, family);
    if !camps.is_empty() && (camps[0].machines < 2 && camps.len() > 1 || !camps[0].addresses.contains(&primary.ip())) {
        let text =
            format!("{} saw {primary} over TCP, an address that other servers did not see over UDP", server.primary);
        return withheld(Reason::new(ReasonCode::ServersDisagree, text), None);
    }
    let untranslated = exchanges.iter().flatten().any(|exchange| exchange.untranslated() == Some(true))
        && exchanges.iter().flatten().all(|exchange| exchange.untranslated().unwrap_or(true));
    let seen_of_it: Vec<Sight> = exchanges
        .iter()
        .flatten()
        .filter_map(|exchange| Some(Sight { destination: exchange.remote, external: exchange.mapped()? }))
        .collect();
    if untranslated {
        let summary = "every connection kept this host's address and port".to_owned();
        return finding(MappingBehavior::None, None, Some(true), summary);
    }
    match Kind::possible(&seen_of_it)[..] {
        [Kind::EndpointIndependent, ..] => {
            let summary = format!("every destination saw {primary}");
            finding(MappingBehavior::EndpointIndependent, None, Some(true), summary)
        }
        [Kind::SeveralExits, ..] => {
            let text = format!(
                "connections from one local port were seen as {primary}, {same_port} and {other_port}: several exits, or a pool"
            );
            withheld(Reason::new(ReasonCode::SeveralExits, text), None)
        }
        [Kind::AddressDependent, ..] => {
            let summary = format!("{primary} towards one address, {same_port} towards the other");
            finding(MappingBehavior::AddressDependent, None, Some(false), summary)
        }
        [Kind::AddressAndPortDependent, ..] => {
            let summary = "another external port for each connection from one local port (whether also for the same destination again, was not tried)".to_owned();
            finding(MappingBehavior::AddressAndPortDependent, None, Some(false), summary)
        }
        [] => {
            let text = format!("the external ports fit none of the behaviors ({primary}, {same_port}, {other_port})");
            withheld(Reason::new(ReasonCode::MappingInconsistent, text), None)
        }
    }
}
