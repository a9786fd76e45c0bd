//! What does the mapping over TCP depend on? RFC 5382 section 4.1, tested as RFC 5780 section 4.3: several connections from one
//! local port. Filtering over TCP cannot be tested: a STUN server opens no connections.

use super::filtering;
use super::finding::{Mapping as Finding, MappingBehavior};
use super::look::{Look, NatProbe};
use super::mapping_class::{Kind, Sight};
use super::servers::{self, Capable};
use crate::evidence::key::{NatKey, NatTest, Point};
use crate::evidence::{Ask, Exchange, Key, LocalPort, Patience, Reason, ReasonCode, SocketName, Step, Terms};
use crate::measure::witness;
use crate::wire::{Family, Question, Transport};

/// Connects from one local port to the points of a server with a second address.
pub(super) struct TcpMapping {
    /// The family tested.
    pub family: Family,
}

fn key(family: Family, server: &Capable, point: Point) -> NatKey {
    NatKey { family, test: NatTest::Tcp { server: server.server, point } }
}

impl NatProbe for TcpMapping {
    fn next(&self, seen: &Look, _: &Look) -> Step {
        let Some(server) = seen.roles(self.family).mapping.first().copied() else {
            return Step { done: filtering::closed(seen, self.family), ..Step::default() };
        };
        let first = self::key(self.family, &server, Point::Primary);
        let asks: Vec<Ask> = Point::EVERY
            .into_iter()
            .map(|point| {
                let key = key(self.family, &server, point);
                Ask {
                    socket: SocketName::Nat(key),
                    key: Key::Nat(key),
                    server: server.server,
                    transport: Transport::Tcp,
                    remote: server.point(point),
                    request: Question::default(),
                    patience: Patience::Answer,
                    local_port: LocalPort::Shared(SocketName::Nat(first)),
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
    let exchanges = Point::EVERY.map(|point| seen.find(&Key::Nat(key(family, &server, point))));
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

#[cfg(test)]
mod tests {
    use super::super::testing::{NAT, Scene};
    use super::*;
    use crate::evidence::{FailureCode, Stop};

    const SERVER: &str = "192.0.2.1:3478";
    const OTHER: &str = "198.51.100.1:3479";
    /// The points in the order of RFC 5780 section 4.3, with the first once more from the other port.
    const POINTS: [(&str, &str); 4] = [
        ("primary", SERVER),
        ("alternate-same-port", "198.51.100.1:3478"),
        ("alternate", OTHER),
        ("primary-other-port", "192.0.2.1:3479"),
    ];

    /// One server with a second address that answered over UDP.
    fn capable() -> Scene {
        let mut scene = Scene::of(&[SERVER]);
        scene.told_by_capable("ipv4/reach/udp/0", SERVER, &format!("{NAT}:50000"), OTHER);
        scene
    }

    /// The same, and over TCP each point saw that port of the NAT.
    fn ports(seen: [u16; 4]) -> Scene {
        let mut scene = capable();
        for ((point, at), port) in POINTS.into_iter().zip(seen) {
            scene.told(&format!("ipv4/tcp/0/{point}"), at, &format!("{NAT}:{port}"));
        }
        scene
    }

    fn judged(scene: &Scene) -> Finding {
        judge(&Look::at(&scene.seen), Family::Ipv4)
    }

    fn reason(scene: &Scene) -> ReasonCode {
        let found = judged(scene);
        assert_eq!(found.behavior, MappingBehavior::Inconclusive);
        found.reason.expect("what is inconclusive has a reason").code
    }

    #[test]
    fn what_the_destinations_saw_is_the_behavior() {
        for (seen, behavior) in [
            ([60_000; 4], MappingBehavior::EndpointIndependent),
            ([60_000, 60_001, 60_001, 60_000], MappingBehavior::AddressDependent),
            ([60_000, 60_001, 60_002, 60_003], MappingBehavior::AddressAndPortDependent),
        ] {
            let found = judged(&ports(seen));
            assert_eq!(found.behavior, behavior, "{seen:?}");
            assert_eq!(found.endpoint_independent, Some(behavior == MappingBehavior::EndpointIndependent));
            assert_eq!(found.because.len(), 4);
        }
    }

    #[test]
    fn whose_own_port_is_seen_everywhere_has_no_nat() {
        let mut scene = Scene::of(&[SERVER]);
        scene.seen.host_addresses[1] = "203.0.113.10".parse().unwrap();
        scene.told_by_capable("ipv4/reach/udp/0", SERVER, "203.0.113.10:40000", OTHER);
        for (point, at) in POINTS {
            scene.told(&format!("ipv4/tcp/0/{point}"), at, "203.0.113.10:40000");
        }
        let found = judged(&scene);
        assert_eq!((found.behavior, found.endpoint_independent), (MappingBehavior::None, Some(true)));
    }

    #[test]
    fn a_point_that_does_not_answer_leaves_it_open() {
        let mut scene = capable();
        scene.told("ipv4/tcp/0/primary", SERVER, &format!("{NAT}:60000"));
        scene.told("ipv4/tcp/0/alternate-same-port", POINTS[1].1, &format!("{NAT}:60000"));
        scene.refused("ipv4/tcp/0/alternate", OTHER, FailureCode::ConnectionRefused, Some("198.51.100.1"));
        assert_eq!(reason(&scene), ReasonCode::AlternateDead);
        assert!(judged(&scene).summary.contains(OTHER), "the point is named");
        assert_eq!(reason(&scene.stopped(Stop::Interrupted)), ReasonCode::Interrupted);
    }

    #[test]
    fn without_a_second_address_nothing_is_tested() {
        let mut scene = Scene::of(&[SERVER]);
        assert_eq!(reason(&scene), ReasonCode::NoAnswer, "nobody was heard");
        scene.told("ipv4/reach/udp/0", SERVER, &format!("{NAT}:50000"));
        assert_eq!(reason(&scene), ReasonCode::NoSecondAddress);
    }

    /// A proxy before the server: over TCP it sees the proxy, which no server saw over UDP.
    #[test]
    fn an_address_that_nobody_else_saw_is_not_believed() {
        let mut scene = Scene::of(&[SERVER, "192.0.2.200:3478"]);
        scene.told_by_capable("ipv4/reach/udp/0", SERVER, &format!("{NAT}:50000"), OTHER);
        scene.told("ipv4/reach/udp/1", "192.0.2.200:3478", &format!("{NAT}:50000"));
        for (point, at) in POINTS {
            scene.told(&format!("ipv4/tcp/0/{point}"), at, "203.0.113.99:60000");
        }
        assert_eq!(reason(&scene), ReasonCode::ServersDisagree);
    }

    #[test]
    fn ports_that_fit_no_behavior_are_said_to_fit_none() {
        // The two ports of the second address differ, those of the first do not.
        let scene = ports([60_000, 60_001, 60_002, 60_000]);
        assert_eq!(reason(&scene), ReasonCode::MappingInconsistent);
    }
}
