//! What does the mapping over TCP depend on? RFC 5382 section 4.1, tested as RFC 5780 section 4.3: several connections from one
//! local port. Filtering over TCP cannot be tested: a STUN server opens no connections.

use std::net::SocketAddr;

use super::finding::{Mapping as Finding, MappingBehavior};
use super::servers::{self, Capable};
use super::{Ask, Evidence, Exchange, Family, LocalPort, Patience, Probe, Step, Terms, filtering, reason};
use crate::stun::{Request, Transport};

/// Connects from one local port to the points of a server with a second address.
pub struct TcpMapping {
    /// The family tested.
    pub family: Family,
}

fn label(family: Family, server: usize, point: &str) -> String {
    format!("{}/tcp/{server}/{point}", family.name())
}

fn points(server: &Capable) -> [(&'static str, SocketAddr); 4] {
    [
        ("primary", server.primary),
        ("alternate-same-port", server.alternate_same_port()),
        ("alternate", server.alternate),
        ("primary-other-port", server.primary_other_port()),
    ]
}

impl Probe for TcpMapping {
    fn name(&self) -> &'static str {
        "tcp"
    }

    fn next(&self, seen: &Evidence) -> Step {
        let Some(server) = servers::roles(seen, self.family).mapping.first().copied() else {
            return Step { done: filtering::closed(seen, self.family), ..Step::default() };
        };
        let asks: Vec<Ask> = points(&server)
            .into_iter()
            .map(|(point, remote)| {
                let label = label(self.family, server.server, point);
                Ask {
                    socket: label.clone(),
                    label,
                    server: server.server,
                    transport: Transport::Tcp,
                    remote,
                    request: Request::default(),
                    patience: Patience::Answer,
                    local_port: LocalPort::Shared(format!("{}/tcp/{}", self.family.name(), server.server)),
                    terms: Terms::default(),
                }
            })
            .collect();
        let done = asks.iter().all(|ask| seen.find(&ask.label).is_some_and(Exchange::settled));
        Step { asks, done, ..Step::default() }
    }
}

/// The verdict that the evidence supports.
#[must_use]
pub fn judge(seen: &Evidence, family: Family) -> Finding {
    let prefix = format!("{}/tcp/", family.name());
    let because: Vec<String> = seen.under(&prefix).map(|exchange| exchange.id.clone()).collect();
    let finding = |behavior, reason, endpoint_independent, summary| Finding {
        behavior,
        endpoint_independent,
        reason,
        summary,
        because: because.clone(),
    };
    let withheld = |code: &str, text: String, independent| {
        let reason = reason::make(code, text);
        let summary = format!("could not tell: {}", reason.text);
        finding(MappingBehavior::Inconclusive, Some(reason), independent, summary)
    };
    let Some(server) = servers::roles(seen, family).mapping.first().copied() else {
        let reason = servers::why_none(seen, family);
        return withheld(&reason.code, reason.text, None);
    };
    let exchanges = points(&server).map(|(point, _)| seen.find(&label(family, server.server, point)));
    let [primary, same_port, other_port, fourth] = exchanges.map(|exchange| exchange.and_then(Exchange::mapped));
    let (Some(primary), Some(same_port), Some(other_port)) = (primary, same_port, other_port) else {
        let failed = exchanges.iter().flatten().find(|exchange| exchange.mapped().is_none());
        let what = failed.map_or_else(|| "the server".to_owned(), |exchange| exchange.remote.to_string());
        if let Some(reason) = seen.stop_reason() {
            return withheld(&reason.code, reason.text, None);
        }
        return withheld(
            reason::ALTERNATE_DEAD,
            format!("{what} did not answer over TCP from the shared local port"),
            None,
        );
    };
    let untranslated = exchanges.iter().flatten().any(|exchange| exchange.untranslated() == Some(true))
        && exchanges.iter().flatten().all(|exchange| exchange.untranslated().unwrap_or(true));
    let fits = |expected: bool| fourth.is_none_or(|fourth| (fourth == primary) == expected);
    if untranslated {
        finding(
            MappingBehavior::None,
            None,
            Some(true),
            "every connection kept this host's address and port".to_owned(),
        )
    } else if same_port == primary && other_port == primary && fits(true) {
        let summary = format!("every destination saw {primary}");
        finding(MappingBehavior::EndpointIndependent, None, Some(true), summary)
    } else if same_port == other_port && same_port != primary && fits(true) {
        let summary = format!("{primary} towards one address, {same_port} towards the other");
        finding(MappingBehavior::AddressDependent, None, Some(false), summary)
    } else if same_port != other_port && same_port != primary && other_port != primary && fits(false) {
        let summary = "another external port for each connection from one local port (whether also for the same destination again, was not tried)".to_owned();
        finding(MappingBehavior::AddressAndPortDependent, None, Some(false), summary)
    } else {
        let text = format!("the external ports fit none of the behaviors ({primary}, {same_port}, {other_port})");
        withheld(reason::MAPPING_INCONSISTENT, text, Some(false))
    }
}
