//! What every page promises, whatever the report.

use unicode_width::UnicodeWidthStr;

use super::{Style, render};
use crate::evidence::{Behavior, ErrorReply, Failure, FailureCode, Outcome, Stop};
use crate::measure::nat::finding::{Hairpinning, Mapping, MappingBehavior};
use crate::report::advice::advise;
use crate::report::document::{Findings, NetworkKind, Report, RequirementOutcome};
use crate::report::{peers, sample};

fn page(report: &Report, width: usize) -> String {
    render(report, &Style { width, ..Style::default() })
}

fn advised(mut report: Report) -> Report {
    if let Findings::Classify(found) = &mut report.findings {
        found.peers = peers::table(found.nat.families.iter());
    }
    report.advice = advise(&report);
    report
}

/// With the evidence.
fn full(report: &Report, width: usize) -> String {
    render(report, &Style { width, verbosity: 1, ..Style::default() })
}

/// A report in which everything that servers can write is hostile.
fn hostile() -> Report {
    let evil = "\x1b[2J\x1b]0;pwned\x07\u{9b}31m\u{202e}\r\nforged line".to_owned();
    let mut report = sample::home_router();
    report.servers_mut()[0].software = Some(evil.clone());
    report.servers_mut()[2].error.as_mut().unwrap().text = evil.clone();
    report.servers_mut()[1].server = evil.clone();
    report.lookups[0].name = evil.clone();
    if let Outcome::Reply(reply) = &mut report.evidence[0].outcome {
        reply.software = Some(evil.clone());
        reply.error = Some(ErrorReply { code: 420, reason: evil.clone() });
        reply.faults = vec![evil.clone()];
    }
    report.evidence[1].outcome = Outcome::Failed(Failure { code: FailureCode::Other, text: evil.clone(), by: None });
    report.families_mut().ipv4.as_mut().unwrap().mapping.summary.clone_from(&evil);
    report.scenario = Some(evil);
    report.network = NetworkKind::Simulated;
    report
}

#[test]
fn nothing_a_server_wrote_moves_the_cursor() {
    for mut report in [advised(hostile()), sample::as_discover(advised(hostile()))] {
        for width in [200, 80, 40, 20] {
            for redacted in [false, true] {
                report.redacted = redacted;
                let text = render(&report, &Style { width, verbosity: 2, ..Style::default() });
                assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{text:?}");
                assert!(!text.lines().any(|line| line.trim_start().starts_with("forged")) || width < 80, "{text}");
            }
        }
        let json = crate::report::json::render(&report);
        assert!(!json.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'));
    }
}

#[test]
fn no_line_is_wider_than_the_page() {
    for report in sample::all().into_iter().chain([hostile()]).map(advised) {
        for width in [120, 80, 60, 50, 49, 40, 20] {
            for ascii in [false, true] {
                let text = render(&report, &Style { width, ascii, verbosity: 2, color: false });
                for line in text.lines() {
                    assert!(line.width() <= width, "{} columns at {width}: {line}\n{text}", line.width());
                }
                assert!(!ascii || text.is_ascii(), "{text}");
            }
        }
    }
}

#[test]
fn color_only_where_asked_and_always_closed() {
    let report = advised(sample::home_router());
    assert!(!page(&report, 80).contains('\x1b'));
    let colored = render(&report, &Style { color: true, ..Style::default() });
    assert!(colored.contains('\x1b'));
    for line in colored.lines() {
        assert_eq!(line.matches("\x1b[0m").count() > 0, line.contains('\x1b'), "{line:?}");
    }
    let mut stripped = String::new();
    let mut inside = false;
    for character in colored.chars() {
        match character {
            '\x1b' => inside = true,
            'm' if inside => inside = false,
            c if !inside => stripped.push(c),
            _ => {}
        }
    }
    assert_eq!(stripped, page(&report, 80), "color changes no text");
}

#[test]
fn the_verdict_stands_first_unless_it_is_simulated() {
    for report in sample::all() {
        let text = page(&report, 80);
        assert!(text.starts_with("IPv4"), "{text}");
    }
    let mut report = sample::home_router();
    report.network = NetworkKind::Simulated;
    report.scenario = Some("home-router".to_owned());
    let first = page(&report, 80).lines().next().unwrap().to_owned();
    assert_eq!(first, "SIMULATED network (home-router): no packet was sent.");
}

#[test]
fn a_partial_run_says_so() {
    let mut report = sample::home_router();
    report.stopped = Some(Stop::Interrupted);
    assert!(page(&report, 80).starts_with("Interrupted"));
    report.stopped = Some(Stop::Deadline);
    assert!(page(&report, 80).starts_with("The deadline passed"));
}

#[test]
fn every_behavior_has_its_words() {
    let mut found = sample::nat(Behavior::AddressDependent, Behavior::EndpointIndependent);
    found.rfc3489_type = None;
    let text = full(&sample::ipv4(found.clone()), 80);
    assert!(text.contains("address-dependent") && text.contains("no name"), "{text}");
    found.hairpinning = Some(Hairpinning {
        supported: Some(true),
        source: None,
        external_source: Some(true),
        summary: "3 of 3 came back".to_owned(),
        because: Vec::new(),
    });
    found.tcp_mapping = Some(Mapping { behavior: MappingBehavior::ConnectionDependent, ..found.mapping.clone() });
    let text = full(&sample::ipv4(found), 80);
    assert!(text.contains("3 of 3 came back") && text.contains("connection-dependent"), "{text}");
    let text = full(&sample::plain_servers(), 80);
    assert!(text.contains("no server has a second address"), "reasons are shown: {text}");
    assert!(!text.contains("RFC 3489 name"), "no name is claimed: {text}");
}

#[test]
fn requirements_and_failed_servers_are_listed() {
    let mut report = sample::home_router();
    report.requirements = ["mapping=none", "family=ipv4"]
        .map(|text| text.parse::<crate::report::require::Requirement>().unwrap().check(report.families()))
        .to_vec();
    assert_eq!(report.requirements[0].outcome, RequirementOutcome::Unmet);
    let text = full(&report, 80);
    assert!(text.contains("! mapping=none: NOT met (IPv4 mapping is endpoint-independent; "), "{text}");
    assert!(text.contains("- stun3.example.org over UDP: no such name"), "{text}");
}

#[test]
fn discover_says_what_disagreement_means() {
    let told = |change: fn(&mut Report)| {
        let mut report = sample::discover();
        change(&mut report);
        page(&advised(report), 200).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(told(|_| {}).contains("others see this host as 203.0.113.7 (2 answers)"));
    assert!(told(|_| {}).contains("IPv6: 2001:db8:1::23 is this host's own address: no NAT."));
    assert!(told(|report| set(report, "203.0.113.8:51034")).contains("several exits (two providers"));
    assert!(told(|report| set(report, "203.0.113.7:51035")).contains("the NAT gives each destination another one"));
    let shared = |report: &mut Report| {
        report.families_mut().ipv4.as_mut().unwrap().public_addresses = vec!["100.64.1.1".parse().unwrap()];
    };
    assert!(told(shared).contains("Other packets of this host came from 100.64.1.1."));
    assert!(told(shared).contains("carrier-grade NAT"));
    assert!(
        told(|report| {
            let found = report.families_mut().ipv4.as_mut().unwrap();
            found.alg = sample::nat(Behavior::EndpointIndependent, Behavior::EndpointIndependent).alg;
            found.alg.as_mut().unwrap().detected = true;
        })
        .contains("SIP ALG")
    );
    assert!(told(|report| report.families_mut().ipv6 = Some(sample::unavailable())).contains("IPv6: "));
    assert!(!told(|_| {}).contains("not-asked") && !told(|_| {}).contains("inconclusive"));
}

/// What the second server says it saw.
fn set(report: &mut Report, mapped: &str) {
    report.servers_mut()[1].mapped = Some(mapped.parse().unwrap());
    if let Outcome::Reply(reply) = &mut report.evidence[1].outcome {
        reply.mapped = Some(mapped.parse().unwrap());
    }
}

#[test]
fn the_evidence_tells_every_exchange() {
    let text = render(&sample::home_router(), &Style { verbosity: 1, ..Style::default() });
    for part in [
        "e1 udp 192.168.1.23:40112 -> 198.51.100.1:3478 (stun1.example.org)",
        "answered by 198.51.100.1:3478 after 40 ms: sees 203.0.113.7:51034",
        "asked: Binding, answer from the alternate address and port",
        "silence for 512 ms",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

/// The whole page once, so that a change of the layout is seen by whoever makes it.
#[test]
fn the_page_of_classify() {
    let mut report = sample::home_router();
    report.families_mut().ipv6 = Some(sample::unavailable());
    insta::assert_snapshot!("classify", page(&advised(report.clone()), 80));
    insta::assert_snapshot!("classify-v", full(&advised(report), 80));
}

#[test]
fn the_page_of_discover() {
    let page = |width| render(&sample::discover(), &Style { ascii: true, width, ..Style::default() });
    insta::assert_snapshot!("discover", [40, 80, 120].map(page).join("\n"));
}
