//! `discover`.

use super::contract::View;
use super::nat;
use crate::evidence::Evidence;
use crate::measure::discover::spec::DISCOVER;
use crate::measure::nat::judge;
use crate::measure::spec::Spec;
use crate::report::document::{self, Discovered, NatFindings, Report};
use crate::report::exit::ExitClass;
use crate::report::fact::Fact;
use crate::report::privacy::Visitor;
use crate::report::rows::rows;
use crate::report::view::{self, Page};

impl View for Discovered {
    fn spec(&self) -> &'static Spec {
        &DISCOVER
    }

    fn judge(&mut self, seen: &Evidence) {
        let families = judge::discover(seen, &self.options).into();
        self.nat = NatFindings { servers: rows(seen, &families), families };
    }

    fn write(&self, page: &mut Page, report: &Report) {
        view::discover::write(page, report);
    }

    fn write_end(&self, page: &mut Page, report: &Report) {
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
    }

    fn exit_class(&self, _: &[document::Requirement]) -> ExitClass {
        let answered = self.nat.servers.iter().any(|row| row.mapped.is_some());
        if answered { ExitClass::Measured } else { ExitClass::NotMeasured }
    }
}
