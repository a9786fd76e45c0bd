//! A verdict with its cause: one code, one sentence, one thing to do.

use crate::measure::turn::DiagnosisCode;
use crate::measure::turn::finding::{Diagnosis, TurnVerdict};

/// A verdict with its cause.
pub(super) type Cause = (TurnVerdict, Diagnosis);

/// A cause for which it fails.
pub(super) fn failed(code: DiagnosisCode, text: impl Into<String>, fix: &str) -> Cause {
    cause(TurnVerdict::Failed, code, text, fix)
}

/// A cause for which it works badly.
pub(super) fn degraded(code: DiagnosisCode, text: impl Into<String>, fix: &str) -> Cause {
    cause(TurnVerdict::Degraded, code, text, fix)
}

/// A cause for which it could not be told.
pub(super) fn inconclusive(code: DiagnosisCode, text: impl Into<String>, fix: &str) -> Cause {
    cause(TurnVerdict::Inconclusive, code, text, fix)
}

/// A cause for the verdict.
pub(super) fn cause(verdict: TurnVerdict, code: DiagnosisCode, text: impl Into<String>, fix: &str) -> Cause {
    (verdict, Diagnosis::new(code, text, fix))
}
