//! What the relay does with data, seen from three sides, and what their combination means (STANDARDS 4.10).

use std::net::SocketAddr;

use super::finding::{RelayViews, View, ViewOutcome};
use super::peers::ThirdParty;
use super::session::{Session, error_code, permit_step};
use crate::probe::{Exchange, Outcome, loss};

/// The three views; `None` without an allocation.
pub(super) fn judge(session: &Session) -> Option<RelayViews> {
    let (first, allocation) = session.first()?;
    let relayed = allocation.relayed;
    let (third_party, seen_address) = third(session, first);
    let mapped = session.peer_mapped(relayed);
    let plain = |step: &str| match mapped {
        None => unknown("no address of a plain socket of ours is known: no server answered it over UDP"),
        Some(mapped) => data(session, step, &permit_step(first, mapped.ip())),
    };
    Some(RelayViews {
        third_party,
        seen_address,
        to_peer: plain("outward"),
        from_peer: plain("inward"),
        between_allocations: between(session, first),
    })
}

fn view(outcome: ViewOutcome, text: impl Into<String>, because: &[&Exchange]) -> View {
    View { outcome, text: text.into(), because: because.iter().map(|exchange| exchange.id.clone()).collect() }
}

fn unknown(text: &str) -> View {
    view(ViewOutcome::Unknown, text, &[])
}

/// A permission that was refused, or that failed otherwise, settles the view.
fn permission(session: &Session, step: &str) -> Option<View> {
    let asked = session.last(step)?;
    match error_code(asked) {
        Some(403) => Some(view(ViewOutcome::Forbidden, "the server refuses this peer (403)", &[asked])),
        Some(code) => Some(view(ViewOutcome::Unknown, format!("the permission failed ({code})"), &[asked])),
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
fn data(session: &Session, step: &str, permit: &str) -> View {
    if let Some(refused) = permission(session, permit) {
        return refused;
    }
    let Some(sent) = session.find(step) else {
        return unknown("it was not tried: the run had ended, or what it needs was not there");
    };
    match &sent.outcome {
        Outcome::Looped { rtt_ms, .. } => view(ViewOutcome::Works, format!("arrived after {rtt_ms:.0} ms"), &[sent]),
        Outcome::Silence { .. } if may_be_loss(session, sent) => {
            let text = format!("nothing arrived, sent {} times; on this path that may be loss", sent.sends);
            view(ViewOutcome::Unknown, text, &[sent])
        }
        Outcome::Silence { .. } => {
            view(ViewOutcome::Fails, format!("nothing arrived, sent {} times", sent.sends), &[sent])
        }
        Outcome::Failed(failure) => view(ViewOutcome::Unknown, format!("could not tell: {}", failure.text), &[sent]),
        _ => view(ViewOutcome::Unknown, "could not tell: the run ended first", &[sent]),
    }
}

fn third(session: &Session, first: &str) -> (View, Option<SocketAddr>) {
    let Some(ThirdParty { address: third, alive }) = session.third_party() else {
        let text = "no STUN server to ask through the relay answered us directly; name one with --server";
        return (unknown(text), None);
    };
    if let Some(refused) = permission(session, &permit_step(first, third.ip())) {
        return (refused, None);
    }
    let Some(sent) = session.find("third") else { return (unknown("it was not tried: the run had ended"), None) };
    match &sent.outcome {
        Outcome::Reply(reply) => {
            let text = match reply.mapped {
                Some(mapped) => format!("{third}, asked through the relay, saw {mapped}"),
                None => format!("{third}, asked through the relay, answered without an address"),
            };
            (view(ViewOutcome::Works, text, &[sent]), reply.mapped)
        }
        Outcome::Silence { .. } if !alive => {
            (unknown(&format!("{third} answered neither us nor through the relay: it may be dead")), None)
        }
        Outcome::Silence { .. } if may_be_loss(session, sent) => {
            let text = format!("{third} was not heard, asked {} times; on this path that may be loss", sent.sends);
            (view(ViewOutcome::Unknown, text, &[sent]), None)
        }
        Outcome::Silence { .. } => {
            let text = format!("{third} answers us and, asked {} times through the relay, was not heard", sent.sends);
            (view(ViewOutcome::Fails, text, &[sent]), None)
        }
        _ => (view(ViewOutcome::Unknown, "could not tell: the run ended first", &[sent]), None),
    }
}

fn between(session: &Session, first: &str) -> View {
    let (Some(one), Some(other)) = (session.allocation(first), session.allocation("b")) else {
        let refused = session.last("b/login").or_else(|| session.find("b/allocate"));
        let text = match refused.and_then(error_code) {
            Some(486) => "the quota leaves no room for a second allocation (486)".to_owned(),
            Some(code) => format!("there was no second allocation ({code})"),
            None => "there was no second allocation".to_owned(),
        };
        return unknown(&text);
    };
    let to = data(session, "to-b", &permit_step(first, other.relayed.ip()));
    let from = data(session, "to-a", &permit_step("b", one.relayed.ip()));
    let both = to.outcome == ViewOutcome::Works && from.outcome == ViewOutcome::Works;
    if both || to.outcome != ViewOutcome::Works { to } else { from }
}

/// Whether data was seen to get through past the server, where peers are.
pub(super) fn reaches_out(views: &RelayViews) -> bool {
    let works = |view: &View| view.outcome == ViewOutcome::Works;
    works(&views.third_party) || works(&views.to_peer) && works(&views.from_peer)
}
