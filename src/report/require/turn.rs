//! What a script asks of TURN servers: `turn=any`, `relay-family=ipv6`, `turn-rtt-ms<150`.

use super::{Requirement, Wanted};
use crate::measure::turn::finding::{FeatureName, FeatureStatus, TurnVerdict};
use crate::measure::turn::{DiagnosisCode, TurnResult};
use crate::report::document::{self, RequirementOutcome};
use crate::report::family_name;
use crate::wire::{EntryKind, Family};

/// Whether the result says something of the entry: a family that this host does not have says nothing.
pub(crate) fn counts(result: &TurnResult) -> bool {
    result.diagnosis.code != DiagnosisCode::FamilyUnavailable
}

/// Whether the entry can be used, if not without a flaw.
pub(crate) fn works(result: &TurnResult) -> bool {
    matches!(result.verdict, TurnVerdict::Ok | TurnVerdict::Degraded)
}

/// Whether the entry can be used over that transport: over one of the families, for clients take the way that works.
pub(crate) fn works_somehow(results: &[TurnResult], result: &TurnResult) -> bool {
    let same = |other: &&TurnResult| {
        (&other.uri, &other.place, other.transport) == (&result.uri, &result.place, result.transport)
    };
    results.iter().filter(same).any(works)
}

impl Requirement {
    /// Whether it says itself how many TURN entries have to work.
    #[must_use]
    pub fn is_about_turn(&self) -> bool {
        self.key.name == "turn"
    }

    /// Whether it holds of the results, with what was found instead or why it could not be told.
    #[must_use]
    pub fn check_turn(&self, results: &[TurnResult]) -> document::Requirement {
        let turns = || results.iter().filter(|result| result.kind == EntryKind::Turn);
        let tested: Vec<&TurnResult> = turns().filter(|result| counts(result)).collect();
        let (holds, text) = if turns().next().is_none() && !results.is_empty() {
            // A STUN server relays nothing.
            (Some(false), "there is no TURN entry".to_owned())
        } else if tested.is_empty() {
            (None, "no TURN server was tested".to_owned())
        } else {
            match (self.key.name, &self.wanted) {
                ("turn", Wanted::Words(any)) => many(any, &tested),
                ("relay-family", Wanted::Words(families)) => relay_family(families, &tested),
                (_, Wanted::Below { bound, equal }) => rtt(*bound, *equal, &tested),
                _ => (None, "turn tests no NAT behavior; classify does".to_owned()),
            }
        };
        let outcome = match holds.map(|holds| holds != self.negated) {
            Some(true) => RequirementOutcome::Met,
            Some(false) => RequirementOutcome::Unmet,
            None => RequirementOutcome::Unknown,
        };
        document::Requirement { requirement: self.to_string(), outcome, text }
    }
}

fn many(any: &[&str], results: &[&TurnResult]) -> (Option<bool>, String) {
    let states: Vec<Option<bool>> = any.iter().map(|one| holds(one, results)).collect();
    let working = results.iter().filter(|result| works(result)).count();
    (or(&states), format!("{working} of {} tests over a transport and family work", results.len()))
}

fn holds(wanted: &str, results: &[&TurnResult]) -> Option<bool> {
    let states = |results: &mut dyn Iterator<Item = &&TurnResult>| -> Vec<Option<bool>> {
        results.map(|result| (result.verdict != TurnVerdict::Inconclusive).then(|| works(result))).collect()
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
        if result.relayed_address.is_some_and(|relayed| family.has(relayed.ip())) && works(result) {
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
    let times = results.iter().filter(|result| works(result)).filter_map(|result| result.rtt_ms);
    match times.min_by(f64::total_cmp) {
        Some(ms) => (Some(ms < bound || equal && ms <= bound), format!("the shortest median round trip is {ms:.1} ms")),
        None => (None, "no round trip to an entry that works is known".to_owned()),
    }
}
