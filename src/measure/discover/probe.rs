//! What address do others see? Every server at once, over every transport, as often as asked for.

use std::net::SocketAddr;

use crate::evidence::key::{Capability, DiscoverKey, Discovery, FamilySocket};
use crate::evidence::{Ask, Evidence, Exchange, Key, LocalPort, Patience, Probe, SocketName, Step, Terms};
use crate::measure::nat::first::waited_long;
use crate::measure::nat::{controls, servers};
use crate::measure::nat64;
use crate::wire::{Change, Family, Question, Request, Transport};

/// Asks every server for the mapped address.
pub(crate) struct Discover {
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

fn key(
    server: usize,
    transport: Transport,
    remote: SocketAddr,
    number: u32,
    empty_change_request: bool,
) -> DiscoverKey {
    DiscoverKey { server, ask: Discovery::Binding { transport, remote, number, empty_change_request } }
}

impl Discover {
    fn ask(&self, server: usize, transport: Transport, remote: SocketAddr, number: u32) -> Ask {
        let key = key(server, transport, remote, number, false);
        let family = Family::of(remote);
        let udp = transport == Transport::Udp;
        Ask {
            socket: if udp { FamilySocket::Discover.over(family) } else { SocketName::Discover(key) },
            key: Key::Discover(key),
            server,
            transport,
            remote,
            request: Question::default(),
            patience: Patience::Answer,
            local_port: if udp { self.local_port.clone() } else { LocalPort::Fresh },
            terms: Terms::default(),
        }
    }
}

/// The same first question with an empty CHANGE-REQUEST, which strict servers answer with an error.
fn in_another_form(ask: &Ask) -> Ask {
    Ask {
        key: Key::Discover(key(ask.server, ask.transport, ask.remote, 0, true)),
        request: Request::change(Change::Empty).into(),
        patience: Patience::Silence,
        ..ask.clone()
    }
}

/// What is asked of a server with a second address to see what it supports: a pinhole, then an answer through it.
fn capability_asks(seen: &Evidence, first: &Exchange) -> Vec<Ask> {
    let Ok(server) = servers::judge(seen, first) else { return Vec::new() };
    let ask = |what, remote, request: Request, patience| Ask {
        key: Discovery::Capability(what, first.remote).of(first.server),
        server: first.server,
        socket: SocketName::Capabilities(first.server, first.remote),
        transport: Transport::Udp,
        remote,
        request: request.into(),
        patience,
        local_port: LocalPort::Fresh,
        terms: Terms::default(),
    };
    let prime = ask(Capability::Prime, server.alternate, Request::change(first.request.change()), Patience::Answer);
    let external = seen.find(&prime.key).and_then(Exchange::mapped);
    let mut asks = vec![prime];
    if let Some(external) = external {
        let request =
            Request { change: Change::AddressAndPort, response_port: Some(external.port()), ..Request::default() };
        asks.push(ask(Capability::Change, server.primary, request, Patience::Silence));
    }
    asks
}

impl Probe for Discover {
    fn next(&self, seen: &Evidence) -> Vec<Step> {
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
                        let mut form = Change::Nothing;
                        for number in 0..self.count {
                            let ask = Ask {
                                request: Request::change(form).into(),
                                ..self.ask(index, transport, remote, number)
                            };
                            let mut found = seen.find(&ask.key);
                            // jstun's kind answers only what carries CHANGE-REQUEST.
                            let empty = in_another_form(&ask);
                            asks.push(ask);
                            if number == 0 && transport == Transport::Udp && found.is_some_and(waited_long) {
                                let other = seen.find(&empty.key);
                                asks.push(empty);
                                if other.is_none_or(|other| !other.settled() || other.reply().is_some()) {
                                    form = Change::Empty;
                                    found = other;
                                }
                            }
                            match found {
                                Some(exchange) if exchange.reply().is_some() => {
                                    if number == 0 && transport == Transport::Udp {
                                        asks.extend(capability_asks(seen, exchange));
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
        let mut name_servers = false;
        for &family in self.families.iter().filter(|_| self.transports.contains(&Transport::Udp)) {
            // The names must be known, or a server that was never asked would count as silent.
            if !seen.looking_up(Transport::Udp) {
                let udp: Vec<&Exchange> = seen.of(family, Transport::Udp).collect();
                let controls = controls::asks(seen, family, &udp);
                name_servers |= !controls.is_empty();
                asks.extend(controls);
            }
        }
        done &= asks.iter().all(|ask| seen.find(&ask.key).is_some_and(Exchange::settled));
        vec![nat64::with_prefix_looked_up(seen, Step { asks, name_servers, done, ..Step::default() })]
    }
}
