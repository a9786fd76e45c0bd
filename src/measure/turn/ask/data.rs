//! Data through the relay: who can be at the other end, and a packet each way.

use std::net::SocketAddr;

use super::planner::Planner;
use super::signing::on;
use crate::evidence::key::{DataStep, ServerStep, SocketRole, TurnStep};
use crate::evidence::{Ask, Exchange, Patience};
use crate::measure::turn::facts::exchange::{is_quiet, looped_from, succeeded};
use crate::measure::turn::facts::peers::is_host;
use crate::measure::turn::facts::round_trip::CHANNEL;
use crate::wire::{Change, Family, Method, Relay, Request, TurnAttribute};

/// Asks which address our plain socket has, straight away: the TURN server itself and STUN servers, of whom one that answers us is known
/// to be alive when it is asked through the relay.
pub(super) fn plain_bindings(planner: &mut Planner) {
    let target = planner.target;
    let ask = |step: TurnStep, server, remote, change| {
        let ask = target.plain(step, server, remote);
        Ask { patience: Patience::Silence, request: Request { change, ..Request::default() }.into(), ..ask }
    };
    for (step, remote) in target.own_bindings() {
        planner.asks.push(ask(step.into(), target.server, remote, Change::Nothing));
    }
    for third in target.third_parties() {
        let form = |change| TurnStep::ThirdParty(third.form(change));
        planner.asks.push(ask(form(Change::Nothing), third.server, third.address, Change::Nothing));
        // Some servers of RFC 3489 answer no Binding but one with an empty CHANGE-REQUEST.
        if target.find(form(Change::Nothing)).is_some_and(is_quiet) {
            planner.asks.push(ask(form(Change::Empty), third.server, third.address, Change::Empty));
        }
    }
    // Where nobody has told an address yet, and nobody outside is known to be alive, there is nothing to go on with.
    if target.plain_addresses().is_empty() || target.witnesses().is_empty() && target.own_bindings().is_empty() {
        await_witnesses(planner);
    }
}

/// Data through the relay, in all the ways; what is asked of the allocation afterwards cannot disturb them.
pub(super) fn through(planner: &mut Planner, first: SocketRole, second: Option<SocketRole>) {
    let target = planner.target;
    let Some(relayed) = target.allocation(first).map(|allocation| allocation.relayed) else { return };
    // A server must not make us send to what is no host's address.
    let outward = if is_host(relayed) { plain_socket(planner, first, relayed) } else { None };
    let met = second.and_then(|second| between(planner, first, second));
    outsiders(planner, first);
    let Some(peer) = outward.or(met).filter(|_| !planner.waiting) else { return renew(planner, first) };
    let attributes = vec![TurnAttribute::Channel(CHANNEL), TurnAttribute::Peer(peer)];
    let bind = Request::turn(Method::ChannelBind, attributes);
    let bound = planner.tried(on(target, ServerStep::Channel, first, &bind));
    if bound.is_some_and(|exchange| succeeded(exchange).is_some()) {
        relay(planner, ServerStep::ChannelData, first, Relay { peer, channel: Some(CHANNEL) });
    }
    renew(planner, first);
}

/// Waits for whoever can tell the address of our plain socket, or be asked through the relay.
fn await_witnesses(planner: &mut Planner) {
    planner.waiting |= planner.target.witness_pending();
}

/// Lets a peer in; `Some` once the server agreed. The port says nothing (RFC 8656 section 9), and is the real one as clients send it:
/// there are servers that look at it.
fn permit(planner: &mut Planner, role: SocketRole, peer: SocketAddr) -> Option<()> {
    let request = Request::turn(Method::CreatePermission, vec![TurnAttribute::Peer(peer)]);
    let exchange = planner.tried(on(planner.target, TurnStep::Permit(role, peer.ip()), role, &request))?;
    succeeded(exchange).map(|_| ())
}

/// A Binding request from an allocation to a peer; to a third party in the form that it answers.
fn relay<'a>(
    planner: &mut Planner<'_, 'a>,
    step: impl Into<TurnStep>,
    role: SocketRole,
    relay: Relay,
) -> Option<&'a Exchange> {
    let change = planner.target.binding_form(relay.peer);
    planner.ask(planner.target.ask(step, role, Request { relay: Some(relay), change, ..Request::default() }))
}

/// Renews the allocation, last of all: there are servers that end it upon that.
fn renew(planner: &mut Planner, first: SocketRole) {
    if !planner.waiting {
        planner.tried(on(planner.target, ServerStep::Refresh, first, &Request::turn(Method::Refresh, Vec::new())));
    }
}

/// Third parties through the relay: one, and where that one does not confirm what our own socket should have shown, another; where there
/// is none, whoever answers on the server's own machine.
fn outsiders(planner: &mut Planner, first: SocketRole) {
    let target = planner.target;
    let clean = own_is_clean(planner);
    let relayed = target.allocation(first).map(|allocation| allocation.relayed);
    let witnesses = target.witnesses();
    for (step, third) in [DataStep::Third, DataStep::Third2].into_iter().zip(&witnesses) {
        if permit(planner, first, third.address).is_none() {
            if target.last(TurnStep::Permit(first, third.address.ip())).is_some_and(Exchange::settled) {
                continue;
            }
            return;
        }
        let asked = relay(planner, step, first, Relay { peer: third.address, channel: None });
        let told = target.find(step).and_then(Exchange::reply).and_then(|reply| reply.mapped);
        let late = target.find(step).is_some_and(is_quiet);
        if clean || told == relayed || asked.is_none() && !late {
            return;
        }
    }
    if clean {
        // What is told of the relay must not hang on who answers a moment sooner.
        planner.waiting |=
            witnesses.is_empty() && target.third_parties().into_iter().any(|third| !target.is_late(third));
        return;
    }
    await_witnesses(planner);
    if witnesses.is_empty()
        && !planner.waiting
        && let Some(own) = target.own_witness()
        && permit(planner, first, own).is_some()
    {
        relay(planner, DataStep::OwnMachine, first, Relay { peer: own, channel: None });
    }
}

/// Whether our plain socket alone shows that a peer can talk to the relay at its relayed address.
fn own_is_clean(planner: &Planner) -> bool {
    let target = planner.target;
    let Some((_, allocation)) = target.first() else { return false };
    let looped = |step: DataStep| target.find(step).and_then(looped_from);
    let inward = [DataStep::Inward, DataStep::Inward2].into_iter().any(|step| looped(step).is_some());
    let outward =
        [DataStep::Outward, DataStep::Outward2].into_iter().any(|step| looped(step) == Some(allocation.relayed));
    inward && outward
}

/// Between the relay and a plain socket of ours, inwards first: it opens our own NAT, and shows which address we have there.
fn plain_socket(planner: &mut Planner, first: SocketRole, relayed: SocketAddr) -> Option<SocketAddr> {
    let target = planner.target;
    let mut permitted = Vec::new();
    for address in target.plain_addresses() {
        if permit(planner, first, address).is_some() {
            permitted.push(address);
        }
    }
    to_second(planner, &permitted);
    let &mapped = permitted.first()?;
    let inward = planner.ask(target.plain(DataStep::Inward, target.server, relayed))?;
    let mut endpoint = looped_from(inward);
    if endpoint.is_none() {
        await_witnesses(planner);
        if planner.waiting {
            return None;
        }
        // An address that was let in too late.
        let begun = |address: &SocketAddr| target.last(TurnStep::Permit(first, address.ip())).map(|one| one.started_ms);
        let late = permitted.iter().filter_map(begun).any(|at| at > inward.started_ms);
        if late || target.find(DataStep::Inward2).is_some() {
            endpoint = looped_from(planner.ask(target.plain(DataStep::Inward2, target.server, relayed))?);
        }
        // Where the relayed address is not the server's, packets may really leave from the server's: this shows them, and lets them
        // through our own NAT.
        let own = SocketAddr::new(target.remote.ip(), relayed.port());
        if endpoint.is_none() && own != relayed && Family::of(own) == Family::of(relayed) {
            planner.ask(target.plain(DataStep::InwardOwn, target.server, own));
        }
    }
    let to = |peer| Relay { peer, channel: None };
    let outward = relay(planner, DataStep::Outward, first, to(endpoint.unwrap_or(mapped)))?;
    let mut arrived = looped_from(outward).map(|_| endpoint.unwrap_or(mapped));
    if arrived.is_none()
        && endpoint.is_none()
        && let Some(&other) = permitted.get(1)
    {
        arrived = looped_from(relay(planner, DataStep::Outward2, first, to(other))?).map(|_| other);
    }
    if arrived.is_some() && endpoint.is_none() {
        // A firewall with a memory before the server lets it in now; one before this host does not let it out.
        planner.ask(target.plain(DataStep::InwardAgain, target.server, relayed));
    }
    arrived
}

/// From the plain socket to the second allocation: of the relay ports some may be closed.
fn to_second(planner: &mut Planner, permitted: &[SocketAddr]) {
    let target = planner.target;
    let second = target.allocation(SocketRole::Second).map(|one| one.relayed);
    let Some(relayed) = second.filter(|one| is_host(*one)) else { return };
    let mut let_in = false;
    for &address in permitted {
        let_in |= permit(planner, SocketRole::Second, address).is_some();
    }
    if let_in {
        planner.ask(target.plain(DataStep::InwardSecond, target.server, relayed));
    }
}

/// Between two allocations on the server, both ways.
fn between(planner: &mut Planner, first: SocketRole, second: SocketRole) -> Option<SocketAddr> {
    let target = planner.target;
    let (one, other) = (target.allocation(first)?.relayed, target.allocation(second)?.relayed);
    let (there, back) = (permit(planner, first, other), permit(planner, second, one));
    there.and(back)?;
    let to = relay(planner, DataStep::ToSecond, first, Relay { peer: other, channel: None });
    let from = relay(planner, DataStep::ToFirst, second, Relay { peer: one, channel: None });
    (looped_from(to?).is_some() && looped_from(from?).is_some()).then_some(other)
}
