//! The configuration of a coturn server: what the rules of `turn lint` find in it. Which version read it is not in the file, so that it is
//! read as the one that distributions have and as the newest.

use std::collections::{BTreeMap, VecDeque};

use crate::explain::event::{Party, What};
use crate::explain::read::build::Builder;
use crate::explain::turnserver::{self, Fault, LintCode, LintOptions, Serves, Severity, Version};

/// What Debian 12 and Ubuntu 24.04 have.
const DISTRIBUTED: Version = Version::new(4, 6, 1);

pub(crate) fn read(text: &str, builder: &mut Builder) {
    if text.len() as u64 > turnserver::LARGEST {
        return builder.note(format!("it was not looked over: it is larger than {} MB", turnserver::LARGEST >> 20));
    }
    let by = |version: Version| {
        let options = LintOptions::of_text_alone(version);
        turnserver::lint(text.as_bytes(), options).map(|lint| lint.findings)
    };
    let (old, new) = match (by(DISTRIBUTED), by(Version::NEWEST)) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(why), _) | (_, Err(why)) => return builder.note(format!("it was not looked over: {why}")),
    };
    builder.connection("");
    builder.note(format!(
        "it was read as coturn {DISTRIBUTED} and {} read it: nat-probe turn lint --coturn-version knows others",
        Version::NEWEST
    ));
    let (serves, rules) = turnserver::serves(text, Version::NEWEST);
    if serves != Serves::default() {
        builder.push(Party::Here, "", None, What::Serves(Box::new(serves)));
    }
    for (line, rule) in rules {
        builder.push(Party::Here, &format!("line {line}"), None, What::PeerRule(rule));
    }
    for fault in both(old, new) {
        let place = fault.line.map(|line| format!("line {line}")).unwrap_or_default();
        builder.push(Party::Here, &place, None, What::Misconfigured(Box::new(fault)));
    }
}

/// What is wrong by both; what is so by one alone is good to know.
fn both(old: Vec<Fault>, new: Vec<Fault>) -> Vec<Fault> {
    let mut by_line: BTreeMap<(LintCode, Option<u32>), VecDeque<Fault>> = BTreeMap::new();
    for fault in old {
        by_line.entry((fault.code, fault.line)).or_default().push_back(fault);
    }
    let alone = |fault: Fault, version: Version| Fault {
        severity: Severity::Note,
        text: format!("with coturn {version}, {}", fault.text),
        ..fault
    };
    let mut all = Vec::new();
    for fault in new {
        let same = by_line.get_mut(&(fault.code, fault.line)).and_then(VecDeque::pop_front);
        all.push(match same {
            None => alone(fault, Version::NEWEST),
            Some(other) if other.effect == fault.effect => fault,
            Some(other) => Fault {
                severity: fault.severity.max(other.severity),
                effect: format!(
                    "with coturn {DISTRIBUTED}, {}; with {}, {}",
                    other.effect,
                    Version::NEWEST,
                    fault.effect
                ),
                ..fault
            },
        });
    }
    all.extend(by_line.into_values().flatten().map(|fault| alone(fault, DISTRIBUTED)));
    all.sort_by_key(|fault| (fault.severity, fault.line.is_none(), fault.line));
    all
}
