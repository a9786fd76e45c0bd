//! A `JUnit` report, as test dashboards read it: the run is a test case, and each requirement is one.

use std::fmt::Write as _;

use super::{command, summary};
use crate::evidence::Stop;
use crate::report::document::{Report, RequirementOutcome};
use crate::report::exit::ExitClass;
use crate::report::shown::Shown;

/// What came of a test case.
enum Came {
    Passed,
    Failed(String),
    /// It could not be tried: neither passed nor failed.
    Erred(String),
}

/// The report as XML.
#[must_use]
pub(crate) fn junit(report: &Report) -> String {
    let shown = Shown::of(report);
    let report = &*shown.report;
    let suite = format!("nat-probe {}", command(report));
    let seconds = report.duration_ms / 1e3;
    let cases = cases(report);
    let count = |wanted: fn(&Came) -> bool| cases.iter().filter(|(_, came)| wanted(came)).count();
    let (failures, errors) =
        (count(|came| matches!(came, Came::Failed(_))), count(|came| matches!(came, Came::Erred(_))));
    // The schema wants a time without a zone.
    let began = report.started_at.get(..19).unwrap_or("1970-01-01T00:00:00");
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    let _ = writeln!(
        xml,
        "  <testsuite name=\"{}\" package=\"nat-probe\" id=\"0\" hostname=\"localhost\" timestamp=\"{}\" tests=\"{}\" \
         failures=\"{failures}\" errors=\"{errors}\" time=\"{seconds:.3}\">",
        escaped(&suite),
        escaped(began),
        cases.len(),
    );
    let _ = writeln!(
        xml,
        "    <properties>\n      <property name=\"version\" value=\"{}\"/>\n    </properties>",
        escaped(&report.tool.version)
    );
    for (at, (name, came)) in cases.iter().enumerate() {
        // All the time went into the one measurement that every case reads.
        let time = if at == 0 { seconds } else { 0.0 };
        let open =
            format!("    <testcase name=\"{}\" classname=\"{}\" time=\"{time:.3}\"", escaped(name), escaped(&suite));
        let _ = match came {
            Came::Passed => writeln!(xml, "{open}/>"),
            Came::Failed(text) => told(&mut xml, &open, "failure", text),
            Came::Erred(text) => told(&mut xml, &open, "error", text),
        };
    }
    let _ = writeln!(xml, "    <system-out>{}</system-out>\n    <system-err></system-err>", escaped(&summary(report)));
    shown.mask(xml + "  </testsuite>\n</testsuites>\n")
}

fn told(xml: &mut String, open: &str, element: &str, text: &str) -> std::fmt::Result {
    let text = escaped(text);
    writeln!(xml, "{open}>\n      <{element} message=\"{text}\" type=\"{element}\">{text}</{element}>\n    </testcase>")
}

fn cases(report: &Report) -> Vec<(String, Came)> {
    let run = match report.findings.view().exit_class(&report.requirements) {
        _ if report.stopped == Some(Stop::Interrupted) => Came::Erred(summary(report)),
        ExitClass::Measured => Came::Passed,
        ExitClass::Unmet => Came::Failed(summary(report)),
        ExitClass::NotMeasured => Came::Erred(summary(report)),
    };
    let required = report.requirements.iter().map(|requirement| {
        let came = match requirement.outcome {
            RequirementOutcome::Met => Came::Passed,
            RequirementOutcome::Unmet => Came::Failed(requirement.text.clone()),
            RequirementOutcome::Unknown => Came::Erred(requirement.text.clone()),
        };
        (requirement.requirement.clone(), came)
    });
    [(command(report).to_owned(), run)].into_iter().chain(required).collect()
}

/// For an attribute or an element: XML 1.0 has no word for most control characters, so that they are left out.
fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(xml, "&#{};", u32::from(c));
            }
            '\u{fffe}' | '\u{ffff}' => {}
            c if c < ' ' => {}
            c => xml.push(c),
        }
    }
    xml
}
