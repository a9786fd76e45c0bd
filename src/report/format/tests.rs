use super::{junit, nagios, prometheus};
use crate::evidence::Stop;
use crate::report::document::{Report, Requirement, RequirementOutcome};
use crate::report::sample;

fn requiring(outcomes: &[(&str, RequirementOutcome, &str)]) -> Report {
    let mut report = sample::home_router();
    let requirement = |(requirement, outcome, text): &(&str, RequirementOutcome, &str)| Requirement {
        requirement: (*requirement).to_owned(),
        outcome: *outcome,
        text: (*text).to_owned(),
    };
    report.requirements = outcomes.iter().map(requirement).collect();
    report
}

#[test]
fn nagios_says_the_state_the_facts_and_the_numbers_in_one_line() {
    let line = nagios(&requiring(&[]));
    assert!(line.starts_with("NAT-PROBE CLASSIFY OK - ipv4 connectivity nat"), "{line}");
    assert_eq!(line.matches('|').count(), 1, "{line}");
    assert_eq!(line.lines().count(), 1);
    assert!(line.contains("| duration=") && line.contains("s;;;0"), "{line}");
}

#[test]
fn nagios_calls_what_is_not_so_critical_and_what_could_not_be_told_unknown() {
    let unmet = ("mapping=none", RequirementOutcome::Unmet, "it is x|y\nz");
    let unknown = ("filtering=none", RequirementOutcome::Unknown, "lost");
    let line = nagios(&requiring(&[unmet, unknown]));
    assert_eq!((line.lines().count(), line.matches('|').count()), (1, 1));
    assert!(line.contains("CRITICAL - not met: mapping=none: it is x/y z | "), "{line}");
    let line = nagios(&requiring(&[unknown]));
    assert!(line.contains("UNKNOWN - could not be told: filtering=none: lost | "), "{line}");
}

#[test]
fn junit_counts_what_failed_apart_from_what_could_not_be_tried() {
    let hostile = "a<b>&\"\u{1b}[31m\u{0}";
    let xml = junit(&requiring(&[
        ("mapping=none", RequirementOutcome::Unmet, hostile),
        ("filtering=none", RequirementOutcome::Unknown, "lost"),
        ("connectivity=nat", RequirementOutcome::Met, ""),
    ]));
    assert!(xml.contains("tests=\"4\" failures=\"1\" errors=\"1\""), "{xml}");
    assert!(xml.contains("message=\"a&lt;b&gt;&amp;&quot;[31m\""), "{xml}");
    assert!(!xml.contains(['\u{1b}', '\u{0}']), "XML has no such characters");
}

#[test]
fn prometheus_names_each_series_once() {
    let mut report = requiring(&[
        ("mapping=none", RequirementOutcome::Unmet, ""),
        ("mapping=none", RequirementOutcome::Unmet, ""),
        ("a\"b\\c\nd", RequirementOutcome::Met, ""),
        ("filtering=none", RequirementOutcome::Unknown, ""),
    ]);
    report.started_at = "2026-01-02T03:04:05.000Z".to_owned();
    let text = prometheus(&report);
    let series: Vec<&str> =
        text.lines().filter(|line| !line.starts_with('#')).map(|line| line.rsplit_once(' ').unwrap().0).collect();
    assert!(series.len() > 6, "{text}");
    assert!(series.iter().all(|one| series.iter().filter(|other| other == &one).count() == 1), "{text}");
    assert!(text.contains("nat_probe_success{command=\"classify\"} 0\n"), "{text}");
    assert!(text.contains("requirement=\"a\\\"b\\\\c\\nd\"} 1\n"), "{text}");
    assert!(!text.contains("filtering=none"), "what could not be told has no value");
    assert!(text.contains("nat_probe_timestamp_seconds{command=\"classify\"} 1767323045\n"), "{text}");
    assert!(
        text.contains("nat_probe_mapping{command=\"classify\",family=\"ipv4\",is=\"endpoint-independent\"} 1\n"),
        "{text}"
    );
}

/// Interrupted, a run may have met everything so far: no format says that it went well.
#[test]
fn what_was_interrupted_is_no_success() {
    let mut report = requiring(&[("connectivity=nat", RequirementOutcome::Met, "")]);
    report.stopped = Some(Stop::Interrupted);
    assert!(nagios(&report).contains("CLASSIFY UNKNOWN - interrupted"), "{}", nagios(&report));
    assert!(prometheus(&report).contains("nat_probe_success{command=\"classify\"} 0\n"));
    assert!(junit(&report).contains("failures=\"0\" errors=\"1\""), "{}", junit(&report));
}

#[test]
fn no_format_shows_what_is_masked() {
    let mut report = sample::home_router();
    report.redacted = true;
    for text in [junit(&report), nagios(&report), prometheus(&report)] {
        assert!(!text.contains("203.0.113."), "{text}");
    }
}
