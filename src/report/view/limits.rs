//! What the system did not tell, where it changes what the page says.

use super::Page;
use super::tint::Tint;
use crate::evidence::{Exchange, FailureCode, Outcome, PlatformLimit};
use crate::report::document::Report;
use crate::wire::Transport;

const IN_PART: &str = "This system tells nat-probe of ICMP errors only in part: over UDP a closed port and a firewall that refuses look \
                       alike, and a network that cannot be reached looks like silence.";

pub(super) fn write(page: &mut Page, report: &Report) {
    let limited = report.platform_limits.contains(&PlatformLimit::IcmpErrorsInPart);
    if limited && report.evidence.iter().any(|exchange| would_say_more(report, exchange)) {
        page.blank();
        page.paragraph(Tint::Plain, IN_PART);
    }
}

/// Whether an ICMP error told in full could say more of it: it was refused by nobody in particular, or nothing ever came from there.
fn would_say_more(report: &Report, asked: &Exchange) -> bool {
    let heard = |other: &Exchange| other.remote == asked.remote && other.reply().is_some();
    let untold = match &asked.outcome {
        Outcome::Failed(failure) => failure.code == FailureCode::ConnectionRefused && failure.by.is_none(),
        Outcome::Silence { .. } => !report.evidence.iter().any(heard),
        _ => false,
    };
    untold && matches!(asked.transport, Transport::Udp | Transport::Dtls)
}
