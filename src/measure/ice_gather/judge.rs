//! From evidence to candidates: each with its priority and foundation, redundant ones marked (RFC 8445 section 5.1).

use std::net::{IpAddr, SocketAddr};

use super::bases::{Base, bases};
use super::finding::{CandidateInit, Gathered, GatheredCandidate, Redundant};
use super::options::GatherOptions;
use super::{errors, remarks};
use crate::evidence::{Evidence, Exchange, InterfaceKind, Reply};
use crate::measure::turn::gather::{self, Target};
use crate::measure::witness::Witnesses;
use crate::wire::ice::{self, Foundations, MOST_OTHER_PREFERENCE, ONLY_LOCAL_PREFERENCE};
use crate::wire::{CandidateKind, CandidateTransport, Family, Scope, TcpType, Transport};

/// The port of a TCP candidate that only connects (RFC 6544 section 4.5).
const DISCARD: u16 = 9;

/// How far apart the local preferences of relayed candidates are by what carries them to the server: no base has so many beside it.
const TRANSPORT_STEP: u16 = 64;

/// Everything that was gathered.
#[must_use]
pub fn judge(seen: &Evidence, options: &GatherOptions) -> Gathered {
    let (bases, left_out) = bases(&options.interfaces, &options.families);
    let mut gathering = Gathering {
        seen,
        witnesses: Witnesses::hear(seen),
        foundations: Foundations::default(),
        ipv4_preference: ipv4_preference(&bases),
        found: Vec::new(),
    };
    for base in &bases {
        gathering.host(base);
    }
    for target in gather::targets(seen, &options.servers) {
        let Some(base) = bases.iter().find(|base| Some(base.address) == target.entry.base) else { continue };
        gathering.reflexive(base, &target);
        gathering.relayed(base, &target);
    }
    let mut candidates = gathering.found;
    candidates.sort_by(|one, other| {
        other.priority.cmp(&one.priority).then(one.took_ms.total_cmp(&other.took_ms)).then(one.port.cmp(&other.port))
    });
    mark_redundant(&mut candidates);
    for one in &mut candidates {
        one.init =
            CandidateInit { candidate: one.candidate().to_string(), sdp_mid: "0".to_owned(), sdp_m_line_index: 0 };
    }
    let errors = errors::judge(seen, options, &bases);
    let remarks = remarks::judge(seen, options, &bases, &candidates);
    Gathered { candidates, left_out, errors, remarks }
}

/// The candidates so far.
struct Gathering<'a> {
    seen: &'a Evidence,
    witnesses: Witnesses,
    foundations: Foundations,
    /// That of an IPv4 address beside the bases.
    ipv4_preference: u16,
    found: Vec<GatheredCandidate>,
}

/// The local preference that an IPv4 address would have: what a host with IPv6 alone gets of IPv4 through NAT64 is preferred like it
/// (RFC 8445 section 5.1.1.2).
fn ipv4_preference(bases: &[Base]) -> u16 {
    let family = |base: &Base| if base.address.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 };
    let families: Vec<Family> = bases.iter().map(family).chain([Family::Ipv4]).collect();
    ice::local_preferences(&families).last().copied().unwrap_or_default()
}

impl Gathering<'_> {
    /// The base itself, as far as its sockets could be opened.
    fn host(&mut self, base: &Base) {
        let open = |transport| {
            let bound = base.socket(self.seen, transport)?;
            Some((bound.socket.clone(), bound.local?, bound.opened_ms.unwrap_or_default()))
        };
        let (udp, listening) = (open(Transport::Udp), open(Transport::Tcp));
        if let Some((socket, local, took_ms)) = udp {
            self.add(base, CandidateKind::Host, local, None, |one| {
                one.socket = Some(socket);
                one.took_ms = took_ms;
            });
        }
        if let Some((socket, local, took_ms)) = listening {
            let active = SocketAddr::new(local.ip(), DISCARD);
            for (direction, address, socket) in
                [(TcpType::Active, active, None), (TcpType::Passive, local, Some(socket))]
            {
                self.add(base, CandidateKind::Host, address, None, |one| {
                    one.transport = CandidateTransport::Tcp;
                    one.tcp_type = Some(direction);
                    one.socket = socket;
                    one.took_ms = took_ms;
                });
            }
        }
    }

    /// What a server saw of the base.
    fn reflexive(&mut self, base: &Base, target: &Target) {
        let Some(bound) = base.socket(self.seen, Transport::Udp) else { return };
        let Some(local) = bound.local else { return };
        let shown: Vec<&Exchange> = gather::mapped(target, bound.address).collect();
        let mut told: Vec<SocketAddr> = shown.iter().filter_map(|exchange| exchange.mapped()).collect();
        told.sort_unstable();
        told.dedup();
        for mapped in told {
            let mut because = shown.iter().filter(|exchange| exchange.mapped() == Some(mapped));
            let Some(first) = because.next() else { continue };
            let doubt = self.witnesses.doubt(first).map(|doubt| doubt.what.clone());
            let ids = std::iter::once(*first).chain(because.copied()).map(|exchange| exchange.id.clone()).collect();
            let socket = first.socket.clone();
            let (url, took_ms) = (target.entry.uri.clone(), first.ended_ms.unwrap_or_default());
            self.add(base, CandidateKind::Srflx, mapped, Some(target.remote.ip()), |one| {
                one.base = local;
                one.related = Some(local);
                one.socket = Some(socket);
                one.url = Some(url);
                one.took_ms = took_ms;
                if mapped.is_ipv4() && local.is_ipv6() && doubt.is_none() {
                    one.note = Some("IPv4 through the network's NAT64".to_owned());
                }
                one.disbelieved = doubt;
                one.because = ids;
            });
        }
    }

    /// What a TURN server relays.
    fn relayed(&mut self, base: &Base, target: &Target) {
        let Some(granted) = gather::granted(target) else { return };
        let reply: Option<&Reply> = granted.exchange.reply();
        let took_ms = granted.exchange.ended_ms.unwrap_or_default();
        let (socket, id) = (granted.exchange.socket.clone(), granted.exchange.id.clone());
        let related = reply.and_then(|reply| reply.mapped);
        let (url, transport) = (target.entry.uri.clone(), target.transport);
        self.add(base, CandidateKind::Relay, granted.relayed, Some(target.remote.ip()), |one| {
            one.related = related;
            one.socket = Some(socket);
            one.url = Some(url);
            one.relay_protocol = Some(transport);
            one.took_ms = took_ms;
            one.because = vec![id];
        });
    }

    fn add(
        &mut self,
        base: &Base,
        kind: CandidateKind,
        address: SocketAddr,
        server: Option<IpAddr>,
        fill: impl FnOnce(&mut GatheredCandidate),
    ) {
        let mut one = GatheredCandidate {
            init: CandidateInit::default(),
            kind,
            transport: CandidateTransport::Udp,
            tcp_type: None,
            address: address.ip(),
            port: address.port(),
            priority: 0,
            foundation: String::new(),
            related: None,
            base: address,
            interface: base.interface.clone(),
            socket: None,
            url: None,
            relay_protocol: None,
            took_ms: 0.0,
            redundant: None,
            disbelieved: None,
            note: note(base, kind, address.ip()),
            because: Vec::new(),
        };
        fill(&mut one);
        let translated = kind == CandidateKind::Srflx && one.address.is_ipv4() && base.address.is_ipv6();
        let local_preference = if translated { self.ipv4_preference } else { local_preference(base, &one) };
        one.priority = ice::priority(ice::type_preference(kind), local_preference, 1);
        one.foundation = self.foundations.of(kind, one.base.ip(), server, one.transport);
        self.found.push(one);
    }
}

/// What tells candidates of one type apart: the base, then how a relay is reached; UDP is best.
fn local_preference(base: &Base, one: &GatheredCandidate) -> u16 {
    if let Some(direction) = one.tcp_type {
        let behind = ONLY_LOCAL_PREFERENCE - base.preference;
        return ice::tcp_local_preference(one.kind, direction, MOST_OTHER_PREFERENCE.saturating_sub(behind));
    }
    let steps = match one.relay_protocol {
        None | Some(Transport::Udp) => 0,
        Some(Transport::Dtls) => 1,
        Some(Transport::Tcp) => 2,
        Some(Transport::Tls) => 3,
    };
    base.preference.saturating_sub(steps * TRANSPORT_STEP)
}

/// RFC 8445 section 5.1.3: of those with the same address and base only the one with the highest priority stays.
fn mark_redundant(candidates: &mut [GatheredCandidate]) {
    for place in 1..candidates.len() {
        let (before, [one, ..]) = candidates.split_at_mut(place) else { continue };
        let same = |other: &&GatheredCandidate| {
            (other.address, other.port, other.base, other.transport, other.tcp_type)
                == (one.address, one.port, one.base, one.transport, one.tcp_type)
        };
        one.redundant = before.iter().find(same).map(|stays| {
            let text = match (stays.kind, &stays.url) {
                (CandidateKind::Host, _) => "the base itself: no NAT translates it".to_owned(),
                (_, Some(url)) => format!("the same as from {url}"),
                (_, None) => "the same address and base as another".to_owned(),
            };
            Redundant { foundation: stays.foundation.clone(), text }
        });
    }
}

/// What else is to be known of a candidate.
fn note(base: &Base, kind: CandidateKind, address: IpAddr) -> Option<String> {
    let scope = Scope::of(address);
    let note = match kind {
        CandidateKind::Host => match (scope, base.kind) {
            (Scope::Link, _) => "only on this link",
            (_, InterfaceKind::Bridge) => "containers or virtual machines of this host",
            (_, InterfaceKind::PointToPoint) => "a tunnel or VPN",
            (Scope::Private, _) if address.is_ipv6() => "only within this site (RFC 4193)",
            _ if base.temporary => "temporary (RFC 8981), preferred to the permanent one",
            _ => return None,
        },
        CandidateKind::Relay if scope != Scope::Public => "not public: peers elsewhere cannot send to it",
        _ => return None,
    };
    Some(note.to_owned())
}
