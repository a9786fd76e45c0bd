//! `gateway`.

use super::contract::View;
use crate::evidence::Evidence;
use crate::measure::gateway::spec::GATEWAY;
use crate::measure::gateway::{self, GatewayCode, MappingCode};
use crate::measure::spec::Spec;
use crate::report::document::{self, Advice, GatewayAsked, Report};
use crate::report::exit::ExitClass;
use crate::report::privacy::Visitor;
use crate::report::require::Requirement;
use crate::report::view::{self, Page};

impl View for GatewayAsked {
    fn spec(&self) -> &'static Spec {
        &GATEWAY
    }

    fn judge(&mut self, seen: &Evidence) {
        self.found = gateway::judge(seen, &self.options);
    }

    fn write(&self, page: &mut Page, _: &Report) {
        view::gateway::write(page, &self.found);
    }

    fn write_end(&self, page: &mut Page, report: &Report) {
        view::gateway::footer(page, report);
    }

    /// Each gateway says itself what to do.
    fn advise(&self, _: &Report) -> Vec<Advice> {
        Vec::new()
    }

    fn check(&self, requirement: &Requirement) -> document::Requirement {
        requirement.check_gateway(&self.found)
    }

    fn visit_private(&mut self, visitor: &mut Visitor) {
        let Self { options, found } = self;
        visitor.texts(options.failure.iter_mut().map(|failure| &mut failure.text));
        let reached = found.gateways.iter_mut().map(|found| &mut found.gateway);
        visitor.texts(options.gateways.iter_mut().chain(reached).filter_map(|gateway| gateway.interface.as_mut()));
        let verdicts = found.gateways.iter_mut().map(|found| &mut found.verdict).chain(&mut found.reason);
        visitor.texts(verdicts.flat_map(|verdict| [&mut verdict.text, &mut verdict.fix]));
        for service in found.gateways.iter_mut().flat_map(|found| [&mut found.pcp, &mut found.nat_pmp]) {
            visitor.text(&mut service.text);
            visitor.words(&service.because);
        }
        if let Some(mapping) = &mut found.mapping {
            visitor.texts([&mut mapping.text, &mut mapping.fix]);
            visitor.texts(mapping.remarks.iter_mut().map(|remark| &mut remark.text));
            visitor.words(&mapping.because);
        }
    }

    fn exit_class(&self, _: &[document::Requirement]) -> ExitClass {
        let unknown = |code| {
            use GatewayCode::{NoGateway, NotMeasured, NothingAnswers, Unknown, Unreachable};
            matches!(code, NothingAnswers | Unreachable | NoGateway | NotMeasured | Unknown)
        };
        match self.found.mapping.as_ref().map(|mapping| mapping.code) {
            _ if self.found.gateways.iter().all(|gateway| unknown(gateway.verdict.code)) => ExitClass::NotMeasured,
            Some(MappingCode::NotMeasured | MappingCode::Unknown) => ExitClass::NotMeasured,
            None | Some(MappingCode::Ok) => ExitClass::Measured,
            Some(_) => ExitClass::Unmet,
        }
    }
}
