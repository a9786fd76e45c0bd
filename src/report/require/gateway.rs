//! What a script asks of gateways: `port-control=pcp`, `external-scope=public`, `port-mapping=ok`.

use super::{Requirement, Wanted};
use crate::measure::gateway::{GatewayCode, GatewayFinding, GatewayFindings, MappingCode};
use crate::report::document::{self, RequirementOutcome};

impl Requirement {
    /// Whether it holds of what was found, with what was found instead or why it could not be told.
    #[must_use]
    pub fn check_gateway(&self, found: &GatewayFindings) -> document::Requirement {
        let (holds, text) = match (self.key.name, &self.wanted) {
            ("port-control", Wanted::Words(words)) => port_control(words, found),
            ("port-mapping", Wanted::Words(_)) => port_mapping(found),
            (_, wanted) => external(wanted, found),
        };
        let outcome = match holds.map(|holds| holds != self.negated) {
            Some(true) => RequirementOutcome::Met,
            Some(false) => RequirementOutcome::Unmet,
            None => RequirementOutcome::Unknown,
        };
        document::Requirement { requirement: self.to_string(), outcome, text }
    }
}

fn port_control(words: &[&str], found: &GatewayFindings) -> (Option<bool>, String) {
    let speaks = |word: &str| {
        found.gateways.iter().any(|gateway| match word {
            "pcp" => gateway.pcp.answers(),
            "nat-pmp" => gateway.nat_pmp.answers(),
            _ => false,
        })
    };
    let spoken: Vec<&str> = ["pcp", "nat-pmp"].into_iter().filter(|word| speaks(word)).collect();
    if !spoken.is_empty() {
        return (Some(words.iter().any(|word| spoken.contains(word))), format!("it speaks {}", spoken.join(" and ")));
    }
    let known = |gateway: &GatewayFinding| {
        use GatewayCode::{NoServer, NotListening, OtherVersion};
        matches!(gateway.verdict.code, NotListening | NoServer | OtherVersion)
    };
    if !found.gateways.is_empty() && found.gateways.iter().all(known) {
        return (Some(words.contains(&"none")), "it speaks neither".to_owned());
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
