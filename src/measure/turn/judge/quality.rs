//! How well it relays: loss, order and round trips of the packets that were counted, and what that means.

use super::cause::{Cause, degraded};
use crate::evidence::key::{ServerStep, Train as Kind, TurnStep};
use crate::evidence::{Exchange, Outcome};
use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::facts::round_trip::{PAYLOADS, RoundTrip, Way};
use crate::measure::turn::facts::software::Setting;
use crate::measure::turn::facts::target::{Target, step_of};
use crate::measure::turn::finding::{Quality, QualityPath, Train};

/// More of the round trips lost than this is heard: about one in twenty each way.
const HEARD_PERCENT: f64 = 10.0;

/// How well it relays; `None` where nothing was sent.
pub(super) fn judge(target: &Target) -> Option<Quality> {
    let way = Way::of(target)?;
    let measures = |one: &Exchange| matches!(step_of(one), Some(TurnStep::Quality(..) | TurnStep::Direct(_)));
    target.exchanges().any(measures).then_some(())?;
    let numbers = || 0..target.options.count;
    let round = |kind, number| RoundTrip::find(target, |leg| TurnStep::Quality(kind, number, leg));
    let through = |kind| train(&numbers().map(|number| round(kind, number)).collect::<Vec<_>>());
    let passed = |payload: u16| {
        let round = round(Kind::Payload, payload.into());
        round.counts().then(|| (payload, round.rtt_ms().is_some()))
    };
    let payloads: Vec<(u16, bool)> = PAYLOADS.into_iter().filter_map(passed).collect();
    // Without an answer to Binding there is nothing to compare with.
    let comparable = target.reply(ServerStep::Binding).is_some();
    Some(Quality {
        path: if way.second { QualityPath::SecondAllocation } else { QualityPath::Peer },
        indications: through(Kind::Send),
        channel: through(Kind::Channel),
        direct: direct(numbers().filter_map(|number| target.find(TurnStep::Direct(number)))).filter(|_| comparable),
        largest_payload: payloads.iter().filter(|(_, passed)| *passed).map(|(payload, _)| *payload).max(),
        failed_payloads: payloads.into_iter().filter(|(_, passed)| !passed).map(|(payload, _)| payload).collect(),
    })
}

/// What became of packets there and back; `None` if none was sent.
fn train(rounds: &[RoundTrip]) -> Option<Train> {
    let rounds: Vec<&RoundTrip> = rounds.iter().filter(|round| round.counts()).collect();
    let times: Vec<f64> = rounds.iter().filter_map(|round| round.rtt_ms()).collect();
    let ends = |leg: fn(&RoundTrip) -> Option<f64>| {
        overtaken(&rounds.iter().filter_map(|round| leg(round)).collect::<Vec<_>>())
    };
    let there = ends(|round| round.rtt_ms().and(round.out?.ended_ms));
    // Those overtaken on their way there come back in that order: what counts is whether they came back in the order they left.
    let mut left: Vec<(f64, f64)> = rounds
        .iter()
        .filter_map(|round| Some((round.back?.started_ms, round.rtt_ms().and(round.back?.ended_ms)?)))
        .collect();
    left.sort_by(|one, other| one.0.total_cmp(&other.0));
    let back = overtaken(&left.into_iter().map(|(_, arrived)| arrived).collect::<Vec<_>>());
    let duplicates = rounds.iter().map(|round| round.copies()).sum();
    numbers(rounds.len(), &times, duplicates, there + back)
}

fn direct<'a>(exchanges: impl Iterator<Item = &'a Exchange>) -> Option<Train> {
    let cut = |one: &&Exchange| !matches!(one.outcome, Outcome::Pending | Outcome::Abandoned { .. });
    let sent: Vec<&Exchange> = exchanges.filter(cut).collect();
    let answered: Vec<(f64, f64)> = sent.iter().filter_map(|one| Some((one.reply()?.rtt_ms, one.ended_ms?))).collect();
    let times: Vec<f64> = answered.iter().map(|(rtt_ms, _)| *rtt_ms).collect();
    let ends: Vec<f64> = answered.iter().map(|(_, ended_ms)| *ended_ms).collect();
    let duplicates = sent.iter().filter(|one| one.reply().is_some()).map(|one| one.copies).sum();
    numbers(sent.len(), &times, duplicates, overtaken(&ends))
}

/// How many arrived after one that had been sent later.
fn overtaken(arrivals: &[f64]) -> u32 {
    let mut earliest_later = f64::INFINITY;
    let mut overtaken = 0;
    for &arrival in arrivals.iter().rev() {
        overtaken += u32::from(arrival > earliest_later);
        earliest_later = earliest_later.min(arrival);
    }
    overtaken
}

fn numbers(sent: usize, times: &[f64], duplicates: u32, reordered: u32) -> Option<Train> {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let (sent, received) = (count(sent), count(times.len()));
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted.get(rank(sorted.len(), share)).copied();
    let steps: Vec<f64> = times.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    (sent > 0).then(|| Train {
        sent,
        received,
        loss_percent: 100.0 * f64::from(sent - received.min(sent)) / f64::from(sent),
        duplicates,
        reordered,
        min_ms: sorted.first().copied(),
        median_ms: at(0.5),
        p95_ms: at(0.95),
        max_ms: sorted.last().copied(),
        jitter_ms: (!steps.is_empty()).then(|| steps.iter().sum::<f64>() / f64::from(count(steps.len()))),
    })
}

/// The index of the nearest rank.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "small counts"
)]
fn rank(len: usize, share: f64) -> usize {
    ((len as f64 * share).ceil() as usize).saturating_sub(1)
}

/// Too much is lost: on the way to the server already, or beyond.
pub(super) fn lossy(target: &Target, quality: &Quality) -> Option<Cause> {
    let trains = [&quality.indications, &quality.channel].into_iter().flatten();
    let (sent, lost) = trains.fold((0, 0), |(sent, lost), one| (sent + one.sent, lost + one.sent - one.received));
    if sent == 0 || 100.0 * f64::from(lost) / f64::from(sent) < HEARD_PERCENT {
        return None;
    }
    let (straight, missing) =
        quality.direct.as_ref().map_or((0, 0), |direct| (direct.sent, direct.sent - direct.received));
    let beside = if straight == 0 {
        "the server leaves Binding unanswered, so that there is nothing to compare with".to_owned()
    } else {
        format!("{missing} of {straight} straight to the server")
    };
    let seen = format!("{lost} of {sent} round trips through the relay were lost, and {beside}");
    let lossy = |code, what: &str, fix: &str| degraded(code, format!("{seen}: {what}"), fix);
    let its = "look at the server's load, its own network, and its limits of bandwidth";
    let its = &target.cure(its, &[Setting::Bandwidth]);
    if is_shared(target) {
        return Some(lossy(
            Code::RelayLossy,
            "those went over the allocation's own socket, so that where could not be told",
            its,
        ));
    }
    // Over TCP nothing is seen to be lost straight to the server, and one of the two ways of each packet is this host's own UDP.
    if target.transport.is_stream() && quality.path == QualityPath::Peer {
        let what = "their other end is a UDP socket of this host, so that it may be its own network that loses them";
        return Some(lossy(
            Code::RelayLossy,
            what,
            &format!("test UDP with nat-probe discover --count 20 first; then {its}"),
        ));
    }
    if lost == sent && missing == 0 && straight > 0 {
        let what =
            "single ones came through before, so that something drops what is so large, so frequent, or in a channel";
        return Some(lossy(Code::RelayLossy, what, &format!("look for a box on the way that does; else {its}")));
    }
    let own = "look at this host's own network (Wi-Fi, uplink) first; a relay nearer to it, or over TCP, may do better";
    Some(match (accounts_for(straight, missing, sent, lost), missing) {
        (false, _) => lossy(Code::RelayLossy, "more than the way to the server accounts for", its),
        (true, 0) => lossy(Code::RelayLossy, "too few to tell where", "run again with --count 200"),
        (true, _) => lossy(Code::PathLossy, "packets are lost on the way to the server already", own),
    })
}

/// Whether the packets straight to the server went over the allocation's own socket, where its limits hold for them too, as in reports
/// of older releases.
fn is_shared(target: &Target) -> bool {
    let name = target.first().map(|(role, _)| target.socket(role));
    target.find(TurnStep::Direct(0)).is_some_and(|one| Some(&one.socket) == name.as_ref())
}

/// Whether what was lost straight to the server can account for the loss through the relay, whose packets go that way twice: expected
/// are as many as the share there says (by the rule of succession, for few packets prove little), and two standard deviations are chance.
fn accounts_for(straight: u32, missing: u32, sent: u32, lost: u32) -> bool {
    let share = f64::from(missing + 1) / f64::from(straight + 2);
    let expected = f64::from(sent) * (1.0 - (1.0 - share).powi(2));
    f64::from(lost) <= expected + 2.0 * expected.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_train_in_numbers() {
        let train = numbers(5, &[10.0, 30.0, 20.0, 40.0], 1, 2).unwrap();
        assert_eq!((train.sent, train.received, train.duplicates, train.reordered), (5, 4, 1, 2));
        assert_eq!(
            (train.min_ms, train.median_ms, train.p95_ms, train.max_ms),
            (Some(10.0), Some(20.0), Some(40.0), Some(40.0))
        );
        assert!((train.loss_percent - 20.0).abs() < 1e-9);
        assert!((train.jitter_ms.unwrap() - 50.0 / 3.0).abs() < 1e-9);
        assert_eq!(numbers(0, &[], 0, 0), None);
        assert_eq!(numbers(3, &[], 0, 0).unwrap().median_ms, None);
    }

    #[test]
    fn one_that_comes_late_was_overtaken_once() {
        assert_eq!(overtaken(&[1.0, 2.0, 3.0]), 0);
        assert_eq!(overtaken(&[9.0, 2.0, 3.0]), 1);
        assert_eq!(overtaken(&[2.0, 1.0, 4.0, 3.0]), 2);
    }

    #[test]
    fn loss_is_blamed_on_the_way_to_the_server_where_that_accounts_for_it() {
        assert!(accounts_for(20, 4, 40, 14), "20 % straight is 36 % there and back");
        assert!(!accounts_for(20, 0, 40, 14), "nothing is lost straight to the server");
        assert!(accounts_for(20, 0, 40, 5), "a twentieth straight may well show as none of twenty");
        assert!(!accounts_for(20, 1, 40, 30));
    }
}
