//! Reasons in the NATs' terms.

use super::meet::End;
use super::prediction::{Answer, Condition, HangsOn, Missing, PortGuess, PredictionCode, Which};
use super::side::{FamilySide, PortChoice, Ports, Reach, Translation};
use crate::evidence::Behavior;
use crate::wire::Family;

/// Ports that a NAT draws from: those above the well-known ones (RFC 6056 section 3.2).
const DRAWN_FROM: f64 = 64_512.0;
/// Sockets at one end and guesses at the other, as programs do that guess.
const TRIES: f64 = 256.0;

/// A family as sentences call it.
pub(super) fn family_name(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "IPv4",
        Family::Ipv6 => "IPv6",
    }
}

/// Why two ends meet as they do.
pub(super) fn reason(code: PredictionCode, a: End, b: End) -> String {
    let whose = |is: &dyn Fn(End) -> bool| whose(a, b, is);
    // The one whose port is not known beforehand, and the other.
    let (moving, still) =
        if a.nat.keeps_its_port() { ((Which::B, b), (Which::A, a)) } else { ((Which::A, a), (Which::B, b)) };
    let takes = |(which, end): (Which, End)| {
        format!("{}'s NAT takes another port for each {}", which.letter(), destination(end.nat.mapping))
    };
    match code {
        PredictionCode::PortsKnown => match (a.translation, b.translation) {
            (Translation::None, Translation::None) => "Neither is behind a NAT: each sends to the other's own address and port, \
                                                       which lets the other's packets in."
                .to_owned(),
            _ => "Each end keeps one external port for every destination, so each knows where the other sends from, and sending \
                  there lets its packets in."
                .to_owned(),
        },
        PredictionCode::NewPortLetIn if !a.nat.keeps_its_port() && !b.nat.keeps_its_port() => {
            let open = if lets_in_more(a, b) { Which::A } else { Which::B };
            format!(
                "Both NATs take another port for each destination, but {}'s filter lets in {}, and so each learns the other's port.",
                open.letter(),
                let_in(if open == Which::A { a } else { b })
            )
        }
        PredictionCode::NewPortLetIn => format!(
            "{}; {}'s filter lets in {}, so {1} learns that port from the first packet.",
            takes(moving),
            still.0.letter(),
            let_in(still.1)
        ),
        PredictionCode::OneNetwork => "Both are in one local network and reach each other by their own addresses, unless an access \
                                       point keeps its clients apart."
            .to_owned(),
        PredictionCode::Hairpinned => "Both are behind one NAT, which turns packets for its own addresses back (hairpinning).".to_owned(),
        PredictionCode::NewPortShutOut => format!(
            "{}, which {} cannot know, and {1}'s filter lets in only addresses and ports that it sent to.",
            takes(moving),
            still.0.letter()
        ),
        PredictionCode::NeitherPortKnown => {
            let strict = |end: &End| end.nat.filtering == Behavior::AddressAndPortDependent;
            if [a, b].iter().any(strict) {
                let strict = whose(&|end| end.nat.filtering == Behavior::AddressAndPortDependent);
                let filters = if strict.len() > 1 { "the filters let" } else { "the filter there lets" };
                format!(
                    "Both NATs take another port for each destination, which the other end cannot know; at {strict} {filters} in only \
                     addresses and ports that were sent to."
                )
            } else {
                "Both NATs take another port for each destination, which the other end cannot know, and neither filter lets it in where \
                 it could be learnt."
                    .to_owned()
            }
        }
        PredictionCode::UdpBlocked => {
            format!("UDP does not get out of the network of {}.", whose(&|end| end.reach == Reach::UdpBlocked))
        }
        PredictionCode::StunBlocked => format!(
            "STUN, which ICE checks connections with, does not get out of the network of {}.",
            whose(&|end| end.reach == Reach::StunBlocked)
        ),
        PredictionCode::NoCommonFamily => {
            let lacks = |end: End| end.reach == Reach::Unavailable;
            if lacks(a) && lacks(b) {
                "Neither has an address of this family.".to_owned()
            } else {
                format!("{} has no address of this family.", whose(&lacks))
            }
        }
        other => luck(other, a, b),
    }
}

/// Of which ends that is so.
fn whose(a: End, b: End, is: &dyn Fn(End) -> bool) -> String {
    let ends = [(Which::A, a), (Which::B, b)];
    let all: Vec<&str> = ends.iter().filter(|(_, end)| is(*end)).map(|(which, _)| which.letter()).collect();
    all.join(" and ")
}

/// Why it is only possible.
fn luck(code: PredictionCode, a: End, b: End) -> String {
    let whose = |is: &dyn Fn(End) -> bool| whose(a, b, is);
    match code {
        PredictionCode::FilterState => "Both NATs take another port for each destination. Where a filter remembers for each internal \
                                        endpoint whom it sent to (RFC 4787 section 5) they connect; where it does for each external \
                                        port, they do not."
            .to_owned(),
        PredictionCode::AdmittedSession => format!(
            "{} takes another port for each destination and lets anybody in. Where it answers a packet that it let in from the port \
             that this came to, as NATs that keep sessions do (Linux), they connect; where it takes a new port for the answer, they do not.",
            whose(&|end| !end.nat.keeps_its_port() && end.nat.filtering == Behavior::EndpointIndependent)
        ),
        PredictionCode::AddressPool => format!(
            "The NAT of {} has several external addresses and takes any of them for a new destination; the other end's filter lets \
             in only the one that it sent to.",
            whose(&|end| end.nat.arbitrary)
        ),
        PredictionCode::PortPrediction => format!(
            "The NAT of {} takes another port for each destination, by a rule that can be guessed. ICE does not guess: only an \
             application that does connects without a relay.",
            whose(&|end| end.guessable)
        ),
        PredictionCode::Tcp => {
            let blocked = whose(&|end| end.reach == Reach::UdpBlocked);
            let open = whose(&|end| end.reach != Reach::UdpBlocked);
            format!(
                "UDP does not get out of the network of {blocked}. {open} has neither NAT nor firewall: {blocked} can connect to it \
                 over TCP if the agent of {open} listens there (ICE-TCP, RFC 6544)."
            )
        }
        PredictionCode::Nat64 => format!(
            "{} reaches IPv4 only through NAT64: its agent has to make IPv6 addresses of the other end's IPv4 addresses (RFC 6052), \
             or its system does (464XLAT).",
            whose(&|end| end.nat64)
        ),
        PredictionCode::HairpinSource => "Both are behind one NAT, which turns packets back with the sender's internal address as \
                                          source, against RFC 4787 REQ-9a: they connect only if these can be answered directly."
            .to_owned(),
        PredictionCode::InternalRoute => "Both are behind one NAT that does not turn packets for its own addresses back: only a route \
                                          between their own networks would connect them. Behind a carrier-grade NAT there is none."
            .to_owned(),
        other => other.meaning().to_owned(),
    }
}

fn lets_in_more(a: End, b: End) -> bool {
    a.nat.filtering <= b.nat.filtering
}

fn destination(mapping: Behavior) -> &'static str {
    match mapping {
        Behavior::AddressAndPortDependent => "destination address and port",
        _ => "destination address",
    }
}

fn let_in(end: End) -> &'static str {
    match end.nat.filtering {
        Behavior::EndpointIndependent => "anybody's packets",
        Behavior::AddressDependent => "any port of an address that it sent to",
        Behavior::AddressAndPortDependent => "only addresses and ports that it sent to",
    }
}

/// What an answer hangs on, in words.
pub(super) fn condition(code: HangsOn, odds: Option<f64>) -> Condition {
    let text = code.meaning().trim_start_matches("That ").trim_end_matches('.');
    let mut text = text.to_owned();
    if let Some(odds) = odds {
        text = format!("{text}; one guess hits with {} at best", percent(odds));
    }
    Condition { code, odds_percent: odds.map(|odds| 100.0 * odds), text }
}

/// A chance as people read it.
pub(super) fn percent(odds: f64) -> String {
    let percent = odds * 100.0;
    if percent >= 1.0 { format!("{percent:.0} %") } else { format!("{percent:.4} %") }
}

/// How well the ports of a NAT that does not keep one could be guessed.
pub(super) fn guess(which: Which, side: &FamilySide) -> Option<PortGuess> {
    let ports = side.ports?;
    let named = which.letter();
    if ports.choice == PortChoice::Random {
        // Every socket with every guess: 1 - e^(-km/n).
        let all_odds = 1.0 - (-TRIES * TRIES / DRAWN_FROM).exp();
        // A description says that the port is another one each time, and nothing of how it is chosen.
        let rule = if ports.samples == 0 {
            format!("if {named}'s ports follow no rule, one guess hits")
        } else {
            format!("{named}'s ports follow no rule: one guess hits")
        };
        let text = format!(
            "{rule} with {}, 256 sockets and as many guesses with {}",
            percent(1.0 / DRAWN_FROM),
            percent(all_odds)
        );
        return Some(PortGuess {
            side: which,
            odds_percent: 100.0 / DRAWN_FROM,
            odds_of_256_percent: Some(100.0 * all_odds),
            text,
        });
    }
    let rule = match (ports.choice, ports.step) {
        (PortChoice::Sequential, Some(step)) => format!("counts its ports on by {step}"),
        (PortChoice::Sequential, None) => "counts its ports on".to_owned(),
        _ => "keeps the local port where it is free".to_owned(),
    };
    let odds = likely(ports);
    let seen = if ports.samples == 0 {
        "as described".to_owned()
    } else {
        format!("{} of {} samples", ports.fit, ports.samples)
    };
    let text = format!(
        "{named}'s NAT {rule} ({seen}): a guess hits with about {} while nothing else uses the NAT",
        percent(odds)
    );
    Some(PortGuess { side: which, odds_percent: 100.0 * odds, odds_of_256_percent: None, text })
}

/// The chance that the next port follows the rule: Laplace's, because a few samples that fit are no promise.
pub(super) fn likely(ports: Ports) -> f64 {
    f64::from(ports.fit + 1) / f64::from(ports.samples.max(ports.fit) + 2)
}

/// What is not known of whom, as a sentence begins.
pub(super) fn unknown(family: Family, missing: &[(Which, Missing)]) -> (PredictionCode, String) {
    let Some((_, first)) = missing.first() else {
        return (PredictionCode::FamilyUnknown, format!("nothing is known of {}", family_name(family)));
    };
    let whose: Vec<&str> = missing.iter().filter(|(_, what)| what == first).map(|(side, _)| side.letter()).collect();
    let whose = whose.join(" and ");
    let (code, text) = match first {
        Missing::Reach => (PredictionCode::ReachUnknown, format!("whether UDP gets out is not known of {whose}")),
        Missing::Mapping => (PredictionCode::MappingUnknown, format!("how ports are mapped is not known of {whose}")),
        Missing::Filtering => {
            (PredictionCode::FilteringUnknown, format!("whom the filter lets in is not known of {whose}"))
        }
        Missing::Ports => (PredictionCode::PortsUnknown, format!("how ports are chosen is not known of {whose}")),
        Missing::Pooling => (
            PredictionCode::PoolingUnknown,
            format!("whether the NAT keeps to one external address is not known of {whose}"),
        ),
        Missing::Hairpinning => {
            let text = "whether the NAT that both are behind turns packets for its own addresses back is not known";
            (PredictionCode::HairpinningUnknown, text.to_owned())
        }
        Missing::Addresses => {
            let text =
                format!("whether both are behind one NAT is not known, because the addresses of {whose} are not");
            (PredictionCode::PlaceUnknown, text)
        }
        Missing::Hosts => {
            let text = "both are behind one NAT, and whether they are in one local network is not known";
            (PredictionCode::PlaceUnknown, text.to_owned())
        }
        Missing::Family | Missing::Unknown => {
            (PredictionCode::FamilyUnknown, format!("nothing is known of {} at {whose}", family_name(family)))
        }
    };
    (code, text)
}

/// An answer as it stands in a sentence.
pub(super) fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Direct => "directly",
        Answer::DirectOnLan => "directly in one local network",
        Answer::DirectAfterHairpin => "directly by the common NAT",
        Answer::Possible => "perhaps directly",
        Answer::Relay => "by relay",
        Answer::Impossible => "not at all",
        Answer::Inconclusive | Answer::Unknown => "in a way that could not be told",
    }
}

/// The answers that remain, as a sentence says them.
pub(super) fn remaining(all: &[Answer]) -> String {
    let words: Vec<&str> = all.iter().map(|one| answer(*one)).collect();
    match &words[..] {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [head @ .., last] => format!("{} or {last}", head.join(", ")),
    }
}
