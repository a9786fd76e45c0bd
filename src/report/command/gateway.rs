//! `gateway`.

use super::contract::View;
use crate::evidence::Evidence;
use crate::measure::gateway::spec::GATEWAY;
use crate::measure::gateway::{self, GatewayAsked, GatewayCode, GatewayFinding, GatewayFindings, MappingCode};
use crate::measure::spec::Spec;
use crate::report::document::{self, Report};
use crate::report::exit::ExitClass;
use crate::report::fact::Fact;
use crate::report::privacy::Visitor;
use crate::report::require::{Requirement, Wanted};
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

    fn check(&self, requirement: &Requirement) -> document::Requirement {
        let found = &self.found;
        let (holds, text) = match (requirement.key().name, requirement.wanted()) {
            ("port-control", Wanted::Words(words)) => port_control(words, found),
            ("port-mapping", Wanted::Words(_)) => port_mapping(found),
            (_, wanted) => external(wanted, found),
        };
        requirement.outcome(holds, text)
    }

    fn facts(&self) -> Vec<Fact> {
        let each = |found: &GatewayFinding| {
            let services = [("pcp", &found.pcp), ("nat-pmp", &found.nat_pmp), ("upnp", &found.upnp)];
            let services = services.map(|(name, service)| Fact::word(name, &service.status));
            let verdict = [Fact::word("gateway", &found.verdict.code)];
            let scope = found.external_scope.map(|scope| Fact::word("external", &scope));
            let all = verdict.into_iter().chain(services).chain(scope);
            all.map(|fact| fact.of("address", &found.gateway.address)).collect::<Vec<_>>()
        };
        let mapping = self.found.mapping.as_ref().map(|mapping| Fact::word("port-mapping", &mapping.code));
        self.found.gateways.iter().flat_map(each).chain(mapping).collect()
    }

    fn visit_private(&mut self, visitor: &mut Visitor) {
        let Self { options, found } = self;
        visitor.texts(options.failure.iter_mut().map(|failure| &mut failure.text));
        let reached = found.gateways.iter_mut().map(|found| &mut found.gateway);
        visitor.texts(options.gateways.iter_mut().chain(reached).filter_map(|gateway| gateway.interface.as_mut()));
        let verdicts = found.gateways.iter_mut().map(|found| &mut found.verdict).chain(&mut found.reason);
        visitor.texts(verdicts.flat_map(|verdict| [&mut verdict.text, &mut verdict.fix]));
        for service in found.gateways.iter_mut().flat_map(|found| [&mut found.pcp, &mut found.nat_pmp, &mut found.upnp])
        {
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

fn port_control(words: &[&str], found: &GatewayFindings) -> (Option<bool>, String) {
    let speaks = |word: &str| {
        found.gateways.iter().any(|gateway| match word {
            "pcp" => gateway.pcp.answers(),
            "nat-pmp" => gateway.nat_pmp.answers(),
            "upnp" => gateway.upnp.answers(),
            _ => false,
        })
    };
    let spoken: Vec<&str> = ["pcp", "nat-pmp", "upnp"].into_iter().filter(|word| speaks(word)).collect();
    if !spoken.is_empty() {
        return (Some(words.iter().any(|word| spoken.contains(word))), format!("it speaks {}", spoken.join(" and ")));
    }
    let known = |gateway: &GatewayFinding| {
        use GatewayCode::{Incomplete, NoServer, NotListening, OtherVersion};
        matches!(gateway.verdict.code, NotListening | NoServer | OtherVersion | Incomplete)
    };
    if !found.gateways.is_empty() && found.gateways.iter().all(known) {
        return (Some(words.contains(&"none")), "it speaks none of them".to_owned());
    }
    (None, why(found))
}

fn port_mapping(found: &GatewayFindings) -> (Option<bool>, String) {
    match &found.mapping {
        None => (None, "no mapping was asked for; --map does".to_owned()),
        Some(mapping) if matches!(mapping.code, MappingCode::NotMeasured | MappingCode::Unknown) => {
            (None, mapping.text.clone())
        }
        Some(mapping) => (Some(mapping.code == MappingCode::Ok), mapping.text.clone()),
    }
}

fn external(wanted: &Wanted, found: &GatewayFindings) -> (Option<bool>, String) {
    let told = found.gateways.iter().find_map(|gateway| Some((gateway.external_address?, gateway.external_scope?)));
    let Some((address, scope)) = told else { return (None, why(found)) };
    match wanted {
        Wanted::Words(words) => (Some(words.contains(&&*scope.to_string())), format!("{address} is {scope}")),
        Wanted::Networks(networks) => {
            (Some(networks.iter().any(|network| network.contains(address))), format!("it is {address}"))
        }
        Wanted::Below { .. } => (None, "it is no number".to_owned()),
    }
}

/// Why nothing is known.
fn why(found: &GatewayFindings) -> String {
    let verdicts = found.gateways.iter().map(|gateway| &gateway.verdict).chain(&found.reason);
    verdicts.map(|verdict| verdict.text.as_str()).collect::<Vec<_>>().join(" ")
}
