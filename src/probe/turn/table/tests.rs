use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::*;

const PLACES: [Place; 5] = [P::Nowhere, P::Inner, P::Inside, P::Behind, P::Public];
const THIRDS: [Third; 8] =
    [T::Confirms, T::Differs, T::OtherPort, T::Heard, T::Silent, T::Forbidden, T::Spared, T::Unknown];
const OUTS: [Out; 6] = [O::Arrives, O::Elsewhere, O::Fails, O::Forbidden, O::Spared, O::Unknown];
const INS: [In; 4] = [I::Arrives, I::AfterOut, I::Fails, I::Unknown];
const TRIED: [Tried; 3] = [Y::Arrives, Y::Fails, Y::Unknown];
const BETWEEN: [Between; 4] = [B::Works, B::Fails, B::Forbidden, B::Unknown];

/// Every combination that there can be: who is refused as peer neither sends nor receives.
fn combinations() -> Vec<Sides> {
    let mut all = Vec::new();
    for (place, third, out, into) in PLACES.into_iter().flat_map(|place| {
        THIRDS.into_iter().flat_map(move |third| {
            OUTS.into_iter().flat_map(move |out| INS.into_iter().map(move |into| (place, third, out, into)))
        })
    }) {
        if matches!(out, O::Forbidden | O::Spared) && into != I::Unknown {
            continue;
        }
        for (own_address, second) in
            TRIED.into_iter().flat_map(|own| TRIED.into_iter().map(move |second| (own, second)))
        {
            let between = BETWEEN.into_iter();
            all.extend(between.map(|between| Sides { place, third, out, into, own_address, second, between }));
        }
    }
    all
}

/// The rest of what was seen, as far as the meaning depends on it.
fn rest(sides: Sides, depends: [bool; 3]) -> String {
    let [own_address, second, between] = depends;
    let mut words = Vec::new();
    if own_address {
        words.push(format!("own address {:?}", sides.own_address));
    }
    if second {
        words.push(format!("second {:?}", sides.second));
    }
    if between {
        words.push(format!("between {:?}", sides.between));
    }
    words.join(", ")
}

#[test]
fn every_combination_has_its_meaning() {
    let mut rows: BTreeMap<usize, Vec<Sides>> = BTreeMap::new();
    let all = combinations();
    for (index, sides) in all.iter().enumerate() {
        rows.entry(index / 36).or_default().push(*sides);
    }
    let mut text = String::new();
    for row in rows.values() {
        let head = row[0];
        let differs = |change: fn(Sides, Sides) -> bool| {
            row.iter().any(|one| row.iter().any(|other| change(*one, *other) && one.meaning() != other.meaning()))
        };
        let depends = [
            differs(|one, other| (one.second, one.between) == (other.second, other.between)),
            differs(|one, other| (one.own_address, one.between) == (other.own_address, other.between)),
            differs(|one, other| (one.own_address, one.second) == (other.own_address, other.second)),
        ];
        let mut meanings: Vec<(Meaning, Vec<String>)> = Vec::new();
        for sides in row {
            let words = rest(*sides, depends);
            match meanings.iter_mut().find(|(meaning, _)| *meaning == sides.meaning()) {
                Some((_, seen)) if seen.contains(&words) => {}
                Some((_, seen)) => seen.push(words),
                None => meanings.push((sides.meaning(), vec![words])),
            }
        }
        let _ = writeln!(text, "{:?}: third {:?}, out {:?}, in {:?}", head.place, head.third, head.out, head.into);
        for (meaning, seen) in meanings {
            let _ = match seen.join(" | ") {
                when if when.is_empty() => writeln!(text, "    {meaning:?}"),
                when => writeln!(text, "    {meaning:?}: {when}"),
            };
        }
    }
    insta::assert_snapshot!(text);
}

/// What must hold of each, whatever the rows say.
#[test]
fn no_combination_contradicts_what_was_seen() {
    for sides in combinations() {
        let meaning = sides.meaning();
        let works = matches!(meaning, M::Fine | M::Hairpin);
        let nothing = matches!(meaning, M::Dead | M::CutOff | M::RangeClosed | M::Refused);
        let addressed = !matches!(sides.place, P::Nowhere | P::Inner);
        if works {
            assert!(sides.something_outside(), "nobody outside saw it work: {sides:?}");
        }
        if sides.third == T::Confirms && addressed {
            let advice = matches!(meaning, M::Mismatch | M::MismatchReached | M::SeenFromInside);
            assert!(!advice && !nothing, "an outsider saw the relayed address: {sides:?} is {meaning:?}");
        }
        if sides.out == O::Arrives && sides.into == I::Arrives && addressed {
            assert!(works || meaning == M::PartlyClosed, "our own socket is a peer: {sides:?} is {meaning:?}");
        }
        if nothing {
            assert!(!sides.reached(), "it was reached: {sides:?} is {meaning:?}");
        }
        if matches!(sides.third, T::Unknown | T::Spared) && addressed {
            let blamed = matches!(meaning, M::Dead | M::CutOff | M::RangeClosed | M::NothingLeaves);
            assert!(!blamed, "nobody outside was silent: {sides:?} is {meaning:?}");
        }
    }
}
