//! What is wrong with relaying itself, in words: the relayed address, the permissions, and data that do not get through as they should.

use std::net::{IpAddr, SocketAddr};

use super::observed::{seen_from, sides};
use super::paths::{code_words, refused_peers, refuses_peer};
use super::table::{Between, Meaning, Out, Place, Sides, Third, Tried};
use crate::evidence::Exchange;
use crate::evidence::key::{ServerStep, SocketRole};
use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::facts::exchange::{error_code, succeeded};
use crate::measure::turn::facts::software::Setting;
use crate::measure::turn::facts::target::Target;
use crate::measure::turn::finding::{Diagnosis, PathOutcome, RelayPaths, StepName, TurnVerdict};
use crate::measure::turn::judge::cause::{Cause, degraded, failed, inconclusive};
use crate::wire::{Remark, RemarkCode};

const RANGE: &str = "open the relay ports, usually 49152-65535, for UDP in the server's firewall";
const TRANSLATION: &str =
    "correct the address that the server relays from and tells, or the address translation in front of it";
const OUTSIDE: &str = "name a STUN server that can be reached, with --server, or run again from another network";

/// What the paths say together.
pub(crate) struct Relaying {
    pub meaning: Meaning,
    pub sides: Sides,
    /// What is wrong; `None` where nothing is, or nobody could be asked.
    pub found: Option<Cause>,
}

/// The same; `None` without an allocation.
pub(crate) fn judge(target: &Target, relay: &RelayPaths) -> Option<Relaying> {
    let (first, allocation) = target.first()?;
    let sides = sides(target, relay)?;
    let meaning = sides.meaning();
    let found = permission(target, first, relay)
        .or_else(|| ended(target, first, sides))
        .or_else(|| words(target, first, sides, meaning, allocation.relayed, relay.seen_address));
    Some(Relaying { meaning, sides, found })
}

impl Relaying {
    /// Whether it keeps peers from being reached, or that could not be told for a reason that is known.
    pub(crate) fn is_decisive(&self) -> bool {
        self.found.as_ref().is_some_and(|(verdict, _)| *verdict != TurnVerdict::Degraded)
    }

    /// Whether the relayed address itself shows it, however short the run was.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.meaning, Meaning::Nowhere | Meaning::Inner)
    }

    /// The same as a fault of a step of the ladder.
    pub(crate) fn fault(&self, step: StepName) -> Option<&Diagnosis> {
        let (verdict, diagnosis) = self.found.as_ref()?;
        let place = match self.meaning {
            Meaning::Nowhere | Meaning::Inner | Meaning::Mismatch => StepName::RelayedAddress,
            Meaning::RangeClosed | Meaning::CutOff | Meaning::Filtered | Meaning::PartlyClosed => StepName::Data,
            _ => return None,
        };
        (place == step && *verdict != TurnVerdict::Inconclusive).then_some(diagnosis)
    }
}

/// A meaning in words.
fn words(
    target: &Target,
    first: SocketRole,
    sides: Sides,
    meaning: Meaning,
    relayed: SocketAddr,
    seen: Option<SocketAddr>,
) -> Option<Cause> {
    use Meaning as M;
    let lesser = |code, text: String, fix: &str| Some(degraded(code, text, fix));
    let fails = |code, text: String, fix: &str| Some(failed(code, text, fix));
    let range = &target.cure(RANGE, &[Setting::RelayPorts]);
    let translation = &target.cure(TRANSLATION, &[Setting::RelayAddress]);
    match meaning {
        M::Fine | M::Hairpin | M::SomeOnly | M::Unseen => None,
        M::SeenFromInside | M::OwnNetworkOrRange | M::NothingPasses => undecided(target, sides, meaning, relayed, seen),
        M::Nowhere => fails(
            Code::RelayAddressPrivate,
            format!("the relayed address {relayed} is none that anybody can reach"),
            &target.cure("correct the address that the server relays from and tells", &[Setting::RelayAddress]),
        ),
        M::Inner => fails(
            Code::RelayAddressPrivate,
            format!("the relayed address {relayed} is not reachable from the internet"),
            &target.cure("have the server tell its public address", &[Setting::RelayAddress]),
        ),
        M::Mismatch => fails(
            Code::RelayAddressMismatch,
            format!("{}: peers answer to a wrong address", elsewhere(target, sides, relayed, seen)),
            translation,
        ),
        M::MismatchReached => lesser(
            Code::RelayAddressMismatch,
            format!(
                "{}; what is sent there arrives all the same, but clients that insist on one address for both ways do not connect",
                elsewhere(target, sides, relayed, seen)
            ),
            translation,
        ),
        M::FromInside => lesser(
            Code::TestedFromInside,
            format!(
                "peers outside see the relayed address {relayed}, as a STUN server outside did; this host is in the server's own network, whose \
                 peers see {}, so that whether the relay ports are open to what peers outside send unasked could not be tested from here",
                inner(target, relayed)
            ),
            &target.cure(
                "test from a network outside; on the router, the relay ports are to be forwarded to the server",
                &[Setting::RelayPorts],
            ),
        ),
        M::Refused | M::OnlyOwn | M::Spared => Some(refused(target, first, meaning)),
        M::PartlyClosed => {
            let second = target.allocation(SocketRole::Second).map(|one| one.relayed);
            let second = second.map_or_else(|| "another relay port".to_owned(), |one| one.to_string());
            let (open, closed) = if sides.second == Tried::Arrives {
                (second, relayed.to_string())
            } else {
                (relayed.to_string(), second)
            };
            let text = format!(
                "packets from outside reach {open} and not {closed}: a part of the relay ports is closed, and whose call gets one of those fails"
            );
            lesser(Code::RelayRangeClosed, text, range)
        }
        M::Filtered => lesser(
            Code::RelayRangeClosed,
            format!("only those reach the relayed address {relayed} to whom data left from it before"),
            range,
        ),
        M::RangeClosed => fails(
            Code::RelayRangeClosed,
            format!("packets from outside do not reach the relayed address {relayed}"),
            range,
        ),
        M::CutOff => fails(
            Code::RelayRangeClosed,
            format!("data gets from one allocation to another on the server, and not past it: {relayed} is cut off"),
            range,
        ),
        M::Dead => fails(
            Code::RelayDead,
            "the server takes data for peers, and none arrives anywhere".to_owned(),
            &target.cure(
                "look into the server's relay address, firewall and routes: relayed packets leave from its relay ports",
                &[Setting::RelayAddress, Setting::RelayPorts],
            ),
        ),
        M::NothingLeaves => fails(
            Code::RelayDead,
            "the server relays what comes in, and what it is to send to peers arrives nowhere".to_owned(),
            "look into the server's firewall and routes: relayed packets leave from its relay ports",
        ),
    }
}

/// What could not be told, and why.
fn undecided(
    target: &Target,
    sides: Sides,
    meaning: Meaning,
    relayed: SocketAddr,
    seen: Option<SocketAddr>,
) -> Option<Cause> {
    use Meaning as M;
    let untold =
        |text: String, fix: &str| Some(inconclusive(Code::Undetermined, format!("could not tell: {text}"), fix));
    match meaning {
        M::SeenFromInside => untold(
            format!(
                "{}; this host may be in the server's own network, where packets do not pass the router that peers outside reach it through",
                elsewhere(target, sides, relayed, seen)
            ),
            OUTSIDE,
        ),
        M::OwnNetworkOrRange => {
            let others = match sides.third {
                Third::Confirms | Third::Heard => "answers from the internet reach",
                _ => "data leaves from",
            };
            untold(
                format!(
                    "{others} the relayed address {relayed}, and what this host sends there itself does not arrive: \
                     its own network or the server's firewall drops it"
                ),
                "run again from another network; if it is the same there, open the relay ports in the server's firewall",
            )
        }
        M::NothingPasses => untold(
            "nothing passes between the relay and this host's own socket, and nobody outside was there to ask: the server's relay address or \
             firewall may be wrong, or this host's NAT drops what the relay sends"
                .to_owned(),
            OUTSIDE,
        ),
        _ => None,
    }
}

/// Who saw packets of the relay come from another address.
fn elsewhere(target: &Target, sides: Sides, relayed: SocketAddr, seen: Option<SocketAddr>) -> String {
    if let (Third::Differs | Third::OtherPort, Some(seen)) = (sides.third, seen) {
        return format!("a third party saw {seen}, not the relayed address {relayed}");
    }
    match seen_from(target).filter(|_| sides.out == Out::Elsewhere) {
        Some(source) => format!("our plain socket saw {source}, not the relayed address {relayed}"),
        None => format!(
            "what is sent to {} arrives, and what is sent to the relayed address {relayed} does not",
            SocketAddr::new(target.remote.ip(), relayed.port())
        ),
    }
}

/// Where packets come from for those who are in the server's own network.
fn inner(target: &Target, relayed: SocketAddr) -> String {
    let inner = seen_from(target).filter(|source| source.ip() != relayed.ip());
    inner.map_or_else(|| "its inner address".to_owned(), |inner| inner.ip().to_string())
}

/// The server refuses peers.
fn refused(target: &Target, first: SocketRole, meaning: Meaning) -> Cause {
    let refused = refused_peers(target, first);
    let named = |(ip, code): &(IpAddr, u16)| format!("{ip} ({})", code_words(*code));
    let peers = refused.iter().map(named).collect::<Vec<_>>().join(", ");
    match meaning {
        Meaning::Spared => {
            let text = format!(
                "could not tell: the server refuses {peers} as peer, which is no public address, and nobody else was there to ask for"
            );
            let todo = "name a STUN server on the internet with --server, or allow the peers at the server";
            inconclusive(Code::Undetermined, text, &target.cure(todo, &[Setting::Peers]))
        }
        Meaning::OnlyOwn => {
            let text = format!("the server relays between its own allocations only: it refuses peers outside, {peers}");
            let fix = "let both sides use this server, or one that lets peers outside in";
            degraded(Code::PeerForbidden, text, fix)
        }
        _ => {
            let text = format!("the server refuses permission for peers outside: {peers}");
            failed(Code::PeerForbidden, text, &target.cure("let the server allow these peers", &[Setting::Peers]))
        }
    }
}

/// Every permission was refused for another reason than the peer.
fn permission(target: &Target, first: SocketRole, relay: &RelayPaths) -> Option<Cause> {
    let asked = || target.permits(first);
    let paths = [&relay.third_party, &relay.to_peer, &relay.from_peer, &relay.between_allocations];
    let works = paths.iter().any(|path| path.outcome == PathOutcome::Works);
    if works || asked().any(|one| succeeded(one).is_some() || !one.settled()) {
        return None;
    }
    let other = |one: &&Exchange| !matches!(error_code(one), None | Some(438)) && !refuses_peer(target, one);
    let error = asked().find(other)?.reply()?.error.as_ref()?;
    let text = format!("the server refuses every permission ({error})");
    let code = match error.code {
        508 => Code::InsufficientCapacity,
        437 => Code::AllocationLost,
        500..=599 => Code::ServerError,
        _ => Code::ProtocolError,
    };
    Some(failed(code, text, "look into the server's log; without permissions no peer can send"))
}

/// The allocation was gone before anything had passed through it, as where the server gives one up whose packets it may not send.
fn ended(target: &Target, first: SocketRole, sides: Sides) -> Option<Cause> {
    if sides.something_outside() || sides.between == Between::Works {
        return None;
    }
    let asked = target.permits(first).chain(target.last(ServerStep::Refresh));
    let mut refused = asked.filter(|one| one.sends == 1 && error_code(one) == Some(437));
    refused.next()?;
    Some(failed(
        Code::AllocationLost,
        "the server grants an allocation, and has none (437) after data was to be relayed, of which nothing arrived"
            .to_owned(),
        "look into the server's log, and its firewall: what leaves from its relay ports may be dropped on its own machine",
    ))
}

/// What was seen of the relay and speaks neither for nor against it, or was not seen.
pub(crate) fn remarks(target: &Target, relay: &RelayPaths, found: &Relaying) -> Vec<Remark> {
    let Relaying { meaning, sides, .. } = *found;
    let Some((first, allocation)) = target.first() else { return Vec::new() };
    if !matches!(meaning, Meaning::Fine | Meaning::Hairpin) {
        return Vec::new();
    }
    let relayed = allocation.relayed;
    let mut found = Vec::new();
    let mut remark = |code: RemarkCode, text: String, fix: &str| {
        found.push(Remark { code, error: false, text, fix: fix.to_owned() });
    };
    let refused = refused_peers(target, first);
    if !refused.is_empty() {
        let peers: Vec<String> = refused.iter().map(|(ip, code)| format!("{ip} ({})", code_words(*code))).collect();
        let text = format!("the server refuses some peers, whom it does not relay to: {}", peers.join(", "));
        let todo = "let the server allow them, if they are to be reached";
        remark(RemarkCode::PeersRefused, text, &target.cure(todo, &[Setting::Peers]));
    }
    if sides.seen_inside() {
        let text = format!(
            "this host is in the server's own network, whose peers see {} in place of the relayed address {relayed}",
            inner(target, relayed)
        );
        remark(RemarkCode::SeenFromInside, text, "");
    }
    if sides.place == Place::Inside && sides.third != Third::Confirms {
        let text = match relay.seen_address.filter(|seen| *seen != relayed) {
            Some(seen) => format!(
                "only peers of this network reach the relayed address {relayed}, which is not public; a STUN server outside saw {seen}"
            ),
            None => format!(
                "only peers of this network reach the relayed address {relayed}, which is not public; how the relay looks from outside was not seen"
            ),
        };
        let todo = "have the server tell its public address, if peers of other networks are to use it";
        remark(RemarkCode::RelayAddressPrivate, text, &target.cure(todo, &[Setting::RelayAddress]));
    } else if sides.own_is_clean() {
        match (sides.third, relay.seen_address) {
            (Third::Differs | Third::OtherPort, Some(seen)) => {
                let text = format!(
                    "this host's own socket saw the relayed address {relayed}, a STUN server {seen}: one of the two ways differs"
                );
                remark(RemarkCode::ThirdPartyDiffers, text, "");
            }
            (Third::Silent, _) => {
                let text = format!("this host's own socket talks to the relay; {}", relay.third_party.text);
                remark(RemarkCode::ThirdPartyUnheard, text, "");
            }
            _ => {}
        }
    }
    found
}
