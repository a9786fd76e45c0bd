//! It relays, with something wrong that some users will meet: one ordered table, of which the first row that fits counts.

use super::cause::{Cause, degraded};
use super::judged::{Judged, Relayed, Row};
use super::relay::Meaning;
use super::silence::{is_proven, lost};
use super::{handshake, quality};
use crate::evidence::Exchange;
use crate::evidence::key::{ServerStep, SocketRole, SocketStep};
use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::facts::software::Setting;
use crate::wire::Transport;

/// The shortest lifetime that clients can live with.
const SHORTEST_S: u32 = 60;

/// The rows, the gravest first.
pub(super) const DEGRADED: &[Row] = &[
    open_relay,
    |judged, _| handshake::passed_over(judged.target),
    |_, relayed| relayed.relaying.as_ref()?.found.clone(),
    hairpin_denied,
    unanswered,
    |judged, _| quality::lossy(judged.target, judged.quality.as_ref()?),
    ipv6_only,
    renewal_refused,
    channel_refused,
    connections_cut_off,
    one_allocation_only,
    useless_mapped,
    short_lifetime,
];

fn open_relay(judged: &Judged, _: &Relayed) -> Option<Cause> {
    let text = "the server relays for everybody: it asks for no credentials";
    let fix = || judged.target.cure("switch authentication on", &[Setting::Authentication]);
    judged.target.is_open_relay().then(|| degraded(Code::OpenRelay, text, &fix()))
}

fn hairpin_denied(judged: &Judged, relayed: &Relayed) -> Option<Cause> {
    if relayed.relaying.as_ref()?.meaning != Meaning::Hairpin {
        return None;
    }
    let text = "two allocations on this server cannot reach each other: two peers that both need it do not connect";
    let todo = "let the server reach its own addresses, past its firewall and by hairpinning on the router before it";
    Some(degraded(Code::RelayHairpinDenied, text, &judged.target.cure(todo, &[Setting::Peers])))
}

/// The server grants what it then does not do.
fn unanswered(judged: &Judged, _: &Relayed) -> Option<Cause> {
    let target = judged.target;
    for (step, code, text, fix) in [
        (
            ServerStep::Refresh,
            Code::AllocationLost,
            "the server leaves the renewal of the allocation without an answer: calls end when it does",
            "look into the server's log; a box on the way may drop such messages",
        ),
        (
            ServerStep::Channel,
            Code::ProtocolError,
            "the server relays in indications and leaves ChannelBind, which clients use, without an answer",
            "update the server, or look for the box on the way that drops it",
        ),
        (
            ServerStep::ChannelData,
            Code::ProtocolError,
            "the server relays in indications and binds channels, and what clients send through those vanishes",
            "update the server, or look for a box on the way that drops what it does not know as STUN",
        ),
    ] {
        if target.last(step).is_some_and(Exchange::silent) {
            return Some(if is_proven(target, step) { degraded(code, text, fix) } else { lost(target) });
        }
    }
    None
}

/// Clients that do not ask for IPv6 get nothing.
pub(super) fn ipv6_only(judged: &Judged, _: &Relayed) -> Option<Cause> {
    let text = "the server relays IPv6 only: clients that do not ask for it are refused (440)";
    let fix = || judged.target.cure("give the server an IPv4 address to relay from", &[Setting::RelayAddress]);
    judged.target.relays_ipv6_only().then(|| degraded(Code::UnsupportedFamily, text, &fix()))
}

fn renewal_refused(judged: &Judged, _: &Relayed) -> Option<Cause> {
    let number = judged.target.code(ServerStep::Refresh).filter(|code| *code != 438)?;
    let text =
        format!("the server refuses to renew the allocation that it has just made ({number}): calls end when it does");
    Some(degraded(Code::AllocationLost, text, "look into the server's log; a proxy may change who asks"))
}

fn channel_refused(judged: &Judged, _: &Relayed) -> Option<Cause> {
    let number = judged.target.code(ServerStep::Channel).filter(|code| *code != 438)?;
    let text = format!("the server relays in indications and refuses channels ({number}), which clients use");
    Some(degraded(Code::ProtocolError, text, "update the server"))
}

fn connections_cut_off(judged: &Judged, _: &Relayed) -> Option<Cause> {
    let found = judged.cut_off.as_ref()?;
    Some(degraded(Code::ConnectionClosed, found.text.clone(), &found.fix))
}

/// There was room for one allocation and not for a second.
fn one_allocation_only(judged: &Judged, _: &Relayed) -> Option<Cause> {
    let steps = [SocketStep::Login, SocketStep::LoginIpv6, SocketStep::Allocate];
    let refused = steps.into_iter().find_map(|step| judged.target.code((SocketRole::Second, step)))?;
    let code = match refused {
        486 => Code::QuotaReached,
        508 => Code::InsufficientCapacity,
        _ => return None,
    };
    let text = format!(
        "it relays for one allocation, and a second allocation is refused ({refused}): browsers make several, and each peer needs its own"
    );
    let todo = "raise the quota, or widen the range of relay ports";
    Some(degraded(code, text, &judged.target.cure(todo, &[Setting::Quota, Setting::RelayPorts])))
}

/// What the server says of this host is no address of this host.
fn useless_mapped(judged: &Judged, _: &Relayed) -> Option<Cause> {
    let target = judged.target;
    let told = target.find(ServerStep::Binding).filter(|_| target.transport == Transport::Udp)?;
    let mapped = told.mapped().filter(|_| !target.is_believable(told))?;
    let text = format!(
        "it relays, and the address that it tells clients of themselves, {mapped}, is not theirs: a proxy or load balancer stands before it. \
         Their server-reflexive candidates are useless, and peers connect through the relay only"
    );
    let fix = "let the proxy keep the clients' addresses, or give clients another STUN server beside this one";
    Some(degraded(Code::MappedAddressUseless, text, fix))
}

fn short_lifetime(_: &Judged, relayed: &Relayed) -> Option<Cause> {
    let lifetime = relayed.allocation.turn.lifetime_s.filter(|lifetime| *lifetime < SHORTEST_S)?;
    let text = format!("the server grants {lifetime} s only; clients renew about a minute before the end");
    Some(degraded(Code::ShortLifetime, text, "raise the server's maximum lifetime to 600 s or more"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::turn::facts::testing::Scene;
    use crate::measure::turn::finding::TurnVerdict;
    use crate::measure::turn::judge::verdict::judge;

    fn code(change: impl FnOnce(&mut Scene)) -> Code {
        let mut scene = Scene::relays();
        change(&mut scene);
        let target = scene.target();
        let (verdict, found) = judge(&Judged::new(&target));
        assert_eq!(verdict, TurnVerdict::Degraded, "{found:?}");
        found.code
    }

    #[test]
    fn what_is_granted_and_not_done_is_told_step_by_step() {
        let silent = |step: &'static str| {
            code(|scene| {
                scene.silent(step);
            })
        };
        assert_eq!(silent("refresh"), Code::AllocationLost);
        assert_eq!(silent("channel"), Code::ProtocolError);
        assert_eq!(silent("channel-data"), Code::ProtocolError);
    }

    #[test]
    fn a_refusal_of_what_clients_need_later_degrades() {
        let refused = |step: &'static str, number| {
            code(|scene| {
                scene.refused(step, number);
            })
        };
        assert_eq!(refused("refresh", 437), Code::AllocationLost);
        assert_eq!(refused("channel", 400), Code::ProtocolError);
    }

    #[test]
    fn allocations_that_do_not_reach_each_other_degrade() {
        let silent = code(|scene| {
            scene.silent("to-a");
        });
        assert_eq!(silent, Code::RelayHairpinDenied);
    }

    #[test]
    fn a_lifetime_under_a_minute_is_too_short() {
        let lifetime = |seconds| {
            move |scene: &mut Scene| {
                let granted = scene.pending("a/login");
                Scene::answer(granted, |reply| reply.turn.as_mut().expect("a TURN reply").lifetime_s = Some(seconds));
            }
        };
        assert_eq!(code(lifetime(59)), Code::ShortLifetime);
        let mut scene = Scene::relays();
        lifetime(60)(&mut scene);
        let target = scene.target();
        assert_eq!(judge(&Judged::new(&target)).0, TurnVerdict::Ok);
    }

    #[test]
    fn the_gravest_row_counts() {
        let found = code(|scene| {
            let plain = scene.granted("a/allocate", "192.0.2.10:50000");
            Scene::sign(plain, None);
            Scene::answer(plain, |reply| reply.error = None);
            scene.refused("refresh", 437);
        });
        assert_eq!(found, Code::OpenRelay);
    }
}
