//! The page of `peer predict`: the answer in a sentence, a row for each family, and what would change it; or a grid.

mod grid;
mod side;
mod words;

use super::page::Page;
use super::table::{Cell, Table};
use super::tint::Tint;
use crate::measure::peer_predict::Predicted;
use crate::predict::prediction::{Answer, Need, Prediction, PredictionCode};
use crate::predict::side::Reach;
use crate::predict::{Side, Which};
use crate::report::document::Report;
use crate::report::family_name;
use words::{outcome, tint};

/// How much of a prediction is told.
#[derive(Clone, Copy)]
struct Detail {
    /// Why each family comes out as it does, in a table; else how in a line.
    because: bool,
    /// So many items of each list.
    items: usize,
    /// What cannot be left to chance: how well ports could be guessed, and which NAT is in front of each side.
    rest: bool,
}

/// From the whole to what fits on any screen; without `-v` the first one that fits is shown.
const DETAILS: [Detail; 7] = [
    Detail { because: true, items: usize::MAX, rest: true },
    Detail { because: true, items: 4, rest: false },
    Detail { because: true, items: 2, rest: false },
    Detail { because: true, items: 1, rest: false },
    Detail { because: false, items: 2, rest: false },
    Detail { because: false, items: 1, rest: false },
    Detail { because: false, items: 0, rest: false },
];

pub(crate) fn write(page: &mut Page, found: &Predicted, report: &Report) {
    // What is required stands below, with a title.
    let below = if report.requirements.is_empty() { 0 } else { report.requirements.len() + 2 };
    let in_full = page.verbosity() > 0;
    let levels = if in_full { &DETAILS[..1] } else { &DETAILS[..] };
    for (number, detail) in levels.iter().enumerate() {
        let mark = page.mark();
        let mut told = Told { page, detail: *detail, left_out: false };
        if let Some(matrix) = &found.matrix {
            told.left_out = grid::write(told.page, matrix, &found.options.sides, detail.items);
        }
        if let (Some(pair), [a, b]) = (&found.pair, &found.options.sides[..]) {
            told.pair(pair, [a, b]);
        }
        if told.left_out {
            page.paragraph(Tint::Faint, "More with -v.");
        }
        if in_full || number + 1 == levels.len() || (!page.is_overfull() && page.rows_left() >= below) {
            return;
        }
        page.go_back(&mark);
    }
}

/// A page with a prediction, told in some detail.
struct Told<'p, 's> {
    page: &'p mut Page<'s>,
    detail: Detail,
    left_out: bool,
}

impl Told<'_, '_> {
    fn pair(&mut self, pair: &Prediction, sides: [&Side; 2]) {
        self.page.paragraph(tint(pair.prediction), &format!("{} {}", sentence(pair), pair.reason.text));
        self.page.blank();
        for (which, side) in Which::BOTH.into_iter().zip(sides) {
            side::write(self.page, which, side, self.detail.rest);
        }
        self.left_out |= !self.detail.rest;
        self.remarks(sides);
        self.families(pair, sides);
        self.list("It hangs on", &pair.hangs_on.iter().map(|one| one.text.clone()).collect::<Vec<_>>());
        self.measure(pair);
        self.changes(pair);
        self.needs(pair);
        self.notes(pair, sides);
    }

    /// The items that there is room for, under a title.
    fn list(&mut self, title: &str, items: &[String]) {
        let shown = items.len().min(self.detail.items);
        self.left_out |= shown < items.len();
        if shown > 0 {
            self.page.heading(title);
            items.iter().take(shown).for_each(|item| self.page.bullet(item));
        }
    }

    /// What is to be known of the sides, each once.
    fn remarks(&mut self, sides: [&Side; 2]) {
        let [a, b] = sides.map(|side| &side.remarks[..]);
        let whose = |remark: &String| match (a.contains(remark), b.contains(remark)) {
            (true, true) => "A and B",
            (true, false) => "A",
            _ => "B",
        };
        let mut all: Vec<&String> = a.iter().chain(b.iter().filter(|remark| !a.contains(remark))).collect();
        let shown = all.len().min(self.detail.items);
        self.left_out |= shown < all.len();
        all.truncate(shown);
        for remark in all {
            self.page.lines(Tint::Warning, "   ! ", "     ", &format!("{}: {remark}", whose(remark)));
        }
    }

    /// A row for each family; a single one, the sentence has told.
    fn families(&mut self, pair: &Prediction, sides: [&Side; 2]) {
        let lacks = |side: &&Side, family| {
            side.family(family).is_some_and(|found| found.reach.only() == Some(Reach::Unavailable))
        };
        let told: Vec<_> =
            pair.families.iter().filter(|(family, _)| !sides.iter().all(|side| lacks(side, *family))).collect();
        if told.len() < 2 {
            return;
        }
        if !self.detail.because {
            let each = |(family, found): &(_, &crate::predict::prediction::FamilyPrediction)| {
                format!("over {} {}", family_name(*family), outcome(found.prediction))
            };
            let text = told.iter().map(each).collect::<Vec<_>>().join(", ");
            self.page.bullet(&text);
            self.left_out = true;
            return;
        }
        let row = |(family, found): &(_, &crate::predict::prediction::FamilyPrediction)| -> Vec<Cell> {
            let because = if found.reason == pair.reason { "as said above" } else { &found.reason.text };
            let answer = Cell::tinted(tint(found.prediction), outcome(found.prediction));
            vec![family_name(*family).into(), answer, because.into()]
        };
        self.page.table(Table::new(&["over", "connects", "because"], told.iter().map(row).collect()).bare());
    }

    fn measure(&mut self, pair: &Prediction) {
        let mut items: Vec<(Which, String, Vec<String>)> = Vec::new();
        for one in &pair.measure {
            let family = family_name(one.family).to_owned();
            let what = words::inside(one.what.meaning());
            match items.iter_mut().find(|(side, of, _)| (*side, of) == (one.side, &family)) {
                Some((.., all)) => all.push(what),
                None => items.push((one.side, family, vec![what])),
            }
        }
        if items.is_empty() {
            return;
        }
        let line = |(side, family, all): (Which, String, Vec<String>)| {
            format!("{}, {family}: {}", side.letter(), all.join(", "))
        };
        self.list("What to measure", &items.into_iter().map(line).collect::<Vec<_>>());
        let mut commands: Vec<&str> = pair.measure.iter().map(|one| one.command.as_str()).collect();
        commands.dedup();
        commands.truncate(self.detail.items.max(1));
        for command in commands {
            self.page.command(command);
        }
    }

    fn changes(&mut self, pair: &Prediction) {
        let mut items: Vec<String> = pair.changes.iter().map(|change| change.text.clone()).collect();
        let guesses = pair.families.iter().flat_map(|(_, found)| &found.guesses);
        let guesses: Vec<String> =
            guesses.map(|guess| format!("guessing ports, which ICE does not do: {}", guess.text)).collect();
        // Odds are of use where it hangs on them, or where everything has room.
        if self.detail.rest {
            items.extend(guesses);
        } else {
            self.left_out |= !guesses.is_empty();
        }
        self.list("What would make it direct", &items);
    }

    fn needs(&mut self, pair: &Prediction) {
        let certain = matches!(pair.prediction, Answer::Relay | Answer::Impossible | Answer::Possible);
        if pair.needs.is_empty() || (!certain && self.detail.items == 0) {
            self.left_out |= !pair.needs.is_empty();
            return;
        }
        self.page.heading("Relay");
        for (text, served) in both(&pair.needs) {
            match served {
                Some(false) => self.page.alarm(Tint::Bad, &text),
                _ => self.page.bullet(&text),
            }
        }
        if self.detail.items > 1 && pair.needs.iter().all(|need| need.served.is_none()) {
            self.page.command("nat-probe turn turn:SERVER -u USER");
        }
    }

    fn notes(&mut self, pair: &Prediction, sides: [&Side; 2]) {
        let mut notes = pair.notes.clone();
        if pair.reason.code == PredictionCode::PlaceUnknown && sides.iter().all(|side| !side.apart) {
            notes.insert(0, "If you know that they are in different networks, --apart says so.".to_owned());
        }
        self.list("Beside", &notes);
    }
}

/// What each side needs of a relay; in one line where it is the same.
fn both(needs: &[Need]) -> Vec<(String, Option<bool>)> {
    if let [a, b] = needs
        && let (Some(of_a), Some(of_b)) = (a.text.strip_prefix("A "), b.text.strip_prefix("B "))
        && of_a == of_b
        && of_a.starts_with("can ")
    {
        return vec![(format!("A and B {of_a}"), a.served)];
    }
    needs.iter().map(|need| (need.text.clone(), need.served)).collect()
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
        Answer::Inconclusive | Answer::Unknown
            if !pair.may_be.is_empty() && pair.may_be.iter().all(|answer| answer.is_direct()) =>
        {
            "These two connect directly, in one way or another."
        }
        Answer::Inconclusive | Answer::Unknown => "Not enough is known of these two.",
    }
}

#[cfg(test)]
mod tests {
    use crate::evidence::Evidence;
    use crate::measure::peer_predict::{PredictOptions, Predicted};
    use crate::predict::Side;
    use crate::predict::read::description;
    use crate::report::assemble::{Circumstances, assemble};
    use crate::report::document::{Findings, NetworkKind};
    use crate::report::view::render;
    use crate::report::{Report, Style};

    fn report(sides: Vec<Side>, matrix: bool) -> Report {
        let options = PredictOptions { sides, matrix, ..PredictOptions::default() };
        let asked = Findings::PeerPredict(Predicted { options, ..Predicted::default() });
        let about = Circumstances {
            network: NetworkKind::Simulated,
            scenario: None,
            started_at: "2026-01-01T00:00:00Z".to_owned(),
        };
        assemble(about, Evidence::default(), asked)
    }

    /// With much to say of it.
    fn side(text: &str) -> Side {
        let mut side = description::read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        side.name = format!("/home/somebody/reports/of/this/{}", side.name);
        side.remarks.push("simulated: it is taken to be in a network of its own, whatever its addresses".to_owned());
        side.remarks
            .push(format!("redacted: its addresses are masked, and so much more that nothing of {text} is known"));
        if let Some(found) = &mut side.ipv4 {
            found.lifetime_s = Some(30);
            found.several_nats = Some(true);
        }
        side
    }

    fn sides() -> Vec<Side> {
        const FAMILIES: [&str; 9] = [
            "ei,apd,address=203.0.113.7,host=192.168.1.2/24",
            "ei,apd,address=203.0.113.7,host=10.0.0.2/24",
            "apd,apd,ports=sequential",
            "apd,ei",
            "ad,ad,pooling=arbitrary",
            "unknown,unknown,address=203.0.113.7",
            "udp-blocked",
            "none,ei",
            "unavailable",
        ];
        let all = FAMILIES.iter().flat_map(|ipv4| {
            let other = ["firewall", "unknown", "udp-blocked", "unavailable"];
            other.map(|ipv6| side(&format!("nat:{ipv4};ipv6:{ipv6}")))
        });
        let mut all: Vec<Side> = all.collect();
        let mut untested = all.clone();
        for side in &mut untested {
            side.ipv6 = None;
        }
        all.extend(untested.into_iter().step_by(4));
        all
    }

    #[test]
    fn whatever_is_known_fits_on_the_screen() {
        let sides = sides();
        for (index, a) in sides.iter().enumerate() {
            for b in &sides[index..] {
                let report = report(vec![a.clone(), b.clone()], false);
                for width in [80, 120] {
                    let page = render(&report, &Style { width, ..Style::default() });
                    assert!(page.lines().count() <= 24, "{} rows at {width}:\n{page}", page.lines().count());
                }
            }
        }
        let grid = report(sides[..8].to_vec(), true);
        for width in [80, 120] {
            let page = render(&grid, &Style { width, ..Style::default() });
            assert!(page.lines().count() <= 24, "{} rows at {width}:\n{page}", page.lines().count());
            assert!(page.contains("More with -v."), "{page}");
        }
    }

    #[test]
    fn nothing_is_kept_from_who_asks() {
        let report = report(vec![side("nat:symmetric;ipv6:firewall"), side("nat:ei,apd;ipv6:udp-blocked")], false);
        let page = render(&report, &Style { verbosity: 1, ..Style::default() });
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in
            ["guessing ports", "A: redacted", "A and B: simulated", "over connects because", "forgets a mapping"]
        {
            assert!(page.contains(part), "{part} is not in {page}");
        }
    }

    #[test]
    fn the_pages_of_a_pair() {
        let pages = [
            ("nat:symmetric", "nat:port-restricted-cone"),
            ("nat:symmetric;ipv6:firewall", "nat:port-restricted-cone;ipv6:udp-blocked"),
            ("nat:ei", "nat:symmetric"),
            ("nat:full-cone", "nat:symmetric"),
        ]
        .map(|(a, b)| {
            let sides = [a, b].map(|text| description::read(text).unwrap());
            let report = report(sides.to_vec(), false);
            [40, 80, 120].map(|width| render(&report, &Style { ascii: true, width, ..Style::default() })).join("\n")
        });
        insta::assert_snapshot!("predict", pages.join("\n"));
    }
}
