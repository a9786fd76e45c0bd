//! What keeping the allocation for a while saw: what was lost or slow, which renewals failed, and whether it lasted.

use super::cause::{Cause, failed};
use crate::evidence::key::{Renewal, TurnStep};
use crate::evidence::{Exchange, Outcome, span};
use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::facts::exchange::{error_code, is_stale, succeeded};
use crate::measure::turn::facts::round_trip::{RoundTrip, Way, keep_alive_interval_ms, keep_alive_span_ms};
use crate::measure::turn::facts::target::{Target, step_of};
use crate::measure::turn::finding::{Hiccup, KeepAlive};
use crate::wire::escape;

/// A round trip that many times the median, and that much longer, is out of the ordinary.
const SLOW_TIMES: f64 = 3.0;
const SLOW_MS: f64 = 200.0;
/// So many lost in a row at the end are no chance.
const GONE: usize = 3;

/// What is renewed, with the request that renews it.
const RENEWALS: [(Renewal, &str); 5] = [
    (Renewal::Refresh, "Refresh"),
    (Renewal::Permit, "CreatePermission"),
    (Renewal::Channel, "ChannelBind"),
    (Renewal::RefreshSecond, "Refresh"),
    (Renewal::PermitSecond, "CreatePermission"),
];

/// What keeping the allocation saw; `None` if it was not asked for, or there was nothing to keep.
pub(super) fn judge(target: &Target) -> Option<KeepAlive> {
    let (_, hold_s) = Way::of(target).zip(target.options.hold_s)?;
    let keeps = |one: &&Exchange| matches!(step_of(one), Some(TurnStep::KeepAlive(..) | TurnStep::Renewal(..)));
    let begun_ms = target.exchanges().filter(keeps).map(|one| one.started_ms).min_by(f64::total_cmp)?;
    let rounds = rounds(target, hold_s);
    let counted = rounds.iter().filter(|round| round.counts());
    let kept_ms = (target.seen.elapsed_ms - begun_ms).clamp(0.0, keep_alive_span_ms(hold_s));
    let mut kept = KeepAlive { held_s: kept_ms / 1_000.0, ..KeepAlive::default() };
    for round in counted {
        kept.sent = kept.sent.saturating_add(1);
        kept.received = kept.received.saturating_add(u32::from(round.rtt_ms().is_some()));
    }
    kept.hiccups = gaps(&rounds);
    kept.hiccups.extend(slow(&rounds));
    for (renewal, what) in RENEWALS {
        for number in 1u32.. {
            let step = TurnStep::Renewal(renewal, number);
            let attempts: Vec<&Exchange> = (1u32..).map_while(|attempt| target.attempt(step, attempt)).collect();
            let Some(&last) = attempts.last() else { break };
            let stale = attempts.iter().filter(|one| is_stale(one)).count();
            kept.stale_nonces = kept.stale_nonces.saturating_add(u32::try_from(stale).unwrap_or(u32::MAX));
            if succeeded(last).is_some() {
                kept.renewals = kept.renewals.saturating_add(1);
            } else if let Some(why) = trouble(last) {
                kept.hiccups.push(Hiccup { at_ms: last.started_ms, text: format!("{what} {why}") });
            }
        }
    }
    kept.hiccups.sort_by(|one, other| one.at_ms.total_cmp(&other.at_ms));
    Some(kept)
}

fn rounds<'a>(target: &Target<'a>, hold_s: u64) -> Vec<RoundTrip<'a>> {
    let end = (keep_alive_span_ms(hold_s) / keep_alive_interval_ms(hold_s)).ceil();
    let all = (0u32..).take_while(|number| f64::from(*number) < end);
    let rounds = all.map(|number| RoundTrip::find(target, |leg| TurnStep::KeepAlive(number, leg)));
    rounds.take_while(|round| round.out.is_some()).collect()
}

/// Packets in a row that did not come back, as one.
fn gaps(rounds: &[RoundTrip]) -> Vec<Hiccup> {
    let known: Vec<&RoundTrip> = rounds.iter().filter(|round| round.counts()).collect();
    let runs = known.chunk_by(|one, other| one.rtt_ms().is_none() == other.rtt_ms().is_none());
    let lost = runs.filter(|run| run.iter().all(|round| round.rtt_ms().is_none()));
    let seconds = |round: &RoundTrip| round.out.map_or(0.0, |out| out.started_ms) / 1_000.0;
    lost.filter_map(|run| {
        let begun = run.first()?.out?.started_ms;
        let end = seconds(run.last()?);
        let text = match run.len() {
            1 => "a packet did not come back".to_owned(),
            many => format!("{many} packets in a row did not come back, the last sent at {end:.1} s"),
        };
        Some(Hiccup { at_ms: begun, text })
    })
    .collect()
}

/// Round trips far longer than the others.
fn slow(rounds: &[RoundTrip]) -> Vec<Hiccup> {
    let mut times: Vec<f64> = rounds.iter().filter_map(RoundTrip::rtt_ms).collect();
    times.sort_by(f64::total_cmp);
    let Some(&median) = times.get(times.len() / 2) else { return Vec::new() };
    let bound = (median * SLOW_TIMES).max(median + SLOW_MS);
    let slow = rounds.iter().filter_map(|round| Some((round.out?.started_ms, round.rtt_ms()?)));
    slow.filter(|(_, rtt_ms)| *rtt_ms > bound)
        .map(|(at_ms, rtt_ms)| Hiccup {
            at_ms,
            text: format!("a packet took {} (median {})", span(rtt_ms), span(median)),
        })
        .collect()
}

/// Why a renewal failed; `None` while it did not.
fn trouble(exchange: &Exchange) -> Option<String> {
    match &exchange.outcome {
        Outcome::Reply(reply) => {
            let error = reply.error.as_ref()?;
            Some(match error.code {
                437 => "was refused: the allocation is gone (437)".to_owned(),
                _ => format!("was refused ({error})"),
            })
        }
        Outcome::Silence { .. } => Some(format!("was not answered (sent {} times)", exchange.sends)),
        Outcome::Failed(failure) => Some(format!("failed: {}", escape(&failure.text))),
        _ => None,
    }
}

/// It did not last: at the end the allocation is gone, or nothing passes any more.
pub(super) fn lost(target: &Target) -> Option<Cause> {
    let rounds = rounds(target, target.options.hold_s?);
    let known: Vec<&RoundTrip> = rounds.iter().filter(|round| round.counts()).collect();
    let quiet = known.iter().rev().take_while(|round| round.rtt_ms().is_none()).count();
    let mut renewals = target.seen.within(&target.key.renewals(Renewal::Refresh)).rev();
    let gone = renewals.find(|one| one.settled()).and_then(error_code) == Some(437);
    let since = known.len().checked_sub(quiet).and_then(|index| known.get(index)).and_then(|round| round.out);
    let since = since.map_or(0.0, |out| out.started_ms) / 1_000.0;
    let text = match (gone, quiet >= GONE) {
        (true, true) => format!(
            "the allocation did not last: from {since:.1} s on nothing came back, and at the end it is gone (437)"
        ),
        (true, false) => "the allocation did not last: at the end it is gone (437)".to_owned(),
        (false, true) => format!("the way through the relay did not last: from {since:.1} s on nothing came back"),
        (false, false) => return None,
    };
    let fix = "look into the server's log at that time: restarts, limits (max-allocate-lifetime, permission-lifetime, channel-lifetime), a NAT that forgets";
    Some(failed(Code::AllocationLost, text, fix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::turn::facts::testing::{PLAIN, RELAYED, Scene};

    /// Three packets came back, and then so many did not.
    fn kept(lost: u32) -> Scene {
        let mut scene = Scene::relays();
        scene.options.hold_s = Some(60);
        for number in 0..3 {
            scene.relayed(&format!("hold/{number}/out"), PLAIN);
            scene.looped(&format!("hold/{number}/back"), PLAIN);
        }
        for number in 3..3 + lost {
            scene.silent(&format!("hold/{number}/out"));
        }
        scene
    }

    #[test]
    fn packets_and_renewals_are_counted() {
        let mut scene = kept(1);
        scene.refused("hold/refresh/1", 438);
        scene.granted("hold/refresh/1/2", "");
        scene.refused("hold/permit/1", 403);
        let found = judge(&scene.target()).expect("it was kept");
        assert_eq!((found.sent, found.received, found.renewals, found.stale_nonces), (4, 3, 1, 1));
        let texts: Vec<&str> = found.hiccups.iter().map(|hiccup| hiccup.text.as_str()).collect();
        assert_eq!(texts, ["a packet did not come back", "CreatePermission was refused (403 Forbidden)"]);
    }

    #[test]
    fn a_slow_packet_is_a_hiccup() {
        let mut scene = kept(0);
        if let Outcome::Looped { rtt_ms, .. } = &mut scene.pending("hold/2/back").outcome {
            *rtt_ms = 400.0;
        }
        let found = judge(&scene.target()).expect("it was kept");
        assert_eq!(found.hiccups.len(), 1, "{:?}", found.hiccups);
        assert_eq!(found.hiccups[0].text, "a packet took 420 ms (median 40 ms)");
    }

    #[test]
    fn it_did_not_last_where_the_last_packets_are_lost_or_the_allocation_is_gone() {
        let text = |scene: &Scene| lost(&scene.target()).map(|(_, found)| found.text);
        assert_eq!(text(&kept(2)), None, "two may be chance");
        assert!(text(&kept(3)).expect("lost").starts_with("the way through the relay did not last"));
        let mut gone = kept(0);
        gone.refused("hold/refresh/1", 437);
        assert!(text(&gone).expect("lost").ends_with("it is gone (437)"));
        gone.granted("hold/refresh/2", RELAYED);
        assert_eq!(text(&gone), None, "the last renewal counts");
    }
}
