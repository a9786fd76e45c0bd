//! Requests whose answers have not been seen: what ties the two together is the transaction id (RFC 8489 section 5).

use std::collections::{BTreeMap, VecDeque};

use crate::explain::traffic::{Flow, RelayStep};
use crate::wire::TransactionId;

/// How many requests are waited for at once.
const MOST: usize = 1 << 15;
/// On how many ways beside the first a request is remembered.
const MOST_IMAGES: usize = 4;
/// The same packet within this time was captured twice and not sent again: the shortest retransmission takes longer (RFC 8445
/// section 14.3).
const TWICE_MS: u64 = 20;

/// A request.
pub(super) struct Asked {
    /// Where it was seen first.
    pub(super) flow: Flow,
    pub(super) packet: u64,
    pub(super) first_ms: Option<u64>,
    last_ms: Option<u64>,
    images: Vec<Flow>,
    pub(super) what: Subject,
    pub(super) answered: bool,
    pub(super) answered_ms: Option<u64>,
}

/// What it asks.
pub(super) enum Subject {
    /// A check: its place among the records.
    Check(usize),
    /// Something of a server: what is told once its outcome is known.
    Steps(Vec<RelayStep>),
    /// Something of a server, of which it is known: the places among the records.
    Settled(Vec<usize>),
}

/// What a request is to those that were seen before.
#[derive(Debug, PartialEq)]
pub(super) enum Sighting {
    /// It is new.
    New,
    /// It was sent again.
    Again,
    /// The capture has it twice.
    Twice,
    /// It was seen for the first time on another way: beyond a NAT, or before or after a relay.
    Image,
}

/// The requests.
#[derive(Default)]
pub(super) struct Pending {
    known: BTreeMap<TransactionId, Asked>,
    order: VecDeque<TransactionId>,
}

impl Pending {
    /// What the request is to those before it.
    pub(super) fn sight(&mut self, id: TransactionId, flow: Flow, at_ms: Option<u64>) -> Sighting {
        let Some(asked) = self.known.get_mut(&id) else { return Sighting::New };
        if (asked.flow.from, asked.flow.to) == (flow.from, flow.to) {
            let since = at_ms.zip(asked.last_ms).map_or(u64::MAX, |(now, last)| now.saturating_sub(last));
            asked.last_ms = at_ms;
            // On its way to a relay and from it, it has other wrappings and is the same.
            let same = asked.flow == flow;
            return if since < TWICE_MS || !same { Sighting::Twice } else { Sighting::Again };
        }
        if asked.images.contains(&flow) || asked.images.len() >= MOST_IMAGES {
            return Sighting::Twice;
        }
        asked.images.push(flow);
        Sighting::Image
    }

    /// Remembers it. What has waited longest and has to go is given back.
    pub(super) fn add(
        &mut self,
        id: TransactionId,
        flow: Flow,
        packet: u64,
        at_ms: Option<u64>,
        what: Subject,
    ) -> Option<Asked> {
        let asked = Asked {
            flow,
            packet,
            first_ms: at_ms,
            last_ms: at_ms,
            images: Vec::new(),
            what,
            answered: false,
            answered_ms: None,
        };
        self.known.insert(id, asked);
        self.order.push_back(id);
        let over = (self.order.len() > MOST).then(|| self.order.pop_front())?;
        self.known.remove(&over?)
    }

    /// The request with that id.
    pub(super) fn get(&mut self, id: TransactionId) -> Option<&mut Asked> {
        self.known.get_mut(&id)
    }

    /// All that are left.
    pub(super) fn rest(self) -> impl Iterator<Item = Asked> {
        self.known.into_values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::CandidateTransport;

    #[test]
    fn what_was_seen_before_is_told_apart() {
        let [a, b, c, server] =
            ["10.0.0.1:1", "192.0.2.1:1", "192.0.2.2:2", "192.0.2.3:3"].map(|it| it.parse().unwrap());
        let flow = |from, to, through| Flow { from, to, transport: CandidateTransport::Udp, through };
        let (id, mut pending) = (TransactionId([1; 12]), Pending::default());
        assert_eq!(pending.sight(id, flow(a, c, None), Some(5)), Sighting::New);
        assert!(pending.add(id, flow(a, c, None), 1, Some(5), Subject::Check(0)).is_none());
        for (flow, at_ms, expected) in [
            (flow(b, c, None), 6, Sighting::Image),
            (flow(b, c, None), 7, Sighting::Twice),
            (flow(a, c, None), 8, Sighting::Twice),
            (flow(a, c, Some(server)), 300, Sighting::Twice),
            (flow(a, c, None), 600, Sighting::Again),
        ] {
            assert_eq!(pending.sight(id, flow, Some(at_ms)), expected, "{at_ms}");
        }
    }
}
