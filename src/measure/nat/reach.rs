//! Who answers? One Binding to every server from one socket, and the same over TCP where UDP stays silent.

use super::first::{failed_here, key, waited_long};
use super::look::{Look, NatProbe};
use crate::evidence::key::{FamilySocket, NatKey, NatTest, Reach as How};
use crate::evidence::{Ask, Exchange, Key, LocalPort, Patience, SocketName, Step, Terms};
use crate::measure::nat64;
use crate::wire::{Change, Family, Request, Transport};

/// TCP is asked of so many servers at most: two are needed to blame UDP.
const TCP_SERVERS: usize = 4;

/// Asks every server for the mapped address of one socket. The mapping probe goes on with that socket.
pub(super) struct Reach {
    /// The family asked over.
    pub family: Family,
    /// The port that socket gets.
    pub local_port: LocalPort,
}

impl NatProbe for Reach {
    fn next(&self, seen: &Look, _: &Look) -> Step {
        let ask = |server, remote, key, socket, transport, change, patience| Ask {
            key,
            server,
            socket,
            transport,
            remote,
            request: Request::change(change).into(),
            patience,
            local_port: if transport == Transport::Udp { self.local_port.clone() } else { LocalPort::Fresh },
            terms: Terms::default(),
        };
        let over_tcp = |server, remote| {
            let key = NatKey { family: self.family, test: NatTest::Reach(How::Tcp, server) };
            ask(server, remote, Key::Nat(key), SocketName::Nat(key), Transport::Tcp, Change::Nothing, Patience::Answer)
        };
        let servers = seen.addresses(self.family, Transport::Udp);
        let main = FamilySocket::Main.over(self.family);
        let mut asks: Vec<Ask> = servers
            .iter()
            .map(|&(server, remote)| {
                let key = key(self.family, How::Udp, server);
                ask(server, remote, key, main.clone(), Transport::Udp, Change::Nothing, Patience::Answer)
            })
            .collect();

        let asked: Vec<&Exchange> =
            servers.iter().filter_map(|(server, _)| seen.find(&key(self.family, How::Udp, *server))).collect();
        for exchange in asked.iter().filter(|exchange| waited_long(exchange)) {
            // jstun answers a Binding only when it carries CHANGE-REQUEST; strict servers answer 420 to one, so it comes last.
            let key = key(self.family, How::EmptyChangeRequest, exchange.server);
            let (server, remote) = (exchange.server, exchange.remote);
            asks.push(ask(server, remote, key, main.clone(), Transport::Udp, Change::Empty, Patience::Silence));
        }

        let udp_answers = seen
            .within(&NatKey::reach(self.family, How::Udp, How::EmptyChangeRequest))
            .any(|one| one.reply().is_some());
        let all_waited = !asked.is_empty() && asked.iter().all(|exchange| waited_long(exchange) || exchange.settled());
        // Where nothing left this host there is nothing that TCP could show.
        let left = asked.iter().any(|exchange| !failed_here(exchange));
        if all_waited && left && !udp_answers {
            for &(server, remote) in servers.iter().take(TCP_SERVERS) {
                asks.push(over_tcp(server, remote));
            }
        }

        let controls = super::controls::asks(seen, self.family, &asked);
        // Those whose port is silent while others pass: over TCP they show whether they are alive.
        for exchange in super::controls::doubted(&asked) {
            asks.push(over_tcp(exchange.server, exchange.remote));
        }
        let name_servers = !controls.is_empty();
        asks.extend(controls);

        let capable = !super::servers::capable(seen, self.family).is_empty();
        let waiting = seen.looking_up(Transport::Udp)
            || asks.iter().any(|ask| seen.find(&ask.key).is_none_or(|exchange| !exchange.settled()));
        let step = Step { asks, name_servers, done: capable || !waiting, ..Step::default() };
        nat64::with_prefix_looked_up(seen, step)
    }
}
