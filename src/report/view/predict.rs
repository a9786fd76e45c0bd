//! The page of `peer predict`: the answer in a sentence, a row for each family, and what would change it; or a grid.

mod grid;
mod side;
mod words;

use super::page::Page;
use super::table::{Cell, Table};
use super::tint::Tint;
use crate::measure::peer_predict::Predicted;
use crate::predict::prediction::{Answer, Prediction, PredictionCode};
use crate::predict::side::Reach;
use crate::predict::{Side, Which};
use crate::report::family_name;
use words::{outcome, tint};

pub(crate) fn write(page: &mut Page, found: &Predicted) {
    if let Some(matrix) = &found.matrix {
        grid::write(page, matrix, &found.options.sides);
    }
    let (Some(pair), [a, b]) = (&found.pair, &found.options.sides[..]) else { return };
    page.paragraph(tint(pair.prediction), &format!("{} {}", sentence(pair), pair.reason.text));
    page.blank();
    for (which, side) in [(Which::A, a), (Which::B, b)] {
        side::write(page, which, side);
    }
    families(page, pair, [a, b]);
    details(page, pair, [a, b]);
}

/// The answer.
fn sentence(pair: &Prediction) -> &'static str {
    match pair.prediction {
        Answer::Direct => "These two connect directly.",
        Answer::DirectOnLan => "These two connect directly, inside their local network.",
        Answer::DirectAfterHairpin => "These two connect directly, by the NAT that both are behind.",
        Answer::Possible => "These two may connect directly; if not, they need a relay (TURN).",
        Answer::Relay => "These two need a relay (TURN).",
        Answer::Impossible if pair.reason.code == PredictionCode::NoRelay => {
            "These two do not connect: no relay serves both."
        }
        Answer::Impossible => "These two do not connect.",
        Answer::Inconclusive | Answer::Unknown => "Not enough is known of these two.",
    }
}

/// A row for each family; a single one, the sentence has told.
fn families(page: &mut Page, pair: &Prediction, sides: [&Side; 2]) {
    let lacks =
        |side: &&Side, family| side.family(family).is_some_and(|found| found.reach.only() == Some(Reach::Unavailable));
    let rows: Vec<Vec<Cell>> = pair
        .families
        .iter()
        .filter(|(family, _)| !sides.iter().all(|side| lacks(side, *family)))
        .map(|(family, found)| {
            let because = if found.reason == pair.reason { "as said above" } else { &found.reason.text };
            let answer = Cell::tinted(tint(found.prediction), outcome(found.prediction));
            vec![family_name(family).into(), answer, because.into()]
        })
        .collect();
    if rows.len() > 1 {
        page.table(Table::new(&["over", "connects", "because"], rows).bare());
    }
}

fn details(page: &mut Page, pair: &Prediction, sides: [&Side; 2]) {
    if !pair.hangs_on.is_empty() {
        page.heading("It hangs on");
        pair.hangs_on.iter().for_each(|one| page.bullet(&one.text));
    }
    if !pair.measure.is_empty() {
        page.heading("What to measure");
        let mut told = Vec::new();
        for one in &pair.measure {
            let text = format!("{}, {}: {}", one.side.letter(), family_name(one.family), one.what.meaning());
            page.bullet(&text);
            if !told.contains(&&one.command) {
                told.push(&one.command);
            }
        }
        for command in told {
            page.command(command);
        }
    }
    let guesses: Vec<&str> =
        pair.families.iter().flat_map(|(_, found)| &found.guesses).map(|guess| guess.text.as_str()).collect();
    if !pair.changes.is_empty() || !guesses.is_empty() {
        page.heading("What would make it direct");
        pair.changes.iter().for_each(|change| page.bullet(&change.text));
        for guess in guesses {
            page.bullet(&format!("guessing ports, which ICE does not do: {guess}"));
        }
    }
    if !pair.needs.is_empty() {
        page.heading("Relay");
        for need in &pair.needs {
            match need.served {
                Some(false) => page.alarm(Tint::Bad, &need.text),
                _ => page.bullet(&need.text),
            }
        }
        if pair.needs.iter().all(|need| need.served.is_none()) {
            page.command("nat-probe turn turn:SERVER -u USER");
        }
    }
    let apart = pair.reason.code == PredictionCode::PlaceUnknown && sides.iter().all(|side| !side.apart);
    if !pair.notes.is_empty() || apart {
        page.heading("Beside");
        pair.notes.iter().for_each(|note| page.bullet(note));
        if apart {
            page.bullet("If you know that they are in different networks, --apart says so.");
        }
    }
}
