//! A server that grants the renewal of an allocation and ends it by that.

use crate::evidence::Exchange;
use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::ask::release;
use crate::measure::turn::facts::target::{Target, error_code, succeeded};
use crate::measure::turn::judge::verdict::{Cause, failed};
use crate::measure::turn::labels;

/// What ended the allocation.
pub fn judge(target: &Target) -> Option<Cause> {
    let how = how(target)?;
    let text = format!("the server grants the renewal of the allocation, which {how}: calls end when clients renew");
    let fix = "update the server; look for what it does with a Refresh that has no LIFETIME, as clients send it";
    Some(failed(Code::AllocationLost, text, fix))
}

/// Whether what passed through the relay was asked for after the allocation had ended: then it says nothing of the relay.
pub fn spoils_data(target: &Target) -> bool {
    let Some(refresh) = target.last("refresh").filter(|_| how(target).is_some()) else { return false };
    let steps = ["outward", "third", "to-b", "inward"].into_iter().filter_map(|step| target.find(step));
    let late = |one: &Exchange| one.started_ms > refresh.started_ms;
    steps.into_iter().any(late)
        || target.under("").any(|one| labels::step(&one.ask).contains("/permit/") && error_code(one) == Some(437))
}

/// In words; `None` while it lives.
pub fn how(target: &Target) -> Option<&'static str> {
    let refresh = target.last("refresh")?;
    let (_, turn) = succeeded(refresh)?;
    if turn.lifetime_s == Some(0) {
        return Some("is ended by it");
    }
    let (first, _) = target.first()?;
    let renewed = refresh.ended_ms?;
    // RFC 8656 section 8.3: a deletion that was sent more than once may have been answered twice, the second time so.
    let once = |one: &Exchange| one.sends == 1 || one.transport.is_stream();
    let delete = release::step(first);
    let lost = target.seen.exchanges.iter().any(|one| {
        one.socket == refresh.socket
            && one.started_ms >= renewed
            && error_code(one) == Some(437)
            && (!labels::step(&one.ask).starts_with(&delete) || once(one))
            && !labels::step(&one.ask).starts_with("hold/")
    });
    // Kept for a while, it may have ended for other reasons.
    (lost && target.options.hold_s.is_none()).then_some("is gone after it")
}
