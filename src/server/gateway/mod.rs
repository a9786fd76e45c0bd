//! A gateway's server of port mappings: PCP (RFC 6887), NAT-PMP (RFC 6886) and UPnP, as a pure state machine with fault switches.

mod config;
#[cfg(test)]
mod tests;
mod upnp;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

pub use config::{GatewayConfig, GatewayFault, GatewayProtocol};

use crate::engine::Time;
use crate::wire::nat_pmp::{self, Protocol};
use crate::wire::pcp::{self, Nonce};
use crate::wire::upnp::PORT;

/// What the server sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// From where.
    pub source: SocketAddr,
    /// The datagram; `None` is ICMP port unreachable.
    pub bytes: Option<Vec<u8>>,
}

/// One mapping.
#[derive(Clone, Debug)]
struct Held {
    port: u16,
    nonce: Nonce,
    until: Time,
}

/// The server with its mappings: they are what its NAT lets in.
#[derive(Clone, Debug)]
pub struct GatewayServer {
    config: GatewayConfig,
    external: IpAddr,
    mappings: BTreeMap<(Protocol, SocketAddr), Held>,
    made: usize,
    answers: u32,
}

/// What is asked for, in either protocol.
struct Wish {
    protocol: Protocol,
    inside: SocketAddr,
    suggested: u16,
    lifetime_s: u32,
    nonce: Nonce,
}

/// What came of it.
enum Granted {
    /// There is a mapping: its port, for so many seconds.
    Mapped(u16, u32),
    /// There is none any more.
    Deleted,
    /// Policy forbids it.
    Refused,
    /// No port is left.
    Full,
}

/// Longer than anybody waits (RFC 6887 section 15 has clients take it for a day).
const ABSURD_S: u32 = u32::MAX;

impl GatewayServer {
    /// A server just switched on, whose NAT has that external address.
    #[must_use]
    pub fn new(config: &GatewayConfig, external: IpAddr) -> Self {
        let external = config.external.unwrap_or(external);
        Self { config: config.clone(), external, mappings: BTreeMap::new(), made: 0, answers: 0 }
    }

    /// Its address inside.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.config.address
    }

    /// How long an answer takes.
    #[must_use]
    pub fn rtt(&self) -> Duration {
        Duration::from_secs_f64(self.config.rtt_ms.clamp(0.0, 60_000.0) / 1e3)
    }

    /// Who inside gets what arrives for that external port.
    #[must_use]
    pub fn inside(&self, protocol: Protocol, external_port: u16, now: Time) -> Option<SocketAddr> {
        let is_it = |held: &Held| held.port == external_port && held.until > now;
        let mut all = self.mappings.iter().filter(|((of, _), _)| *of == protocol);
        all.find(|(_, held)| is_it(held)).map(|((_, inside), _)| *inside)
    }

    /// The external port of an inside endpoint: what it sends leaves from there (RFC 6887 section 11.3, RFC 6886 section 3.9).
    #[must_use]
    pub fn external_port(&self, protocol: Protocol, inside: SocketAddr, now: Time) -> Option<u16> {
        self.mappings.get(&(protocol, inside)).filter(|held| held.until > now).map(|held| held.port)
    }

    /// How many mappings there are now: none is to be left behind.
    #[must_use]
    pub fn live(&self, now: Time) -> usize {
        self.mappings.values().filter(|held| held.until > now).count()
    }

    /// How many mappings there ever were.
    #[must_use]
    pub fn made(&self) -> usize {
        self.made
    }

    /// A datagram for the router itself.
    pub fn receive(&mut self, now: Time, source: SocketAddr, to: SocketAddr, bytes: &[u8]) -> Option<Sent> {
        if self.has(GatewayFault::Quiet) {
            return None;
        }
        let searched = to.port() == PORT && self.speaks(GatewayProtocol::Upnp);
        let messages = [GatewayProtocol::Pcp, GatewayProtocol::NatPmp].into_iter().any(|one| self.speaks(one));
        if !searched && (to.port() != pcp::PORT || !messages) {
            // Nobody refuses what was asked of everybody (RFC 1122 section 3.2.2).
            return (!to.ip().is_multicast()).then_some(Sent { source: to, bytes: None });
        }
        if self.has(GatewayFault::Silent) {
            return None;
        }
        if searched {
            let (source, bytes) = self.search(bytes)?;
            return Some(Sent { source, bytes: Some(bytes) });
        }
        let pmp = self.speaks(GatewayProtocol::NatPmp);
        let answer = match *bytes.first()? {
            nat_pmp::VERSION if pmp => self.nat_pmp(now, source, bytes),
            nat_pmp::VERSION => self.pcp_version(now, bytes),
            _ if self.speaks(GatewayProtocol::Pcp) => self.pcp(now, source, bytes),
            // RFC 6886 section 3.5: any other version is answered so.
            _ => Some(self.nat_pmp_version(now)),
        }?;
        self.answers += 1;
        let from = if self.has(GatewayFault::OtherSource) { another(to) } else { to };
        Some(Sent { source: from, bytes: Some(answer) })
    }

    fn nat_pmp(&mut self, now: Time, source: SocketAddr, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.has(GatewayFault::WrongVersion) {
            return Some(self.nat_pmp_version(now));
        }
        let epoch_s = self.epoch(now);
        let answer = |result, body| Some(nat_pmp::Response { result, epoch_s, body }.encode());
        let request = match nat_pmp::Request::read(bytes) {
            Ok(request) => request,
            Err(nat_pmp::Malformed::Opcode(number)) => {
                return answer(nat_pmp::ResultCode::UnsupportedOpcode, nat_pmp::Body::Unread { number });
            }
            Err(_) => return None,
        };
        let IpAddr::V4(external) = self.external else { return None };
        let no_address = self.has(GatewayFault::NoExternalAddress);
        let result = if no_address { nat_pmp::ResultCode::NetworkFailure } else { nat_pmp::ResultCode::Success };
        let nat_pmp::Request::Map(asked) = request else {
            let address = if no_address { Ipv4Addr::UNSPECIFIED } else { external };
            return answer(result, nat_pmp::Body::ExternalAddress { address });
        };
        let none = nat_pmp::Mapping { external_port: 0, lifetime_s: 0, ..asked };
        if no_address {
            return answer(result, nat_pmp::Body::Map(none));
        }
        let (result, mapping) = match self.grant(
            now,
            &Wish {
                protocol: asked.protocol,
                inside: SocketAddr::new(source.ip(), asked.internal_port),
                suggested: asked.external_port,
                lifetime_s: asked.lifetime_s,
                nonce: Nonce::default(),
            },
        ) {
            Granted::Mapped(external_port, lifetime_s) => {
                (result, nat_pmp::Mapping { external_port, lifetime_s, ..asked })
            }
            Granted::Deleted => (result, none),
            Granted::Refused => (nat_pmp::ResultCode::NotAuthorized, none),
            Granted::Full => (nat_pmp::ResultCode::OutOfResources, none),
        };
        answer(result, nat_pmp::Body::Map(mapping))
    }

    fn pcp(&mut self, now: Time, source: SocketAddr, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.has(GatewayFault::WrongVersion) {
            return self.pcp_version(now, bytes);
        }
        let epoch_s = self.epoch(now);
        let request = match pcp::Request::read(bytes) {
            Ok(request) => request,
            Err(malformed) => {
                let result = malformed.result()?;
                let number = bytes.get(1)? & 0x7f;
                let body = pcp::Body::Unread { number };
                let response = pcp::Response {
                    version: pcp::VERSION,
                    result,
                    lifetime_s: 1800,
                    epoch_s,
                    body,
                    options: Vec::new(),
                };
                return Some(response.encode());
            }
        };
        // RFC 6887 section 7.4: short errors 30 s, long ones half an hour.
        let refuse = |result, lifetime_s| Some(request.response(result, lifetime_s, epoch_s).encode());
        if request.client != source.ip() || self.has(GatewayFault::AddressMismatch) {
            return refuse(pcp::ResultCode::AddressMismatch, 1800);
        }
        if request.options.iter().any(pcp::Extra::is_mandatory) {
            return refuse(pcp::ResultCode::UnsuppOption, 1800);
        }
        let asked = match &request.body {
            pcp::Body::Announce => return refuse(pcp::ResultCode::Success, 0),
            pcp::Body::Map(mapping) => mapping.clone(),
            pcp::Body::Unread { .. } => return refuse(pcp::ResultCode::UnsuppOpcode, 1800),
        };
        let Some(protocol) = Protocol::of(asked.protocol) else {
            return refuse(pcp::ResultCode::UnsuppProtocol, 1800);
        };
        if self.has(GatewayFault::NoExternalAddress) {
            return refuse(pcp::ResultCode::NetworkFailure, 30);
        }
        let inside = SocketAddr::new(source.ip(), asked.internal_port);
        let (suggested, lifetime_s, nonce) = (asked.external.port(), request.lifetime_s, asked.nonce);
        let nonce_then = if self.has(GatewayFault::OtherNonce) { Nonce(Some([0xee; 12])) } else { nonce };
        let (external, lifetime_s) = match self.grant(now, &Wish { protocol, inside, suggested, lifetime_s, nonce }) {
            Granted::Mapped(port, lifetime_s) => (SocketAddr::new(self.external, port), lifetime_s),
            Granted::Deleted => (asked.external, 0),
            Granted::Refused => return refuse(pcp::ResultCode::NotAuthorized, 1800),
            Granted::Full => return refuse(pcp::ResultCode::NoResources, 30),
        };
        let mut response = request.response(pcp::ResultCode::Success, lifetime_s, epoch_s);
        response.body = pcp::Body::Map(pcp::Mapping { external, nonce: nonce_then, ..asked });
        Some(response.encode())
    }

    fn grant(&mut self, now: Time, wish: &Wish) -> Granted {
        let key = (wish.protocol, wish.inside);
        let held = self.mappings.get(&key).filter(|held| held.until > now).cloned();
        // RFC 6887 section 11.3: only who made it may change it.
        if held.as_ref().is_some_and(|held| held.nonce != wish.nonce) || self.has(GatewayFault::Refuses) {
            return Granted::Refused;
        }
        if wish.lifetime_s == 0 {
            if self.has(GatewayFault::Keeps) && held.is_some() {
                return Granted::Refused;
            }
            self.mappings.remove(&key);
            return Granted::Deleted;
        }
        if self.has(GatewayFault::OutOfResources) {
            return Granted::Full;
        }
        let kept = held.map(|held| held.port).filter(|_| !self.has(GatewayFault::Forgets));
        let taken = |port: u16| self.inside(wish.protocol, port, now).is_some_and(|inside| inside != wish.inside);
        let wanted = if wish.suggested == 0 { wish.inside.port() } else { wish.suggested };
        let shift = match () {
            () if self.has(GatewayFault::OtherPort) => 1000,
            () if self.has(GatewayFault::Forgets) => u16::try_from(self.made).unwrap_or(u16::MAX),
            () => 0,
        };
        let first = wanted.wrapping_add(shift).max(1024);
        let free = (first..=u16::MAX).chain(1024..first).find(|port| !taken(*port));
        let Some(port) = kept.or(free) else { return Granted::Full };
        let lifetime_s = wish.lifetime_s.min(self.config.longest_s);
        self.made += usize::from(kept.is_none());
        let until = now + Duration::from_secs(u64::from(lifetime_s));
        self.mappings.insert(key, Held { port, nonce: wish.nonce, until });
        Granted::Mapped(port, if self.has(GatewayFault::AbsurdLifetime) { ABSURD_S } else { lifetime_s })
    }

    fn nat_pmp_version(&self, now: Time) -> Vec<u8> {
        let body = nat_pmp::Body::Unread { number: 0 };
        nat_pmp::Response { result: nat_pmp::ResultCode::UnsupportedVersion, epoch_s: self.epoch(now), body }.encode()
    }

    /// RFC 6887 section 9: the version that it does speak.
    fn pcp_version(&self, now: Time, asked: &[u8]) -> Option<Vec<u8>> {
        let number = asked.get(1)? & 0x7f;
        let version = if self.has(GatewayFault::WrongVersion) { pcp::VERSION + 1 } else { pcp::VERSION };
        let response = pcp::Response {
            version,
            result: pcp::ResultCode::UnsuppVersion,
            lifetime_s: 1800,
            epoch_s: self.epoch(now),
            body: pcp::Body::Unread { number },
            options: Vec::new(),
        };
        Some(response.encode())
    }

    fn epoch(&self, now: Time) -> u32 {
        if self.has(GatewayFault::EpochBackwards) {
            return self.config.epoch_s.saturating_sub(100 * self.answers);
        }
        self.config.epoch_s.saturating_add(u32::try_from(now.as_secs()).unwrap_or(u32::MAX))
    }

    fn speaks(&self, protocol: GatewayProtocol) -> bool {
        self.config.protocols.contains(&protocol)
    }

    fn has(&self, fault: GatewayFault) -> bool {
        self.config.faults.contains(&fault)
    }
}

/// Another address than that.
fn another(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            SocketAddr::new(Ipv4Addr::new(a, b, c, d.wrapping_add(7)).into(), address.port())
        }
        IpAddr::V6(_) => SocketAddr::new(address.ip(), address.port().wrapping_add(1)),
    }
}
