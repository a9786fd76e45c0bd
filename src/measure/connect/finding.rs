//! What `peer connect` found.

use std::collections::BTreeSet;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cause::{Cause, Side};
use super::judge::{Verdict, judge};
use super::nat::{self, Mapping};
use crate::evidence::{Behavior, Candidacy, End, Session};
use crate::measure::ice_gather::{GatherError, GatherOptions, Gathered};
use crate::predict::prediction::Answer;
use crate::predict::{Prediction, Side as KnownSide};
use crate::wire::{CandidateKind, EntryKind};

/// What came of a session, how it was asked for, and what had been predicted.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct PeerConnected {
    /// How it was asked for.
    pub options: ConnectOptions,
    /// How the candidates were gathered: with credentials, so in no report.
    #[serde(skip)]
    pub gathering: GatherOptions,
    /// What it means.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What was seen, but for the pairs.
    #[serde(flatten)]
    pub session: Session,
    /// The TURN servers that were named and gave no relay, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_relay: Vec<GatherError>,
    /// What the candidates of both sides, or the reports that were put beside them, let one expect; absent where the other side's
    /// candidates are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prediction: Option<Prediction>,
    /// How the outcome contradicts that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contradiction: Option<String>,
}

/// How a session was asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectOptions {
    /// This side was started with the other side's token.
    pub answers: bool,
    /// Only relayed candidates were told to the other side.
    pub relay_only: bool,
    /// How long nothing was to be sent, in seconds.
    pub idle_s: u64,
    /// How long both tokens and the checks might take, in seconds.
    pub timeout_s: u64,
    /// The report of `peer predict` whose prediction stands beside what came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<String>,
    /// What another report says of this side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Box<KnownSide>>,
    /// The simulated network of the other side, where it is another one than this side's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub there: Option<String>,
}

impl PeerConnected {
    /// Judges what was seen; of a saved report the pairs stand in the verdict.
    pub fn judge(&mut self) {
        if self.session.pairs.is_empty() {
            self.session.pairs = self.verdict.pairs.iter().map(|pair| pair.seen.clone()).collect();
        }
        self.verdict = judge(&self.session);
        self.name_missing_relays();
        let predicted = self.prediction.as_ref().and_then(|prediction| self.contradicts(prediction.prediction));
        self.contradiction = predicted.or_else(|| self.contradicts_mapping());
    }

    /// Keeps of what was gathered which of the TURN servers gave nothing.
    pub(crate) fn keep_missing_relays(&mut self, gathered: &Gathered) {
        let turn = |url: &str| {
            let mut entries = self.gathering.servers.entries.iter();
            entries.any(|entry| entry.kind == EntryKind::Turn && entry.uri == url)
        };
        let relays = |url: &str| {
            let mut relayed = gathered.candidates.iter().filter(|one| one.kind == CandidateKind::Relay);
            relayed.any(|one| one.url.as_deref() == Some(url))
        };
        let missing = |error: &&GatherError| error.url.as_deref().is_some_and(|url| turn(url) && !relays(url));
        // Each server once, whatever it was asked from.
        let mut known = BTreeSet::new();
        let anew = |error: &&GatherError| known.insert((error.url.clone(), error.transport, error.code));
        self.without_relay = gathered.errors.iter().filter(missing).filter(anew).cloned().collect();
    }

    /// Where nothing direct works, the relay that was asked for and not had is what there is to mend.
    fn name_missing_relays(&mut self) {
        let relayed = self.session.locals.iter().any(|local| local.kind == CandidateKind::Relay);
        let helps = !matches!(
            self.verdict.cause,
            Cause::Lost
                | Cause::Revoked
                | Cause::NoToken
                | Cause::Interrupted
                | Cause::WrongToken
                | Cause::Rejected
                | Cause::NotNominated
        );
        let Some(error) = self.without_relay.first().filter(|_| !self.verdict.connected && helps && !relayed) else {
            return;
        };
        let url = error.url.as_deref().unwrap_or_default();
        self.verdict.text = format!("{}; and this side has no relay ({url}: {})", self.verdict.text, error.text);
        // Where UDP may be blocked, it is another transport that helps.
        if !error.fix.is_empty() && self.verdict.cause != Cause::NotReflexive {
            self.verdict.fix.clone_from(&error.fix);
        }
    }

    /// Whether a relay carries the pair that was nominated. Its packets may come from another address or port than it tells, as where
    /// something translates them: then the end is a peer-reflexive candidate.
    #[must_use]
    pub fn is_relayed(&self) -> bool {
        let relayed = |end: &Candidacy, all: &[Candidacy]| {
            let of = |relay: bool, ip: IpAddr| {
                all.iter().any(|one| (one.kind == CandidateKind::Relay) == relay && one.address.ip() == ip)
            };
            let based = |base| all.iter().any(|one| one.kind == CandidateKind::Relay && one.address == base);
            end.kind == CandidateKind::Relay
                || end.kind == CandidateKind::Prflx
                    && (end.related.is_some_and(based) || of(true, end.address.ip()) && !of(false, end.address.ip()))
        };
        let Some(pair) = &self.session.selected else { return false };
        relayed(&pair.local, &self.session.locals) || relayed(&pair.remote, &self.session.remotes)
    }

    /// Whether the other side's packets come from an address that none of its candidates has: another way out, or a relay that tells
    /// another address than it sends from.
    #[must_use]
    pub fn comes_from_elsewhere(&self) -> bool {
        self.session.selected.as_ref().is_some_and(|pair| {
            let known = self.session.remotes.iter().any(|one| one.address.ip() == pair.remote.address.ip());
            pair.remote.kind == CandidateKind::Prflx && !known
        })
    }

    /// Whether it could not be tried.
    #[must_use]
    pub fn is_untried(&self) -> bool {
        matches!(
            self.verdict.cause,
            Cause::NoToken | Cause::NoCandidate | Cause::NoSocket | Cause::SendFailed | Cause::Unknown
        ) || (self.session.selected.is_none() && self.session.end == End::Interrupted)
    }

    /// A mapping by destination, where another report has it that one external port serves every destination.
    fn contradicts_mapping(&self) -> Option<String> {
        let known = self.options.side.as_ref()?.ipv4.as_ref()?;
        let kept = known.mapping.values().iter().all(|mapping| mapping.behavior() == Behavior::EndpointIndependent);
        (kept && nat::here(&self.session) == Mapping::Dependent).then(|| {
            "the report of this side has one external port for every destination, and in this session its NAT took several: it changed, or \
             it was another network"
                .to_owned()
        })
    }

    /// A certain answer that came otherwise. Certain answers are about NATs: a session that a wrong token, or the end of a program,
    /// kept from coming about contradicts none.
    fn contradicts(&self, answer: Answer) -> Option<String> {
        let failed = !self.verdict.connected && self.session.selected.is_none();
        let nat = !self.is_untried() && !matches!(self.verdict.cause, Cause::WrongToken | Cause::NotNominated);
        match answer {
            _ if answer.is_direct() && failed && nat => Some(format!(
                "{answer} was predicted, and nothing works: {}",
                match self.verdict.side {
                    Some(Side::Here) => "something on this side is not as its candidates let one expect",
                    Some(Side::There) => "something on the other side is not as its candidates let one expect",
                    _ => "a firewall on one of the sides, or nobody there any more, which candidates do not show",
                }
            )),
            _ if answer.is_direct() && self.is_relayed() => {
                Some(format!("{answer} was predicted, and only a relay works: a filter that candidates do not show"))
            }
            Answer::Relay | Answer::Impossible if self.session.selected.is_some() && !self.is_relayed() => {
                Some(format!("{answer} was predicted, and a direct pair works: a NAT is kinder than it was taken for"))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Selected;
    use crate::measure::turn::DiagnosisCode;

    fn candidacy(kind: CandidateKind, address: &str, base: Option<&str>) -> Candidacy {
        let parsed = |text: &str| text.parse().expect("an address");
        Candidacy { kind, address: parsed(address), related: base.map(parsed) }
    }

    /// A server that was named and gave no relay is what there is to mend, where nothing works without one.
    #[test]
    fn a_relay_that_was_not_had_is_part_of_the_answer() {
        let error = GatherError {
            base: None,
            url: Some("turn:turn.example.org".to_owned()),
            transport: None,
            code: DiagnosisCode::UnknownUserOrPassword,
            text: "the server does not take these credentials".to_owned(),
            fix: "check both".to_owned(),
            icecandidateerror: None,
            took_ms: None,
            because: Vec::new(),
        };
        let host = candidacy(CandidateKind::Host, "10.0.0.2:4000", None);
        let mapped = candidacy(CandidateKind::Srflx, "203.0.113.7:4000", Some("10.0.0.2:4000"));
        let session = Session { end: End::Exhausted, locals: vec![host, mapped], ..Session::default() };
        let judged = |session: Session, without_relay: Vec<GatherError>| {
            let mut found = PeerConnected { session, without_relay, ..PeerConnected::default() };
            found.judge();
            found.verdict
        };
        let verdict = judged(session.clone(), vec![error.clone()]);
        assert!(verdict.text.contains("turn:turn.example.org: the server does not take"), "{}", verdict.text);
        assert_eq!(verdict.fix, "check both");
        assert!(!judged(session.clone(), Vec::new()).text.contains("no relay"));
        let mut relayed = session;
        relayed.locals.push(candidacy(CandidateKind::Relay, "198.51.100.33:50000", Some("203.0.113.7:4000")));
        assert!(!judged(relayed, vec![error]).text.contains("no relay"), "another server gave one");
    }

    /// What a relay sends may be seen from another port or address than it tells: it is no direct pair for that.
    #[test]
    fn a_relay_that_is_translated_is_a_relay() {
        let host = candidacy(CandidateKind::Host, "10.0.0.2:4000", None);
        let mapped = candidacy(CandidateKind::Srflx, "203.0.113.7:4000", Some("10.0.0.2:4000"));
        let relay = candidacy(CandidateKind::Relay, "198.51.100.33:50000", Some("203.0.113.7:4000"));
        let other = candidacy(CandidateKind::Srflx, "203.0.113.99:5000", None);
        let found = |local: Candidacy, remote: Candidacy| PeerConnected {
            session: Session {
                locals: vec![host, mapped, relay],
                remotes: vec![other, candidacy(CandidateKind::Relay, "198.51.100.44:60000", None)],
                selected: Some(Selected { local, remote, rtt_ms: 1.0, took_ms: 1.0 }),
                ..Session::default()
            },
            ..PeerConnected::default()
        };
        let anew = |address, base| candidacy(CandidateKind::Prflx, address, base);
        for (local, remote, relayed, elsewhere) in [
            (mapped, other, false, false),
            (anew("203.0.113.7:4001", Some("10.0.0.2:4000")), other, false, false),
            (anew("192.0.2.5:50000", Some("198.51.100.33:50000")), other, true, false),
            (mapped, anew("198.51.100.44:1234", None), true, false),
            (mapped, anew("203.0.113.99:1234", None), false, false),
            (mapped, anew("192.0.2.77:1234", None), false, true),
        ] {
            let found = found(local, remote);
            assert_eq!(
                (found.is_relayed(), found.comes_from_elsewhere()),
                (relayed, elsewhere),
                "{local:?} {remote:?}"
            );
        }
    }
}
