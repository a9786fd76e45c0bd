//! What happens where everything is known but chance: the two ends as they would be, and how they meet.

use super::closed::Possible;
use super::place::Place;
use super::prediction::{Answer, HangsOn, PredictionCode};
use super::rules::{Direct, Nat, direct, in_session};
use super::side::{AddressPooling, FamilySide, Hairpin, PortChoice, Reach, Translation};
use crate::evidence::Behavior;

/// One end as it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) reach: Reach,
    pub(super) translation: Translation,
    pub(super) nat: Nat,
    /// The ports that its NAT takes can be guessed.
    pub(super) guessable: bool,
    pub(super) nat64: bool,
}

impl End {
    /// Every end that this one may be.
    pub(super) fn all(side: &FamilySide) -> Vec<Self> {
        let mut ends = Vec::new();
        for &reach in side.reach.values() {
            let blocked = Self {
                reach,
                translation: Translation::None,
                nat: Nat::new(Behavior::EndpointIndependent, Behavior::EndpointIndependent),
                guessable: false,
                nat64: side.nat64,
            };
            if reach == Reach::Passes {
                side.mapping.values().iter().for_each(|&mapping| ends.extend(Self::behind(side, mapping)));
            } else {
                ends.push(blocked);
            }
        }
        ends
    }

    fn behind(side: &FamilySide, translation: Translation) -> Vec<Self> {
        let mapping = translation.behavior();
        // One external port for every destination is known, and has one address: neither the choice of ports nor the pool matters.
        let keeps = mapping == Behavior::EndpointIndependent;
        let paired = Possible::known(AddressPooling::Paired);
        let pooling = if keeps { &paired } else { &side.pooling };
        let guessable = match side.ports {
            _ if keeps => vec![false],
            None => vec![false, true],
            Some(ports) => vec![ports.choice != PortChoice::Random],
        };
        let mut ends = Vec::new();
        for &filtering in side.filtering.values() {
            for &pooling in pooling.values() {
                let nat = Nat { mapping, filtering, arbitrary: pooling == AddressPooling::Arbitrary };
                ends.extend(guessable.iter().map(|&guessable| Self {
                    reach: Reach::Passes,
                    translation,
                    nat,
                    guessable,
                    nat64: side.nat64,
                }));
            }
        }
        ends
    }

    /// Whether anybody reaches it unasked.
    fn is_open(self) -> bool {
        self.reach == Reach::Passes
            && self.translation == Translation::None
            && self.nat.filtering == Behavior::EndpointIndependent
    }

    /// The same where its port is guessed.
    fn guessed(self) -> Nat {
        let mapping = if self.guessable { Behavior::EndpointIndependent } else { self.nat.mapping };
        Nat { mapping, ..self.nat }
    }
}

/// How two ends meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Met {
    pub(super) answer: Answer,
    pub(super) code: PredictionCode,
    pub(super) hangs_on: Vec<HangsOn>,
}

impl Met {
    fn sure(answer: Answer, code: PredictionCode) -> Self {
        Self { answer, code, hangs_on: Vec::new() }
    }

    fn possible(code: PredictionCode, hangs_on: &[HangsOn]) -> Self {
        Self { answer: Answer::Possible, code, hangs_on: hangs_on.to_vec() }
    }
}

/// Whether the NAT that both are behind turns packets back, as either of its hosts saw it: what one saw happen happens.
pub(super) fn turned(a: Hairpin, b: Hairpin) -> Hairpin {
    a.min(b)
}

/// How two ends meet in that place.
pub(super) fn meet(a: End, b: End, place: Place, turned: Hairpin) -> Met {
    let has = |reach| a.reach == reach || b.reach == reach;
    if has(Reach::Unavailable) {
        return Met::sure(Answer::Impossible, PredictionCode::NoCommonFamily);
    }
    if place == Place::OneNetwork {
        return Met::sure(Answer::DirectOnLan, PredictionCode::OneNetwork);
    }
    if has(Reach::UdpBlocked) {
        // The end that cannot use UDP opens the connection.
        let reached = place == Place::Apart && (a.is_open() || b.is_open());
        return if reached {
            Met::possible(PredictionCode::Tcp, &[HangsOn::Tcp])
        } else {
            Met::sure(Answer::Relay, PredictionCode::UdpBlocked)
        };
    }
    if has(Reach::StunBlocked) {
        return Met::sure(Answer::Relay, PredictionCode::StunBlocked);
    }
    match (place, turned) {
        (Place::OneNat, Hairpin::Fails) => Met::possible(PredictionCode::InternalRoute, &[HangsOn::InternalRoute]),
        (Place::OneNat, Hairpin::InternalSource) => match through(a, b) {
            met if met.answer == Answer::Direct => {
                Met::possible(PredictionCode::HairpinSource, &[HangsOn::HairpinSource])
            }
            mut met => {
                met.hangs_on.extend((met.answer == Answer::Possible).then_some(HangsOn::HairpinSource));
                met
            }
        },
        (Place::OneNat, Hairpin::Works) => match through(a, b) {
            met if met.answer == Answer::Direct => Met::sure(Answer::DirectAfterHairpin, PredictionCode::Hairpinned),
            met => met,
        },
        (Place::Apart | Place::OneNetwork, _) => through(a, b),
    }
}

/// Through both NATs.
fn through(a: End, b: End) -> Met {
    let mut met = match direct(a.nat, b.nat) {
        Direct::Yes if a.nat.keeps_its_port() && b.nat.keeps_its_port() => {
            Met::sure(Answer::Direct, PredictionCode::PortsKnown)
        }
        Direct::Yes => Met::sure(Answer::Direct, PredictionCode::NewPortLetIn),
        Direct::Maybe { filter_state, pool } => {
            let code = if pool { PredictionCode::AddressPool } else { PredictionCode::FilterState };
            let all = [filter_state.then_some(HangsOn::FilterState), pool.then_some(HangsOn::AddressPool)];
            Met::possible(code, &all.into_iter().flatten().collect::<Vec<_>>())
        }
        Direct::No if in_session(a.nat, b.nat) => {
            Met::possible(PredictionCode::AdmittedSession, &[HangsOn::AdmittedSession])
        }
        Direct::No if direct(a.guessed(), b.guessed()) != Direct::No => {
            Met::possible(PredictionCode::PortPrediction, &[HangsOn::PortPrediction])
        }
        Direct::No if a.nat.keeps_its_port() || b.nat.keeps_its_port() => {
            Met::sure(Answer::Relay, PredictionCode::NewPortShutOut)
        }
        Direct::No => Met::sure(Answer::Relay, PredictionCode::NeitherPortKnown),
    };
    if a.nat64 || b.nat64 {
        if met.answer == Answer::Direct {
            met = Met::possible(PredictionCode::Nat64, &[]);
        }
        met.hangs_on.extend((met.answer == Answer::Possible).then_some(HangsOn::Nat64));
    }
    met
}
