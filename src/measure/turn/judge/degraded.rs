//! It relays, with something wrong that some users will meet.

use crate::evidence::Exchange;
use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::ask::release;
use crate::measure::turn::facts::software::Setting;
use crate::measure::turn::facts::target::Target;
use crate::measure::turn::finding::TurnVerdict;
use crate::measure::turn::judge::relay::Relaying;
use crate::measure::turn::judge::relay::table::Meaning;
use crate::measure::turn::judge::verdict::{Cause, cause, code, lost, proven};
use crate::measure::turn::judge::{handshake, quality};
use crate::wire::Transport;

/// It relays, with something wrong that some will meet.
pub fn judge(target: &Target, first: &str, relaying: &Relaying) -> Option<Cause> {
    let lesser = |code, text: String, fix: &str| Some(cause(TurnVerdict::Degraded, code, text, fix));
    if target.is_open_relay() {
        let text = "the server relays for everybody: it asks for no credentials".to_owned();
        return lesser(Code::OpenRelay, text, &target.cure("switch authentication on", &[Setting::Authentication]));
    }
    if let Some(found) = handshake::passed_over(target) {
        return Some(found);
    }
    if let Some(found) = &relaying.found {
        return Some(found.clone());
    }
    if relaying.meaning == Meaning::Hairpin {
        let text = "two allocations on this server cannot reach each other: two peers that both need it do not connect"
            .to_owned();
        return lesser(
            Code::RelayHairpinDenied,
            text,
            &target.cure(
                "let the server reach its own addresses, past its firewall and by hairpinning on the router before it",
                &[Setting::Peers],
            ),
        );
    }
    if let Some(found) = half_done(target).or_else(|| quality::lossy(target)) {
        return Some(found);
    }
    if let Some(found) = ipv6_only(target) {
        return Some(found);
    }
    if let Some(number) = code(target, "refresh").filter(|code| *code != 438) {
        let text = format!(
            "the server refuses to renew the allocation that it has just made ({number}): calls end when it does"
        );
        return lesser(Code::AllocationLost, text, "look into the server's log; a proxy may change who asks");
    }
    if let Some(number) = code(target, "channel").filter(|code| *code != 438) {
        let text = format!("the server relays in indications and refuses channels ({number}), which clients use");
        return lesser(Code::ProtocolError, text, "update the server");
    }
    if let Some(found) = release::cut_off(target) {
        return lesser(Code::ConnectionClosed, found.text, &found.fix);
    }
    if let Some(found) = alone(target).or_else(|| useless_mapped(target)) {
        return Some(found);
    }
    let lifetime = target.allocation(first)?.turn.lifetime_s?;
    (lifetime < 60).then(|| {
        let text = format!("the server grants {lifetime} s only; clients renew about a minute before the end");
        cause(TurnVerdict::Degraded, Code::ShortLifetime, text, "raise the server's maximum lifetime to 600 s or more")
    })
}

/// The server grants what it then does not do.
fn half_done(target: &Target) -> Option<Cause> {
    for (step, code, text, fix) in [
        (
            "refresh",
            Code::AllocationLost,
            "the server leaves the renewal of the allocation without an answer: calls end when it does",
            "look into the server's log; a box on the way may drop such messages",
        ),
        (
            "channel",
            Code::ProtocolError,
            "the server relays in indications and leaves ChannelBind, which clients use, without an answer",
            "update the server, or look for the box on the way that drops it",
        ),
        (
            "channel-data",
            Code::ProtocolError,
            "the server relays in indications and binds channels, and what clients send through those vanishes",
            "update the server, or look for a box on the way that drops what it does not know as STUN",
        ),
    ] {
        if target.last(step).is_some_and(Exchange::silent) {
            let proven = proven(target, step);
            return Some(if proven { cause(TurnVerdict::Degraded, code, text, fix) } else { lost(target) });
        }
    }
    None
}

/// There was room for one allocation and not for a second.
fn alone(target: &Target) -> Option<Cause> {
    let refused = ["b/login", "b/login-ipv6", "b/allocate"].into_iter().find_map(|step| code(target, step))?;
    let code = match refused {
        486 => Code::QuotaReached,
        508 => Code::InsufficientCapacity,
        _ => return None,
    };
    let text = format!(
        "it relays for one allocation, and a second allocation is refused ({refused}): browsers make several, and each peer needs its own"
    );
    let todo = "raise the quota, or widen the range of relay ports";
    let fix = target.cure(todo, &[Setting::Quota, Setting::RelayPorts]);
    Some(cause(TurnVerdict::Degraded, code, text, &fix))
}

/// What the server says of this host is no address of this host.
fn useless_mapped(target: &Target) -> Option<Cause> {
    let told = target.find("binding").filter(|asked| target.transport == Transport::Udp && asked.mapped().is_some())?;
    let mapped = told.mapped().filter(|_| !target.is_believable(told))?;
    let text = format!(
        "it relays, and the address that it tells clients of themselves, {mapped}, is not theirs: a proxy or load balancer stands before it. \
         Their server-reflexive candidates are useless, and peers connect through the relay only"
    );
    let fix = "let the proxy keep the clients' addresses, or give clients another STUN server beside this one";
    Some(cause(TurnVerdict::Degraded, Code::MappedAddressUseless, text, fix))
}

pub fn ipv6_only(target: &Target) -> Option<Cause> {
    let text = "the server relays IPv6 only: clients that do not ask for it are refused (440)";
    let fix = target.cure("give the server an IPv4 address to relay from", &[Setting::RelayAddress]);
    target.relays_ipv6_only().then(|| cause(TurnVerdict::Degraded, Code::UnsupportedFamily, text, &fix))
}
