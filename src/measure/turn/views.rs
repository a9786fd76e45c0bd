//! What the relay does with data, seen from several sides (STANDARDS 4.10). What their combination means, the table says.

use std::net::{IpAddr, SocketAddr};

use super::finding::{RelayViews, View, ViewOutcome};
use super::peers::ThirdParty;
use super::session::{Session, error_code, permit_step};
use crate::evidence::{Exchange, FailureCode, Outcome};
use crate::measure::loss;
use crate::wire::{Family, TurnAttribute, escape};

/// The views; `None` without an allocation.
pub(super) fn judge(session: &Session) -> Option<RelayViews> {
    let (first, allocation) = session.first()?;
    let relayed = allocation.relayed;
    let (third_party, seen_address) = third(session, first, relayed);
    Some(RelayViews {
        third_party,
        seen_address,
        to_peer: plain(session, first, &["outward", "outward-2"]),
        from_peer: plain(session, first, &["inward", "inward-2"]),
        between_allocations: between(session, first),
        from_peer_to_second: session.find("inward-b").map(|sent| data(session, sent)),
        from_peer_to_own_address: session.find("inward-own").map(|sent| data(session, sent)),
        own_machine: own(session),
    })
}

fn view(outcome: ViewOutcome, text: impl Into<String>, because: &[&Exchange]) -> View {
    View { outcome, text: text.into(), because: because.iter().map(|exchange| exchange.id.clone()).collect() }
}

fn unknown(text: impl Into<String>) -> View {
    view(ViewOutcome::Unknown, text, &[])
}

/// Whether an error to a request for a permission says that this peer is refused: 403, no code at all (as pion does it), or 443, which is for
/// peers of another family (RFC 8656 section 10.2), for one of the right one.
pub(super) fn refuses_peer(session: &Session, exchange: &Exchange) -> bool {
    match error_code(exchange) {
        Some(0 | 403) => true,
        Some(443) => {
            let relayed = session.allocation_of(exchange).map(|one| Family::of(one.relayed));
            let peers = exchange.request.attributes.iter().filter_map(|attribute| match attribute {
                TurnAttribute::Peer(peer) => Some(Family::of(*peer)),
                _ => None,
            });
            peers.into_iter().any(|family| Some(family) == relayed)
        }
        _ => false,
    }
}

/// The code of an error response, in words.
pub(super) fn code_words(code: u16) -> String {
    if code == 0 { "an error without a code".to_owned() } else { code.to_string() }
}

/// A permission that was refused, or that failed otherwise, settles the view.
fn permission(session: &Session, step: &str) -> Option<View> {
    let asked = session.last(step)?;
    match error_code(asked) {
        Some(code) if refuses_peer(session, asked) => {
            let text = format!("the server refuses this peer ({})", code_words(code));
            Some(view(ViewOutcome::Forbidden, text, &[asked]))
        }
        Some(code) => {
            Some(view(ViewOutcome::Unknown, format!("the permission failed ({})", code_words(code)), &[asked]))
        }
        None if asked.silent() => Some(view(ViewOutcome::Unknown, "the permission was not answered", &[asked])),
        None => None,
    }
}

/// Whether so much is lost here that a silence proves nothing.
pub(super) fn may_be_loss(session: &Session, sent: &Exchange) -> bool {
    let label = session.label("");
    sent.sends < loss::sends_needed(session.seen.under(&label), loss::RARE)
}

/// What became of a request of ours that was to arrive at another of our sockets.
fn data(session: &Session, sent: &Exchange) -> View {
    match &sent.outcome {
        Outcome::Looped { source, rtt_ms, .. } => {
            view(ViewOutcome::Works, format!("arrived after {rtt_ms:.0} ms, from {source}"), &[sent])
        }
        Outcome::Silence { .. } if may_be_loss(session, sent) => {
            let text = format!("nothing arrived, sent {} times; on this path that may be loss", sent.sends);
            view(ViewOutcome::Unknown, text, &[sent])
        }
        Outcome::Silence { .. } => {
            view(ViewOutcome::Fails, format!("nothing arrived, sent {} times", sent.sends), &[sent])
        }
        // Somebody on the way, or at its end, says that it goes no further.
        Outcome::Failed(failure) if failure.by.is_some() && failure.code == FailureCode::ConnectionRefused => {
            view(ViewOutcome::Fails, format!("it was refused: {}", escape(&failure.text)), &[sent])
        }
        Outcome::Failed(failure) => {
            view(ViewOutcome::Unknown, format!("could not tell: {}", escape(&failure.text)), &[sent])
        }
        _ => view(ViewOutcome::Unknown, "could not tell: the run ended first", &[sent]),
    }
}

/// What the best of these attempts shows: one that worked, else one that did not.
fn best(session: &Session, steps: &[&str]) -> Option<View> {
    let views: Vec<View> = steps.iter().filter_map(|step| session.find(step)).map(|sent| data(session, sent)).collect();
    let rank = |view: &View| match view.outcome {
        ViewOutcome::Works => 0,
        ViewOutcome::Unknown => 1,
        ViewOutcome::Fails | ViewOutcome::Forbidden => 2,
    };
    views.into_iter().min_by_key(rank)
}

/// Data between the relay and our plain socket.
fn plain(session: &Session, first: &str, steps: &[&str]) -> View {
    let addresses = session.plain_addresses();
    if addresses.is_empty() {
        return unknown("no address of a plain socket of ours is known: no server answered it over UDP");
    }
    if let Some(found) = best(session, steps) {
        return found;
    }
    let refused = addresses.iter().find_map(|address| permission(session, &permit_step(first, address.ip())));
    refused.unwrap_or_else(|| unknown("it was not tried: the run had ended, or what it needs was not there"))
}

/// What third parties saw: one that saw the relayed address outweighs the others.
fn third(session: &Session, first: &str, relayed: SocketAddr) -> (View, Option<SocketAddr>) {
    let witnesses = session.witnesses();
    let seen: Vec<(View, Option<SocketAddr>)> = witnesses.iter().map(|third| through(session, first, *third)).collect();
    let rank = |(view, seen): &(View, Option<SocketAddr>)| match view.outcome {
        ViewOutcome::Works if *seen == Some(relayed) => 0,
        ViewOutcome::Works => 1,
        ViewOutcome::Fails => 2,
        ViewOutcome::Forbidden => 3,
        ViewOutcome::Unknown => 4,
    };
    seen.into_iter().min_by_key(rank).unwrap_or_else(|| (unknown(nobody(session)), None))
}

/// Why there is no third party.
fn nobody(session: &Session) -> &'static str {
    if session.third_parties().is_empty() && !session.controls().is_empty() {
        return "no STUN server is known with an address of the relayed one's family; name one with --server";
    }
    if session.witness_pending() {
        return "no STUN server to ask through the relay had answered us when everything else was known";
    }
    "no STUN server to ask through the relay answered us directly; name one with --server"
}

/// The exchange in which that server was asked through the relay.
pub(super) fn asked_through<'a>(session: &Session<'a>, third: SocketAddr) -> Option<&'a Exchange> {
    let asked = |step: &&str| session.find(step).and_then(|one| one.request.relay).is_some_and(|one| one.peer == third);
    ["third", "third-2", "own"].into_iter().find(asked).and_then(|step| session.find(step))
}

fn through(session: &Session, first: &str, third: ThirdParty) -> (View, Option<SocketAddr>) {
    let at = third.address;
    if let Some(refused) = permission(session, &permit_step(first, at.ip())) {
        return (refused, None);
    }
    let Some(sent) = asked_through(session, at) else { return (unknown("it was not tried: the run had ended"), None) };
    match &sent.outcome {
        Outcome::Reply(reply) => {
            // Who tells us what cannot be tells the relay the same.
            let doubted =
                session.directly(third).is_some_and(|asked| asked.mapped().is_some() && !session.is_believable(asked));
            let told = reply.mapped.filter(|_| !doubted).filter(|mapped| is_relays(at, *mapped));
            let text = match (reply.mapped, told) {
                (Some(mapped), Some(_)) => format!("{at}, asked through the relay, saw {mapped}"),
                (Some(mapped), None) => {
                    format!(
                        "{at}, asked through the relay, answered; that it saw {mapped} cannot be, a proxy may stand before it"
                    )
                }
                (None, _) => format!("{at}, asked through the relay, answered without an address"),
            };
            (view(ViewOutcome::Works, text, &[sent]), told)
        }
        Outcome::Silence { .. } if !session.is_alive(third) => {
            (unknown(format!("{at} answered neither us nor through the relay: it may be dead")), None)
        }
        Outcome::Silence { .. } if may_be_loss(session, sent) => {
            let text = format!("{at} was not heard, asked {} times; on this path that may be loss", sent.sends);
            (view(ViewOutcome::Unknown, text, &[sent]), None)
        }
        Outcome::Silence { .. } => {
            let text = format!("{at} answers us and, asked {} times through the relay, was not heard", sent.sends);
            (view(ViewOutcome::Fails, text, &[sent]), None)
        }
        _ => (view(ViewOutcome::Unknown, "could not tell: the run ended first", &[sent]), None),
    }
}

/// Whether a server at that address can have seen a relay there: not at its own, and not in another family.
fn is_relays(server: SocketAddr, seen: SocketAddr) -> bool {
    Family::of(server) == Family::of(seen) && server.ip() != seen.ip() && super::peers::is_host(seen)
}

/// What a witness on the server's own machine saw.
fn own(session: &Session) -> Option<View> {
    let is_own = |sent: &&Exchange| sent.request.relay.is_some_and(|relay| session.is_own(relay.peer.ip()));
    let sent = ["own", "third"].into_iter().filter_map(|step| session.find(step)).find(is_own)?;
    let peer = sent.request.relay?.peer;
    let place = format!("{peer}, on the server's own machine, so that no firewall before it was passed,");
    Some(match &sent.outcome {
        Outcome::Reply(reply) => {
            let saw = reply.mapped.map(|mapped| format!(" and saw {mapped}")).unwrap_or_default();
            view(ViewOutcome::Works, format!("{place} answered through the relay{saw}"), &[sent])
        }
        Outcome::Silence { .. } if !may_be_loss(session, sent) => {
            view(ViewOutcome::Fails, format!("{place} was not heard, asked {} times", sent.sends), &[sent])
        }
        _ => view(ViewOutcome::Unknown, format!("{place}: could not tell"), &[sent]),
    })
}

fn between(session: &Session, first: &str) -> View {
    let (Some(one), Some(other)) = (session.allocation(first), session.allocation("b")) else {
        let refused = session.last("b/login").or_else(|| session.find("b/allocate"));
        let text = match refused.and_then(error_code) {
            Some(486) => "the quota leaves no room for a second allocation (486)".to_owned(),
            Some(code) => format!("there was no second allocation ({})", code_words(code)),
            None => "there was no second allocation".to_owned(),
        };
        return unknown(text);
    };
    let way = |step: &str, permit: String| {
        permission(session, &permit)
            .or_else(|| session.find(step).map(|sent| data(session, sent)))
            .unwrap_or_else(|| unknown("it was not tried: the run had ended, or what it needs was not there"))
    };
    let to = way("to-b", permit_step(first, other.relayed.ip()));
    let from = way("to-a", permit_step("b", one.relayed.ip()));
    let both = to.outcome == ViewOutcome::Works && from.outcome == ViewOutcome::Works;
    if both || to.outcome != ViewOutcome::Works { to } else { from }
}

/// The peers that the first allocation may not have, with the code of the refusal.
pub(super) fn refused_peers(session: &Session, first: &str) -> Vec<(IpAddr, u16)> {
    let thirds = session.witnesses().into_iter().map(|third| third.address);
    let peers = thirds.chain(session.plain_addresses()).map(|address| address.ip());
    let refused = peers.filter_map(|ip| {
        let asked = session.last(&permit_step(first, ip)).filter(|asked| refuses_peer(session, asked))?;
        Some((ip, error_code(asked)?))
    });
    let mut found: Vec<(IpAddr, u16)> = Vec::new();
    for one in refused {
        if !found.contains(&one) {
            found.push(one);
        }
    }
    found
}
