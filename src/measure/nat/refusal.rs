//! Who kept a question from its server: this host, somebody on the way, or the server itself.
//!
//! A router sends few ICMP errors a second (RFC 1812 section 4.3.2.8), so that one which turns everything back is heard of some of it
//! only: what it said of one question stands for those that stayed silent.

use std::net::IpAddr;

use crate::evidence::{Exchange, Failure, FailureCode, Outcome};

/// Who refused, as the sender of the ICMP error or this host's own system tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refuser {
    /// A rule of this host's own firewall.
    OwnFirewall,
    /// This host's own neighbor discovery: nobody answers for the next hop.
    NoNeighbor,
    /// A router or firewall on the way, which forbids it.
    Forbids(IpAddr),
    /// A router on the way, which has no way there.
    NoWay(IpAddr),
    /// The host that was asked; or somebody who speaks in its name.
    Server,
}

impl Refuser {
    /// Who refused that question; `host` are addresses of this host.
    #[must_use]
    pub(crate) fn of(exchange: &Exchange, host: &[IpAddr]) -> Option<Self> {
        let Outcome::Failed(Failure { code, by, .. }) = &exchange.outcome else { return None };
        let unreachable = matches!(code, FailureCode::HostUnreachable | FailureCode::NetworkUnreachable);
        let own = |by: IpAddr| host.contains(&by) || exchange.local.is_some_and(|local| local.ip() == by);
        match by {
            None => (*code == FailureCode::Prohibited).then_some(Self::OwnFirewall),
            Some(by) if *by == exchange.remote.ip() => Some(Self::Server),
            Some(by) if own(*by) => Some(if unreachable { Self::NoNeighbor } else { Self::OwnFirewall }),
            Some(by) => Some(if unreachable { Self::NoWay(*by) } else { Self::Forbids(*by) }),
        }
    }

    /// Who refused most of these questions, who is nearest where it is even; and what was refused so.
    #[must_use]
    pub(crate) fn of_most<'a>(asked: &[&'a Exchange], host: &[IpAddr]) -> Option<(Self, Vec<&'a Exchange>)> {
        let mut counted: Vec<(Self, Vec<&Exchange>)> = Vec::new();
        for (exchange, refuser) in asked.iter().filter_map(|one| Some((*one, Self::of(one, host)?))) {
            match counted.iter_mut().find(|(known, _)| *known == refuser) {
                Some((_, refused)) => refused.push(exchange),
                None => counted.push((refuser, vec![exchange])),
            }
        }
        counted.sort_by_key(|(refuser, refused)| (std::cmp::Reverse(refused.len()), *refuser));
        counted.into_iter().next()
    }

    /// What it did, after "UDP to these servers".
    #[must_use]
    pub(crate) fn words(self) -> String {
        match self {
            Self::OwnFirewall => "was refused by this host's own firewall".to_owned(),
            Self::NoNeighbor => "met nobody on this host's own network (ARP or neighbor discovery)".to_owned(),
            Self::Forbids(by) => format!("was refused by {by} on the way"),
            Self::NoWay(by) => format!("was turned back by {by}, which has no way there"),
            Self::Server => "was refused in the servers' own names".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Scene;
    use super::*;

    const ONE: &str = "192.0.2.1:3478";
    const HERE: &str = "192.168.1.23";
    const ROUTER: &str = "192.168.1.1";

    fn refuser(code: FailureCode, by: Option<&str>) -> Option<Refuser> {
        let mut scene = Scene::of(&[ONE]);
        scene.refused("ipv4/reach/udp/0", ONE, code, by);
        Refuser::of(&scene.seen.exchanges[0], &[HERE.parse().unwrap()])
    }

    #[test]
    fn the_sender_and_the_kind_tell_who_it_was() {
        use FailureCode::{ConnectionRefused, HostUnreachable, NetworkUnreachable, Prohibited};
        let router = ROUTER.parse().unwrap();
        for (code, by, who) in [
            (Prohibited, None, Some(Refuser::OwnFirewall)),
            (NetworkUnreachable, None, None),
            // a rule with "reject" answers in this host's own name
            (ConnectionRefused, Some(HERE), Some(Refuser::OwnFirewall)),
            (Prohibited, Some(HERE), Some(Refuser::OwnFirewall)),
            (HostUnreachable, Some(HERE), Some(Refuser::NoNeighbor)),
            (Prohibited, Some(ROUTER), Some(Refuser::Forbids(router))),
            (ConnectionRefused, Some(ROUTER), Some(Refuser::Forbids(router))),
            (HostUnreachable, Some(ROUTER), Some(Refuser::NoWay(router))),
            (ConnectionRefused, Some("192.0.2.1"), Some(Refuser::Server)),
        ] {
            assert_eq!(refuser(code, by), who, "{code} by {by:?}");
        }
    }
}
