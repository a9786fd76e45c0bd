//! Do two sockets behind the NAT reach each other by their external addresses? RFC 4787 section 6.
//!
//! Only ever between two sockets: a packet from a mapped socket to its own mapping looks like a LAND attack to some firewalls.

use std::net::SocketAddr;

use super::finding::Hairpinning;
use super::look::{Look, NatProbe};
use super::{filtering, first};
use crate::evidence::key::{FamilySocket, HairpinStep as Sent, NatTest};
use crate::evidence::{Ask, Evidence, Exchange, Failure, Key, LocalPort, Outcome, Patience, Step, Terms};
use crate::wire::{Family, Request, Transport};

/// Sends from each of two sockets to the external address of the other, both ways so that a filter does not hide the result.
pub(super) struct Hairpin {
    /// The family tested.
    pub family: Family,
}

fn key(family: Family, what: Sent) -> Key {
    NatTest::Hairpin(what).over(family)
}

impl NatProbe for Hairpin {
    fn next(&self, _: &Look, seen: &Look) -> Step {
        let first = first::exchanges(seen, self.family).into_iter().find(|exchange| exchange.mapped().is_some());
        let Some(server) = first else {
            return Step { done: filtering::closed(seen, self.family), ..Step::default() };
        };
        // Its packets touch no server's alternate address, so it could begin at once; it waits only to keep the path quiet while the
        // filter is tested.
        if !filtering::closed(seen, self.family) {
            return Step::default();
        }
        let form = first::form(seen, self.family, server.server);
        let ask = |what, socket: FamilySocket, remote, patience| Ask {
            key: key(self.family, what),
            server: server.server,
            socket: socket.over(self.family),
            transport: Transport::Udp,
            remote,
            request: Request::change(form).into(),
            patience,
            local_port: LocalPort::Fresh,
            terms: Terms::default(),
        };
        let mut asks = vec![
            ask(Sent::LearnX, FamilySocket::HairpinX, server.remote, Patience::Answer),
            ask(Sent::LearnY, FamilySocket::HairpinY, server.remote, Patience::Answer),
        ];
        let learnt = (mapped(seen, self.family, Sent::LearnX), mapped(seen, self.family, Sent::LearnY));
        if let (Some(x), Some(y)) = learnt
            && !is_untranslated(seen, self.family)
        {
            asks.push(ask(Sent::XToY, FamilySocket::HairpinX, y, Patience::Silence));
            asks.push(ask(Sent::YToX, FamilySocket::HairpinY, x, Patience::Silence));
        }
        let done = asks.iter().all(|ask| seen.find(&ask.key).is_some_and(Exchange::settled));
        Step { asks, done, ..Step::default() }
    }
}

fn mapped(seen: &Evidence, family: Family, what: Sent) -> Option<SocketAddr> {
    seen.find(&key(family, what)).and_then(Exchange::mapped)
}

/// The verdict; `None` when it was not asked for.
#[must_use]
pub(super) fn judge(seen: &Evidence, family: Family) -> Option<Hairpinning> {
    let all = key(family, Sent::LearnX)..=key(family, Sent::YToX);
    let because: Vec<String> = seen.within(&all).map(|exchange| exchange.id.clone()).collect();
    if because.is_empty() {
        return None;
    }
    let ways = [(Sent::XToY, Sent::LearnX), (Sent::YToX, Sent::LearnY)];
    for (way, sender) in ways {
        let Some(exchange) = seen.find(&key(family, way)) else { continue };
        if let Outcome::Looped { source, .. } = exchange.outcome {
            let external = mapped(seen, family, sender).map(|mapped| mapped == source);
            let seen_as = match external {
                Some(true) => "from the external address",
                _ => "from another address than the external one",
            };
            return Some(Hairpinning {
                supported: Some(true),
                source: Some(source),
                external_source: external,
                summary: format!("a packet to the external address came back in, {seen_as} {source}"),
                because,
            });
        }
    }
    let tried: Vec<&Exchange> = ways.iter().filter_map(|&(way, _)| seen.find(&key(family, way))).collect();
    let (supported, summary) = match refusal(&tried) {
        Some(refused) => (Some(false), refused),
        None => (None, format!("could not tell: {}", unknown(seen, family, &tried))),
    };
    Some(Hairpinning { supported, source: None, external_source: None, summary, because })
}

/// The NAT says itself that it does not turn packets round.
fn refusal(tried: &[&Exchange]) -> Option<String> {
    tried.iter().find_map(|exchange| match &exchange.outcome {
        Outcome::Failed(Failure { by: Some(by), text, .. }) => {
            Some(format!("refused by the NAT: {by} answers packets to the external address with an error ({text})"))
        }
        _ => None,
    })
}

/// Why neither came back. Silence does not show that the NAT turns nothing round: whoever does it with the internal source, against
/// RFC 4787 REQ-9, sends what a host drops as coming from itself (a martian, RFC 1812 section 5.3.8).
fn unknown(seen: &Evidence, family: Family, tried: &[&Exchange]) -> String {
    if is_untranslated(seen, family) {
        return "nothing translates this host's address, so that there is nothing to turn round".to_owned();
    }
    let failed = tried.iter().find_map(|exchange| match &exchange.outcome {
        Outcome::Failed(failure) => Some(failure.text.clone()),
        _ => None,
    });
    match failed {
        Some(text) => text,
        None if tried.len() == 2 && tried.iter().all(|exchange| exchange.silent()) => {
            "packets to the external address did not come back: the NAT does not turn them round, or it does with the internal source, \
             which this host drops as its own, or a filter stops them"
                .to_owned()
        }
        None => "the external addresses of the two sockets were not learnt, or the run was cut short".to_owned(),
    }
}

/// Whether servers saw this host's own address: what is sent there never leaves the host.
fn is_untranslated(seen: &Evidence, family: Family) -> bool {
    let own = |what| mapped(seen, family, what).is_some_and(|at| seen.host_addresses.contains(&at.ip()));
    own(Sent::LearnX) || own(Sent::LearnY)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{HOST, NAT, Scene};
    use super::*;
    use crate::evidence::FailureCode;

    const SERVER: &str = "192.0.2.1:3478";

    /// Both external addresses were learnt.
    fn learnt() -> Scene {
        let mut scene = Scene::of(&[SERVER]);
        scene.told("ipv4/hairpin/learn-x", SERVER, &format!("{NAT}:50001"));
        scene.told("ipv4/hairpin/learn-y", SERVER, &format!("{NAT}:50002"));
        scene
    }

    fn judged(scene: &Scene) -> Hairpinning {
        judge(&scene.seen, Family::Ipv4).expect("it was asked for")
    }

    #[test]
    fn where_it_was_not_asked_for_there_is_no_verdict() {
        assert!(judge(&Scene::of(&[SERVER]).seen, Family::Ipv4).is_none());
        assert!(judge(&learnt().seen, Family::Ipv6).is_none(), "the other family was not asked");
    }

    #[test]
    fn what_comes_back_shows_from_where() {
        for (source, external) in [(format!("{NAT}:50001"), true), (format!("{HOST}:40000"), false)] {
            let mut scene = learnt();
            scene.looped("ipv4/hairpin/x-to-y", &format!("{NAT}:50002"), &source);
            let found = judged(&scene);
            assert_eq!((found.supported, found.external_source), (Some(true), Some(external)), "{source}");
            assert_eq!(found.source.map(|source| source.to_string()), Some(source));
        }
    }

    /// The filter of the one may drop what the other sends, or a packet is lost: one way is enough.
    #[test]
    fn one_of_the_two_ways_is_enough() {
        let mut scene = learnt();
        scene.silent("ipv4/hairpin/x-to-y", &format!("{NAT}:50002"));
        scene.looped("ipv4/hairpin/y-to-x", &format!("{NAT}:50001"), &format!("{NAT}:50002"));
        let found = judged(&scene);
        assert_eq!((found.supported, found.external_source), (Some(true), Some(true)));
    }

    /// The NAT may turn packets round with the internal source, which this host drops as coming from itself.
    #[test]
    fn silence_is_no_proof() {
        let mut scene = learnt();
        scene.silent("ipv4/hairpin/x-to-y", &format!("{NAT}:50002"));
        assert_eq!(judged(&scene).supported, None, "the other way is not over");
        scene.silent("ipv4/hairpin/y-to-x", &format!("{NAT}:50001"));
        let found = judged(&scene);
        assert_eq!(found.supported, None);
        assert!(found.summary.contains("did not come back"), "{}", found.summary);
        assert_eq!(found.because.len(), 4);
    }

    #[test]
    fn only_the_nats_own_refusal_says_no() {
        for (by, supported) in [(Some("192.168.1.1"), Some(false)), (None, None)] {
            let mut scene = learnt();
            scene.refused("ipv4/hairpin/x-to-y", &format!("{NAT}:50002"), FailureCode::NetworkUnreachable, by);
            scene.silent("ipv4/hairpin/y-to-x", &format!("{NAT}:50001"));
            assert_eq!(judged(&scene).supported, supported, "refused by {by:?}");
        }
    }

    #[test]
    fn what_was_not_learnt_was_not_tried() {
        let mut scene = Scene::of(&[SERVER]);
        scene.told("ipv4/hairpin/learn-x", SERVER, &format!("{NAT}:50001"));
        scene.silent("ipv4/hairpin/learn-y", SERVER);
        let found = judged(&scene);
        assert_eq!(found.supported, None);
        assert!(found.summary.contains("not learnt"), "{}", found.summary);
    }

    #[test]
    fn without_translation_there_is_nothing_to_turn_round() {
        let mut scene = Scene::of(&[SERVER]);
        scene.told("ipv4/hairpin/learn-x", SERVER, &format!("{HOST}:40000"));
        scene.told("ipv4/hairpin/learn-y", SERVER, &format!("{HOST}:40001"));
        let found = judged(&scene);
        assert_eq!(found.supported, None);
        assert!(found.summary.contains("nothing translates"), "{}", found.summary);
    }
}
