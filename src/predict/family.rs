//! One address family: every way in which two sides may meet over it, as far as they are known.

use super::closed::{Closed, Possible};
use super::meet::{End, Met, meet, turned};
use super::place::Place;
use super::prediction::{Answer, Missing, Which};
use super::side::{FamilySide, Hairpin, PortChoice, Ports};

/// One way in which they may meet.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) a: End,
    pub(super) b: End,
    pub(super) met: Met,
}

/// Every way in which they may meet in one of these places, each outcome once.
pub(super) fn cases(a: &FamilySide, b: &FamilySide, places: &[Place]) -> Vec<Case> {
    let mut found: Vec<Case> = Vec::new();
    let others = End::all(b);
    for a_end in End::all(a) {
        for &b_end in &others {
            for &place in places {
                for turn in turns(a, b, place) {
                    let met = meet(a_end, b_end, place, turn);
                    if found.iter().all(|case| case.met != met) {
                        found.push(Case { a: a_end, b: b_end, met });
                    }
                }
            }
        }
    }
    found
}

/// What the NAT that both are behind may do with packets for its own addresses; it matters nowhere else.
fn turns(a: &FamilySide, b: &FamilySide, place: Place) -> Vec<Hairpin> {
    if place != Place::OneNat {
        return vec![Hairpin::Fails];
    }
    let of_a = a.hairpinning.values().iter();
    let mut all: Vec<Hairpin> =
        of_a.flat_map(|&one| b.hairpinning.values().iter().map(move |&other| turned(one, other))).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The answers that remain, each once, from the best to the worst.
pub(super) fn answers<'a>(cases: impl Iterator<Item = &'a Case>) -> Vec<Answer> {
    let mut all: Vec<Answer> = cases.map(|case| case.met.answer).collect();
    all.sort_by_key(|answer| rank(*answer));
    all.dedup();
    all
}

/// The shortest way first; what does best over some family is what happens.
pub(super) fn rank(answer: Answer) -> u8 {
    match answer {
        Answer::DirectOnLan => 0,
        Answer::Direct => 1,
        Answer::DirectAfterHairpin => 2,
        Answer::Possible => 3,
        Answer::Relay => 4,
        Answer::Impossible => 5,
        Answer::Inconclusive | Answer::Unknown => 6,
    }
}

/// What is not known and would decide: whatever leaves other answers for some of its values than for others.
pub(super) fn missing(a: &FamilySide, b: &FamilySide, places: &[Place]) -> Vec<(Which, Missing)> {
    let mut found = Vec::new();
    for side in Which::BOTH {
        let this = if side == Which::A { a } else { b };
        let met = |this: &FamilySide| {
            let (a, b) = if side == Which::A { (this, b) } else { (a, this) };
            answers(cases(a, b, places).iter())
        };
        let mut decides = |what: Missing, variants: Vec<FamilySide>| {
            let mut outcomes = variants.iter().map(met);
            let first = outcomes.next();
            if outcomes.any(|other| Some(&other) != first.as_ref()) {
                found.push((side, what));
            }
        };
        decides(Missing::Reach, variants(this, &this.reach, |side, value| side.reach = value));
        decides(Missing::Mapping, variants(this, &this.mapping, |side, value| side.mapping = value));
        decides(Missing::Filtering, variants(this, &this.filtering, |side, value| side.filtering = value));
        if this.ports.is_none() {
            let chosen = [PortChoice::Preserved, PortChoice::Random];
            let with = |choice| FamilySide { ports: Some(Ports::described(choice)), ..this.clone() };
            decides(Missing::Ports, chosen.map(with).to_vec());
        }
        decides(Missing::Pooling, variants(this, &this.pooling, |side, value| side.pooling = value));
        decides(Missing::Hairpinning, variants(this, &this.hairpinning, |side, value| side.hairpinning = value));
    }
    let mut by_place = places.iter().map(|place| answers(cases(a, b, &[*place]).iter()));
    let first = by_place.next();
    if by_place.any(|other| Some(&other) != first.as_ref()) {
        let unseen = |side: &FamilySide| side.addresses.as_ref().is_none_or(Vec::is_empty);
        let sides = [(Which::A, a), (Which::B, b)];
        let hidden: Vec<_> = sides.iter().filter(|(_, side)| unseen(side)).map(|(which, _)| *which).collect();
        let (what, whose) =
            if hidden.is_empty() { (Missing::Hosts, Which::BOTH.to_vec()) } else { (Missing::Addresses, hidden) };
        found.extend(whose.into_iter().map(|side| (side, what)));
    }
    found
}

/// The side with each value that a behavior may have.
fn variants<T: Closed>(
    side: &FamilySide,
    possible: &Possible<T>,
    set: impl Fn(&mut FamilySide, Possible<T>),
) -> Vec<FamilySide> {
    let with = |&value: &T| {
        let mut side = side.clone();
        set(&mut side, Possible::known(value));
        side
    };
    possible.values().iter().map(with).collect()
}
