//! Advice that follows from how well the path carries packets, whatever the NAT does.

use super::case::Case;
use super::commands;
use crate::evidence::{Exchange, span};
use crate::measure::loss;
use crate::measure::nat::advice_code::AdviceCode;
use crate::report::document::{Advice, Findings};
use crate::wire::Transport;

/// With fewer round trips a loss is chance.
const ENOUGH: u32 = 20;

/// Less than this share of lost round trips is usual on Wi-Fi.
const LOSSY: f64 = 0.05;

/// No usual line loses this share of round trips for long: a limit of packets a second does.
const LIMITED: f64 = 0.3;

/// ITU-T G.114: more than 150 ms each way hinder a conversation.
const LONG_MS: f64 = 300.0;

/// With a second look at both, where this was none.
fn look_again(case: &Case, advice: Advice) -> Advice {
    let enough = matches!(&case.report.findings, Findings::Discover(found) if found.options.count >= ENOUGH);
    if enough { advice } else { advice.trying(commands::ROUND_TRIPS) }
}

pub(super) fn loss(case: &Case) -> Option<Advice> {
    let of_family =
        |exchange: &&Exchange| exchange.transport == Transport::Udp && case.family.has(exchange.remote.ip());
    let (sends, lost) = loss::round_trips(case.report.evidence.iter().filter(of_family));
    let share = f64::from(lost) / f64::from(sends.max(1));
    if sends < ENOUGH || share < LOSSY {
        return None;
    }
    // Were both ways equally bad, each would lose this.
    let each_way = (1.0 - (1.0 - share).sqrt()) * 100.0;
    let cure = if share < LIMITED {
        "try a cable instead of Wi-Fi, or another network"
    } else {
        "the line is bad, or somebody on the way limits UDP; try a cable instead of Wi-Fi, or another network"
    };
    case.warning(
        AdviceCode::PacketLoss,
        format!(
            "Packets get lost ({lost} of {sends} round trips; were both ways alike, {each_way:.0} % each), and calls and games suffer: \
             {cure}."
        ),
    )
    .map(|advice| look_again(case, advice))
}

pub(super) fn round_trip(case: &Case) -> Option<Advice> {
    let rows = case.report.servers().iter().filter(|row| row.transport == Transport::Udp && row.believed().is_some());
    let of_family = rows.filter(|row| row.address.is_some_and(|address| case.family.has(address.ip())));
    let nearest = of_family.filter_map(|row| row.rtt_ms).min_by(f64::total_cmp)?;
    if nearest < LONG_MS {
        return None;
    }
    case.warning(
        AdviceCode::LongRoundTrip,
        format!(
            "The round trip to the nearest server takes {} (a satellite, a VPN, or full queues): people talk over each \
             other, and games lag, whatever the NAT does.",
            span(nearest)
        ),
    )
    .map(|advice| look_again(case, advice))
}

#[cfg(test)]
mod tests {
    use crate::report::advice::codes;
    use crate::report::sample;

    fn has(report: &crate::report::Report, code: &str) -> bool {
        codes(report).iter().any(|one| one == code)
    }

    #[test]
    fn a_long_round_trip_is_told_where_even_the_nearest_server_is_far() {
        let mut report = sample::home_router();
        report.servers_mut()[0].rtt_ms = Some(600.0);
        assert!(!has(&report, "long-round-trip"), "another one is near");
        report.servers_mut()[1].rtt_ms = Some(400.0);
        assert!(has(&report, "long-round-trip"));
    }

    #[test]
    fn loss_is_told_where_enough_was_sent_to_see_it() {
        let mut report = sample::home_router();
        let answered = report.evidence[0].clone();
        report.evidence = (0..20).map(|_| answered.clone()).collect();
        report.evidence.iter_mut().for_each(|exchange| exchange.paced = true);
        assert!(!has(&report, "packet-loss"));
        // The fourth of its sends is answered; an answer to the first that is late would be no loss.
        report.evidence[3].sends = 4;
        report.evidence[3].ended_ms = report.evidence[3].ended_ms.map(|ended_ms| ended_ms + 300.0);
        assert!(has(&report, "packet-loss"));
        report.evidence.truncate(10);
        assert!(!has(&report, "packet-loss"), "too few to tell");
    }
}
