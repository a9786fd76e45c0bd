//! `peer connect`.

use super::contract::View;
use super::{ice_gather, predict};
use crate::evidence::Evidence;
use crate::measure::connect::PeerConnected;
use crate::measure::connect::spec::CONNECT;
use crate::measure::spec::Spec;
use crate::report::document::{self, Report};
use crate::report::exit::ExitClass;
use crate::report::privacy::Visitor;
use crate::report::require::{Requirement, Wanted};
use crate::report::view::{self, Page};

impl View for PeerConnected {
    fn spec(&self) -> &'static Spec {
        &CONNECT
    }

    fn judge(&mut self, _: &Evidence) {
        Self::judge(self);
    }

    fn write(&self, page: &mut Page, _: &Report) {
        view::connect::write(page, self);
    }

    fn write_end(&self, page: &mut Page, report: &Report) {
        view::connect::footer(page, report);
    }

    fn check(&self, requirement: &Requirement) -> document::Requirement {
        let Wanted::Words(words) = requirement.wanted() else {
            return requirement.outcome(None, "it is a word".to_owned());
        };
        let word = if self.is_relayed() { "relay" } else { "direct" };
        let (holds, text) = match (self.verdict.connected, self.is_untried()) {
            (true, _) => (Some(words.contains(&word)), format!("connected: {word}")),
            (false, true) => (None, self.verdict.text.clone()),
            (false, false) => (Some(false), self.verdict.text.clone()),
        };
        requirement.outcome(holds, text)
    }

    fn visit_private(&mut self, visitor: &mut Visitor) {
        let Self { options, verdict, session, without_relay, prediction, contradiction, .. } = self;
        ice_gather::visit_errors(without_relay, visitor);
        visitor.texts(options.there.iter_mut().chain(&mut options.beside));
        visitor.texts(options.side.iter_mut().flat_map(|side| &mut side.remarks));
        visitor.texts([&mut verdict.text, &mut verdict.fix]);
        visitor.texts(contradiction);
        visitor.texts(verdict.pairs.iter_mut().map(|pair| &mut pair.reason));
        for pair in session.pairs.iter_mut().chain(verdict.pairs.iter_mut().map(|pair| &mut pair.seen)) {
            visitor.texts(pair.failure.iter_mut().map(|failure| &mut failure.text));
            visitor.texts(pair.refused.iter_mut().map(|refusal| &mut refusal.text));
        }
        for one in &mut session.unpaired {
            visitor.texts([&mut one.candidate, &mut one.text]);
        }
        visitor.texts(session.relays.iter_mut().filter_map(|relay| relay.refused.as_mut()).map(|one| &mut one.text));
        if let Some(found) = prediction {
            predict::prediction(found, visitor);
        }
    }

    fn exit_class(&self, _: &[document::Requirement]) -> ExitClass {
        match (self.verdict.connected, self.is_untried()) {
            (true, _) => ExitClass::Measured,
            (false, true) => ExitClass::NotMeasured,
            (false, false) => ExitClass::Unmet,
        }
    }
}
