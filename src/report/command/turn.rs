//! `turn`.

use super::contract::View;
use crate::evidence::{Evidence, span};
use crate::measure::spec::Spec;
use crate::measure::turn::finding::{FeatureName, FeatureStatus, RelayPaths, TurnVerdict};
use crate::measure::turn::spec::TURN;
use crate::measure::turn::{self, TurnOptions, TurnResult, TurnTested};
use crate::report::document::{self, Report};
use crate::report::exit::ExitClass;
use crate::report::fact::{Fact, Value};
use crate::report::family_name;
use crate::report::privacy::{self, Visitor};
use crate::report::require::{Requirement, Wanted};
use crate::report::view::{self, Page};
use crate::wire::{EntryKind, Family, Remark};

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

    fn check(&self, requirement: &Requirement) -> document::Requirement {
        let turns = || self.results.iter().filter(|result| result.kind == EntryKind::Turn);
        let tested: Vec<&TurnResult> = turns().filter(|result| result.counts()).collect();
        let (holds, text) = if turns().next().is_none() && !self.results.is_empty() {
            // A STUN server relays nothing.
            (Some(false), "there is no TURN entry".to_owned())
        } else if tested.is_empty() {
            (None, "no TURN server was tested".to_owned())
        } else {
            match (requirement.key().name, requirement.wanted()) {
                ("turn", Wanted::Words(any)) => many(any, &tested),
                ("relay-family", Wanted::Words(families)) => relay_family(families, &tested),
                (_, Wanted::Below { bound, equal }) => rtt(*bound, *equal, &tested),
                _ => (None, "turn tests no NAT behavior; classify does".to_owned()),
            }
        };
        requirement.outcome(holds, text)
    }

    /// An older release did not save what was tested.
    fn lacks(&self) -> Option<&'static str> {
        self.options.turn.is_none().then_some("what was tested")
    }

    fn facts(&self) -> Vec<Fact> {
        let results = self.results.iter().filter(|result| result.counts());
        let of = |fact: Fact, result: &TurnResult| {
            let fact = fact.of("server", &result.uri);
            let fact = result.family.iter().fold(fact, |fact, family| fact.of("family", family.name()));
            result.transport.iter().fold(fact, |fact, transport| fact.of("transport", transport.name()))
        };
        let each = |result: &TurnResult| {
            let verdict = [Fact::word("turn", &result.verdict), Fact::word("diagnosis", &result.diagnosis.code)];
            let time = result.time_to_relay_ms.map(|ms| Fact::number("time-to-relay", Value::Millis(ms)));
            let rtt = result.rtt_ms.map(|ms| Fact::number("turn-rtt", Value::Millis(ms)));
            let train =
                result.quality.as_ref().and_then(|quality| quality.channel.as_ref().or(quality.indications.as_ref()));
            let loss = train.map(|train| Fact::number("relay-loss", Value::Share(train.loss_percent / 100.0)));
            verdict.into_iter().chain(time).chain(rtt).chain(loss).map(|fact| of(fact, result)).collect::<Vec<_>>()
        };
        results.flat_map(each).collect()
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
        let replaced = required.iter().any(|one| {
            one.requirement.parse::<Requirement>().is_ok_and(|requirement| requirement.key().name == "turn")
        });
        let tested = || self.results.iter().filter(|result| result.counts());
        // Nothing relays: that is known, whatever the STUN servers do.
        if !self.results.is_empty() && self.results.iter().all(|result| result.kind == EntryKind::Stun) {
            return ExitClass::Unmet;
        }
        if tested().all(|result| result.verdict == TurnVerdict::Inconclusive) {
            ExitClass::NotMeasured
        } else if replaced || tested().all(|result| self.works_somehow(result)) {
            ExitClass::Measured
        } else {
            ExitClass::Unmet
        }
    }
}

/// What was asked of whom, where it stays in a masked report.
pub(super) fn visit_asked(asked: &mut TurnOptions, visitor: &mut Visitor) {
    if let Some(facts) = &mut asked.configuration {
        visitor.text(&mut facts.form);
        facts.remarks.iter_mut().for_each(|one| remark(one, visitor));
    }
    visitor.texts(&mut asked.realm);
    for entry in &mut asked.entries {
        visitor.texts([&mut entry.uri, &mut entry.place]);
        entry.mistakes.iter_mut().chain(&mut entry.rejected).for_each(|one| remark(one, visitor));
        if let Some(login) = &mut entry.login {
            visitor.user(&mut login.username);
            login.later.iter_mut().for_each(|(_, user)| visitor.user(user));
        }
    }
}

fn result(found: &mut TurnResult, visitor: &mut Visitor) {
    found.username.iter_mut().for_each(|user| visitor.user(user));
    visitor.texts([&mut found.uri, &mut found.place, &mut found.diagnosis.text, &mut found.diagnosis.fix]);
    visitor.texts(&mut found.diagnosis.command);
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

fn many(any: &[&str], results: &[&TurnResult]) -> (Option<bool>, String) {
    let states: Vec<Option<bool>> = any.iter().map(|one| holds(one, results)).collect();
    let working = results.iter().filter(|result| result.works()).count();
    (or(&states), format!("{working} of {} tests over a transport and family work", results.len()))
}

fn holds(wanted: &str, results: &[&TurnResult]) -> Option<bool> {
    let states = |results: &mut dyn Iterator<Item = &&TurnResult>| -> Vec<Option<bool>> {
        results.map(|result| (result.verdict != TurnVerdict::Inconclusive).then(|| result.works())).collect()
    };
    match wanted {
        "any" => or(&states(&mut results.iter())),
        "all" => {
            let inverted: Vec<_> = states(&mut results.iter()).into_iter().map(|state| state.map(|it| !it)).collect();
            or(&inverted).map(|fails| !fails)
        }
        name => {
            let over = |result: &&&TurnResult| result.transport.is_some_and(|transport| transport.name() == name);
            let over = states(&mut results.iter().filter(over));
            if over.is_empty() { None } else { or(&over) }
        }
    }
}

/// One that holds suffices; one that could not be told may have.
fn or(states: &[Option<bool>]) -> Option<bool> {
    if states.contains(&Some(true)) {
        Some(true)
    } else if states.contains(&None) {
        None
    } else {
        Some(false)
    }
}

fn relay_family(words: &[&str], results: &[&TurnResult]) -> (Option<bool>, String) {
    let families =
        || [("ipv4", Family::Ipv4), ("ipv6", Family::Ipv6)].into_iter().filter(|(word, _)| words.contains(word));
    let of = |result: &TurnResult, family: Family| {
        if result.relayed_address.is_some_and(|relayed| family.has(relayed.ip())) && result.works() {
            return Some(true);
        }
        if result.verdict == TurnVerdict::Failed {
            return Some(false);
        }
        let feature =
            result.features.iter().find(|one| one.name == FeatureName::Ipv6Relay).filter(|_| family == Family::Ipv6)?;
        match feature.status {
            FeatureStatus::Offered => Some(true),
            FeatureStatus::NotOffered | FeatureStatus::Broken => Some(false),
            FeatureStatus::Unknown => None,
        }
    };
    let states: Vec<_> = results.iter().flat_map(|result| families().map(|(_, family)| of(result, family))).collect();
    let names: Vec<_> = families().map(|(_, family)| family_name(family)).collect();
    let names = names.join(" or ");
    let text = match or(&states) {
        Some(true) => format!("there is a relay for {names}"),
        Some(false) => format!("no relay for {names}"),
        None => format!("whether there is a relay for {names} could not be told"),
    };
    (or(&states), text)
}

fn rtt(bound: f64, equal: bool, results: &[&TurnResult]) -> (Option<bool>, String) {
    let times = results.iter().filter(|result| result.works()).filter_map(|result| result.rtt_ms);
    match times.min_by(f64::total_cmp) {
        Some(ms) => {
            (Some(ms < bound || equal && ms <= bound), format!("the shortest median round trip is {}", span(ms)))
        }
        None => (None, "no round trip to an entry that works is known".to_owned()),
    }
}
