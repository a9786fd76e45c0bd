//! What follows from the files: causes with certainty and side.

use super::super::page::Page;
use super::super::tint::Tint;
use super::room::{LAST, optional};
use crate::explain::{Certainty, FaultSide, Finding};

/// Writes them: of the one that the sentence is made of, the words are not repeated.
pub(super) fn write<'a>(
    page: &mut Page,
    findings: &[&Finding],
    sentence: &str,
    teller: &dyn Fn(&Finding) -> Option<&'a str>,
) {
    let mut left = 0;
    for (number, finding) in findings.iter().enumerate() {
        let told = sentence.contains(&finding.text) || sentence.contains(&capital(&finding.text));
        let one = |page: &mut Page| {
            if number == 0 {
                page.blank();
            }
            write_finding(page, finding, told, number == 0, teller(finding));
        };
        // The first is always said.
        if number == 0 {
            one(page);
        } else if left > 0 || !optional(page, LAST + 1, one) {
            left += 1;
        }
    }
    if left > 0 {
        optional(page, 0, |page| page.paragraph(Tint::Faint, &format!("... and {left} more findings, with -v")));
    }
}

fn write_finding(page: &mut Page, finding: &Finding, told: bool, whole: bool, teller: Option<&str>) {
    let side = match finding.side {
        FaultSide::Here => "on this side",
        FaultSide::There => "on the other side",
        FaultSide::Server => "on the server's side",
        FaultSide::Path => "between the two",
        FaultSide::Application => "in the application",
        FaultSide::Unknown => "whose side cannot be told",
    };
    let text = if told && finding.fault {
        format!("That is {}, {side} [{}]", finding.certainty.word(), finding.code)
    } else {
        let told = finding.text.contains("this end") || finding.text.contains("the other end");
        let teller = teller.filter(|_| told).map(|teller| format!(" (as {teller} tells)")).unwrap_or_default();
        format!("{}, {side}{teller}: {}", finding.certainty.word(), finding.text)
    };
    let tint = if finding.certainty == Certainty::Certain { Tint::Bad } else { Tint::Warning };
    if finding.fault {
        page.alarm(tint, &text);
    } else {
        page.bullet(&text);
    }
    let detailed = page.verbosity() > 0;
    let mut detail = |what: &str, text: &str| {
        if !text.is_empty() {
            page.lines(Tint::Plain, "  ", "    ", &format!("{what}: {text}"));
        }
    };
    if detailed || whole {
        detail("seen at", &finding.because.join("; "));
    }
    if finding.fault {
        detail("to do", &finding.fix);
        if detailed || whole {
            detail("settled by", &finding.settle);
        }
    }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().collect::<String>() + characters.as_str()).unwrap_or_default()
}
