//! What a script requires of files that were explained: `no=CODE`, `certain=CODE`.

use std::str::FromStr;

use super::document::{Explanation, Outcome, Required, RequiredIs};
use super::finding::{CauseCode, Certainty};
use crate::wire::nearest;

/// Something required.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Require {
    text: String,
    what: What,
    /// None stands for any fault.
    codes: Option<Vec<CauseCode>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// None of the causes was found.
    No,
    /// One of them was, and for certain.
    Certain,
}

impl FromStr for Require {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or_else(|| "write no=CODE or certain=CODE".to_owned())?;
        let what = match key.trim() {
            "no" => What::No,
            "certain" => What::Certain,
            _ => return Err("the keys are no and certain: no=turn-credentials-refused".to_owned()),
        };
        let code = |word: &str| {
            let word = word.trim();
            let known = CauseCode::ALL.iter().find(|code| code.to_string() == word);
            known.copied().ok_or_else(|| {
                let all: Vec<String> = CauseCode::ALL.iter().map(ToString::to_string).collect();
                let near = nearest(word, all.iter().map(String::as_str));
                let near =
                    near.map_or("; see nat-probe-explain(1)".to_owned(), |near| format!("; the nearest is {near}"));
                format!("there is no such cause{near}")
            })
        };
        let codes =
            if value.trim() == "any" { None } else { Some(value.split(',').map(code).collect::<Result<_, _>>()?) };
        Ok(Self { text: text.to_owned(), what, codes })
    }
}

impl Explanation {
    /// Looks whether everything required is so.
    pub fn require(&mut self, all: &[Require]) {
        self.requirements =
            all.iter().map(|one| Required { requirement: one.text.clone(), outcome: self.is(one) }).collect();
    }

    fn is(&self, required: &Require) -> RequiredIs {
        let named = |code: CauseCode| required.codes.as_ref().is_none_or(|codes| codes.contains(&code));
        // What was named counts wherever it was found; of any only what hinders.
        let counts = |fault: bool| fault || required.codes.is_some();
        let mut found = self.findings.iter().filter(|finding| named(finding.code) && counts(finding.fault));
        let met = match required.what {
            What::No => found.next().is_none(),
            What::Certain => found.any(|finding| finding.certainty == Certainty::Certain),
        };
        match (met, required.what) {
            (true, What::No) if self.outcome == Outcome::CouldNotTell => RequiredIs::Unknown,
            (true, _) => RequiredIs::Met,
            (false, _) => RequiredIs::Unmet,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Require;

    #[test]
    fn what_is_required_is_understood_or_refused_with_what_to_write() {
        for good in ["no=turn-credentials-refused", "no=any", "certain=one-way,nothing-arrived"] {
            assert!(good.parse::<Require>().is_ok(), "{good}");
        }
        for (bad, told) in [
            ("no", "no=CODE"),
            ("yes=one-way", "the keys are"),
            ("no=oneway", "one-way"),
            ("no=", "there is no such cause"),
        ] {
            let error = bad.parse::<Require>().unwrap_err();
            assert!(error.contains(told), "{bad}: {error}");
        }
    }
}
