//! What works and is of no use in a browser: ports that browsers refuse, entries that they reject, records that they do not ask for.

use super::cause::{Cause, degraded};
use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::facts::target::Target;
use crate::measure::turn::finding::TurnVerdict;
use crate::wire::{EntryKind, Host, Remark, RemarkCode, ServerSpec};

/// Ports below 1024 that Chromium takes for TURN: those that deployments use.
const CHROMIUM_LOW: [u16; 3] = [53, 80, 443];

/// Ports from 1024 on that Firefox blocks, and Chromium does not.
const FIREFOX_BLOCKED: [u16; 16] =
    [1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669];

/// The verdict as a browser would have it: what relays is degraded where browsers do not get as far.
pub(super) fn judge(target: &Target, (verdict, found): Cause) -> Cause {
    if verdict != TurnVerdict::Ok {
        return (verdict, found);
    }
    let works = if target.entry.kind == EntryKind::Stun { "it answers" } else { "it relays" };
    if let Some(rejected) = &target.entry.rejected {
        let text = format!("{works}, and not in every browser: {}", rejected.text);
        return degraded(Code::BrowserRejects, text, &rejected.fix);
    }
    match port(target) {
        Some(browser) => {
            let text = format!("{works}, and {browser} refuses port {} for TURN", target.remote.port());
            let fix = "let the server listen on 3478, 443, 80 or 53 too, and name that port";
            degraded(Code::BrowserPort, text, fix)
        }
        None => (verdict, found),
    }
}

/// The browser that refuses the port.
fn port(target: &Target) -> Option<&'static str> {
    if target.entry.kind == EntryKind::Stun {
        return None;
    }
    match target.remote.port() {
        low @ ..1024 => (!CHROMIUM_LOW.contains(&low)).then_some("Chromium"),
        port => FIREFOX_BLOCKED.contains(&port).then_some("Firefox"),
    }
}

/// What a browser would do otherwise with the URI of a command line, which is asked for as RFC 5928 wants it.
pub(super) fn remark(target: &Target) -> Option<Remark> {
    let (spec, _) = ServerSpec::parse_turn(&target.entry.uri).ok()?;
    let port = spec.default_port(target.transport);
    let by_records = target.entry.place.is_empty() && spec.uri && spec.port.is_none();
    let elsewhere = by_records && target.redirected_from.is_none() && target.remote.port() != port;
    let name = matches!(spec.host, Host::Name(_));
    (elsewhere && name).then(|| Remark {
        code: RemarkCode::FoundBySrv,
        error: false,
        text: format!(
            "port {} comes from an SRV or NAPTR record; browsers ask for none and use port {port} of the name's own addresses",
            target.remote.port()
        ),
        fix: format!("name port {} in the URI that browsers get", target.remote.port()),
    })
}
