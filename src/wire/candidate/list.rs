//! Candidates in the order in which a text has them, with what the text says beside each.

use super::Candidate;
use super::error::CandidateError;

/// Candidates as they stand in a text, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CandidateList {
    /// Those that could be read.
    pub candidates: Vec<ListedCandidate>,
    /// What was meant as a candidate and is none, with its line.
    pub errors: Vec<(u32, CandidateError)>,
    /// Whether the text says that there are no more: `end-of-candidates`, an empty candidate, `null`, `completed`.
    pub complete: bool,
}

/// A candidate in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedCandidate {
    /// The candidate.
    pub candidate: Candidate,
    /// What it belongs to.
    pub belongs: CandidatePlace,
    /// The line of the text, from 1.
    pub line: u32,
}

/// What a candidate belongs to, as far as its object says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CandidatePlace {
    /// The `mid` of its m-line.
    pub mid: Option<String>,
    /// Which m-line, from 0.
    pub m_line_index: Option<u32>,
    /// The user name fragment that it was gathered for.
    pub ufrag: Option<String>,
}

impl CandidateList {
    /// Adds what was read, or why it was not.
    pub(super) fn push(&mut self, read: Result<Candidate, CandidateError>, belongs: CandidatePlace, line: u32) {
        match read {
            Ok(candidate) => self.candidates.push(ListedCandidate { candidate, belongs, line }),
            Err(error) => self.errors.push((line, error)),
        }
    }

    /// Adds a candidate line; an empty one says that there are no more (RFC 8838 section 14).
    pub(super) fn push_line(&mut self, text: &str, belongs: CandidatePlace, line: u32) {
        let text = text.trim();
        if text.is_empty() || text == "candidate:" || text == "a=candidate:" {
            self.complete = true;
        } else {
            self.push(text.parse(), belongs, line);
        }
    }
}
