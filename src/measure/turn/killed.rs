//! A server that grants the renewal of an allocation and ends it by that.

use super::causes::{Cause, failed};
use super::session::{Session, error_code, succeeded};
use super::{DiagnosisCode as Code, release};
use crate::evidence::Exchange;

/// What ended the allocation.
pub(super) fn judge(session: &Session) -> Option<Cause> {
    let how = how(session)?;
    let text = format!("the server grants the renewal of the allocation, which {how}: calls end when clients renew");
    let fix = "update the server; look for what it does with a Refresh that has no LIFETIME, as clients send it";
    Some(failed(Code::AllocationLost, text, fix))
}

/// Whether what passed through the relay was asked for after the allocation had ended: then it says nothing of the relay.
pub(super) fn spoils_data(session: &Session) -> bool {
    let Some(refresh) = session.last("refresh").filter(|_| how(session).is_some()) else { return false };
    let steps = ["outward", "third", "to-b", "inward"].into_iter().filter_map(|step| session.find(step));
    let permits = session.label("");
    let late = |one: &Exchange| one.started_ms > refresh.started_ms;
    steps.into_iter().any(late)
        || session.seen.under(&permits).any(|one| one.ask.contains("/permit/") && error_code(one) == Some(437))
}

/// In words; `None` while it lives.
pub(super) fn how(session: &Session) -> Option<&'static str> {
    let refresh = session.last("refresh")?;
    let (_, turn) = succeeded(refresh)?;
    if turn.lifetime_s == Some(0) {
        return Some("is ended by it");
    }
    let (first, _) = session.first()?;
    let renewed = refresh.ended_ms?;
    // RFC 8656 section 8.3: a deletion that was sent more than once may have been answered twice, the second time so.
    let once = |one: &Exchange| one.sends == 1 || one.transport.is_stream();
    let delete = session.label(&release::step(first));
    let lost = session.seen.exchanges.iter().any(|one| {
        one.socket == refresh.socket
            && one.started_ms >= renewed
            && error_code(one) == Some(437)
            && (!one.ask.starts_with(&delete) || once(one))
            && !one.ask.contains("/hold/")
    });
    // Kept for a while, it may have ended for other reasons.
    (lost && session.options.hold_s.is_none()).then_some("is gone after it")
}
