//! What is predicted of two sides, or of every pair of several.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::predict::prediction::{Answer, PredictionReason};
use crate::predict::{Prediction, Side, TurnServer, predict};

/// What `peer predict` found.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Predicted {
    /// What is known.
    pub options: PredictOptions,
    /// Of two sides.
    #[serde(flatten)]
    pub pair: Option<Prediction>,
    /// Of every pair (`--matrix`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matrix: Option<Matrix>,
}

/// What is known.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct PredictOptions {
    /// The sides: A and B, or all of a matrix.
    #[serde(default)]
    pub sides: Vec<Side>,
    /// The TURN servers that all may use; absent where none was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<Vec<TurnServer>>,
    /// Whether every pair was asked about.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub matrix: bool,
}

/// Every pair of several sides.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Matrix {
    /// What the sides are called.
    pub sides: Vec<String>,
    /// How each connects with each, in the order of the sides; null for a side with itself.
    pub rows: Vec<Vec<Option<Answer>>>,
    /// Why, for each pair once.
    pub pairs: Vec<MatrixPair>,
}

/// One pair of a matrix.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MatrixPair {
    /// The one side, counted from 0.
    pub a: usize,
    /// The other.
    pub b: usize,
    /// How they connect.
    pub prediction: Answer,
    /// Why; the first is called A.
    pub reason: PredictionReason,
    /// The answers that remain possible, where it could not be told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_be: Vec<Answer>,
}

impl Predicted {
    /// Predicts.
    pub(crate) fn judge(&mut self) {
        let PredictOptions { sides, turn, matrix } = &self.options;
        if *matrix {
            self.matrix = Some(Matrix::of(sides, turn.as_deref()));
        } else if let [a, b] = &sides[..] {
            self.pair = Some(predict(a, b, turn.as_deref()));
        }
    }

    /// Every answer, with those that remain possible.
    pub(crate) fn answers(&self) -> Vec<(Answer, &[Answer])> {
        let of_pair = self.pair.iter().map(|pair| (pair.prediction, &pair.may_be[..]));
        let of_matrix = self.matrix.iter().flat_map(|matrix| &matrix.pairs);
        of_pair.chain(of_matrix.map(|pair| (pair.prediction, &pair.may_be[..]))).collect()
    }
}

impl Matrix {
    fn of(sides: &[Side], turn: Option<&[TurnServer]>) -> Self {
        let mut rows = vec![vec![None; sides.len()]; sides.len()];
        let mut pairs = Vec::new();
        for (a, one) in sides.iter().enumerate() {
            for (b, other) in sides.iter().enumerate().skip(a + 1) {
                let Prediction { prediction, reason, may_be, .. } = predict(one, other, turn);
                rows[a][b] = Some(prediction);
                rows[b][a] = Some(prediction);
                pairs.push(MatrixPair { a, b, prediction, reason, may_be });
            }
        }
        Self { sides: sides.iter().map(|side| side.name.clone()).collect(), rows, pairs }
    }
}
