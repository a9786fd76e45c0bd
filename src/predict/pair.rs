//! What two sides achieve by themselves: every family, and the best of them.

use std::fmt::Write as _;

use super::family::{Case, answers, cases, missing, rank};
use super::place::{Scenario, scenarios};
use super::prediction::{
    Answer, Condition, FamilyPrediction, FamilyPredictions, HangsOn, Measure, Missing, PredictionCode,
    PredictionReason, Which,
};
use super::side::{FamilySide, Reach, Side};
use super::words;
use crate::wire::Family;

const FAMILIES: [Family; 2] = [Family::Ipv4, Family::Ipv6];

/// What two sides achieve by themselves.
pub(super) struct Judged {
    /// Every answer that remains possible.
    pub(super) answers: Vec<Answer>,
    /// Why it is what it is, as far as that does not depend on servers.
    pub(super) reason: PredictionReason,
    pub(super) families: FamilyPredictions,
    pub(super) hangs_on: Vec<Condition>,
    pub(super) measure: Vec<Measure>,
}

/// The answer where only one remains.
pub(super) fn one(answers: &[Answer]) -> Answer {
    if let [answer] = answers { *answer } else { Answer::Inconclusive }
}

/// One family of both sides, with every way in which they may meet.
struct Met {
    family: Family,
    a: FamilySide,
    b: FamilySide,
    cases: Vec<Case>,
    /// Neither side says anything of it.
    unknown: bool,
    measure: Vec<(Which, Missing)>,
}

/// The answers of two sides.
pub(super) fn remaining(a: &Side, b: &Side) -> Vec<Answer> {
    let all = scenarios(a, b).iter().flat_map(|scenario| overall(a, b, scenario)).collect();
    sorted(all)
}

/// What two sides achieve by themselves, and why.
pub(super) fn judge(a: &Side, b: &Side) -> Judged {
    let scenarios = scenarios(a, b);
    let met = FAMILIES.map(|family| of_family(family, a, b, &scenarios));
    let answers = remaining(a, b);
    let answer = one(&answers);
    let shown = |met: &Met| (!met.unknown).then(|| met.prediction());
    let families = FamilyPredictions { ipv4: shown(&met[0]), ipv6: shown(&met[1]) };
    let measure =
        if answer == Answer::Inconclusive { met.iter().flat_map(Met::measures).collect() } else { Vec::new() };
    let (reason, hangs_on) = reason(answer, &answers, &met, a, b);
    Judged { answers, reason, families, hangs_on, measure }
}

fn of_family(family: Family, a: &Side, b: &Side, scenarios: &[Scenario]) -> Met {
    let known = [a.family(family), b.family(family)];
    let [a, b] = known.map(|side| side.cloned().unwrap_or_default());
    let mut places: Vec<_> = scenarios.iter().flat_map(|scenario| scenario.places(family)).copied().collect();
    places.sort_unstable();
    places.dedup();
    let cases = cases(&a, &b, &places);
    let unsaid = Which::BOTH.into_iter().zip(known).filter(|(_, side)| side.is_none());
    let mut measure: Vec<(Which, Missing)> = unsaid.map(|(which, _)| (which, Missing::Family)).collect();
    if one(&answers(cases.iter())) != Answer::Inconclusive {
        measure.clear();
    } else if measure.is_empty() {
        measure = missing(&a, &b, &places);
    }
    // What decides most comes first, whoever it is missing of.
    measure.sort_by_key(|(side, what)| (*what, *side));
    Met { family, a, b, cases, unknown: known.iter().all(Option::is_none), measure }
}

/// The answers that remain over all families.
fn overall(a: &Side, b: &Side, scenario: &Scenario) -> Vec<Answer> {
    let unknown = FamilySide::default();
    let [ipv4, ipv6] = FAMILIES.map(|family| {
        let (a, b) = (a.family(family).unwrap_or(&unknown), b.family(family).unwrap_or(&unknown));
        answers(cases(a, b, scenario.places(family)).iter())
    });
    let mut all = Vec::new();
    for &one in &ipv4 {
        for &other in &ipv6 {
            let best = if rank(one) <= rank(other) { one } else { other };
            if best == Answer::Impossible { all.extend(across(a, b)) } else { all.push(best) }
        }
    }
    all
}

/// Where they have no family in common a relay carries both (RFC 8656), if each has one at all.
fn across(a: &Side, b: &Side) -> Vec<Answer> {
    let reaches =
        |side: &Side| FAMILIES.map(|family| side.family(family).map(|found| found.reach.clone()).unwrap_or_default());
    let none = |side: &Side| reaches(side).iter().all(|reach| reach.only() == Some(Reach::Unavailable));
    let some = |side: &Side| reaches(side).iter().any(|reach| !reach.may_be(Reach::Unavailable));
    if none(a) || none(b) {
        vec![Answer::Impossible]
    } else if some(a) && some(b) {
        vec![Answer::Relay]
    } else {
        vec![Answer::Relay, Answer::Impossible]
    }
}

fn sorted(mut answers: Vec<Answer>) -> Vec<Answer> {
    answers.sort_by_key(|answer| rank(*answer));
    answers.dedup();
    answers
}

/// Why, over all.
fn reason(answer: Answer, all: &[Answer], met: &[Met; 2], a: &Side, b: &Side) -> (PredictionReason, Vec<Condition>) {
    if answer == Answer::Inconclusive {
        let open = met.iter().find(|met| !met.measure.is_empty()).unwrap_or(&met[0]);
        let (code, text) = words::unknown(open.family, &open.measure);
        let mut text = format!("Could not be told: {text}. ");
        // What is certain of one family is worth knowing where only the other is open.
        let certain = met.iter().find(|met| met.family != open.family && !met.unknown);
        let certain = certain.map(|met| (met.family, one(&answers(met.cases.iter()))));
        if let Some((family, known)) =
            certain.filter(|(_, known)| !matches!(known, Answer::Inconclusive | Answer::Impossible))
        {
            let (family, other) = (words::family_name(family), words::family_name(open.family));
            let _ = write!(text, "Over {family} they connect {}, and {other} may do better. ", words::answer(known));
        }
        let _ = write!(text, "They connect {}.", words::remaining(all));
        return (PredictionReason { code, text }, Vec::new());
    }
    let decided = met.iter().find(|met| one(&answers(met.cases.iter())) == answer);
    let Some(decided) = decided else {
        return (no_common_family(answer, a, b), Vec::new());
    };
    if answer == Answer::Impossible && met.iter().all(|met| one(&answers(met.cases.iter())) == Answer::Impossible) {
        return (no_common_family(answer, a, b), Vec::new());
    }
    let found = decided.prediction();
    (found.reason, found.hangs_on)
}

fn no_common_family(answer: Answer, a: &Side, b: &Side) -> PredictionReason {
    let has = |side: &Side| {
        FAMILIES
            .into_iter()
            .find(|family| side.family(*family).is_some_and(|found| found.reach.only() != Some(Reach::Unavailable)))
    };
    match (has(a), has(b)) {
        (Some(of_a), Some(of_b)) if answer == Answer::Relay => PredictionReason {
            code: PredictionCode::NoCommonFamily,
            text: format!(
                "A has only {} and B only {}: a relay with addresses of both carries them (RFC 8656).",
                words::family_name(of_a),
                words::family_name(of_b)
            ),
        },
        (of_a, of_b) => {
            let without = match (of_a, of_b) {
                (None, None) => "Neither A nor B has",
                (None, _) => "A has not",
                _ => "B has not",
            };
            PredictionReason {
                code: PredictionCode::NoAddress,
                text: format!("{without} any address that reaches the internet."),
            }
        }
    }
}

impl Met {
    fn prediction(&self) -> FamilyPrediction {
        let answers = answers(self.cases.iter());
        let prediction = one(&answers);
        if prediction == Answer::Inconclusive {
            let (code, text) = words::unknown(self.family, &self.measure);
            let text = format!("Could not be told: {text}. They connect {}.", words::remaining(&answers));
            let reason = PredictionReason { code, text };
            return FamilyPrediction { prediction, reason, may_be: answers, hangs_on: Vec::new(), guesses: Vec::new() };
        }
        // The least that is known, which holds for whatever else may be.
        let case = self.cases.iter().max_by_key(|case| case.met.code).cloned();
        let reason = case.as_ref().map_or_else(
            || PredictionReason { code: PredictionCode::Unknown, text: String::new() },
            |case| {
                let text = words::reason(case.met.code, case.a, case.b);
                // Who connects in the worst case connects in every one, and need not be in that one.
                let open = prediction.is_direct() && self.cases.iter().any(|other| other.met.code != case.met.code);
                let text = if open { format!("Not all is known, and it holds even at worst: {text}") } else { text };
                PredictionReason { code: case.met.code, text }
            },
        );
        let guesses: Vec<_> = Which::BOTH.into_iter().filter_map(|which| self.guess(which, prediction)).collect();
        let mut codes: Vec<HangsOn> = self.cases.iter().flat_map(|case| &case.met.hangs_on).copied().collect();
        codes.sort_unstable();
        codes.dedup();
        // Every port has to be guessed.
        let odds = guesses.iter().map(|guess| guess.odds_percent / 100.0).product();
        let odds = |code: HangsOn| (code == HangsOn::PortPrediction && !guesses.is_empty()).then_some(odds);
        let hangs_on = codes.into_iter().map(|code| words::condition(code, odds(code))).collect();
        FamilyPrediction { prediction, reason, may_be: Vec::new(), hangs_on, guesses }
    }

    /// How well the port of this side could be guessed, where it stands in the way.
    fn guess(&self, which: Which, prediction: Answer) -> Option<super::prediction::PortGuess> {
        if prediction.is_direct() {
            return None;
        }
        let (side, end): (&FamilySide, fn(&Case) -> super::meet::End) =
            if which == Which::A { (&self.a, |case| case.a) } else { (&self.b, |case| case.b) };
        let stands = [PredictionCode::NewPortShutOut, PredictionCode::NeitherPortKnown, PredictionCode::PortPrediction];
        let moving = self.cases.iter().any(|case| stands.contains(&case.met.code) && !end(case).nat.keeps_its_port());
        if moving { words::guess(which, side) } else { None }
    }

    fn measures(&self) -> Vec<Measure> {
        let measure = |(side, what): &(Which, Missing)| Measure {
            side: *side,
            what: *what,
            family: self.family,
            command: match what {
                Missing::Hairpinning => "nat-probe classify --hairpin --json",
                Missing::Hosts => "nat-probe ice gather --json",
                _ => "nat-probe classify --json",
            }
            .to_owned(),
        };
        self.measure.iter().map(measure).collect()
    }
}
