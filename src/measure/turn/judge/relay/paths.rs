//! What the relay does with data, seen from several sides (STANDARDS 4.10). What their combination means, the table says.

use std::net::{IpAddr, SocketAddr};

use crate::evidence::key::{DataStep, SocketRole, SocketStep, TurnStep};
use crate::evidence::{Exchange, FailureCode, Outcome, span};
use crate::measure::turn::facts::allocation::Allocation;
use crate::measure::turn::facts::exchange::error_code;
use crate::measure::turn::facts::peers::{Peer, is_host};
use crate::measure::turn::facts::target::{Target, step_of};
use crate::measure::turn::finding::{PathOutcome, RelayPath, RelayPaths};
use crate::measure::turn::judge::silence::may_be_loss;
use crate::wire::{Family, TurnAttribute, escape};

/// The views; `None` without an allocation.
pub(crate) fn judge(target: &Target) -> Option<RelayPaths> {
    let (first, allocation) = target.first()?;
    let relayed = allocation.relayed;
    let (third_party, seen_address) = third(target, first, relayed);
    Some(RelayPaths {
        third_party,
        seen_address,
        to_peer: plain(target, first, &[DataStep::Outward, DataStep::Outward2]),
        from_peer: plain(target, first, &[DataStep::Inward, DataStep::Inward2]),
        between_allocations: between(target, first),
        from_peer_to_second: target.find(DataStep::InwardSecond).map(|sent| data(target, sent)),
        from_peer_to_own_address: target.find(DataStep::InwardOwn).map(|sent| data(target, sent)),
        own_machine: own(target),
    })
}

fn view(outcome: PathOutcome, text: impl Into<String>, because: &[&Exchange]) -> RelayPath {
    RelayPath { outcome, text: text.into(), because: because.iter().map(|exchange| exchange.id.clone()).collect() }
}

fn unknown(text: impl Into<String>) -> RelayPath {
    view(PathOutcome::Unknown, text, &[])
}

/// Whether an error to a request for a permission says that this peer is refused: 403, no code at all (as pion does it), or 443, which is for
/// peers of another family (RFC 8656 section 10.2), for one of the right one.
pub(super) fn refuses_peer(target: &Target, exchange: &Exchange) -> bool {
    match error_code(exchange) {
        Some(0 | 403) => true,
        Some(443) => {
            let relayed = allocation_of(target, exchange).map(|one| Family::of(one.relayed));
            let peers = exchange.request.attributes().iter().filter_map(|attribute| match attribute {
                TurnAttribute::Peer(peer) => Some(Family::of(*peer)),
                _ => None,
            });
            peers.into_iter().any(|family| Some(family) == relayed)
        }
        _ => false,
    }
}

/// The allocation on the socket of that request for a permission.
fn allocation_of<'a>(target: &Target<'a>, exchange: &Exchange) -> Option<Allocation<'a>> {
    match step_of(exchange)? {
        TurnStep::Permit(role, _) => target.allocation(role),
        _ => None,
    }
}

/// The code of an error response, in words.
pub(super) fn code_words(code: u16) -> String {
    if code == 0 { "an error without a code".to_owned() } else { code.to_string() }
}

/// A permission that was refused, or that failed otherwise, settles the view.
fn permission(target: &Target, role: SocketRole, peer: IpAddr) -> Option<RelayPath> {
    let asked = target.last(TurnStep::Permit(role, peer))?;
    match error_code(asked) {
        Some(code) if refuses_peer(target, asked) => {
            let text = format!("the server refuses this peer ({})", code_words(code));
            Some(view(PathOutcome::Forbidden, text, &[asked]))
        }
        Some(code) => {
            Some(view(PathOutcome::Unknown, format!("the permission failed ({})", code_words(code)), &[asked]))
        }
        None if asked.silent() => Some(view(PathOutcome::Unknown, "the permission was not answered", &[asked])),
        None => None,
    }
}

/// What became of a request of ours that was to arrive at another of our sockets.
fn data(target: &Target, sent: &Exchange) -> RelayPath {
    match &sent.outcome {
        Outcome::Looped { source, rtt_ms, .. } => {
            view(PathOutcome::Works, format!("arrived after {}, from {source}", span(*rtt_ms)), &[sent])
        }
        Outcome::Silence { .. } if may_be_loss(target, sent) => {
            let text = format!("nothing arrived, sent {} times; on this path that may be loss", sent.sends);
            view(PathOutcome::Unknown, text, &[sent])
        }
        Outcome::Silence { .. } => {
            view(PathOutcome::Fails, format!("nothing arrived, sent {} times", sent.sends), &[sent])
        }
        // Somebody on the way, or at its end, says that it goes no further.
        Outcome::Failed(failure) if failure.by.is_some() && failure.code == FailureCode::ConnectionRefused => {
            view(PathOutcome::Fails, format!("it was refused: {}", escape(&failure.text)), &[sent])
        }
        Outcome::Failed(failure) => {
            view(PathOutcome::Unknown, format!("could not tell: {}", escape(&failure.text)), &[sent])
        }
        _ => view(PathOutcome::Unknown, "could not tell: the run ended first", &[sent]),
    }
}

/// What the best of these attempts shows: one that worked, else one that did not.
fn best(target: &Target, steps: &[DataStep]) -> Option<RelayPath> {
    let views: Vec<RelayPath> =
        steps.iter().filter_map(|step| target.find(*step)).map(|sent| data(target, sent)).collect();
    let rank = |view: &RelayPath| match view.outcome {
        PathOutcome::Works => 0,
        PathOutcome::Unknown => 1,
        PathOutcome::Fails | PathOutcome::Forbidden => 2,
    };
    views.into_iter().min_by_key(rank)
}

/// Data between the relay and our plain socket.
fn plain(target: &Target, first: SocketRole, steps: &[DataStep]) -> RelayPath {
    let addresses = target.plain_addresses();
    if addresses.is_empty() {
        return unknown("no address of a plain socket of ours is known: no server answered it over UDP");
    }
    if let Some(found) = best(target, steps) {
        return found;
    }
    let refused = addresses.iter().find_map(|address| permission(target, first, address.ip()));
    refused.unwrap_or_else(|| unknown("it was not tried: the run had ended, or what it needs was not there"))
}

/// What third parties saw: one that saw the relayed address outweighs the others.
fn third(target: &Target, first: SocketRole, relayed: SocketAddr) -> (RelayPath, Option<SocketAddr>) {
    let witnesses = target.witnesses();
    let seen: Vec<(RelayPath, Option<SocketAddr>)> =
        witnesses.iter().map(|third| through(target, first, *third)).collect();
    let rank = |(view, seen): &(RelayPath, Option<SocketAddr>)| match view.outcome {
        PathOutcome::Works if *seen == Some(relayed) => 0,
        PathOutcome::Works => 1,
        PathOutcome::Fails => 2,
        PathOutcome::Forbidden => 3,
        PathOutcome::Unknown => 4,
    };
    seen.into_iter().min_by_key(rank).unwrap_or_else(|| (unknown(nobody(target)), None))
}

/// Why there is no third party.
fn nobody(target: &Target) -> &'static str {
    if target.third_parties().is_empty() && !target.controls().is_empty() {
        return "no STUN server is known with an address of the relayed one's family; name one with --server";
    }
    if target.witness_pending() {
        return "no STUN server to ask through the relay had answered us when everything else was known";
    }
    "no STUN server to ask through the relay answered us directly; name one with --server"
}

/// The exchange in which that server was asked through the relay.
pub(super) fn asked_through<'a>(target: &Target<'a>, third: SocketAddr) -> Option<&'a Exchange> {
    let steps = [DataStep::Third, DataStep::Third2, DataStep::OwnMachine];
    let asked = |one: &&Exchange| one.request.relay().is_some_and(|relay| relay.peer == third);
    steps.into_iter().filter_map(|step| target.find(step)).find(asked)
}

fn through(target: &Target, first: SocketRole, third: Peer) -> (RelayPath, Option<SocketAddr>) {
    let at = third.address;
    if let Some(refused) = permission(target, first, at.ip()) {
        return (refused, None);
    }
    let Some(sent) = asked_through(target, at) else { return (unknown("it was not tried: the run had ended"), None) };
    match &sent.outcome {
        Outcome::Reply(reply) => {
            // A server that told this host an address that cannot be is not believed about the relay's address either.
            let doubted =
                target.directly(third).is_some_and(|asked| asked.mapped().is_some() && !target.is_believable(asked));
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
            (view(PathOutcome::Works, text, &[sent]), told)
        }
        Outcome::Silence { .. } if !target.is_alive(third) => {
            (unknown(format!("{at} answered neither us nor through the relay: it may be dead")), None)
        }
        Outcome::Silence { .. } if may_be_loss(target, sent) => {
            let text = format!("{at} was not heard, asked {} times; on this path that may be loss", sent.sends);
            (view(PathOutcome::Unknown, text, &[sent]), None)
        }
        Outcome::Silence { .. } => {
            let text = format!("{at} answers us and, asked {} times through the relay, was not heard", sent.sends);
            (view(PathOutcome::Fails, text, &[sent]), None)
        }
        _ => (view(PathOutcome::Unknown, "could not tell: the run ended first", &[sent]), None),
    }
}

/// Whether a server at that address can have seen a relay there: not at its own, and not in another family.
fn is_relays(server: SocketAddr, seen: SocketAddr) -> bool {
    Family::of(server) == Family::of(seen) && server.ip() != seen.ip() && is_host(seen)
}

/// What a witness on the server's own machine saw.
fn own(target: &Target) -> Option<RelayPath> {
    let is_own = |sent: &&Exchange| sent.request.relay().is_some_and(|relay| target.is_own(relay.peer.ip()));
    let sent = [DataStep::OwnMachine, DataStep::Third].into_iter().filter_map(|step| target.find(step)).find(is_own)?;
    let peer = sent.request.relay()?.peer;
    let place = format!("{peer}, on the server's own machine, so that no firewall before it was passed,");
    Some(match &sent.outcome {
        Outcome::Reply(reply) => {
            let saw = reply.mapped.map(|mapped| format!(" and saw {mapped}")).unwrap_or_default();
            view(PathOutcome::Works, format!("{place} answered through the relay{saw}"), &[sent])
        }
        Outcome::Silence { .. } if !may_be_loss(target, sent) => {
            view(PathOutcome::Fails, format!("{place} was not heard, asked {} times", sent.sends), &[sent])
        }
        _ => view(PathOutcome::Unknown, format!("{place}: could not tell"), &[sent]),
    })
}

fn between(target: &Target, first: SocketRole) -> RelayPath {
    let (Some(one), Some(other)) = (target.allocation(first), target.allocation(SocketRole::Second)) else {
        let refused = target
            .last((SocketRole::Second, SocketStep::Login))
            .or_else(|| target.find((SocketRole::Second, SocketStep::Allocate)));
        let text = match refused.and_then(error_code) {
            Some(486) => "the quota leaves no room for a second allocation (486)".to_owned(),
            Some(code) => format!("there was no second allocation ({})", code_words(code)),
            None => "there was no second allocation".to_owned(),
        };
        return unknown(text);
    };
    let way = |step: DataStep, role, peer: SocketAddr| {
        permission(target, role, peer.ip())
            .or_else(|| target.find(step).map(|sent| data(target, sent)))
            .unwrap_or_else(|| unknown("it was not tried: the run had ended, or what it needs was not there"))
    };
    let to = way(DataStep::ToSecond, first, other.relayed);
    let from = way(DataStep::ToFirst, SocketRole::Second, one.relayed);
    let both = to.outcome == PathOutcome::Works && from.outcome == PathOutcome::Works;
    if both || to.outcome != PathOutcome::Works { to } else { from }
}

/// The peers that the first allocation may not have, with the code of the refusal.
pub(super) fn refused_peers(target: &Target, first: SocketRole) -> Vec<(IpAddr, u16)> {
    let thirds = target.witnesses().into_iter().map(|third| third.address);
    let peers = thirds.chain(target.plain_addresses()).map(|address| address.ip());
    let refused = peers.filter_map(|ip| {
        let asked = target.last(TurnStep::Permit(first, ip)).filter(|asked| refuses_peer(target, asked))?;
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
