//! What is worth knowing of a pair beside the answer.

use super::prediction::{Answer, Which};
use super::side::{FamilySide, Side, Translation};
use crate::wire::Family;

const FAMILIES: [Family; 2] = [Family::Ipv4, Family::Ipv6];

/// What else is worth knowing.
pub(super) fn notes(a: &Side, b: &Side, answer: Answer) -> Vec<String> {
    let mut notes = Vec::new();
    let sides = [(Which::A, a), (Which::B, b)];
    let found =
        |side: &'_ Side| FAMILIES.into_iter().filter_map(|family| side.family(family).cloned()).collect::<Vec<_>>();
    for (which, side) in sides {
        let lifetime = found(side).iter().filter_map(|found| found.lifetime_s).min();
        if let Some(lifetime) = lifetime {
            notes.push(format!(
                "{}'s NAT forgets a mapping after {lifetime} s of silence: something has to be sent at least every {} s",
                which.letter(),
                (lifetime / 2).max(1)
            ));
        }
        if found(side).iter().any(|found| found.several_nats == Some(true)) {
            notes.push(format!(
                "{} is behind more than one NAT: a port mapped on the first one is of no use, and a guessed one hardly ever fits",
                which.letter()
            ));
        }
    }
    if matches!(answer, Answer::Relay | Answer::Possible) && FAMILIES.into_iter().any(|family| over_tcp(a, b, family)) {
        let text = "over TCP both NATs keep one port for every destination: agents that open connections at the same moment \
                    (ICE-TCP, RFC 6544) may do without a relay; browsers do not";
        notes.push(text.to_owned());
    }
    notes
}

/// Whether each knows the port that the other's connections come from.
fn over_tcp(a: &Side, b: &Side, family: Family) -> bool {
    let keeps = |side: &FamilySide| {
        !side.tcp_mapping.is_unknown()
            && side
                .tcp_mapping
                .values()
                .iter()
                .all(|mapping| matches!(mapping, Translation::None | Translation::EndpointIndependent))
    };
    a.family(family).is_some_and(keeps) && b.family(family).is_some_and(keeps)
}
