//! What is wrong with relaying itself: the relayed address, the permissions, and data that do not get through as they should.

use std::net::SocketAddr;

use super::DiagnosisCode as Code;
use super::causes::{Cause, cause, failed};
use super::finding::{RelayViews, TurnVerdict, View, ViewOutcome};
use super::session::{Session, error_code, permit_step, succeeded};
use crate::probe::Outcome;
use crate::probe::seen::Scope;
use crate::stun::escape;

/// What is wrong with the relayed address: peers cannot reach it, or it is not where the server's packets come from.
pub(super) fn relayed_address(session: &Session, relayed: SocketAddr, relay: &RelayViews) -> Option<Cause> {
    let (own, server) = (Scope::of(relayed.ip()), Scope::of(session.remote.ip()));
    if own == Scope::Invalid || relayed.port() == 0 {
        let text = format!("the relayed address {relayed} is none that anybody can reach");
        return Some(failed(
            Code::RelayAddressPrivate,
            text,
            "correct external-ip and relay-ip at the server (coturn)",
        ));
    }
    if own != server && own != Scope::Public && server == Scope::Public {
        let text = format!("the relayed address {relayed} is not reachable from the internet");
        return Some(failed(
            Code::RelayAddressPrivate,
            text,
            "set external-ip to the server's public address (coturn)",
        ));
    }
    let outward = session.find("outward").map(|exchange| &exchange.outcome);
    let other = match (relay.seen_address, outward) {
        (Some(seen), _) if seen != relayed => Some(("a third party", seen)),
        (_, Some(Outcome::Looped { source, .. })) if source.ip() != relayed.ip() => Some(("our plain socket", *source)),
        _ => None,
    };
    let (who, seen) = other?;
    let text = format!("{who} saw {seen}, not the relayed address {relayed}: peers answer to a wrong address");
    Some(failed(
        Code::RelayAddressMismatch,
        text,
        "correct external-ip, or the address translation in front of the server",
    ))
}

/// What the three views say together, where data does not get through as it should.
pub(super) fn data(session: &Session, first: &str, relay: &RelayViews) -> Option<Cause> {
    let relayed = session.allocation(first)?.relayed;
    if let Some(found) = relayed_address(session, relayed, relay) {
        return Some(found);
    }
    let is = |view: &View, outcome| view.outcome == outcome;
    let outside = [&relay.third_party, &relay.to_peer, &relay.from_peer];
    if outside.iter().any(|view| is(view, ViewOutcome::Forbidden))
        && !outside.iter().any(|view| is(view, ViewOutcome::Works))
    {
        let third = session.third_party().filter(|_| is(&relay.third_party, ViewOutcome::Forbidden));
        let plain = session.peer_mapped(relayed).map(|mapped| mapped.ip());
        let plain = plain.filter(|ip| session.last(&permit_step(first, *ip)).and_then(error_code) == Some(403));
        let refused = third.map(|third| third.address.ip()).into_iter().chain(plain);
        // Servers refuse private peers for good reasons, and let public ones in all the same.
        if refused.clone().all(|ip| Scope::of(ip) != Scope::Public) {
            let peers = refused.map(|ip| ip.to_string()).collect::<Vec<_>>().join(", ");
            let text = format!(
                "could not tell: the server refuses {peers} as peer (403), which is no public address, and nobody else was there to ask for"
            );
            let fix =
                "name a STUN server on the internet with --server, or allow the peers at the server (allowed-peer-ip)";
            return Some(cause(TurnVerdict::Inconclusive, Code::Undetermined, text, fix));
        }
        let text = "the server refuses permission for peers outside (403)";
        return Some(failed(
            Code::PeerForbidden,
            text,
            "narrow denied-peer-ip, or add the peers to allowed-peer-ip (coturn)",
        ));
    }
    if let Some(found) = permission(session, first, relay) {
        return Some(found);
    }
    let works =
        outside.iter().any(|view| is(view, ViewOutcome::Works)) || is(&relay.between_allocations, ViewOutcome::Works);
    let fix = "open the relay ports (coturn: min-port to max-port, 49152-65535) for UDP in the server's firewall";
    if is(&relay.third_party, ViewOutcome::Works) {
        return is(&relay.from_peer, ViewOutcome::Fails).then(|| answers_only(session, relayed, fix));
    }
    if is(&relay.from_peer, ViewOutcome::Fails) && works {
        let text = format!("packets from outside do not reach the relayed address {relayed}");
        return Some(failed(Code::RelayRangeClosed, text, fix));
    }
    let fails = outside.iter().any(|view| is(view, ViewOutcome::Fails));
    if fails && is(&relay.between_allocations, ViewOutcome::Works) {
        let text =
            format!("data gets from one allocation to another on the server, and not past it: {relayed} is cut off");
        return Some(failed(Code::RelayRangeClosed, text, fix));
    }
    // From inwards alone nothing follows: what arrives may be held up on the way to us.
    let vanished = [&relay.third_party, &relay.to_peer].iter().any(|view| is(view, ViewOutcome::Fails));
    (vanished && !works).then(|| {
        let text = "the server takes data for peers, and none arrives anywhere";
        failed(
            Code::RelayDead,
            text,
            "look into the server's external-ip, firewall and routes: relayed packets leave from its relay ports",
        )
    })
}

/// Every permission was refused for another reason than the peer.
fn permission(session: &Session, first: &str, relay: &RelayViews) -> Option<Cause> {
    let label = session.label(&format!("{first}/permit/"));
    let asked = || session.seen.exchanges.iter().filter(|one| one.ask.starts_with(&label));
    let views = [&relay.third_party, &relay.to_peer, &relay.from_peer, &relay.between_allocations];
    let works = views.iter().any(|view| view.outcome == ViewOutcome::Works);
    if works || asked().any(|one| succeeded(one).is_some() || !one.settled()) {
        return None;
    }
    let mut refused = asked().filter(|one| !matches!(error_code(one), None | Some(403 | 438)));
    let error = refused.next()?.reply()?.error.as_ref()?;
    let text = format!("the server refuses every permission ({} {})", error.code, escape(&error.reason));
    let code = match error.code {
        508 => Code::InsufficientCapacity,
        437 => Code::AllocationLost,
        500..=599 => Code::ServerError,
        _ => Code::ProtocolError,
    };
    Some(failed(code, text, "look into the server's log; without permissions no peer can send"))
}

/// A third party's answer reached the relayed address and packets of our own do not. Once data left for us a firewall with a memory
/// before the server lets them in; one before this host still does not let them out.
fn answers_only(session: &Session, relayed: SocketAddr, fix: &str) -> Cause {
    let again = session.find("inward-again").map(|exchange| &exchange.outcome);
    if matches!(again, Some(Outcome::Looped { .. })) {
        let text = format!("only those reach the relayed address {relayed} to whom data left from it before");
        return cause(TurnVerdict::Degraded, Code::RelayRangeClosed, text, fix);
    }
    let text = format!(
        "could not tell: answers from the internet reach the relayed address {relayed}, and what this host sends there itself does not: \
         its own network or the server's firewall drops it"
    );
    let fix = "run again from another network; if it is the same there, open the relay ports in the server's firewall";
    cause(TurnVerdict::Inconclusive, Code::Undetermined, text, fix)
}
