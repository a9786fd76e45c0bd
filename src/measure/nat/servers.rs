//! Which servers can be used for what: a server is believed to have a second address only when the address makes sense.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use super::first;
use crate::evidence::key::{NatKey, Point, Reach};
use crate::evidence::{Evidence, Exchange, Reason, ReasonCode, gate};
use crate::measure::nat64;
use crate::measure::witness::Witnesses;
use crate::wire::{Family, Scope};

/// A server with a usable second address (RFC 5780): the four points A1:P1, A1:P2, A2:P1, A2:P2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Capable {
    /// Index of the server.
    pub server: usize,
    /// A1:P1, where it was asked.
    pub primary: SocketAddr,
    /// A2:P2, its OTHER-ADDRESS as the first answer gave it. Later answers give that of the point asked (FIELD trap 13).
    pub alternate: SocketAddr,
}

impl Capable {
    /// A1:P2.
    #[must_use]
    pub(crate) fn primary_other_port(&self) -> SocketAddr {
        SocketAddr::new(self.primary.ip(), self.alternate.port())
    }

    /// A2:P1.
    #[must_use]
    pub(crate) fn alternate_same_port(&self) -> SocketAddr {
        SocketAddr::new(self.alternate.ip(), self.primary.port())
    }

    /// Where that point is.
    #[must_use]
    pub(crate) fn point(&self, point: Point) -> SocketAddr {
        match point {
            Point::Primary => self.primary,
            Point::AlternateSamePort => self.alternate_same_port(),
            Point::Alternate => self.alternate,
            Point::PrimaryOtherPort => self.primary_other_port(),
        }
    }

    /// Whether a remote is an alternate point of this server.
    #[must_use]
    pub(crate) fn is_alternate(&self, remote: SocketAddr) -> bool {
        remote.ip() == self.alternate.ip() || remote == self.primary_other_port()
    }

    /// Whether both are the same machine, as far as addresses tell.
    #[must_use]
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let ips = [other.primary.ip(), other.alternate.ip()];
        ips.contains(&self.primary.ip()) || ips.contains(&self.alternate.ip())
    }
}

/// Why an answer's OTHER-ADDRESS is of no use, or `Ok` with the server's points.
pub(crate) fn judge(seen: &Evidence, exchange: &Exchange) -> Result<Capable, Reason> {
    let name = exchange.remote;
    let fail = |text: String| Err(Reason::new(ReasonCode::NoSecondAddress, text));
    let Some(reply) = exchange.answer() else { return fail(format!("{name} did not answer")) };
    let Some(other) = reply.other else { return fail(format!("{name} names no second address (OTHER-ADDRESS)")) };
    // Through NAT64 the server names an IPv4 address, which is reached behind the same prefix.
    let embedded = nat64::of_exchange(seen, exchange);
    let other = match (embedded, other.ip()) {
        (Some(embedded), IpAddr::V4(ip)) => SocketAddr::new(embedded.sibling(ip), other.port()),
        _ => other,
    };
    let scope = |ip: IpAddr| match (embedded, ip) {
        (Some(embedded), IpAddr::V6(ip)) => Scope::of(embedded.prefix.extract(ip).map_or(IpAddr::V6(ip), IpAddr::V4)),
        _ => Scope::of(ip),
    };
    let (primary_scope, other_scope) = (scope(name.ip()), scope(other.ip()));
    if other.is_ipv4() != name.is_ipv4() {
        return fail(format!("{name} names a second address of the other family ({other})"));
    }
    if other.ip() == name.ip() {
        return fail(format!("{name} names its own address as its second one ({other})"));
    }
    if other.port() == name.port() || other.port() == 0 {
        return fail(format!("{name} names a second address without a second port ({other})"));
    }
    if other_scope == Scope::Invalid || other_scope != primary_scope {
        return fail(format!("{name} names a second address that cannot be reached from here ({other})"));
    }
    if let Err(why) = gate::check(name, other) {
        return fail(format!("{name} names a second address that is not asked ({other}): {why}"));
    }
    Ok(Capable { server: exchange.server, primary: name, alternate: other })
}

/// The servers with a usable second address, in the order they answered, those first whose second address nobody has contacted:
/// only there an answer to a CHANGE-REQUEST is certain to be unsolicited.
#[must_use]
pub(crate) fn capable(seen: &Evidence, family: Family) -> Vec<Capable> {
    let mut answered: Vec<(&Exchange, Capable)> = first::exchanges(seen, family)
        .into_iter()
        .filter_map(|exchange| judge(seen, exchange).ok().map(|capable| (exchange, capable)))
        .collect();
    // Only the first question to each server, and controls, can come before anything is known of alternates.
    let asked = [NatKey::reach(family, Reach::Udp, Reach::Tcp), NatKey::controls(family)];
    let remotes: BTreeSet<SocketAddr> = asked.iter().flat_map(|keys| seen.range(keys)).map(|one| one.remote).collect();
    let contacted = |capable: &Capable| {
        let ip = capable.alternate.ip();
        let at_address = remotes.range(SocketAddr::new(ip, 0)..=SocketAddr::new(ip, u16::MAX)).next();
        at_address.is_some() || remotes.contains(&capable.primary_other_port())
    };
    // A server that is reached through NAT64 shows the way to IPv4, not what stands before IPv6.
    let translated = nat64::servers(seen);
    let through = |exchange: &Exchange| translated.contains_key(&exchange.remote.ip());
    if first::exchanges(seen, family).into_iter().any(|exchange| exchange.mapped().is_some() && !through(exchange)) {
        answered.retain(|(exchange, _)| !through(exchange));
    }
    answered.sort_by(|(a, _), (b, _)| {
        let time = |exchange: &Exchange| exchange.ended_ms.unwrap_or(f64::MAX);
        time(a).total_cmp(&time(b))
    });
    let (contacted, untouched): (Vec<Capable>, Vec<Capable>) =
        answered.into_iter().map(|(_, capable)| capable).partition(contacted);
    [untouched, contacted].concat()
}

/// Of hundreds of servers the first few are named.
const REASONS_TOLD: usize = 3;

/// Why no server is capable, in one sentence.
#[must_use]
pub(crate) fn why_none(seen: &Evidence, family: Family) -> Reason {
    let answered: Vec<_> = first::exchanges(seen, family);
    let reasons: Vec<_> = answered
        .iter()
        .filter(|exchange| exchange.answer().is_some())
        .filter_map(|exchange| judge(seen, exchange).err())
        .map(|reason| reason.text)
        .collect();
    if reasons.is_empty() {
        let heard = answered.iter().any(|exchange| exchange.reply().is_some());
        return if heard {
            Reason::new(ReasonCode::AnswerUnusable, "servers answered, but not in a way that could be used")
        } else {
            Reason::new(ReasonCode::NoAnswer, "no server answered over UDP")
        };
    }
    let more = reasons.len().saturating_sub(REASONS_TOLD);
    let mut told = reasons[..reasons.len() - more].join("; ");
    if more > 0 {
        let _ = write!(told, "; and {more} more");
    }
    let text = format!("no server with a usable second address answered: {told}");
    Reason::new(ReasonCode::NoSecondAddress, text)
}

/// Which capable servers test what, each list in order of preference.
pub(crate) struct Roles {
    /// For the filter: first those whose alternates nobody has contacted.
    pub filtering: Vec<Capable>,
    /// For the mapping, which contacts alternates and so waits until the filter test is through with the silence of that server.
    pub mapping: Vec<Capable>,
}

/// Shares the capable servers out.
#[must_use]
pub(crate) fn roles(seen: &Evidence, witnesses: &Witnesses, family: Family) -> Roles {
    let mut filtering = capable(seen, family);
    // A server that misreports addresses may still filter-test well, but only where there is no other.
    let disbelieved = witnesses.servers();
    let lies = |server: &Capable| disbelieved.contains(&server.server);
    filtering.sort_by_key(lies);
    let mapping: Vec<Capable> = filtering.iter().copied().filter(|server| !lies(server)).collect();
    Roles { filtering, mapping }
}
