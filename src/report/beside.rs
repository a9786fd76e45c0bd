//! An explanation as JSON, with what the prediction says of the same two ends.

use schemars::JsonSchema;
use serde::Serialize;

use super::{sides, write};
use crate::explain::Explanation;
use crate::predict::{Answer, Prediction, predict};

/// What is predicted of the two ends of a call, beside what happened to it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Beside {
    /// Which of the calls.
    pub call: usize,
    /// What becomes of these two ends, by what their files tell of their networks.
    pub prediction: Prediction,
    /// How far it came: as `connections[].progress`.
    pub happened: String,
}

impl Beside {
    /// Whether it says something of these two.
    pub(super) fn tells(&self) -> bool {
        self.prediction.prediction != Answer::Inconclusive
    }

    /// In a sentence.
    pub(super) fn sentence(&self) -> String {
        format!(
            "By what is told of both networks the prediction is {}: {} What happened: {}.",
            self.prediction.prediction, self.prediction.reason.text, self.happened
        )
    }
}

/// What is printed of it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Explanation")]
pub(crate) struct Explained<'a> {
    #[serde(flatten)]
    explanation: &'a Explanation,
    /// What is predicted of calls of which both ends are there.
    #[serde(skip_serializing_if = "<[Beside]>::is_empty")]
    predictions: &'a [Beside],
}

/// What is predicted of each call of which both ends are there.
#[must_use]
pub fn beside(explanation: &Explanation) -> Vec<Beside> {
    let events = explanation.events_by_connection();
    let of_call = |(call, told): (usize, &crate::explain::Call)| {
        let [here, there] = told.ends?;
        let side = |connection: usize| {
            sides::dump::of_events(
                &explanation.files[explanation.connections[connection].file].name,
                events.get(&connection)?,
            )
        };
        let prediction = predict(&side(here)?, &side(there)?, None);
        Some(Beside { call, prediction, happened: explanation.connections[here].progress.clone() })
    };
    explanation.calls.iter().enumerate().filter_map(of_call).collect()
}

/// The JSON document.
#[must_use]
pub fn json(explanation: &Explanation, predictions: &[Beside]) -> String {
    write::document(&Explained { explanation, predictions })
}
