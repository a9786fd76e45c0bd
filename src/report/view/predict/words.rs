//! Answers as the page shows them.

use crate::predict::prediction::Answer;
use crate::report::view::tint::Tint;

pub(super) fn tint(answer: Answer) -> Tint {
    match answer {
        Answer::Direct | Answer::DirectOnLan | Answer::DirectAfterHairpin => Tint::Good,
        Answer::Possible | Answer::Inconclusive | Answer::Unknown => Tint::Warning,
        Answer::Relay | Answer::Impossible => Tint::Bad,
    }
}

pub(super) fn outcome(answer: Answer) -> &'static str {
    match answer {
        Answer::Direct => "directly",
        Answer::DirectOnLan => "on the LAN",
        Answer::DirectAfterHairpin => "by hairpinning",
        Answer::Possible => "perhaps",
        Answer::Relay => "by relay",
        Answer::Impossible => "not at all",
        Answer::Inconclusive | Answer::Unknown => "not known",
    }
}

/// A sentence of ours within another one.
pub(super) fn inside(sentence: &str) -> String {
    let text = sentence.trim_end_matches('.');
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}
