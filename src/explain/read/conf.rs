//! The configuration of a coturn server: what the rules of `turn lint` find in it.

use super::build::Builder;
use crate::explain::event::{Party, What};
use crate::explain::turnserver::{self, LintOptions, Version, VersionIs};

pub(super) fn read(text: &str, builder: &mut Builder) {
    let options = LintOptions {
        name: String::new(),
        version: Version::NEWEST,
        version_is: VersionIs::Newest,
        clients: &[],
        readable: &|_| None,
    };
    let Ok(lint) = turnserver::lint(text.as_bytes(), options) else { return };
    builder.connection("");
    builder.note(format!(
        "it was read as coturn {} reads it: nat-probe turn lint --coturn-version knows others",
        lint.coturn_version
    ));
    for fault in lint.findings {
        let place = fault.line.map(|line| format!("line {line}")).unwrap_or_default();
        builder.push(Party::Here, &place, None, What::Misconfigured(Box::new(fault)));
    }
}
