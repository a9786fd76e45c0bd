//! What does the mapping depend on? RFC 5780 section 4.3: the same socket towards several addresses and ports.

use super::look::{Look, NatProbe};
use super::points::Group;
use super::servers::Capable;
use super::{filtering, first, mapping_judge};
use crate::evidence::key::{FamilySocket, NatTest, Point};
use crate::evidence::{Ask, Evidence, Exchange, LocalPort, Patience, Step, Terms};
use crate::measure::witness;
use crate::wire::{Family, Request, Transport};

/// Servers asked again where destinations saw different things.
const ASKED_AGAIN: usize = 4;
/// Questions that are put again where this host was seen at several addresses: packets that leave through any of two exits agree by
/// chance once in 4,000 runs, on top of everything else that would have to agree.
const TIMES_AGAIN: usize = 12;

/// The same where no server has a second address, and within what pacing allows at once.
const TIMES_AGAIN_UNTESTED: usize = 8;

/// Tests the mapping with the socket that asked every server already.
pub(super) struct Mapping {
    /// The family tested.
    pub family: Family,
    /// The port of that socket, if this probe opens it.
    pub local_port: LocalPort,
    /// A second fresh socket must show the same.
    pub repeat: bool,
}

impl Mapping {
    fn ask(&self, seen: &Evidence, server: usize, test: NatTest, remote: std::net::SocketAddr) -> Ask {
        Ask {
            key: test.over(self.family),
            server,
            socket: FamilySocket::Main.over(self.family),
            transport: Transport::Udp,
            remote,
            request: Request::change(first::form(seen, self.family, server)).into(),
            patience: Patience::Answer,
            local_port: self.local_port.clone(),
            terms: Terms::default(),
        }
    }
}

impl NatProbe for Mapping {
    fn next(&self, _: &Look, seen: &Look) -> Step {
        let camps = witness::camps(seen, self.family);
        let mut asks = Vec::new();
        let mut tested = false;
        for server in seen.roles(self.family).mapping.clone() {
            let points = [Point::AlternateSamePort, Point::Alternate, Point::PrimaryOtherPort];
            asks.extend(points.map(|point| {
                let test = NatTest::Mapping { server: server.server, point };
                self.ask(seen, server.server, test, server.point(point))
            }));
            let group = Group::of(seen, self.family, &server);
            tested |= group.complete();
            if !group.settled {
                return Step { asks, ..Step::default() };
            }
            let again = if self.repeat && group.complete() { Point::EVERY.to_vec() } else { group.doubtful() };
            let again = self.second_socket(seen, &server, &again);
            let settled = again.iter().all(|ask| seen.find(&ask.key).is_some_and(Exchange::settled));
            asks.extend(again);
            if !settled {
                return Step { asks, ..Step::default() };
            }
            // Unless no other server saw the same address: then the next server's points are asked too, to compare.
            if group.complete() && !group.alone(&camps) {
                return self.ask_again(seen, asks, true);
            }
        }
        // No server with a second address of use: unrelated servers must do, once all of them were heard.
        let heard: Vec<&Exchange> = first::exchanges(seen, self.family);
        let waiting = seen.looking_up(Transport::Udp)
            || !filtering::closed(seen, self.family)
            || seen.addresses(self.family, Transport::Udp).len() > heard.len()
            || heard.iter().any(|exchange| !exchange.settled());
        if waiting {
            return Step { asks, ..Step::default() };
        }
        self.ask_again(seen, asks, tested)
    }
}

impl Mapping {
    /// These points once more from a fresh socket.
    fn second_socket(&self, seen: &Evidence, server: &Capable, points: &[Point]) -> Vec<Ask> {
        let ask = |&point: &Point| {
            let test = NatTest::MappingRepeated { server: server.server, point };
            Ask {
                socket: FamilySocket::SecondMapping.over(self.family),
                local_port: LocalPort::Fresh,
                ..self.ask(seen, server.server, test, server.point(point))
            }
        };
        points.iter().map(ask).collect()
    }

    /// At the end the first question once more: if its answer changed, the mapping is unstable, not dependent (FIELD trap 8). Where
    /// destinations saw different things, every server is asked again, all at once; where this host was seen at several addresses, often.
    /// Without a server that has a second address little was seen of this socket: it is asked as often at no cost, for no server has much
    /// to do then.
    fn ask_again(&self, seen: &Evidence, mut asks: Vec<Ask>, tested: bool) -> Step {
        let main = FamilySocket::Main.over(self.family);
        let heard: Vec<&Exchange> =
            first::exchanges(seen, self.family).into_iter().filter(|exchange| exchange.mapped().is_some()).collect();
        let mut external =
            seen.exchanges.iter().filter(|exchange| exchange.socket == main).filter_map(Exchange::mapped);
        let first = external.next();
        let varies = external.any(|mapped| Some(mapped) != first);
        let scattered = mapping_judge::externals(seen, self.family).len() > 1;
        let servers = if varies || !tested { ASKED_AGAIN } else { 1 };
        let often = match () {
            () if scattered => TIMES_AGAIN,
            () if tested => 1,
            () => TIMES_AGAIN_UNTESTED,
        };
        let times = (often / servers.min(heard.len()).max(1)).max(1);
        for exchange in heard.iter().take(servers) {
            for number in 1..=times {
                let test = NatTest::MappingAgain { server: exchange.server, number };
                asks.push(self.ask(seen, exchange.server, test, exchange.remote));
            }
        }
        let done = asks.iter().all(|ask| seen.find(&ask.key).is_some_and(Exchange::settled));
        Step { asks, done, ..Step::default() }
    }
}
