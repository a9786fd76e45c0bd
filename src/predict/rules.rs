//! Which two NATs let a pair of ICE agents connect without a relay, derived and not listed.
//!
//! Both agents do what RFC 8445 says: each knows the address and port that a STUN server saw of the other, sends checks to it from the
//! socket that asked, and again and again; a check that arrives from elsewhere makes that address known too (a peer-reflexive
//! candidate, section 7.3.1.3), and is answered with a check. `connects` plays this between two models of a NAT until nothing new
//! happens. A pair works where an answer comes back from the address that was sent to (section 7.2.5.2.1).

use std::sync::LazyLock;

use crate::evidence::Behavior;

/// A mapping with a filtering: one kind of NAT. A host without NAT has endpoint-independent mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nat {
    /// What the mapping depends on.
    pub mapping: Behavior,
    /// What the filtering depends on.
    pub filtering: Behavior,
    /// It has several external addresses and gives each new mapping any of them (RFC 4787 section 4.1, `arbitrary`).
    pub arbitrary: bool,
}

/// Whether two NATs let their hosts connect without a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direct {
    /// They do.
    Yes,
    /// It depends.
    Maybe {
        /// On whether a NAT keeps the addresses that were sent to for each internal endpoint, as RFC 4787 section 5 words it, or for
        /// each external port.
        filter_state: bool,
        /// On which of its external addresses a NAT takes.
        pool: bool,
    },
    /// They need a relay.
    No,
}

impl Nat {
    /// One with a single external address.
    #[must_use]
    pub fn new(mapping: Behavior, filtering: Behavior) -> Self {
        Self { mapping, filtering, arbitrary: false }
    }

    fn index(self) -> usize {
        (self.mapping as usize * 3 + self.filtering as usize) * 2 + usize::from(self.arbitrary)
    }

    fn all() -> impl Iterator<Item = Self> {
        Behavior::ALL.into_iter().flat_map(|mapping| {
            Behavior::ALL.into_iter().flat_map(move |filtering| {
                [false, true].into_iter().map(move |arbitrary| Self { mapping, filtering, arbitrary })
            })
        })
    }

    /// Whether the other end can know beforehand the port that packets to it leave from.
    #[must_use]
    pub fn keeps_its_port(self) -> bool {
        self.mapping == Behavior::EndpointIndependent
    }
}

/// Whether this pair of NATs connects without a relay.
#[must_use]
pub fn direct(a: Nat, b: Nat) -> Direct {
    static TABLE: LazyLock<Vec<Vec<Direct>>> =
        LazyLock::new(|| Nat::all().map(|a| Nat::all().map(|b| judge(a, b)).collect()).collect());
    TABLE[a.index()][b.index()]
}

/// Whether a pair that needs a relay connects without one where a NAT answers a packet that it let in unasked from the very address and
/// port that this came to, as those do that keep sessions (Linux does). RFC 4787 section 4.1 speaks of the mappings of packets that go
/// out, and leaves that open.
#[must_use]
pub(super) fn in_session(a: Nat, b: Nat) -> bool {
    static TABLE: LazyLock<Vec<Vec<bool>>> =
        LazyLock::new(|| Nat::all().map(|a| Nat::all().map(|b| helps(a, b)).collect()).collect());
    TABLE[a.index()][b.index()]
}

fn helps(a: Nat, b: Nat) -> bool {
    let plain = Luck::default();
    let both = |nat| [plain, Luck { in_session: true, ..plain }].map(|luck| (nat, luck));
    judge(a, b) == Direct::No && both(a).into_iter().any(|one| both(b).into_iter().any(|other| connects(one, other)))
}

/// What a measurement does not tell of a NAT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Luck {
    /// The filter remembers for each internal endpoint whom it sent to, not for each external port.
    per_endpoint: bool,
    /// Each new mapping gets another external address.
    moves: bool,
    /// What was let in unasked is answered from where it came to.
    in_session: bool,
}

impl Luck {
    fn all(nat: Nat) -> Vec<Self> {
        // One mapping has one address and one list, whatever the NAT does with several.
        let several = !nat.keeps_its_port();
        let states: &[bool] = if several { &[false, true] } else { &[false] };
        let moves: &[bool] = if several && nat.arbitrary { &[false, true] } else { &[false] };
        let each =
            |&per_endpoint: &bool| moves.iter().map(move |&moves| Self { per_endpoint, moves, in_session: false });
        states.iter().flat_map(each).collect()
    }
}

fn judge(a: Nat, b: Nat) -> Direct {
    let lucks = Luck::all(a).into_iter().flat_map(|one| Luck::all(b).into_iter().map(move |other| (one, other)));
    let met: Vec<(Luck, Luck, bool)> = lucks.map(|(one, other)| (one, other, connects((a, one), (b, other)))).collect();
    if met.iter().all(|(_, _, connected)| *connected) {
        return Direct::Yes;
    }
    if met.iter().all(|(_, _, connected)| !connected) {
        return Direct::No;
    }
    let moves = |luck: &Luck| luck.moves;
    let state = |luck: &Luck| luck.per_endpoint;
    // It depends on what alone makes a difference while the rest stays.
    let decides = |fixed: fn(&Luck) -> bool| {
        met.iter().any(|(one, other, connected)| {
            met.iter().any(|(first, second, otherwise)| {
                connected != otherwise && fixed(one) == fixed(first) && fixed(other) == fixed(second)
            })
        })
    };
    Direct::Maybe { filter_state: decides(moves), pool: decides(state) }
}

/// A transport address, by numbers that stand for addresses and ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct At {
    address: u16,
    port: u16,
}

/// The STUN server that both asked.
const SERVER: At = At { address: 0, port: 0 };
/// A NAT's first external address is its number; those that it takes later lie beyond.
const BEYOND: u16 = 16;
/// So many rounds of checks: two NATs that depend on nothing but known addresses settle within four, and one that takes a new port
/// for each new port that it is sent to never does.
const ROUNDS: usize = 8;

/// One end: an agent behind its NAT.
struct End {
    nat: Nat,
    luck: Luck,
    number: u16,
    /// For what destinations (as far as the mapping depends on them) there is which external address and port.
    mappings: Vec<(Option<At>, At)>,
    /// What was sent from where.
    sent: Vec<(At, At)>,
    /// Who was let in where.
    admitted: Vec<(At, At)>,
    /// The candidates of the other end that are known.
    known: Vec<At>,
}

impl End {
    fn new((nat, luck): (Nat, Luck), number: u16) -> Self {
        let mut end =
            Self { nat, luck, number, mappings: Vec::new(), sent: Vec::new(), admitted: Vec::new(), known: Vec::new() };
        end.send(SERVER);
        end
    }

    /// Sends to there; returns the address and port that it leaves from.
    fn send(&mut self, to: At) -> At {
        let session = self.admitted.iter().find(|(from, _)| *from == to).filter(|_| self.luck.in_session);
        if let Some((_, at)) = session {
            return *at;
        }
        let key = match self.nat.mapping {
            Behavior::EndpointIndependent => None,
            Behavior::AddressDependent => Some(At { port: 0, ..to }),
            Behavior::AddressAndPortDependent => Some(to),
        };
        let made = self.mappings.iter().find(|(other, _)| *other == key).map(|(_, external)| *external);
        let external = made.unwrap_or_else(|| {
            let count = u16::try_from(self.mappings.len()).unwrap_or(u16::MAX);
            let moved = if self.luck.moves && count > 0 { BEYOND * count } else { 0 };
            At { address: self.number + moved, port: count }
        });
        if made.is_none() {
            self.mappings.push((key, external));
        }
        if !self.sent.contains(&(external, to)) {
            self.sent.push((external, to));
        }
        external
    }

    /// Whether a packet from there passes the filter in front of that external address and port.
    fn lets_in(&self, at: At, from: At) -> bool {
        let here = |external: At| external == at || self.luck.per_endpoint;
        let mapped = self.mappings.iter().any(|(_, external)| *external == at);
        let mut sent = self.sent.iter().filter(|(external, _)| here(*external)).map(|(_, to)| *to);
        mapped
            && match self.nat.filtering {
                Behavior::EndpointIndependent => true,
                Behavior::AddressDependent => sent.any(|to| to.address == from.address),
                Behavior::AddressAndPortDependent => sent.any(|to| to == from),
            }
    }
}

/// Whether the two ends find a pair of addresses that carries packets both ways.
fn connects(a: (Nat, Luck), b: (Nat, Luck)) -> bool {
    let mut ends = [End::new(a, 1), End::new(b, 2)];
    for index in 0..2 {
        let learnt = ends[1 - index].mappings[0].1;
        ends[index].known.push(learnt);
    }
    for _ in 0..ROUNDS {
        for index in 0..2 {
            for to in ends[index].known.clone() {
                let from = ends[index].send(to);
                let other = &mut ends[1 - index];
                if !other.lets_in(to, from) {
                    continue;
                }
                if !other.admitted.iter().any(|(known, _)| *known == from) {
                    other.admitted.push((from, to));
                }
                if !other.known.contains(&from) {
                    other.known.push(from);
                }
                // The answer has to come from where the check went, and to be let in.
                if other.send(from) == to && ends[index].lets_in(from, to) {
                    return true;
                }
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::Direct::{self, Maybe, No, Yes};
    use super::{Nat, direct};
    use crate::evidence::Behavior::{
        self, AddressAndPortDependent as APD, AddressDependent as AD, EndpointIndependent as EI,
    };

    /// The matrix of mapping and filtering as the standards' digest prints it: rows and columns by mapping and then by filtering,
    /// each from the most open to the strictest; `Y` direct, `.` relay, `1` where it depends on how the filter keeps its state.
    const PRINTED: [&str; 9] = [
        "YYYYYYYYY",
        "YYYYYYYYY",
        "YYY......",
        "YY.YY.YY.",
        "YY.Y1.Y1.",
        "YY.......",
        "YY.YY....",
        "YY.Y1....",
        "YY.......",
    ];

    fn all() -> [Nat; 9] {
        std::array::from_fn(|index| Nat::new(Behavior::ALL[index / 3], Behavior::ALL[index % 3]))
    }

    fn letter(direct: Direct) -> char {
        match direct {
            Yes => 'Y',
            No => '.',
            Maybe { filter_state: true, pool: false } => '1',
            Maybe { .. } => 'P',
        }
    }

    #[test]
    fn the_rules_give_the_printed_matrix() {
        let derived = all().map(|a| all().map(|b| letter(direct(a, b))).iter().collect::<String>());
        assert_eq!(derived, PRINTED);
    }

    #[test]
    fn both_ends_agree() {
        for a in Nat::all() {
            for b in Nat::all() {
                assert_eq!(direct(a, b), direct(b, a), "{a:?} {b:?}");
            }
        }
    }

    /// Seen of browsers behind Linux: where the filter lets anybody in, the answer leaves from the port that let it in.
    #[test]
    fn a_session_answers_from_where_it_was_let_in() {
        let found = |a: (Behavior, Behavior), b: (Behavior, Behavior)| {
            super::in_session(Nat::new(a.0, a.1), Nat::new(b.0, b.1))
        };
        for other in [(EI, APD), (APD, EI), (APD, AD), (APD, APD), (AD, APD)] {
            assert!(found((APD, EI), other), "{other:?}");
        }
        for (one, other) in
            [((APD, AD), (EI, APD)), ((APD, AD), (APD, AD)), ((APD, APD), (EI, APD)), ((APD, APD), (APD, APD))]
        {
            assert!(!found(one, other), "{one:?} {other:?}");
        }
        assert!(!found((APD, EI), (EI, EI)), "it connects anyhow");
    }

    /// RFC 6081: an address-restricted cone does not connect with a symmetric NAT of several addresses, a full cone does.
    #[test]
    fn another_external_address_passes_no_filter_that_looks_at_it() {
        let pool = |mapping, filtering| Nat { arbitrary: true, ..Nat::new(mapping, filtering) };
        assert_eq!(direct(pool(APD, APD), Nat::new(EI, EI)), Yes);
        assert_eq!(direct(pool(APD, APD), Nat::new(EI, AD)), Maybe { filter_state: false, pool: true });
        assert_eq!(direct(pool(APD, APD), Nat::new(EI, APD)), No);
        assert_eq!(direct(pool(EI, AD), Nat::new(APD, APD)), Yes, "one socket keeps its address");
    }
}
