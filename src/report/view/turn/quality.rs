//! How well a TURN server relays, for how long, and what else it offers.

use crate::evidence::millis;
use crate::measure::turn::TurnResult;
use crate::measure::turn::finding::{KeepAlive, Quality, Train};
use crate::report::view::page::Page;
use crate::report::view::table::{Cell, Table};
use crate::report::view::tint::Tint;
use crate::report::view::words;

/// So many hiccups are told; `-v` tells all.
const HICCUPS: usize = 10;

/// How well it relays.
pub(super) fn write(page: &mut Page, result: &TurnResult) {
    if let Some(quality) = &result.quality {
        self::quality(page, quality);
    }
}

/// What `--duration` saw.
pub(super) fn kept(page: &mut Page, result: &TurnResult) {
    if let Some(hold) = &result.hold {
        self::hold(page, hold);
    }
}

/// What else the server offers.
pub(super) fn features(page: &mut Page, result: &TurnResult) {
    let status = |status| {
        let (tint, word) = words::feature(status);
        Cell::tinted(tint, word)
    };
    let rows: Vec<Vec<Cell>> = result
        .features
        .iter()
        .map(|one| vec![one.name.to_string().into(), status(one.status), one.text.clone().into()])
        .collect();
    if !rows.is_empty() {
        page.table(Table::new(&["feature", "status", "what was seen"], rows));
    }
}

fn quality(page: &mut Page, quality: &Quality) {
    let trains = [
        ("Send indications", &quality.indications),
        ("ChannelData", &quality.channel),
        ("straight to the server", &quality.direct),
    ];
    let sent = trains.into_iter().filter_map(|(how, train)| Some((how, train.as_ref()?)));
    let rows: Vec<Vec<Cell>> = sent.map(|(how, train)| numbers(how, train)).collect();
    if !rows.is_empty() {
        let header = ["packets by", "arrived", "lost", "min", "median", "p95", "max ms", "jitter", "besides"];
        page.table(Table::new(&header, rows).bare().spare(&["jitter", "min", "p95", "max ms", "median"]));
    }
    if let Some(largest) = quality.largest_payload {
        page.bullet(&format!("largest payload that passed: {largest} bytes"));
    }
    if !quality.failed_payloads.is_empty() {
        let sizes: Vec<String> = quality.failed_payloads.iter().map(ToString::to_string).collect();
        page.alarm(Tint::Warning, &format!("payloads that did not pass: {} bytes", sizes.join(", ")));
    }
}

fn numbers(how: &str, train: &Train) -> Vec<Cell> {
    let time = |ms: Option<f64>| ms.map(millis).unwrap_or_default().into();
    let tint = if train.loss_percent > 0.0 { Tint::Warning } else { Tint::Plain };
    let odd = [
        (train.duplicates > 0).then(|| words::plural(train.duplicates, "duplicate", "duplicates")),
        (train.reordered > 0).then(|| format!("{} out of order", train.reordered)),
    ];
    let odd: Vec<String> = odd.into_iter().flatten().collect();
    vec![
        how.into(),
        format!("{} of {}", train.received, train.sent).into(),
        Cell::tinted(tint, format!("{:.0} %", train.loss_percent)),
        time(train.min_ms),
        time(train.median_ms),
        time(train.p95_ms),
        time(train.max_ms),
        time(train.jitter_ms),
        odd.join(", ").into(),
    ]
}

fn hold(page: &mut Page, hold: &KeepAlive) {
    let renewals = words::plural(hold.renewals, "renewal", "renewals");
    let stale = if hold.stale_nonces > 0 {
        format!(", {} replaced", words::plural(hold.stale_nonces, "stale nonce", "stale nonces"))
    } else {
        String::new()
    };
    page.bullet(&format!(
        "kept for {:.0} s: {} of {} packets arrived, {renewals}{stale}",
        hold.held_s, hold.received, hold.sent
    ));
    let told = if page.verbosity() > 0 { hold.hiccups.len() } else { HICCUPS };
    for hiccup in hold.hiccups.iter().take(told) {
        page.alarm(Tint::Warning, &format!("at {}: {}", words::seconds(hiccup.at_ms), hiccup.text));
    }
    if let more @ 1.. = hold.hiccups.len().saturating_sub(told) {
        page.alarm(Tint::Warning, &format!("and {more} more like these; -v lists all"));
    }
}
