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

/// Under which of the other sides: as a product of what each may be where it is one, else one by one.
fn when(row: &[Sides], meaning: Meaning) -> Vec<String> {
    let of = |fits: bool| row.iter().copied().filter(move |sides| (sides.meaning() == meaning) == fits);
    let words = |side: &str, seen: Vec<String>| match seen.len() {
        all if all == if side == "between" { BETWEEN.len() } else { TRIED.len() } => None,
        _ => Some(format!("{side} {}", seen.join("/"))),
    };
    let told = |sides: &[Sides]| {
        let one = |name: &str, value: fn(&Sides) -> String| {
            let mut seen: Vec<String> = Vec::new();
            for word in sides.iter().map(value) {
                if !seen.contains(&word) {
                    seen.push(word);
                }
            }
            (seen.len(), words(name, seen))
        };
        let parts = [
            one("own address", |sides| format!("{:?}", sides.own_address)),
            one("second", |sides| format!("{:?}", sides.second)),
            one("between", |sides| format!("{:?}", sides.between)),
        ];
        let product: usize = parts.iter().map(|(size, _)| size).product();
        let text: Vec<String> = parts.into_iter().filter_map(|(_, text)| text).collect();
        (product == sides.len(), text.join(", "))
    };
    let fitting: Vec<Sides> = of(true).collect();
    if let (true, text) = told(&fitting) {
        return vec![text];
    }
    // By the side that splits it: what became of the second allocation.
    let split = TRIED.into_iter().flat_map(|second| {
        let part: Vec<Sides> = fitting.iter().copied().filter(|sides| sides.second == second).collect();
        let (whole, text) = told(&part);
        let each = || part.iter().map(|sides| told(&[*sides]).1).collect();
        if part.is_empty() {
            Vec::new()
        } else if whole {
            vec![text]
        } else {
            each()
        }
    });
    split.collect()
}

#[test]
fn every_combination_has_its_meaning() {
    let mut rows: BTreeMap<usize, Vec<Sides>> = BTreeMap::new();
    let all = combinations();
    for (index, sides) in all.iter().enumerate() {
        rows.entry(index / 36).or_default().push(*sides);
    }
    let mut text = String::new();
    for place in PLACES {
        let mut of = all.iter().filter(|sides| sides.place == place).map(|sides| sides.meaning());
        let first = of.next().unwrap();
        if of.all(|other| other == first) {
            let _ = writeln!(text, "{place:?}: whatever else was seen\n    {first:?}");
            rows.retain(|_, row| row[0].place != place);
        }
    }
    for row in rows.values() {
        let head = row[0];
        let mut meanings: Vec<Meaning> = Vec::new();
        for meaning in row.iter().map(|sides| sides.meaning()) {
            if !meanings.contains(&meaning) {
                meanings.push(meaning);
            }
        }
        let _ = writeln!(text, "{:?}: third {:?}, out {:?}, in {:?}", head.place, head.third, head.out, head.into);
        for meaning in meanings {
            for when in when(row, meaning) {
                let _ = match when.as_str() {
                    "" => writeln!(text, "    {meaning:?}"),
                    when => writeln!(text, "    {meaning:?}: {when}"),
                };
            }
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
