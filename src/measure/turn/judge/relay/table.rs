//! From what each side of a relay saw to what that means: one ordered table, of which the first row that fits decides.
//!
//! Outsiders who saw the relayed address outrank our own plain socket: it may stand in the server's own network, behind the same router.
//! What a witness on the server's own machine sees is no evidence here: the server's firewall and address translation were not passed.

use Between as B;
use In as I;
use Meaning as M;
use Out as O;
use Place as P;
use Third as T;
use Tried as Y;

/// What kind of address the relayed one is, beside the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// No host's address.
    Nowhere,
    /// Not public, at a server that is.
    Inner,
    /// Not public, at a server that is not either: for the peers of that network.
    Inside,
    /// Public, at a server that we reach at an address which is not: we may be in its own network, behind its router.
    Behind,
    /// Public, at a public server.
    Public,
}

/// What STUN servers outside, asked through the relay, saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Third {
    /// The relayed address.
    Confirms,
    /// Another address.
    Differs,
    /// The relayed address with another port.
    OtherPort,
    /// They answered without saying what they saw.
    Heard,
    /// They answer us, and through the relay nothing was heard of them.
    Silent,
    /// The server refuses them as peers.
    Forbidden,
    /// The same, and they have no public address: servers refuse such peers for good reasons.
    Spared,
    /// Nobody could be asked.
    Unknown,
}

/// What became of data from the relay to our plain socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Out {
    /// They came from the relayed address.
    Arrives,
    /// They came from another.
    Elsewhere,
    /// They did not come.
    Fails,
    /// The server refuses our plain socket as peer.
    Forbidden,
    /// The same, and it has no public address.
    Spared,
    /// Could not be told.
    Unknown,
}

/// What became of data from our plain socket to the relayed address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum In {
    /// They came.
    Arrives,
    /// They came once data had left for our socket, and not before.
    AfterOut,
    /// They did not come.
    Fails,
    /// Could not be told, or the server refuses our plain socket as peer.
    Unknown,
}

/// What became of data that was sent only where it may help to tell causes apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tried {
    /// They came.
    Arrives,
    /// They did not.
    Fails,
    /// Not tried, or it could not be told.
    Unknown,
}

/// What became of data between two allocations on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Between {
    /// They came, both ways.
    Works,
    /// They did not.
    Fails,
    /// The server refuses its own addresses as peers.
    Forbidden,
    /// Could not be told.
    Unknown,
}

/// What every side saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sides {
    pub place: Place,
    pub third: Third,
    pub out: Out,
    pub into: In,
    /// Data from our plain socket to the relayed port at the server's own address, where the relayed one is another.
    pub own_address: Tried,
    /// Data from our plain socket to the second allocation.
    pub second: Tried,
    pub between: Between,
}

/// What that means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// It relays, and peers reach the relayed address.
    Fine,
    /// The relayed address is nobody's.
    Nowhere,
    /// The relayed address is one of the server's own network.
    Inner,
    /// Packets leave from another address, and none reach the relayed one.
    Mismatch,
    /// Packets leave from another address, and the relayed one is reached all the same.
    MismatchReached,
    /// Packets leave from another address when seen from here, which may be the server's own network.
    SeenFromInside,
    /// Outsiders see the relayed address, and from here, in the server's own network, what they send unasked could not be tested.
    FromInside,
    /// Every peer is refused.
    Refused,
    /// Every peer is refused but the server's own allocations.
    OnlyOwn,
    /// The only peers there were are refused, and they are not public.
    Spared,
    /// Some relay ports are reached, some are not.
    PartlyClosed,
    /// Only those reach the relayed address to whom data left from it before.
    Filtered,
    /// Nothing from outside reaches the relayed address.
    RangeClosed,
    /// Data passes on the server and not past it.
    CutOff,
    /// What we send does not reach the relayed address, by the fault of the server's firewall or of our own network.
    OwnNetworkOrRange,
    /// Data is taken and arrives nowhere.
    Dead,
    /// Data comes in, and what the relay sends arrives nowhere.
    NothingLeaves,
    /// Nothing passes between the relay and our plain socket, and nobody else could be asked.
    NothingPasses,
    /// Some data passes, and whether peers are reached was not seen.
    SomeOnly,
    /// Nobody outside the server could be asked.
    Unseen,
    /// Two allocations on the server do not reach each other.
    Hairpin,
}

impl Sides {
    /// What it means: the first row that fits.
    pub(crate) fn meaning(self) -> Meaning {
        TABLE.iter().find(|(fits, _)| fits(self)).map_or(Meaning::Unseen, |&(_, meaning)| meaning)
    }

    /// Whether our plain socket alone shows that a peer outside the server can talk to the relay at its relayed address.
    pub(crate) fn own_is_clean(self) -> bool {
        self.out == O::Arrives && self.into == I::Arrives
    }

    /// Whether this host is seen to be in the server's own network: packets come from another address than the one that outsiders see, or
    /// the router before the server does not turn round what is for that one.
    pub(crate) fn seen_inside(self) -> bool {
        let around = self.out != O::Arrives && self.own_address == Y::Arrives;
        match self.third {
            T::Confirms => self.out == O::Elsewhere || around || self.place == P::Behind && self.into == I::Fails,
            _ => self.place == P::Behind && self.out == O::Elsewhere && self.reached(),
        }
    }

    fn reached(self) -> bool {
        matches!(self.into, I::Arrives | I::AfterOut)
    }

    /// Whether somebody outside the server exchanged data with the relay, at least one way.
    pub(super) fn something_outside(self) -> bool {
        matches!(self.third, T::Confirms | T::Differs | T::OtherPort | T::Heard)
            || matches!(self.out, O::Arrives | O::Elsewhere)
            || self.reached()
    }

    fn refused(self) -> bool {
        self.third == T::Forbidden || self.out == O::Forbidden
    }

    fn spared(self) -> bool {
        self.third == T::Spared || self.out == O::Spared
    }

    /// Of two relay ports one is reached and the other is not: that is not our own network's doing. One that is reached only after data had
    /// left from it says nothing of the other, from which none had; and where nothing leaves at all, the other may have been given up.
    fn partly(self) -> bool {
        let nothing_leaves = self.third == T::Silent && self.out == O::Fails;
        self.into == I::Arrives && self.second == Y::Fails && !nothing_leaves
            || matches!(self.into, I::AfterOut | I::Fails) && self.second == Y::Arrives
    }

    /// A third party's answer came, and from nowhere that speaks against the relayed address.
    fn outsider(self) -> bool {
        matches!(self.third, T::Confirms | T::Heard)
    }
}

type Row = (fn(Sides) -> bool, Meaning);

/// The rows, in order.
const TABLE: &[Row] = &[
    (|s| s.place == P::Nowhere, M::Nowhere),
    (|s| s.place == P::Inner, M::Inner),
    // Nobody outside could be let in.
    (|s| s.refused() && !s.something_outside() && s.between == B::Works, M::OnlyOwn),
    (|s| s.refused() && !s.something_outside(), M::Refused),
    (|s| s.spared() && !s.something_outside(), M::Spared),
    (Sides::partly, M::PartlyClosed),
    (|s| s.seen_inside() && hairpins(s), M::Hairpin),
    (|s| s.seen_inside() && !s.reached(), M::FromInside),
    (Sides::seen_inside, M::Fine),
    // An outsider saw the relayed address, and its answer came back to it.
    (|s| s.outsider() && s.into == I::AfterOut, M::Filtered),
    (|s| s.outsider() && s.into == I::Fails, M::OwnNetworkOrRange),
    (|s| s.third == T::Confirms && hairpins(s), M::Hairpin),
    (|s| s.third == T::Confirms, M::Fine),
    // Our own socket is a peer like any other.
    (|s| s.own_is_clean() && hairpins(s), M::Hairpin),
    (Sides::own_is_clean, M::Fine),
    (|s| s.out == O::Arrives && s.into == I::AfterOut, M::Filtered),
    // Packets leave from another address.
    (|s| s.third == T::Differs && s.place != P::Inside && s.reached(), M::MismatchReached),
    (|s| s.third == T::Differs && s.place != P::Inside, M::Mismatch),
    (|s| s.third == T::OtherPort && s.reached(), M::MismatchReached),
    (|s| s.third == T::OtherPort && s.place == P::Behind, M::SeenFromInside),
    (|s| s.third == T::OtherPort, M::Mismatch),
    (|s| s.out == O::Elsewhere && s.reached(), M::MismatchReached),
    (|s| s.out == O::Elsewhere && s.place == P::Behind, M::SeenFromInside),
    (|s| s.out == O::Elsewhere, M::Mismatch),
    (
        |s| s.out != O::Arrives && s.into == I::Fails && s.own_address == Y::Arrives && s.place == P::Behind,
        M::SeenFromInside,
    ),
    (|s| s.out != O::Arrives && s.into == I::Fails && s.own_address == Y::Arrives, M::Mismatch),
    // Nothing comes in.
    (|s| s.third == T::Silent && s.into == I::Fails && s.out == O::Arrives, M::RangeClosed),
    (|s| s.third == T::Silent && !s.reached() && s.out != O::Arrives && s.between == B::Works, M::CutOff),
    (|s| s.third == T::Silent && !s.reached() && s.out != O::Arrives, M::Dead),
    (|s| s.into == I::Fails && s.out == O::Arrives, M::OwnNetworkOrRange),
    (|s| s.out == O::Fails && !s.something_outside(), M::NothingPasses),
    // Something comes in, and nothing goes out.
    (|s| s.third == T::Silent && s.out == O::Fails, M::NothingLeaves),
    (|s| s.third == T::Heard && hairpins(s), M::Hairpin),
    (|s| s.third == T::Heard, M::Fine),
    (Sides::something_outside, M::SomeOnly),
    (|_| true, M::Unseen),
];

fn hairpins(sides: Sides) -> bool {
    matches!(sides.between, B::Fails | B::Forbidden)
}

#[cfg(test)]
mod tests;
