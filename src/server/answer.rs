//! What a STUN server says to a Binding request (RFC 5780 section 6.1), and what its faults make of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::config::{ServerConfig, Style};
use super::fault::{Fault, Faults};
use super::point::{Point, unrelated};
use super::random::Random;
use crate::wire::stun::attribute::{
    CHANGE_REQUEST, CHANGED_ADDRESS, MAPPED_ADDRESS, OTHER_ADDRESS, PADDING, RESPONSE_ORIGIN, RESPONSE_PORT, SOFTWARE,
    SOURCE_ADDRESS, UNKNOWN_ATTRIBUTES, XOR_MAPPED_ADDRESS,
};
use crate::wire::stun::message::{BINDING, HEADER};
use crate::wire::{Class, Family, Message, TransactionId, Writer};

/// SOFTWARE that nobody should print as it is: no UTF-8, clears the screen, sets the window's title, breaks the line.
const HOSTILE: &[u8] = b"\xff\xfe evil\x1b[2J\x1b]0;owned\x07\r\n\xc0\xafserver \xe2\x80\xae<script>";
/// PADDING is as long as the server's MTU (RFC 5780 section 6.1).
const MTU: usize = 1_500;

/// A Binding request, and who was asked.
pub(super) struct Question<'a> {
    pub(super) server: &'a ServerConfig,
    pub(super) faults: Faults,
    pub(super) request: &'a Message,
    pub(super) source: SocketAddr,
    /// The source as the server sees it.
    pub(super) seen: SocketAddr,
    pub(super) destination: SocketAddr,
    pub(super) point: Point,
    pub(super) is_stream: bool,
}

impl Question<'_> {
    /// The source, the destination and the bytes of the answer, if there is one.
    pub(super) fn answer(&self, random: &mut Random) -> Option<(SocketAddr, SocketAddr, Vec<u8>)> {
        if self.has(Fault::RequiresChangeRequest) && !self.request.has_change_request() {
            return None;
        }
        if let Some(bytes) = self.refusal() {
            return Some((self.destination, self.source, bytes));
        }
        let (change_ip, change_port) = self.change();
        let point =
            Point { other_ip: self.point.other_ip != change_ip, other_port: self.point.other_port != change_port };
        if self.is_lost(point, change_ip) {
            return None;
        }
        // What the server sends from elsewhere, or to another port, goes to the proxy, which expects nothing from there.
        if self.faults.hides_source() && (change_ip || change_port || self.response_port().is_some()) {
            return None;
        }
        let origin = if change_ip || change_port { self.server.at(self.family(), point)? } else { self.destination };
        let mut source = origin;
        if (change_ip || change_port) && self.has(Fault::WrongSource) {
            source.set_ip(unrelated(self.family()));
        }
        if !self.request.has_change_request() && self.has(Fault::WrongSourcePort) {
            source.set_port(source.port().wrapping_add(1).max(1));
        }
        if !self.request.has_change_request() && !self.is_stream && self.has(Fault::OtherSource) {
            source.set_ip(unrelated(self.family()));
        }
        let mut destination = self.source;
        if let Some(port) = self.response_port() {
            destination.set_port(port);
        }
        let mut bytes = if self.has(Fault::RandomBytes) {
            (0..20 + random.below(80)).map(|_| random.bits().to_be_bytes()[0]).collect()
        } else {
            self.success(origin)
        };
        if self.has(Fault::TruncatedAttributes) {
            bytes.truncate(HEADER + 8);
            bytes[2..4].copy_from_slice(&8_u16.to_be_bytes());
        }
        Some((source, destination, bytes))
    }

    /// The error response, where there must be one.
    fn refusal(&self) -> Option<Vec<u8>> {
        if self.has(Fault::Error500) {
            return Some(self.begin(Class::Error).error(500, "Server Error").finish());
        }
        let both = self.request.response_port().is_some() && self.request.padding_len().is_some();
        if self.style() == Style::Rfc5780 && both {
            return Some(self.begin(Class::Error).error(400, "Bad Request").finish());
        }
        let mut unknown = Vec::new();
        if self.request.has_change_request() {
            let wants_change = self.request.change_request().is_some_and(|(ip, port)| ip || port);
            let refuses = match self.server.style {
                Style::Rfc8489Plain => true,
                Style::Rfc5780 => wants_change && !self.has_alternate(),
                Style::Rfc3489 => false,
            };
            if self.has(Fault::Answers420) || (refuses && !self.has(Fault::IgnoresChangeRequest)) {
                unknown.extend(CHANGE_REQUEST.to_be_bytes());
            }
        }
        if self.server.style == Style::Rfc8489Plain {
            for ty in [RESPONSE_PORT, PADDING] {
                if self.request.attribute(ty).is_some() {
                    unknown.extend(ty.to_be_bytes());
                }
            }
        }
        let refusal =
            || self.begin(Class::Error).error(420, "Unknown Attribute").attribute(UNKNOWN_ATTRIBUTES, &unknown);
        (!unknown.is_empty()).then(|| self.sign(refusal()).finish())
    }

    fn success(&self, origin: SocketAddr) -> Vec<u8> {
        let mapped = self.mapped();
        let message = self.begin(Class::Success);
        if self.has(Fault::MappedAddressOnly) {
            return message.address(MAPPED_ADDRESS, mapped).finish();
        }
        let other = self.other().filter(|_| !self.has(Fault::NoOtherAddress));
        let mut message = match self.style() {
            Style::Rfc5780 => {
                let message = message.xor_address(XOR_MAPPED_ADDRESS, mapped).address(MAPPED_ADDRESS, mapped);
                let message = message.address(RESPONSE_ORIGIN, origin);
                other.into_iter().fold(message, |message, other| message.address(OTHER_ADDRESS, other))
            }
            Style::Rfc8489Plain => message.xor_address(XOR_MAPPED_ADDRESS, mapped),
            Style::Rfc3489 => {
                let message = message.address(MAPPED_ADDRESS, mapped).address(SOURCE_ADDRESS, origin);
                other.into_iter().fold(message, |message, other| message.address(CHANGED_ADDRESS, other))
            }
        };
        if self.style() == Style::Rfc5780 && self.request.padding_len().is_some() {
            message = message.attribute(PADDING, &[0; MTU]);
        }
        self.sign(message).finish()
    }

    /// What the server sees, or says that it sees.
    fn mapped(&self) -> SocketAddr {
        if self.has(Fault::WrongMapped) {
            return SocketAddr::new(unrelated(self.family()), 7_777);
        }
        let private: IpAddr = match self.family() {
            Family::Ipv4 => Ipv4Addr::new(192, 168, 1, 1).into(),
            Family::Ipv6 => Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1).into(),
        };
        let ip = if self.has(Fault::Proxied) {
            self.destination.ip()
        } else if self.has(Fault::ProxiedToIpv4) && self.family() == Family::Ipv6 {
            Ipv4Addr::new(172, 18, 0, 1).into()
        } else if self.has(Fault::RewritesSource) {
            private
        } else if self.has(Fault::RewritesSourcePublic) {
            neighbor(self.destination.ip())
        } else {
            return self.seen;
        };
        SocketAddr::new(ip, port_of_flow(self.source, self.destination))
    }

    fn begin(&self, class: Class) -> Writer {
        let mut id = self.request.id;
        if self.has(Fault::WrongTransactionId) {
            let TransactionId([first, ..]) = &mut id;
            *first = !*first;
        }
        let cookie = if self.has(Fault::NoCookie) {
            Some(*b"oops")
        } else {
            (!self.request.cookie).then_some(self.request.head)
        };
        Writer::new(class, BINDING, id, cookie)
    }

    /// SOFTWARE and FINGERPRINT.
    fn sign(&self, message: Writer) -> Writer {
        let message = if self.has(Fault::HostileSoftware) {
            message.attribute(SOFTWARE, HOSTILE)
        } else if self.server.software.is_empty() {
            message
        } else {
            message.attribute(SOFTWARE, self.server.software.as_bytes())
        };
        if self.has(Fault::BadFingerprint) { message.fingerprint(false) } else { message }
    }

    /// Which of address and port the answer is to come from instead.
    fn change(&self) -> (bool, bool) {
        let wanted = self.request.change_request().unwrap_or_default();
        // A stream has but one place to answer from.
        if self.is_stream || !self.has_alternate() || self.has(Fault::IgnoresChangeRequest) {
            return (false, false);
        }
        (wanted.0 && !self.has(Fault::OtherSameIp), wanted.1)
    }

    /// Whether the answer from there never arrives anywhere.
    fn is_lost(&self, point: Point, change_ip: bool) -> bool {
        (point.other_ip && (self.has(Fault::DeadAlternate) || (change_ip && self.has(Fault::DeadAlternatePath))))
            || (point.other_port && self.has(Fault::DeadAlternatePort))
    }

    /// Ca:Cp of RFC 5780 table 1: relative to where the request arrived, whatever it asks for.
    fn other(&self) -> Option<SocketAddr> {
        let other_ip = self.point.other_ip == self.has(Fault::OtherSameIp);
        let point = Point { other_ip, other_port: !self.point.other_port };
        let mut other = self.server.at(self.family(), point).filter(|_| self.has_alternate())?;
        if self.has(Fault::PrivateAlternate) {
            other.set_ip(match self.family() {
                Family::Ipv4 => IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)),
                Family::Ipv6 => IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2)),
            });
        }
        Some(other)
    }

    fn response_port(&self) -> Option<u16> {
        let honors =
            self.style() == Style::Rfc5780 && self.server.response_port && !self.has(Fault::IgnoresResponsePort);
        self.request.response_port().filter(|&port| honors && !self.is_stream && port != 0)
    }

    /// A request without the magic cookie is answered in its own language (RFC 5389 section 12.2).
    fn style(&self) -> Style {
        if self.request.cookie { self.server.style } else { Style::Rfc3489 }
    }

    fn has_alternate(&self) -> bool {
        self.server.endpoints(self.family()).is_some_and(|(_, alternate)| alternate.is_some())
    }

    fn family(&self) -> Family {
        if self.destination.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 }
    }

    fn has(&self, fault: Fault) -> bool {
        self.faults.has(fault)
    }
}

/// Another address of the same site.
fn neighbor(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() ^ 0x80).into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() ^ 0x8000).into(),
    }
}

/// The port that a proxy or a balancer uses for a flow: always the same one, and no other flow's.
fn port_of_flow(source: SocketAddr, destination: SocketAddr) -> u16 {
    // FNV-1a.
    let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(16_777_619);
    let hash = format!("{source} {destination}").bytes().fold(2_166_136_261, mix);
    20_000 + u16::try_from(hash % 40_000).unwrap_or_default()
}
