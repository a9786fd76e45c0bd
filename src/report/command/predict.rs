//! `peer predict`.

use super::contract::View;
use crate::evidence::Evidence;
use crate::measure::peer_predict::Predicted;
use crate::measure::peer_predict::spec::PREDICT;
use crate::measure::spec::Spec;
use crate::predict::prediction::{Answer, FamilyPrediction};
use crate::predict::{Prediction, Side};
use crate::report::document::{self, Report};
use crate::report::exit::ExitClass;
use crate::report::family_name;
use crate::report::privacy::Visitor;
use crate::report::require::{Requirement, Wanted};
use crate::report::view::{self, Page};
use crate::wire::Family;

impl View for Predicted {
    fn spec(&self) -> &'static Spec {
        &PREDICT
    }

    fn judge(&mut self, _: &Evidence) {
        Self::judge(self);
    }

    fn write(&self, page: &mut Page, report: &Report) {
        view::predict::write(page, self, report);
    }

    fn write_end(&self, _: &mut Page, _: &Report) {}

    fn check(&self, requirement: &Requirement) -> document::Requirement {
        let Wanted::Words(words) = requirement.wanted() else {
            return requirement.outcome(None, "a prediction is a word".to_owned());
        };
        let (holds, text) = match requirement.family() {
            None => overall(self, words),
            Some(family) => of_family(self, family, words),
        };
        requirement.outcome(holds, text)
    }

    fn visit_private(&mut self, visitor: &mut Visitor) {
        for Side { remarks, .. } in &mut self.options.sides {
            visitor.texts(remarks);
        }
        visitor.texts(self.options.turn.iter_mut().flatten().map(|server| &mut server.uri));
        self.pair.iter_mut().for_each(|pair| prediction(pair, visitor));
        visitor.texts(self.matrix.iter_mut().flat_map(|matrix| &mut matrix.pairs).map(|pair| &mut pair.reason.text));
    }

    fn exit_class(&self, _: &[document::Requirement]) -> ExitClass {
        let answers = self.answers();
        let is = |wanted| answers.iter().any(|(answer, _)| *answer == wanted);
        match self.matrix {
            None if is(Answer::Impossible) => ExitClass::Unmet,
            None if is(Answer::Inconclusive) => ExitClass::NotMeasured,
            // A grid is of use where some of it could be told.
            Some(_) if answers.iter().all(|(answer, _)| *answer == Answer::Inconclusive) => ExitClass::NotMeasured,
            _ => ExitClass::Measured,
        }
    }
}

/// Whether an answer is one of these words; `direct` is every direct one.
fn is_one(answer: Answer, words: &[&str]) -> bool {
    words.contains(&&*answer.to_string()) || answer.is_direct() && words.contains(&"direct")
}

/// Whether that holds for every answer that remains.
fn holds(answer: Answer, may_be: &[Answer], words: &[&str]) -> Option<bool> {
    if answer != Answer::Inconclusive {
        return Some(is_one(answer, words));
    }
    let mut all = may_be.iter().map(|answer| is_one(*answer, words));
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

fn overall(found: &Predicted, words: &[&str]) -> (Option<bool>, String) {
    let answers = found.answers();
    let each: Vec<Option<bool>> = answers.iter().map(|(answer, may_be)| holds(*answer, may_be, words)).collect();
    let holds = if each.contains(&Some(false)) {
        Some(false)
    } else {
        (!each.is_empty() && each.iter().all(|one| *one == Some(true))).then_some(true)
    };
    let text = if let [(answer, _)] = &answers[..] {
        format!("the prediction is {answer}")
    } else {
        let not = each.iter().filter(|one| **one != Some(true)).count();
        format!("not so for {not} of {} pairs", each.len())
    };
    (holds, text)
}

fn of_family(found: &Predicted, family: Family, words: &[&str]) -> (Option<bool>, String) {
    let Some(pair) = &found.pair else { return (None, "a matrix tells no family".to_owned()) };
    let told = pair.families.iter().find(|(other, _)| *other == family).map(|(_, found)| found);
    let Some(FamilyPrediction { prediction, may_be, .. }) = told else {
        return (None, format!("nothing is known of {}", family_name(family)));
    };
    (holds(*prediction, may_be, words), format!("over {} the prediction is {prediction}", family_name(family)))
}

pub(super) fn prediction(found: &mut Prediction, visitor: &mut Visitor) {
    visitor.text(&mut found.reason.text);
    visitor.texts(found.notes.iter_mut());
    visitor.texts(found.hangs_on.iter_mut().map(|one| &mut one.text));
    visitor.texts(found.changes.iter_mut().map(|one| &mut one.text));
    visitor.texts(found.measure.iter_mut().map(|one| &mut one.command));
    for need in &mut found.needs {
        visitor.texts([&mut need.text].into_iter().chain(&mut need.by));
    }
    for family in [&mut found.families.ipv4, &mut found.families.ipv6].into_iter().flatten() {
        visitor.text(&mut family.reason.text);
        visitor.texts(family.hangs_on.iter_mut().map(|one| &mut one.text));
        visitor.texts(family.guesses.iter_mut().map(|one| &mut one.text));
    }
}
