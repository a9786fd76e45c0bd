//! What `turn` was asked and what it found of every entry.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::diagnosis::DiagnosisCode;
use super::finding::{TurnResult, TurnVerdict};
use super::options::TurnOptions;
use crate::wire::{ConfigurationFacts, Family, Transport};

/// What `turn` found.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct TurnTested {
    /// How it was asked.
    pub options: TurnAsked,
    /// The application's configuration that was tested (`--ice-servers`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<ConfigurationFacts>,
    /// Whether each server works, a result for each entry, transport and family.
    #[serde(default)]
    pub results: Vec<TurnResult>,
}

/// How `turn` was asked.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct TurnAsked {
    /// The families asked for.
    pub families: Vec<Family>,
    /// The transports that any entry is tested over.
    pub transports: Vec<Transport>,
    /// What was tested, without any secret; absent where it was redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<TurnOptions>,
}

impl TurnTested {
    /// Whether the entry can be used over that transport: over one of the families, for clients take the way that works.
    #[must_use]
    pub fn works_somehow(&self, result: &TurnResult) -> bool {
        let same = |other: &&TurnResult| {
            (&other.uri, &other.place, other.transport) == (&result.uri, &result.place, result.transport)
        };
        self.results.iter().filter(same).any(TurnResult::works)
    }
}

impl TurnResult {
    /// Whether it says something of the entry: a family that this host does not have says nothing.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.diagnosis.code != DiagnosisCode::FamilyUnavailable
    }

    /// Whether the entry can be used, if not without a flaw.
    #[must_use]
    pub fn works(&self) -> bool {
        matches!(self.verdict, TurnVerdict::Ok | TurnVerdict::Degraded)
    }
}
