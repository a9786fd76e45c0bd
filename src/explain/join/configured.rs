//! The configuration of a server is of the call that used that server, and no call of its own.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use super::part::{Link, Part};
use crate::explain::event::{Candidate, What};
use crate::explain::format::Format;
use crate::explain::turnserver::{PeerRange, Serves};
use crate::wire::CandidateKind;

/// What a call tells of the TURN servers that it used.
#[derive(Default)]
struct Used {
    realms: BTreeSet<String>,
    addresses: BTreeSet<IpAddr>,
    /// Ranges of peers that a server denied.
    denied: BTreeSet<PeerRange>,
    /// Whether it used one, or was to.
    any: bool,
}

impl Used {
    fn of<'a>(parts: impl Iterator<Item = &'a Part>) -> Self {
        let mut used = Self::default();
        for event in parts.flat_map(|part| &part.events) {
            match &event.what {
                What::Relay(step) => {
                    used.any = true;
                    used.realms.extend(step.realm.clone());
                    used.addresses.extend([step.server, step.relayed].iter().flatten().map(SocketAddr::ip));
                    used.denied.extend(step.denied);
                }
                What::Relayed(packets) => used.addresses.extend(packets.relayed.map(|relayed| relayed.ip())),
                What::Candidate(candidate) => used.relay(candidate),
                What::Configuration(configuration) => configuration.urls_of("turn").for_each(|url| used.server(url)),
                What::GatheringError(error) if error.url.starts_with("turn") => used.server(&error.url),
                _ => {}
            }
        }
        used
    }

    fn relay(&mut self, candidate: &Candidate) {
        if candidate.kind == CandidateKind::Relay {
            self.any = true;
            self.addresses.extend(candidate.address);
        }
    }

    fn server(&mut self, url: &str) {
        self.any = true;
        let host = url.split_once(':').and_then(|(_, rest)| rest.split('?').next()).unwrap_or_default();
        let socket = || host.parse::<SocketAddr>().ok().map(|socket| socket.ip());
        self.addresses.extend(host.trim_matches(['[', ']']).parse::<IpAddr>().ok().or_else(socket));
    }

    /// What stands in a configuration too.
    fn has(&self, serves: &Serves, denied: &BTreeSet<PeerRange>) -> Option<String> {
        let realm = serves.realm.as_ref().filter(|realm| self.realms.contains(*realm));
        let address = || serves.addresses.iter().find(|address| self.addresses.contains(address));
        let range = || self.denied.intersection(denied).next();
        realm
            .map(|realm| format!("the realm {realm}"))
            .or_else(|| address().map(|address| format!("the address {address} of the server")))
            .or_else(|| range().map(|range| format!("the range {range} of peers that are denied")))
    }

    /// Whether what is known of both differs.
    fn contradicts(&self, serves: &Serves) -> bool {
        serves.realm.is_some() && !self.realms.is_empty()
    }
}

/// Gives each configuration to the first call that shows to have used that server; the only one to the only call that used any, where
/// nothing speaks against it.
pub(super) fn join(
    parts: &[Part],
    names: &[String],
    calls: &mut Vec<(Vec<usize>, Vec<Link>)>,
    notes: &mut Vec<String>,
) {
    let is_conf = |part: usize| parts[part].format == Format::TurnserverConf;
    let (alone, mut others): (Vec<_>, Vec<_>) =
        std::mem::take(calls).into_iter().partition(|(members, _)| members.iter().all(|part| is_conf(*part)));
    let used: Vec<Used> =
        others.iter().map(|(members, _)| Used::of(members.iter().map(|part| &parts[*part]))).collect();
    let using: Vec<usize> = (0..used.len()).filter(|call| used[*call].any).collect();
    let only = alone.len() == 1;
    let mut strangers = Vec::new();
    for (members, links) in alone {
        let conf = members[0];
        let mut serves = Serves::default();
        let mut denied = BTreeSet::new();
        for event in &parts[conf].events {
            match &event.what {
                What::Serves(told) => serves.clone_from(told),
                What::PeerRule(rule) if !rule.allows => drop(denied.insert(rule.range)),
                _ => {}
            }
        }
        let shown = using.iter().find_map(|call| Some((*call, used[*call].has(&serves, &denied)?)));
        let found = shown.or_else(|| match using[..] {
            [call] if only && !used[call].contradicts(&serves) => {
                Some((call, "being given together, and nothing else".to_owned()))
            }
            _ => None,
        });
        if let Some((call, by)) = found {
            let one = others[call].0[0];
            others[call].0.push(conf);
            others[call].1.push(Link { one, other: conf, ends: false, by });
            continue;
        }
        if let [call] = using[..]
            && let (Some(own), Some(other)) = (&serves.realm, used[call].realms.first())
        {
            notes.push(format!(
                "{}: its realm is {own}, and that of the server that was used is {other}: it is another server's, or was changed since",
                names[parts[conf].file]
            ));
        }
        strangers.push((members, links));
    }
    others.append(&mut strangers);
    *calls = others;
}
