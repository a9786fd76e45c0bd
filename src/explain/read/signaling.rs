//! Descriptions and candidates alone, as they are pasted.

use super::build::{Builder, shown};
use crate::explain::event::{Party, What};
use crate::wire::candidate::read_candidates;
use crate::wire::sdp::{DescriptionKind, read_descriptions};

/// Session descriptions: the offer's end is here, the answer's there; of others the first is here.
pub(super) fn descriptions(text: &str, builder: &mut Builder) {
    let all = read_descriptions(text);
    let single = all.len() == 1;
    for (index, description) in all.iter().enumerate() {
        let first = match description.kind {
            Some(kind) => kind == DescriptionKind::Offer,
            None => index == 0,
        };
        let party = if single || first { Party::Here } else { Party::There };
        builder.description(party, description, &|line| format!("line {line}"), None);
    }
}

/// Candidates, one below the other, in any dialect.
pub(super) fn candidates(text: &str, builder: &mut Builder) {
    let list = read_candidates(text);
    for listed in &list.candidates {
        builder.candidate(Party::Here, listed, None, &format!("line {}", listed.line), None);
    }
    if list.complete {
        builder.push(Party::Here, "", None, What::EndOfCandidates);
    }
    for (line, error) in list.errors.iter().take(20) {
        builder.note(shown(&format!("line {line}: {error}")));
    }
}
