//! The planner with data: who can be at the other end, and a packet each way.

use std::net::SocketAddr;

use crate::evidence::{Ask, Exchange, Outcome, Patience};
use crate::measure::turn::ask::sequence::{Planner, is_quiet};
use crate::measure::turn::facts::peers::is_host;
use crate::measure::turn::facts::target::{CHANNEL, Target, error_code, permit_step, succeeded};
use crate::wire::{Family, Method, Relay, Request, TurnAttribute};

impl<'a> Planner<'_, 'a> {
    /// Asks which address our plain socket has, straight away: the TURN server itself and STUN servers, of whom one that answers us is known
    /// to be alive when it is asked through the relay.
    pub fn plain_bindings(&mut self) {
        let target = self.target;
        let ask =
            |step: &str, server, remote| Ask { patience: Patience::Silence, ..target.plain(step, server, remote) };
        for (step, remote) in target.own_bindings() {
            self.asks.push(ask(step, target.server, remote));
        }
        for third in target.third_parties() {
            self.asks.push(ask(&format!("x/third/{}", third.number), third.server, third.address));
        }
        // Where nobody has told an address yet, and nobody outside is known to be alive, there is nothing to go on with.
        if target.plain_addresses().is_empty() || target.witnesses().is_empty() && target.own_bindings().is_empty() {
            self.await_witnesses();
        }
    }

    /// Waits for whoever can tell the address of our plain socket, or be asked through the relay.
    fn await_witnesses(&mut self) {
        self.waiting |= self.target.witness_pending();
    }

    /// A second allocation; its socket once it is there.
    pub fn second(&mut self) -> Option<&'static str> {
        let step = "b/allocate";
        let ipv6 = self.target.relays_ipv6_only();
        let allocate = if ipv6 { Target::allocate_ipv6() } else { Target::allocate() };
        let challenge = self.ask(self.target.ask(step, "b", allocate.clone()))?;
        if error_code(challenge) == Some(401) {
            self.tried(self.target.signed("b/login", "b", &allocate))?;
        }
        self.target.allocation("b").map(|_| "b")
    }

    /// Lets a peer in; `Some` once the server agreed. The port says nothing (RFC 8656 section 9), and is the real one as clients send it:
    /// there are servers that look at it.
    fn permit(&mut self, socket: &str, peer: SocketAddr) -> Option<()> {
        let request = Request::turn(Method::CreatePermission, vec![TurnAttribute::Peer(peer)]);
        let exchange = self.tried(self.target.on(socket, &permit_step(socket, peer.ip()), &request))?;
        succeeded(exchange).map(|_| ())
    }

    /// A Binding request from an allocation to a peer.
    fn relay(&mut self, step: &str, socket: &str, peer: SocketAddr, channel: Option<u16>) -> Option<&'a Exchange> {
        let request = Request { relay: Some(Relay { peer, channel }), ..Request::default() };
        self.ask(self.target.ask(step, socket, request))
    }

    /// Data through the relay, in all the ways; what is asked of the allocation afterwards cannot disturb them.
    pub fn through(&mut self, first: &'static str, second: Option<&'static str>) {
        let target = self.target;
        let Some(relayed) = target.allocation(first).map(|allocation| allocation.relayed) else { return };
        // A server must not make us send to what is no host's address.
        let outward = if is_host(relayed) { self.plain_socket(first, relayed) } else { None };
        let met = second.and_then(|second| self.meet(first, second));
        self.outsiders(first);
        let Some(peer) = outward.or(met).filter(|_| !self.waiting) else { return self.renew(first) };
        let attributes = vec![TurnAttribute::Channel(CHANNEL), TurnAttribute::Peer(peer)];
        let bound = self.tried(target.on(first, "channel", &Request::turn(Method::ChannelBind, attributes)));
        if bound.is_some_and(|exchange| succeeded(exchange).is_some()) {
            self.relay("channel-data", first, peer, Some(CHANNEL));
        }
        self.renew(first);
    }

    /// Renews the allocation, last of all: there are servers that end it upon that.
    fn renew(&mut self, first: &str) {
        if !self.waiting {
            self.tried(self.target.on(first, "refresh", &Request::turn(Method::Refresh, Vec::new())));
        }
    }

    /// Third parties through the relay: one, and where that one does not confirm what our own socket should have shown, another; where there
    /// is none, whoever answers on the server's own machine.
    fn outsiders(&mut self, first: &str) {
        let target = self.target;
        let clean = target.own_is_clean();
        let relayed = target.allocation(first).map(|allocation| allocation.relayed);
        let witnesses = target.witnesses();
        for (step, third) in ["third", "third-2"].into_iter().zip(&witnesses) {
            if self.permit(first, third.address).is_none() {
                if target.last(&permit_step(first, third.address.ip())).is_some_and(Exchange::settled) {
                    continue;
                }
                return;
            }
            let asked = self.relay(step, first, third.address, None);
            let told = target.find(step).and_then(Exchange::reply).and_then(|reply| reply.mapped);
            let late = target.find(step).is_some_and(is_quiet);
            if clean || told == relayed || asked.is_none() && !late {
                return;
            }
        }
        if clean {
            // What is told of the relay must not hang on who answers a moment sooner.
            let late = |asked: Option<&Exchange>| asked.is_none_or(|one| !one.settled() && !is_quiet(one));
            let mut thirds = target.third_parties().into_iter();
            self.waiting |= witnesses.is_empty() && thirds.any(|third| late(target.directly(third)));
            return;
        }
        self.await_witnesses();
        if witnesses.is_empty()
            && !self.waiting
            && let Some((_, own)) = target.own_witness()
            && self.permit(first, own).is_some()
        {
            self.relay("own", first, own, None);
        }
    }

    /// Between the relay and a plain socket of ours, inwards first: it opens our own NAT, and shows which address we have there.
    fn plain_socket(&mut self, first: &str, relayed: SocketAddr) -> Option<SocketAddr> {
        let target = self.target;
        let mut permitted = Vec::new();
        for address in target.plain_addresses() {
            if self.permit(first, address).is_some() {
                permitted.push(address);
            }
        }
        self.second_socket(&permitted);
        let &mapped = permitted.first()?;
        let inward = self.ask(target.plain("inward", target.server, relayed))?;
        let mut endpoint = looped_source(inward);
        if endpoint.is_none() {
            self.await_witnesses();
            if self.waiting {
                return None;
            }
            // An address that was let in too late.
            let begun = |address: &SocketAddr| target.last(&permit_step(first, address.ip())).map(|one| one.started_ms);
            let late = permitted.iter().filter_map(begun).any(|at| at > inward.started_ms);
            if late || target.find("inward-2").is_some() {
                endpoint = looped_source(self.ask(target.plain("inward-2", target.server, relayed))?);
            }
            // Where the relayed address is not the server's, packets may really leave from the server's: this shows them, and lets them
            // through our own NAT.
            let own = SocketAddr::new(target.remote.ip(), relayed.port());
            if endpoint.is_none() && own != relayed && Family::of(own) == Family::of(relayed) {
                self.ask(target.plain("inward-own", target.server, own));
            }
        }
        let outward = self.relay("outward", first, endpoint.unwrap_or(mapped), None)?;
        let mut arrived = looped_source(outward).map(|_| endpoint.unwrap_or(mapped));
        if arrived.is_none()
            && endpoint.is_none()
            && let Some(&other) = permitted.get(1)
        {
            arrived = looped_source(self.relay("outward-2", first, other, None)?).map(|_| other);
        }
        if arrived.is_some() && endpoint.is_none() {
            // A firewall with a memory before the server lets it in now; one before this host does not let it out.
            self.ask(target.plain("inward-again", target.server, relayed));
        }
        arrived
    }

    /// From the plain socket to the second allocation: of the relay ports some may be closed.
    fn second_socket(&mut self, permitted: &[SocketAddr]) {
        let target = self.target;
        let Some(relayed) = target.allocation("b").map(|one| one.relayed).filter(|one| is_host(*one)) else { return };
        let mut let_in = false;
        for &address in permitted {
            let_in |= self.permit("b", address).is_some();
        }
        if let_in {
            self.ask(target.plain("inward-b", target.server, relayed));
        }
    }

    /// Between two allocations on the server, both ways.
    fn meet(&mut self, first: &str, second: &str) -> Option<SocketAddr> {
        let (one, other) = (self.target.allocation(first)?.relayed, self.target.allocation(second)?.relayed);
        let (there, back) = (self.permit(first, other), self.permit(second, one));
        there.and(back)?;
        let to = self.relay("to-b", first, other, None);
        let from = self.relay("to-a", second, one, None);
        let arrived = |exchange: &Exchange| matches!(exchange.outcome, Outcome::Looped { .. });
        (arrived(to?) && arrived(from?)).then_some(other)
    }
}

/// Where our own request came from when it arrived on another of our sockets.
fn looped_source(exchange: &Exchange) -> Option<SocketAddr> {
    match &exchange.outcome {
        Outcome::Looped { source, .. } => Some(*source),
        _ => None,
    }
}
