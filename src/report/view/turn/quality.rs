//! How well a TURN server relays, for how long, and what else it offers.

use crate::measure::turn::TurnResult;
use crate::measure::turn::finding::{FeatureStatus, KeepAlive, Quality, Train};
use crate::report::view::page::Page;
use crate::report::view::tint::Tint;

/// So many hiccups are told; `-v` tells all.
const HICCUPS: usize = 10;

pub(super) fn write(page: &mut Page, result: &TurnResult) {
    if let Some(quality) = &result.quality {
        self::quality(page, quality);
    }
    if let Some(hold) = &result.hold {
        self::hold(page, hold);
    }
    let rows: Vec<Vec<String>> = result
        .features
        .iter()
        .map(|one| vec![one.name.to_string(), status(one.status).to_owned(), one.text.clone()])
        .collect();
    if !rows.is_empty() {
        page.table(&["feature", "status", "what was seen"], &rows);
    }
}

fn status(status: FeatureStatus) -> &'static str {
    match status {
        FeatureStatus::Offered => "offered",
        FeatureStatus::NotOffered => "not offered",
        FeatureStatus::Broken => "broken",
        FeatureStatus::Unknown => "not known",
    }
}

fn quality(page: &mut Page, quality: &Quality) {
    let trains = [
        ("through Send indications", &quality.indications),
        ("through ChannelData", &quality.channel),
        ("straight to the server", &quality.direct),
    ];
    for (how, train) in trains {
        if let Some(train) = train {
            page.bullet(&format!("{how}: {}", numbers(train)));
        }
    }
    if let Some(largest) = quality.largest_payload {
        page.bullet(&format!("largest payload that passed: {largest} bytes"));
    }
    if !quality.failed_payloads.is_empty() {
        let sizes: Vec<String> = quality.failed_payloads.iter().map(ToString::to_string).collect();
        page.alarm(Tint::Warning, &format!("payloads that did not pass: {} bytes", sizes.join(", ")));
    }
}

fn numbers(train: &Train) -> String {
    let times = [train.min_ms, train.median_ms, train.p95_ms, train.max_ms];
    let times: Vec<String> = times.into_iter().flatten().map(|ms| format!("{ms:.1}")).collect();
    let times = if times.len() == 4 { format!(", {} ms (min/median/p95/max)", times.join("/")) } else { String::new() };
    let jitter = train.jitter_ms.map(|ms| format!(", jitter {ms:.1} ms")).unwrap_or_default();
    let odd = |count: u32, what: &str| if count > 0 { format!(", {count} {what}") } else { String::new() };
    let duplicates = odd(train.duplicates, if train.duplicates == 1 { "duplicate" } else { "duplicates" });
    let reordered = odd(train.reordered, "out of order");
    let arrived = format!("{} of {} arrived ({:.0} % lost)", train.received, train.sent, train.loss_percent);
    format!("{arrived}{duplicates}{reordered}{times}{jitter}")
}

fn hold(page: &mut Page, hold: &KeepAlive) {
    let renewals = plural(hold.renewals, "renewal", "renewals");
    let stale = if hold.stale_nonces > 0 {
        format!(", {} replaced", plural(hold.stale_nonces, "stale nonce", "stale nonces"))
    } else {
        String::new()
    };
    page.bullet(&format!(
        "kept for {:.0} s: {} of {} packets arrived, {renewals}{stale}",
        hold.held_s, hold.received, hold.sent
    ));
    let told = if page.verbosity() > 0 { hold.hiccups.len() } else { HICCUPS };
    for hiccup in hold.hiccups.iter().take(told) {
        page.alarm(Tint::Warning, &format!("at {:.1} s: {}", hiccup.at_ms / 1000.0, hiccup.text));
    }
    if let more @ 1.. = hold.hiccups.len().saturating_sub(told) {
        page.alarm(Tint::Warning, &format!("and {more} more like these; -v lists all"));
    }
}

fn plural(count: u32, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
