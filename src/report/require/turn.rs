//! What a script asks of TURN servers: `turn=any`, `relay-family=ipv6`, `turn-rtt-ms<150`.

use super::{Requirement, RequirementError};
use crate::measure::turn::finding::{FeatureName, FeatureStatus, TurnVerdict};
use crate::measure::turn::{DiagnosisCode, TurnResult};
use crate::report::document::{self, Report, RequirementOutcome};
use crate::report::family_name;
use crate::wire::{EntryKind, Family, Transport};

/// What is to hold of the results.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wanted {
    /// One of these works.
    Works(Vec<AnyOf>),
    /// An entry that works relays for one of these families.
    RelayFamily(Vec<Family>),
    /// The shortest median round trip to an entry that works is below so many milliseconds, or may be as many.
    Rtt(f64, bool),
}

// A bound is a finite number, so that it equals itself.
impl Eq for Wanted {}

/// Which entries are to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnyOf {
    Any,
    All,
    Over(Transport),
}

pub(super) const ANY_OF: [(&str, AnyOf); 6] = [
    ("any", AnyOf::Any),
    ("all", AnyOf::All),
    ("udp", AnyOf::Over(Transport::Udp)),
    ("tcp", AnyOf::Over(Transport::Tcp)),
    ("tls", AnyOf::Over(Transport::Tls)),
    ("dtls", AnyOf::Over(Transport::Dtls)),
];

impl Wanted {
    pub(super) fn key(&self) -> &'static str {
        match self {
            Self::Works(_) => "turn",
            Self::RelayFamily(_) => "relay-family",
            Self::Rtt(..) => "turn-rtt-ms",
        }
    }

    pub(super) fn rtt(text: &str) -> Result<Self, RequirementError> {
        let bound = text.split_once('<').filter(|(key, _)| key.trim() == "turn-rtt-ms").map(|(_, bound)| bound);
        let equal = bound.is_some_and(|bound| bound.starts_with('='));
        let bound = bound.map(|bound| bound.strip_prefix('=').unwrap_or(bound).trim());
        let bound = bound.and_then(|bound| bound.parse::<f64>().ok()).filter(|bound| bound.is_finite() && *bound > 0.0);
        bound.map(|bound| Self::Rtt(bound, equal)).ok_or_else(|| RequirementError::Bound(text.to_owned()))
    }
}

/// Whether the result says something of the entry: a family that this host does not have says nothing.
pub(crate) fn counts(result: &TurnResult) -> bool {
    result.diagnosis.code != DiagnosisCode::FamilyUnavailable
}

/// Whether the entry can be used, if not without a flaw.
pub(crate) fn works(result: &TurnResult) -> bool {
    matches!(result.verdict, TurnVerdict::Ok | TurnVerdict::Degraded)
}

/// Whether the entry can be used over that transport: over one of the families, for clients take the way that works.
pub(crate) fn works_somehow(report: &Report, result: &TurnResult) -> bool {
    let same = |other: &&TurnResult| {
        (&other.uri, &other.place, other.transport) == (&result.uri, &result.place, result.transport)
    };
    report.results.iter().filter(same).any(works)
}

impl Requirement {
    /// Whether it says itself how many TURN entries have to work.
    #[must_use]
    pub fn is_about_turn(&self) -> bool {
        matches!(self.wanted, super::Wanted::Turn(Wanted::Works(_)))
    }

    /// Whether it holds of the report, with what was found instead or why it could not be told.
    #[must_use]
    pub fn check_report(&self, report: &Report) -> document::Requirement {
        let super::Wanted::Turn(wanted) = &self.wanted else {
            let mut checked = self.check(&report.families);
            if report.command == "turn" {
                "turn tests no NAT behavior; classify does".clone_into(&mut checked.text);
            }
            return checked;
        };
        let turns = || report.results.iter().filter(|result| result.kind == EntryKind::Turn);
        let results: Vec<&TurnResult> = turns().filter(|result| counts(result)).collect();
        let (holds, text) = if turns().next().is_none() && !report.results.is_empty() {
            // A STUN server relays nothing.
            (Some(false), "there is no TURN entry".to_owned())
        } else if results.is_empty() {
            (None, "no TURN server was tested".to_owned())
        } else {
            match wanted {
                Wanted::Works(any) => many(any, &results),
                Wanted::RelayFamily(families) => relay_family(families, &results),
                Wanted::Rtt(bound, equal) => rtt(*bound, *equal, &results),
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

fn many(any: &[AnyOf], results: &[&TurnResult]) -> (Option<bool>, String) {
    let states: Vec<Option<bool>> = any.iter().map(|one| holds(*one, results)).collect();
    let working = results.iter().filter(|result| works(result)).count();
    (or(&states), format!("{working} of {} tests over a transport and family work", results.len()))
}

fn holds(wanted: AnyOf, results: &[&TurnResult]) -> Option<bool> {
    let states = |results: &mut dyn Iterator<Item = &&TurnResult>| -> Vec<Option<bool>> {
        results.map(|result| (result.verdict != TurnVerdict::Inconclusive).then(|| works(result))).collect()
    };
    match wanted {
        AnyOf::Any => or(&states(&mut results.iter())),
        AnyOf::All => {
            let inverted: Vec<_> = states(&mut results.iter()).into_iter().map(|state| state.map(|it| !it)).collect();
            or(&inverted).map(|fails| !fails)
        }
        AnyOf::Over(transport) => {
            let over = states(&mut results.iter().filter(|result| result.transport == Some(transport)));
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

fn relay_family(families: &[Family], results: &[&TurnResult]) -> (Option<bool>, String) {
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
    let states: Vec<_> = results.iter().flat_map(|result| families.iter().map(|family| of(result, *family))).collect();
    let names: Vec<_> = families.iter().map(|family| family_name(*family)).collect();
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
