//! What the system did not tell, where it changes what the page says: silence that may have been a refusal.

use super::Page;
use super::tint::Tint;
use crate::evidence::{Exchange, PlatformLimit};
use crate::report::document::Report;
use crate::wire::Transport;

pub(super) fn write(page: &mut Page, report: &Report) {
    let Some(limit) = report.platform_limits.iter().find_map(|limit| words(*limit)) else { return };
    if report.evidence.iter().any(|exchange| may_have_refused(report, exchange)) {
        page.blank();
        page.paragraph(Tint::Plain, limit);
    }
}

fn words(limit: PlatformLimit) -> Option<&'static str> {
    match limit {
        PlatformLimit::IcmpErrors => Some(
            "This system tells nat-probe of no ICMP errors: whoever did not answer over UDP may have refused instead (a closed port, a \
             firewall that says no).",
        ),
        PlatformLimit::IcmpErrorsInPart => Some(
            "This system does not tell nat-probe which of several servers refused: whoever did not answer over UDP may have (a closed \
             port, a firewall that says no).",
        ),
        PlatformLimit::Unknown => None,
    }
}

/// Whether nothing ever came from where that went to: who answered something else does not refuse.
fn may_have_refused(report: &Report, asked: &Exchange) -> bool {
    let heard = |other: &Exchange| other.remote == asked.remote && other.reply().is_some();
    matches!(asked.transport, Transport::Udp | Transport::Dtls) && asked.silent() && !report.evidence.iter().any(heard)
}
