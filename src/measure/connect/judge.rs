//! What a session means: connected and how, or why not and whose side it is. It follows from what was seen and from nothing else.

use std::collections::BTreeSet;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cause::{Cause, Side};
use super::fix::fix;
use super::nat::{self, Mapping};
use super::progress::words;
use crate::evidence::{Candidacy, End, PairSeen, Progress, Session, UnpairedCode};
use crate::wire::{CandidateKind, Scope};

/// A pair with what it means.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Pair {
    /// What was seen on it.
    #[serde(flatten)]
    pub seen: PairSeen,
    /// How far it came.
    pub progress: Progress,
    /// What happened, in words.
    pub reason: String,
}

/// What a session means.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// Whether a pair was nominated and used to the end.
    pub connected: bool,
    /// Why, or why not.
    pub cause: Cause,
    /// The same in words.
    pub text: String,
    /// What to try; absent where there is nothing to try.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fix: String,
    /// Whose side it is; absent where nothing went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// Every pair, how far it came and why not further.
    pub pairs: Vec<Pair>,
    /// The share of test packets without an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_percent: Option<f64>,
}

/// What the session means.
#[must_use]
pub fn judge(session: &Session) -> Verdict {
    let (cause, side, text) = cause(session);
    let judged = |seen: &PairSeen| Pair { seen: seen.clone(), progress: seen.progress(), reason: words(seen) };
    Verdict {
        connected: cause == Cause::Connected,
        cause,
        text,
        fix: fix(cause, side).to_owned(),
        side,
        pairs: session.pairs.iter().map(judged).collect(),
        loss_percent: session.traffic.as_ref().map(|traffic| traffic.loss_percent),
    }
}

type Why = (Cause, Option<Side>, String);

fn because(cause: Cause, side: Side, text: impl Into<String>) -> Why {
    (cause, Some(side), text.into())
}

fn cause(session: &Session) -> Why {
    match (&session.selected, session.end) {
        (Some(_), End::ConsentLost) => because(
            Cause::Lost,
            Side::Path,
            "a pair was nominated, and then nothing came back on it for 30 s: the path or the other side went away",
        ),
        (Some(_), End::ConsentRevoked) => {
            because(Cause::Revoked, Side::There, "the other side answered that it wants no more (403)")
        }
        (Some(_), _) => (Cause::Connected, None, "connected".into()),
        (None, End::NoToken) => {
            because(Cause::NoToken, Side::Unknown, "the other side's token did not come in time: nothing was tried")
        }
        (None, End::Interrupted) => {
            because(Cause::Interrupted, Side::Unknown, "interrupted before a pair was nominated")
        }
        (None, End::UnderWay) if session.locals.is_empty() => {
            let text = "this side has no candidate to tell the other one: no address of this host, or with relays only no relay";
            because(Cause::NoCandidate, Side::Here, text)
        }
        (None, End::NoSocket) => because(Cause::NoSocket, Side::Here, "no socket of this host is left to send from"),
        (None, _) => failed(session),
    }
}

/// Whether nothing passed between addresses of the two that no NAT stands before.
fn untranslated_is_silent(session: &Session) -> bool {
    let own = |one: &Candidacy| one.kind == CandidateKind::Host && Scope::of(one.address.ip()) == Scope::Public;
    session.pairs.iter().any(|pair| own(&pair.local) && own(&pair.remote) && is_silent(pair))
}

fn is_silent(pair: &PairSeen) -> bool {
    matches!(pair.progress(), Progress::NeverAnswered | Progress::Refused)
}

/// Whether it is known beyond the network of its host.
fn is_outside(one: &Candidacy) -> bool {
    one.kind != CandidateKind::Host || Scope::of(one.address.ip()) == Scope::Public
}

/// The rules in their order: what is certain comes before what is likely.
fn failed(session: &Session) -> Why {
    let (cause, side, text) = by_rules(session);
    let of_nats =
        matches!(cause, Cause::CommonNat | Cause::BothDependent | Cause::HereDependent | Cause::ThereDependent);
    if of_nats && untranslated_is_silent(session) {
        let firewall = "between public addresses of their own, which no NAT translates, nothing passes either: a firewall on one of the sides";
        return (cause, side, format!("{text}; {firewall}"));
    }
    (cause, side, text)
}

fn by_rules(session: &Session) -> Why {
    let rules: [fn(&Session) -> Option<Why>; 11] =
        [token, pairs, works, sending, rejected, one_way, relays, reflexive, by_relay, common_nat, mappings];
    rules.iter().find_map(|rule| rule(session)).unwrap_or_else(|| silence(session))
}

fn any(session: &Session, wanted: Progress) -> bool {
    session.pairs.iter().any(|pair| pair.progress() == wanted)
}

fn token(session: &Session) -> Option<Why> {
    let refused = any(session, Progress::WrongPassword) || any(session, Progress::WrongSignature);
    (refused || session.strangers > 0).then(|| {
        because(
            Cause::WrongToken,
            Side::Unknown,
            "the two sides reach each other and do not know each other: one of the tokens is of another run",
        )
    })
}

fn pairs(session: &Session) -> Option<Why> {
    if !session.pairs.is_empty() {
        return None;
    }
    let family = |ipv4| session.locals.iter().any(|local| local.address.is_ipv4() == ipv4);
    let text = match (session.remotes.is_empty(), session.untried) {
        (true, 0) => "the other side's token has no candidate".to_owned(),
        (true, _) if session.unpaired.iter().all(|one| one.code == UnpairedCode::NoFamily) => {
            let (have, lack) = if family(true) { ("IPv4", "IPv6") } else { ("IPv6", "IPv4") };
            format!("this side has {have} alone, the other side {lack} alone")
        }
        (true, untried) => {
            let why: BTreeSet<&str> = session.unpaired.iter().map(|one| one.text.as_str()).collect();
            let why = why.into_iter().collect::<Vec<_>>().join("; ");
            format!("none of the other side's {untried} candidates can be tried from here: {why}")
        }
        (false, _) => "no pair could be made of both sides' candidates".to_owned(),
    };
    let theirs = session.unpaired.iter().all(|one| one.code != UnpairedCode::NoFamily);
    let side = if theirs { Side::There } else { Side::Path };
    Some(because(Cause::NoPair, side, text))
}

fn works(session: &Session) -> Option<Why> {
    any(session, Progress::Succeeded).then(|| {
        because(
            Cause::NotNominated,
            Side::There,
            "pairs work, and the other side nominated none of them before the end",
        )
    })
}

fn sending(session: &Session) -> Option<Why> {
    let stuck = |pair: &PairSeen| matches!(pair.progress(), Progress::SendFailed | Progress::NeverSent);
    let failed = any(session, Progress::SendFailed) && session.pairs.iter().all(stuck);
    failed.then(|| {
        because(Cause::SendFailed, Side::Here, "this host could not send a single check: see the pairs for why")
    })
}

fn rejected(session: &Session) -> Option<Why> {
    let says_no = |pair: &&PairSeen| matches!(pair.progress(), Progress::Rejected | Progress::RoleConflict);
    let refused = session.pairs.iter().find(says_no)?;
    Some(because(
        Cause::Rejected,
        Side::There,
        format!("the other side is reached, and takes no check: {}", words(refused)),
    ))
}

fn one_way(session: &Session) -> Option<Why> {
    if !any(session, Progress::AnswersLost) && !any(session, Progress::AnsweredFromElsewhere) {
        return None;
    }
    if nat::here(session) == Mapping::Dependent {
        let text =
            "the other side's checks arrive and ours leave from another port than it knows, which its filter keeps out";
        return Some(because(Cause::OneWay, Side::Here, text));
    }
    // What this side sends gets lost behind its own NAT or before the other's: only that it leaves for servers is known.
    let text = "the other side's checks arrive here, and nothing that this side sends arrives there: most often something in front of the \
                other side keeps it out";
    Some(because(Cause::OneWay, Side::Unknown, text))
}

fn relays(session: &Session) -> Option<Why> {
    let refused = session.pairs.iter().find(|pair| pair.progress() == Progress::RefusedByRelay)?;
    let relayed: Vec<_> = session.pairs.iter().filter(|pair| pair.local.kind == CandidateKind::Relay).collect();
    let all = relayed.iter().all(|pair| pair.progress() == Progress::RefusedByRelay);
    let text = refused.refused.as_ref().map_or_else(String::new, |refusal| refusal.text.clone());
    all.then(|| because(Cause::RelayRefused, Side::Server, format!("nothing direct works, and {text}")))
}

/// A relay needs nothing of the NATs: where one was tried and is silent as well, they are not what is in the way.
fn by_relay(session: &Session) -> Option<Why> {
    let relay = |one: &Candidacy| one.kind == CandidateKind::Relay;
    let heard = session.heard_ms.is_some();
    let tried = || session.pairs.iter().filter(|pair| is_silent(pair) && pair.sent > 0 && !heard);
    let ours = tried().any(|pair| relay(&pair.local) && is_outside(&pair.remote));
    let whose = match (ours, tried().any(|pair| relay(&pair.remote))) {
        (false, false) => return None,
        (true, false) => "this side's relay",
        (false, true) => "the other side's relay",
        (true, true) => "the relays of both sides",
    };
    let text = format!(
        "nothing direct works, and nothing passes through {whose} either, which needs nothing of the NATs: a server, or its relay ports, \
         are not reached from one of the sides, or nobody is there any more"
    );
    Some(because(Cause::RelaySilent, Side::Unknown, text))
}

/// One external address for both: what each sends to the other's has to be turned round by the NAT that both are behind (RFC 4787
/// section 6).
fn common_nat(session: &Session) -> Option<Why> {
    let external = |candidates: &[Candidacy]| -> BTreeSet<IpAddr> {
        let translated = |one: &&Candidacy| one.related.is_none_or(|base| base.ip() != one.address.ip());
        let reflexive = candidates.iter().filter(|one| one.kind == CandidateKind::Srflx).filter(translated);
        reflexive.map(|one| one.address.ip()).collect()
    };
    let (here, there) = (external(&session.locals), external(&session.remotes));
    let common = here.intersection(&there).next().filter(|_| session.heard_ms.is_none())?;
    let text = format!(
        "both sides are behind one NAT, {common}, which does not turn what one sends to the other's external address round to it \
         (hairpinning), and by their own addresses they do not reach each other, unless nobody is there any more"
    );
    Some(because(Cause::CommonNat, Side::Path, text))
}

fn mappings(session: &Session) -> Option<Why> {
    match (nat::here(session), nat::there(session)) {
        (Mapping::Dependent, Mapping::Dependent) => Some(because(
            Cause::BothDependent,
            Side::Path,
            "both NATs map every destination anew: neither side can tell the other where to send to",
        )),
        (Mapping::Dependent, _) => Some(because(
            Cause::HereDependent,
            Side::Here,
            "this side's NAT maps every destination anew, so that the other side's filter keeps out what comes from here, unless \
             nobody is there any more",
        )),
        (_, Mapping::Dependent) => Some(because(
            Cause::ThereDependent,
            Side::There,
            "the other side's NAT maps every destination anew, so that this side's filter keeps out what comes from there, unless \
             nobody is there any more",
        )),
        _ => None,
    }
}

/// Whether a STUN server ever saw each side: who has only addresses of its own is in the same network or behind something that lets
/// no UDP out.
fn reflexive(session: &Session) -> Option<Why> {
    // What the other side has nothing of the same family for is of no use to it.
    let outside = |candidates: &[Candidacy], others: &[Candidacy]| {
        let meets = |one: &Candidacy| others.iter().any(|other| other.address.is_ipv4() == one.address.is_ipv4());
        candidates.iter().any(|one| is_outside(one) && meets(one))
    };
    if session.heard_ms.is_some() {
        None
    } else if !outside(&session.locals, &session.remotes) {
        let text = "no STUN server saw this side: nothing tells the other one where to send to, and UDP may not get out at all";
        Some(because(Cause::NotReflexive, Side::Here, text))
    } else if !outside(&session.remotes, &session.locals) {
        let text = "the other side's token names only addresses of its own network: no STUN server saw it from outside";
        Some(because(Cause::PeerNotReflexive, Side::There, text))
    } else {
        None
    }
}

fn silence(session: &Session) -> Why {
    if session.heard_ms.is_some() {
        return because(Cause::NotHeard, Side::Unknown, "the other side was heard once, and no pair works both ways");
    }
    let text = "nothing of the other side was ever heard: a filter on one of the sides, or nobody there any more; what it sees tells which";
    // Who refuses what is sent to an address of another network than this one's is worth a look.
    let outer = |pair: &&PairSeen| pair.remote.kind != CandidateKind::Host;
    let refused = session.pairs.iter().filter(outer).find(|pair| pair.progress() == Progress::Refused);
    let said = refused.and_then(|pair| pair.failure.as_ref()).map(|failure| format!(" ({})", failure.text));
    because(Cause::NotHeard, Side::Unknown, text.to_owned() + &said.unwrap_or_default())
}
