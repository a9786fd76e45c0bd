//! `ice gather`.

use super::contract::View;
use super::turn;
use crate::evidence::Evidence;
use crate::measure::ice_gather::spec::ICE_GATHER;
use crate::measure::ice_gather::{self, GatherCode, GatherError, IceGathered};
use crate::measure::spec::Spec;
use crate::report::document::{self, Report};
use crate::report::exit::ExitClass;
use crate::report::privacy::Visitor;
use crate::report::require::{Requirement, Wanted};
use crate::report::view::{self, Page};
use crate::wire::{CandidateKind, EntryKind, Family, Transport};

/// What is private in what gave no candidate.
pub(super) fn visit_errors(errors: &mut [GatherError], visitor: &mut Visitor) {
    for error in errors {
        visitor.texts([&mut error.text, &mut error.fix].into_iter().chain(&mut error.url));
        visitor.words(&error.because);
        if let Some(browser) = &mut error.icecandidateerror {
            visitor.texts([&mut browser.url, &mut browser.error_text]);
        }
    }
}

impl View for IceGathered {
    fn spec(&self) -> &'static Spec {
        &ICE_GATHER
    }

    fn judge(&mut self, seen: &Evidence) {
        self.found = ice_gather::judge(seen, &self.options);
    }

    fn write(&self, page: &mut Page, _: &Report) {
        view::ice_gather::write(page, &self.found);
    }

    fn write_end(&self, page: &mut Page, report: &Report) {
        view::ice_gather::footer(page, &self.found, report);
    }

    fn check(&self, requirement: &Requirement) -> document::Requirement {
        let Wanted::Words(words) = requirement.wanted() else {
            return requirement.outcome(None, "this is no requirement of ice gather".to_owned());
        };
        let usable = self.found.candidates.iter().filter(|one| one.is_offered() && one.disbelieved.is_none());
        let of_family = usable.filter(|one| requirement.family().is_none_or(|family| family.has(one.address)));
        let mut known: Vec<&str> = match requirement.key().name {
            "candidate" => of_family.map(|one| one.kind.name()).collect(),
            _ => of_family.filter_map(|one| one.relay_protocol).map(Transport::name).collect(),
        };
        known.sort_unstable();
        known.dedup();
        let holds = words.iter().any(|word| known.contains(word));
        let family = requirement.family().map(|family| match family {
            Family::Ipv4 => "IPv4 ",
            Family::Ipv6 => "IPv6 ",
        });
        let what = match requirement.key().name {
            "candidate" => "candidates of type",
            _ => "relayed candidates over",
        };
        let text = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let text = format!("{}{what}: {text}", family.unwrap_or_default());
        // A run that was cut short shows what there is, and not what there is not.
        let cut = self.found.remarks.iter().any(|remark| remark.code == GatherCode::CutShort);
        requirement.outcome(if cut && !holds { None } else { Some(holds) }, text)
    }

    fn visit_private(&mut self, visitor: &mut Visitor) {
        let Self { options, found } = self;
        visitor.texts(options.interfaces.iter_mut().map(|interface| &mut interface.name));
        turn::visit_asked(&mut options.servers, visitor);
        for one in &mut found.candidates {
            visitor.texts([&mut one.init.candidate, &mut one.interface]);
            visitor.texts([&mut one.url, &mut one.note].into_iter().flatten());
            visitor.texts(one.redundant.iter_mut().map(|redundant| &mut redundant.text));
            visitor.words(&one.because);
            if let Some(doubt) = &mut one.disbelieved {
                visitor.text(&mut doubt.text);
                visitor.words(&doubt.because);
            }
        }
        for one in &mut found.left_out {
            visitor.texts([&mut one.interface, &mut one.text]);
        }
        visit_errors(&mut found.errors, visitor);
        visitor.texts(found.remarks.iter_mut().map(|remark| &mut remark.text));
    }

    fn exit_class(&self, _: &[document::Requirement]) -> ExitClass {
        let found = &self.found;
        let entries = || self.options.servers.entries.iter();
        let reflexive = |kind| found.candidates.iter().any(|one| one.kind == kind);
        let heard = reflexive(CandidateKind::Srflx) || reflexive(CandidateKind::Relay);
        let refused =
            found.errors.iter().any(|error| error.icecandidateerror.as_ref().is_some_and(|one| one.error_code != 701));
        if found.candidates.is_empty() || entries().next().is_some() && !heard && !refused {
            return ExitClass::NotMeasured;
        }
        let relays = |uri: &str| {
            let is_its = |one: &&ice_gather::GatheredCandidate| {
                one.kind == CandidateKind::Relay && one.url.as_deref() == Some(uri)
            };
            found.candidates.iter().any(|one| is_its(&one))
        };
        let works = entries().filter(|entry| entry.kind == EntryKind::Turn).all(|entry| relays(&entry.uri));
        if works { ExitClass::Measured } else { ExitClass::Unmet }
    }
}
