//! One exchange under way: what is sent when, and how the answer reads.

use std::net::SocketAddr;
use std::time::Duration;

use super::codec::Codec;
use super::patience::Schedule;
use super::{SocketId, Time, millis};
use crate::evidence::gate::Standing;
use crate::evidence::{ErrorReply, Patience, Reply};
use crate::wire::stun::message::BINDING;
use crate::wire::{Key, Message, Scope};

/// One exchange under way.
pub(super) struct Flight {
    /// The socket it uses.
    pub socket: SocketId,
    /// Where it goes.
    pub remote: SocketAddr,
    /// How its protocol is spoken.
    pub codec: &'static Codec,
    /// The encoded request: a retransmission is the same bytes (RFC 8489 section 6.2.1).
    pub bytes: Vec<u8>,
    /// When to send.
    pub schedule: Schedule,
    /// What the schedule was made of: how long to keep asking, and the round trip known then. Absent where that does not decide.
    pub basis: Option<(Patience, Duration)>,
    /// It goes on whether it is answered or not, until the probe has enough.
    pub series: bool,
    /// Sent whenever that flight is.
    pub beside: Option<usize>,
    /// It has its outcome and goes on.
    pub answered: bool,
    /// When the schedule began: at once over UDP, when the connection stands on a stream.
    pub begun: Option<Time>,
    /// When the exchange was created.
    pub created: Time,
    /// When it was sent.
    pub sent: Vec<Time>,
    /// How the remote stands to the run: one that a server named gets no more than its budget.
    pub standing: Standing,
    /// Sends that were due and not made, for want of budget.
    pub withheld: usize,
    /// What the response has to be signed with.
    pub key: Option<Key>,
    /// It goes to a peer through an allocation.
    pub relayed: bool,
    /// A response that is not signed as it must be, to be taken if nothing better comes.
    pub aside: Option<Box<Reply>>,
}

impl Flight {
    /// When the next send is due.
    pub(super) fn next_send(&self) -> Option<Time> {
        Some(self.begun? + *self.schedule.sends.get(self.turn())?)
    }

    /// Which of the sends of the schedule comes next.
    pub(super) fn turn(&self) -> usize {
        self.sent.len() + self.withheld
    }

    /// When the waiting ends. A stream that never opens counts from its creation.
    pub(super) fn end(&self) -> Time {
        self.begun.unwrap_or(self.created) + self.schedule.end
    }

    /// Goes on by a better schedule. What is overdue by it comes now, not in a burst; the wait after the last send is kept.
    pub(super) fn hasten(&mut self, now: Time, schedule: Schedule) {
        let last = self.sent.last().copied().unwrap_or(now);
        let earliest = match schedule.sends.get(self.turn()) {
            Some(offset) => now.saturating_sub(*offset),
            None => (last + schedule.tail()).saturating_sub(schedule.end),
        };
        self.schedule = schedule;
        self.begun = self.begun.map(|begun| begun.max(earliest));
    }

    /// When something is to be done next.
    pub(super) fn wake(&self) -> Time {
        self.next_send().map_or(self.end(), |send| send.min(self.end()))
    }
}

/// What a response says, as evidence.
pub(super) fn read_reply(message: &Message, source: SocketAddr, rtt: Duration) -> Reply {
    let xor = message.xor_mapped_address().filter(possible);
    let plain = message.mapped_address().filter(possible);
    let mut faults = message.faults.clone();
    // A wrong FINGERPRINT means that the bytes are not the server's (RFC 8489 section 6.3): nothing in them is believed.
    let corrupt = message.fingerprint() == Some(false);
    let error = (message.class == crate::wire::stun::message::Class::Error).then(|| {
        let (code, reason) = message.error().unwrap_or((0, String::new()));
        ErrorReply { code, reason }
    });
    if message.method == BINDING && error.is_none() && !corrupt && xor.or(plain).is_none() {
        faults.push("a success response without any mapped address".to_owned());
    }
    let trusted = !corrupt && error.is_none();
    Reply {
        source,
        rtt_ms: millis(rtt),
        mapped: xor.or(plain).filter(|_| trusted),
        rfc3489: trusted && xor.is_none() && plain.is_some(),
        plain_mapped: plain.filter(|_| trusted && xor.is_some()),
        other: message.other_address().filter(|_| trusted),
        origin: message.response_origin(),
        software: message.software(),
        error,
        faults,
        over: None,
        turn: None,
        gateway: None,
    }
}

/// Whether a packet can have come from there at all: a server that says otherwise is not believed.
fn possible(mapped: &SocketAddr) -> bool {
    mapped.port() != 0 && Scope::of(mapped.ip()) != Scope::Invalid
}
