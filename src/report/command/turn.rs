//! `turn`.

use super::contract::View;
use crate::evidence::Evidence;
use crate::measure::spec::Spec;
use crate::measure::turn::finding::{RelayPaths, TurnVerdict};
use crate::measure::turn::spec::TURN;
use crate::measure::turn::{self, TurnResult};
use crate::report::document::{self, Advice, Report, TurnTested};
use crate::report::exit::ExitClass;
use crate::report::privacy::{self, Visitor};
use crate::report::require::{Requirement, counts, works_somehow};
use crate::report::view::{self, Page};
use crate::wire::{EntryKind, Remark};

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

    fn visit_private(&mut self, visitor: &mut Visitor) {
        // Entries and logins serve to judge again, which a masked report cannot be.
        visitor.gone(&mut self.options.turn);
        if let Some(facts) = &mut self.configuration {
            visitor.text(&mut facts.form);
            facts.remarks.iter_mut().for_each(|one| remark(one, visitor));
        }
        self.results.iter_mut().for_each(|found| result(found, visitor));
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

fn result(found: &mut TurnResult, visitor: &mut Visitor) {
    found.username.iter_mut().for_each(|user| visitor.user(user));
    visitor.texts([&mut found.uri, &mut found.place, &mut found.diagnosis.text, &mut found.diagnosis.fix]);
    visitor.texts([&mut found.realm, &mut found.software].into_iter().flatten());
    found.remarks.iter_mut().for_each(|one| remark(one, visitor));
    for step in &mut found.steps {
        visitor.text(&mut step.detail);
        visitor.words(&step.because);
    }
    if let Some(views) = &mut found.relay {
        let RelayPaths { third_party, to_peer, from_peer, between_allocations, .. } = views;
        let optional = [&mut views.from_peer_to_second, &mut views.from_peer_to_own_address, &mut views.own_machine];
        let all =
            [third_party, to_peer, from_peer, between_allocations].into_iter().chain(optional.into_iter().flatten());
        for view in all {
            visitor.text(&mut view.text);
            visitor.words(&view.because);
        }
    }
    visitor.texts(found.hold.iter_mut().flat_map(|hold| &mut hold.hiccups).map(|hiccup| &mut hiccup.text));
    found.tls.iter_mut().for_each(|facts| privacy::tls(facts, visitor));
    visitor.texts(found.features.iter_mut().map(|feature| &mut feature.text));
}

fn remark(remark: &mut Remark, visitor: &mut Visitor) {
    visitor.texts([&mut remark.text, &mut remark.fix]);
}
