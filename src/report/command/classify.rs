//! `classify`.

use super::contract::View;
use super::nat;
use crate::evidence::Evidence;
use crate::measure::nat::finding::Connectivity;
use crate::measure::nat::judge;
use crate::measure::nat::spec::CLASSIFY;
use crate::measure::spec::Spec;
use crate::report::document::{self, Classified, Families, NatFindings, Report};
use crate::report::exit::ExitClass;
use crate::report::fact::Fact;
use crate::report::peers;
use crate::report::privacy::Visitor;
use crate::report::rows::rows;
use crate::report::view::{self, Page};

impl View for Classified {
    fn spec(&self) -> &'static Spec {
        &CLASSIFY
    }

    fn judge(&mut self, seen: &Evidence) {
        let families: Families = judge::classify(seen, &self.options).into();
        self.peers = peers::table(families.iter());
        self.nat = NatFindings { servers: rows(seen, &families), families };
    }

    fn write(&self, page: &mut Page, report: &Report) {
        view::classify::write(page, report, &self.peers);
    }

    fn write_end(&self, page: &mut Page, report: &Report) {
        view::servers::write(page, report);
        view::servers::footer(page, report);
    }

    fn nat(&self) -> Option<&NatFindings> {
        Some(&self.nat)
    }

    fn facts(&self) -> Vec<Fact> {
        nat::facts(&self.nat)
    }

    fn visit_private(&mut self, visitor: &mut Visitor) {
        nat::visit_private(&mut self.nat, visitor);
        visitor.texts(self.peers.iter_mut().map(|peer| &mut peer.reason.text));
    }

    fn exit_class(&self, _: &[document::Requirement]) -> ExitClass {
        let unknown = [Connectivity::Inconclusive, Connectivity::Unavailable];
        let measured = self.nat.families.iter().any(|(_, found)| !unknown.contains(&found.connectivity));
        if measured { ExitClass::Measured } else { ExitClass::NotMeasured }
    }
}
