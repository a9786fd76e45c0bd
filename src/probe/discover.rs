//! What address do others see? Every server at once, over every transport, as often as asked for.

use std::collections::BTreeMap;

use super::{Ask, Evidence, Exchange, Family, LocalPort, Patience, Probe, Step, Terms, controls, servers};
use crate::stun::{Change, Request, Transport};

/// Asks every server for the mapped address.
pub struct Discover {
    /// The families asked over.
    pub families: Vec<Family>,
    /// The transports asked over.
    pub transports: Vec<Transport>,
    /// How often each is asked.
    pub count: u32,
    /// The port of the UDP sockets.
    pub local_port: LocalPort,
}

/// Addresses of one name that are asked, per family.
const ADDRESSES: usize = 2;

/// What the n-th question to a server's address is called.
#[must_use]
pub fn label(server: usize, transport: Transport, remote: std::net::SocketAddr, number: u32) -> String {
    format!("discover/{server}/{}/{remote}/{number}", transport.name())
}

impl Discover {
    fn ask(&self, server: usize, transport: Transport, remote: std::net::SocketAddr, number: u32) -> Ask {
        let label = label(server, transport, remote, number);
        let family = Family::of(remote);
        let udp = transport == Transport::Udp;
        Ask {
            socket: if udp { format!("{}/discover", family.name()) } else { label.clone() },
            label,
            server,
            transport,
            remote,
            request: Request::default(),
            patience: Patience::Answer,
            local_port: if udp { self.local_port.clone() } else { LocalPort::Fresh },
            terms: Terms::default(),
        }
    }
}

/// What is asked of a server with a second address to see what it supports: a pinhole, then an answer through it.
fn capability_asks(asked: &BTreeMap<&str, &Exchange>, first: &Exchange) -> Vec<Ask> {
    let Ok(server) = servers::judge(first) else { return Vec::new() };
    let socket = format!("discover/{}/capabilities", first.server);
    let ask = |what: &str, remote, request, patience| Ask {
        label: format!("{socket}/{what}/{}", first.remote),
        server: first.server,
        socket: format!("{socket}/{}", first.remote),
        transport: Transport::Udp,
        remote,
        request,
        patience,
        local_port: LocalPort::Fresh,
        terms: Terms::default(),
    };
    let prime = ask("prime", server.alternate, Request::default(), Patience::Answer);
    let external = asked.get(prime.label.as_str()).and_then(|exchange| exchange.mapped());
    let mut asks = vec![prime];
    if let Some(external) = external {
        let request =
            Request { change: Change::AddressAndPort, response_port: Some(external.port()), ..Request::default() };
        asks.push(ask("change", server.primary, request, Patience::Silence));
    }
    asks
}

impl Probe for Discover {
    fn name(&self) -> &'static str {
        "discover"
    }

    fn next(&self, seen: &Evidence) -> Step {
        // Hundreds of servers: looking each label up in the list would be slow.
        let asked: BTreeMap<&str, &Exchange> =
            seen.exchanges.iter().map(|exchange| (exchange.ask.as_str(), exchange)).collect();
        let mut asks = Vec::new();
        let mut done = true;
        for (index, server) in seen.servers.iter().enumerate() {
            for &transport in &self.transports {
                let Some(lookup) = server.lookups.iter().find(|lookup| lookup.transport == transport) else {
                    done = false;
                    continue;
                };
                for &family in &self.families {
                    let addresses = lookup.addresses.iter().filter(|address| family.has(address.ip()));
                    for &remote in addresses.take(ADDRESSES) {
                        for number in 0..self.count {
                            let ask = self.ask(index, transport, remote, number);
                            let found = asked.get(ask.label.as_str());
                            asks.push(ask);
                            match found {
                                Some(exchange) if exchange.reply().is_some() => {
                                    if number == 0 && transport == Transport::Udp {
                                        asks.extend(capability_asks(&asked, exchange));
                                    }
                                }
                                // Whoever does not answer once is not asked again.
                                Some(exchange) if exchange.settled() => break,
                                _ => {
                                    done = false;
                                    break;
                                }
                            }
                        }
                    }
                }
            }
        }
        for &family in self.families.iter().filter(|_| self.transports.contains(&Transport::Udp)) {
            // The names must be known, or a server that was never asked would count as silent.
            if !seen.looking_up(Transport::Udp) {
                let udp: Vec<&Exchange> = seen.of(family, Transport::Udp).collect();
                asks.extend(controls::asks(seen, family, &udp));
            }
        }
        done &= asks.iter().all(|ask| asked.get(ask.label.as_str()).is_some_and(|exchange| exchange.settled()));
        Step { asks, quarantine: Vec::new(), done }
    }
}
