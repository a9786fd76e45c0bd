//! Who answers? One Binding to every server from one socket, and the same over TCP where UDP stays silent.

use super::first::{empty_label, failed_here, label, main_socket, tcp_label, waited_long};
use crate::evidence::{Ask, Evidence, Exchange, LocalPort, Patience, Probe, Step, Terms};
use crate::wire::{Change, Family, Request, Transport};

/// TCP is asked of so many servers at most: two are needed to blame UDP.
const TCP_SERVERS: usize = 4;

/// Asks every server for the mapped address of one socket. The mapping probe goes on with that socket.
pub struct Reach {
    /// The family asked over.
    pub family: Family,
    /// The port that socket gets.
    pub local_port: LocalPort,
}

impl Probe for Reach {
    fn name(&self) -> &'static str {
        "reach"
    }

    fn next(&self, seen: &Evidence) -> Step {
        let ask = |server, remote, label, socket, transport, change, patience| Ask {
            label,
            server,
            socket,
            transport,
            remote,
            request: Request::change(change),
            patience,
            local_port: if transport == Transport::Udp { self.local_port.clone() } else { LocalPort::Fresh },
            terms: Terms::default(),
        };
        let servers = seen.addresses(self.family, Transport::Udp);
        let main = main_socket(self.family);
        let mut asks: Vec<Ask> = servers
            .iter()
            .map(|&(server, remote)| {
                let label = label(self.family, server);
                ask(server, remote, label, main.clone(), Transport::Udp, Change::Nothing, Patience::Answer)
            })
            .collect();

        let asked: Vec<&Exchange> =
            servers.iter().filter_map(|(server, _)| seen.find(&label(self.family, *server))).collect();
        for exchange in asked.iter().filter(|exchange| waited_long(exchange)) {
            // jstun answers a Binding only when it carries CHANGE-REQUEST; strict servers answer 420 to one, so it comes last.
            let label = empty_label(self.family, exchange.server);
            let (server, remote) = (exchange.server, exchange.remote);
            asks.push(ask(server, remote, label, main.clone(), Transport::Udp, Change::Empty, Patience::Silence));
        }

        let udp_answers =
            seen.under(&format!("{}/reach/udp", self.family.name())).any(|exchange| exchange.reply().is_some());
        let all_waited = !asked.is_empty() && asked.iter().all(|exchange| waited_long(exchange) || exchange.settled());
        // Where nothing left this host there is nothing that TCP could show.
        let left = asked.iter().any(|exchange| !failed_here(exchange));
        if all_waited && left && !udp_answers {
            for &(server, remote) in servers.iter().take(TCP_SERVERS) {
                let label = tcp_label(self.family, server);
                asks.push(ask(server, remote, label.clone(), label, Transport::Tcp, Change::Nothing, Patience::Answer));
            }
        }

        let controls = super::controls::asks(seen, self.family, &asked);
        // Those whose port is silent while others pass: over TCP they show whether they are alive.
        for exchange in super::controls::doubted(&asked) {
            let label = tcp_label(self.family, exchange.server);
            let (server, remote) = (exchange.server, exchange.remote);
            asks.push(ask(server, remote, label.clone(), label, Transport::Tcp, Change::Nothing, Patience::Answer));
        }
        asks.extend(controls);

        let capable = !super::servers::capable(seen, self.family).is_empty();
        let waiting = seen.looking_up(Transport::Udp)
            || asks.iter().any(|ask| seen.find(&ask.label).is_none_or(|exchange| !exchange.settled()));
        Step { asks, done: capable || !waiting, ..Step::default() }
    }
}
