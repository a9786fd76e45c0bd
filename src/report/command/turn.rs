//! `turn`.

use super::contract::View;
use crate::evidence::Evidence;
use crate::measure::spec::Spec;
use crate::measure::turn;
use crate::measure::turn::finding::TurnVerdict;
use crate::measure::turn::spec::TURN;
use crate::report::document::{self, Advice, Report, TurnTested};
use crate::report::exit::ExitClass;
use crate::report::require::{Requirement, counts, works_somehow};
use crate::report::view::{self, Page};
use crate::wire::EntryKind;

impl View for TurnTested {
    fn spec(&self) -> &'static Spec {
        &TURN
    }

    fn judge(&mut self, seen: &Evidence) {
        let asked = self.options.turn.clone().unwrap_or_default();
        self.results = turn::judge(seen, &asked);
        self.configuration = asked.configuration;
    }

    fn write(&self, page: &mut Page, _: &Report) {
        view::turn::write(page, self);
    }

    fn write_end(&self, page: &mut Page, report: &Report) {
        view::turn::footer(page, self, report);
    }

    /// Each result says itself what to do.
    fn advise(&self, _: &Report) -> Vec<Advice> {
        Vec::new()
    }

    fn check(&self, requirement: &Requirement) -> document::Requirement {
        requirement.check_turn(&self.results)
    }

    /// Every entry has to work, unless a requirement that holds says how many suffice. A family that this host does not have is
    /// nobody's fault.
    fn exit_class(&self, required: &[document::Requirement]) -> ExitClass {
        let replaced = required
            .iter()
            .any(|one| one.requirement.parse::<Requirement>().is_ok_and(|requirement| requirement.is_about_turn()));
        let tested = || self.results.iter().filter(|result| counts(result));
        // Nothing relays: that is known, whatever the STUN servers do.
        if !self.results.is_empty() && self.results.iter().all(|result| result.kind == EntryKind::Stun) {
            return ExitClass::Unmet;
        }
        if tested().all(|result| result.verdict == TurnVerdict::Inconclusive) {
            ExitClass::NotMeasured
        } else if replaced || tested().all(|result| works_somehow(&self.results, result)) {
            ExitClass::Measured
        } else {
            ExitClass::Unmet
        }
    }
}
