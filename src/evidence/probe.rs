//! What a probe and the engine say to each other: the probe asks, the engine answers with evidence.

use std::net::{IpAddr, SocketAddr};

use super::{Ask, Bind, Evidence, Key};

/// A question, as a pure function of the evidence so far.
pub trait Probe {
    /// What to do next: a step for each question that it pursues, most probes just one. Called again after every change of the
    /// evidence; asks that are already in the evidence (by key) are not asked twice, so a probe states everything it wants so far
    /// each time.
    fn next(&self, seen: &Evidence) -> Vec<Step>;

    /// What has to be said before the run may end early (Ctrl-C, the deadline): an allocation that was made, or may have been made by
    /// a request still under way, is released. Asked once, when the run stops; the engine grants the asks a short time. What is in
    /// the evidence already is asked no second time.
    fn farewell(&self, _seen: &Evidence) -> Vec<Ask> {
        Vec::new()
    }
}

/// What a question wants next.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// Exchanges to have; those whose key is in the evidence already are ignored.
    pub asks: Vec<Ask>,
    /// Remotes that no packet of another question may reach before this one says so (isolation is per host, not per socket).
    pub quarantine: Vec<Quarantine>,
    /// Sockets to open before anything is sent on them, once each.
    pub binds: Vec<Bind>,
    /// Exchanges of [`Patience::Series`](super::Patience::Series) that have told enough, with those sent beside them.
    pub enough: Vec<Key>,
    /// Names to look up beside those of the servers, once each.
    pub names: Vec<&'static str>,
    /// Find out which name servers this host asks: a control needs them.
    pub name_servers: bool,
    /// Ask the probe again at that time of the run at the latest, in milliseconds: a silence may be long enough then.
    pub look_again_ms: Option<f64>,
    /// Nothing more is wanted; exchanges still pending may be abandoned once every question says so.
    pub done: bool,
}

/// Remotes to keep away from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quarantine {
    /// Every port of the address.
    Address(IpAddr),
    /// Just this address and port.
    Endpoint(SocketAddr),
}

impl Quarantine {
    /// Whether the remote is one to keep away from.
    #[must_use]
    pub fn covers(self, remote: SocketAddr) -> bool {
        match self {
            Self::Address(ip) => remote.ip() == ip,
            Self::Endpoint(endpoint) => remote == endpoint,
        }
    }
}
