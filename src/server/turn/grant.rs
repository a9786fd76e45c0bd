//! Allocate (RFC 8656 section 7.2): the checks in their order, then the relayed addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::allocation::{Allocation, Relayed};
use super::answer::{Refusal, Reply, begin, family, refuse};
use super::auth::Proof;
use super::{FiveTuple, TurnFault, TurnServer};
use crate::engine::Time;
use crate::server::random::Random;
use crate::wire::stun::attribute::{
    ADDITIONAL_ADDRESS_FAMILY, ADDRESS_ERROR_CODE, DONT_FRAGMENT, EVEN_PORT, LIFETIME, MOBILITY_TICKET,
    REQUESTED_ADDRESS_FAMILY, REQUESTED_TRANSPORT, RESERVATION_TOKEN, XOR_MAPPED_ADDRESS, XOR_RELAYED_ADDRESS,
};
use crate::wire::{Family, Message};

/// How long a reserved port is kept (RFC 8656 section 7.2).
const RESERVED: Duration = Duration::from_secs(30);
/// TCP, as REQUESTED-TRANSPORT says it.
const TCP: u8 = 6;
/// UDP.
const UDP: u8 = 17;

/// What an Allocate request wants.
#[expect(clippy::struct_excessive_bools, reason = "attributes that are there or not, independent of each other")]
struct Wish {
    protocol: u8,
    families: Vec<Family>,
    additional: bool,
    even: bool,
    reserve: bool,
    token: Option<[u8; 8]>,
    ticket: bool,
}

impl TurnServer {
    pub(super) fn allocate(
        &mut self,
        now: Time,
        tuple: FiveTuple,
        message: &Message,
        proof: &Proof,
        random: &mut Random,
    ) -> Result<Reply, Refusal> {
        if let Some(allocation) = self.allocations.get(&tuple) {
            let (id, answer) = &allocation.birth;
            return if *id == message.id { Ok(Reply::Whole(answer.clone())) } else { refuse(437) };
        }
        self.refuse_always()?;
        let wish = self.wish(tuple, message)?;
        let of_user = self.allocations.values().filter(|allocation| allocation.username == proof.username).count();
        if self.config.user_quota.is_some_and(|quota| of_user >= quota) {
            return refuse(486);
        }
        if self.config.capacity.is_some_and(|capacity| self.allocations.len() >= capacity) {
            return refuse(508);
        }
        let mut relayed = Vec::new();
        let mut missing = None;
        for &family in &wish.families {
            match self.relayed(family, &wish, random) {
                Some(real) => relayed.push(Relayed { real, told: self.told(real) }),
                None if wish.additional && family == Family::Ipv6 => missing = Some(family),
                None => return refuse(508),
            }
        }
        let asked = message.lifetime();
        let lifetime = self.granted(asked);
        let mut writer = begin(message);
        if !self.has(TurnFault::NoRelayedAddress) {
            for relayed in &relayed {
                writer = writer.xor_address(XOR_RELAYED_ADDRESS, relayed.told);
            }
        }
        writer = writer.attribute(LIFETIME, &lifetime.to_be_bytes()).xor_address(XOR_MAPPED_ADDRESS, self.seen(tuple));
        if missing.is_some() {
            let value = [&[2, 0, 4, 40], b"Address Family not Supported".as_slice()].concat();
            writer = writer.attribute(ADDRESS_ERROR_CODE, &value);
        }
        if let Some(first) = relayed.first().filter(|_| wish.reserve) {
            let token = random.bits().to_be_bytes();
            let next = SocketAddr::new(first.real.ip(), first.real.port().saturating_add(1));
            self.reserved.insert(token, (next, now.saturating_add(RESERVED)));
            writer = writer.attribute(RESERVATION_TOKEN, &token);
        }
        let ticket = wish.ticket.then(|| random.bits().to_be_bytes());
        if let Some(ticket) = &ticket {
            writer = writer.attribute(MOBILITY_TICKET, ticket);
        }
        let answer = self.success(writer, proof);
        let allocation = Allocation {
            relayed,
            username: proof.username.clone(),
            made: now,
            expires: now.saturating_add(Duration::from_secs(lifetime.into())),
            birth: (message.id, answer.clone()),
            permissions: BTreeMap::new(),
            channels: BTreeMap::new(),
            contacts: BTreeSet::new(),
            tcp: wish.protocol == TCP,
            ticket,
            passed: 0,
            number: self.made,
        };
        self.allocations.insert(tuple, allocation);
        self.made += 1;
        Ok(Reply::Whole(answer))
    }

    fn refuse_always(&self) -> Result<(), Refusal> {
        let faults = [
            (TurnFault::Mismatch437, 437),
            (TurnFault::UnsupportedTransport, 442),
            (TurnFault::UnsupportedFamily, 440),
            (TurnFault::Forbidden, 403),
            (TurnFault::Quota, 486),
            (TurnFault::Capacity, 508),
        ];
        faults.into_iter().find(|&(fault, _)| self.has(fault)).map_or(Ok(()), |(_, code)| refuse(code))
    }

    /// What is wanted, checked in the order of RFC 8656 section 7.2.
    fn wish(&self, tuple: FiveTuple, message: &Message) -> Result<Wish, Refusal> {
        let value = |ty| message.attribute(ty).map(|attribute| attribute.value.as_slice());
        let has = |ty| message.attribute(ty).is_some();
        let protocol = match value(REQUESTED_TRANSPORT) {
            Some(&[UDP, _, _, _]) => UDP,
            Some(&[TCP, _, _, _]) if !self.config.tcp_relay => return refuse(442),
            Some(&[TCP, _, _, _]) => TCP,
            Some(&[_, _, _, _]) => return refuse(442),
            _ => return refuse(400),
        };
        if protocol == TCP {
            let unfit = has(DONT_FRAGMENT) || has(EVEN_PORT) || has(RESERVATION_TOKEN);
            if !tuple.transport.is_stream() || unfit {
                return refuse(400);
            }
        }
        let offered = [
            (DONT_FRAGMENT, self.config.dont_fragment),
            (EVEN_PORT, self.config.even_port),
            (RESERVATION_TOKEN, self.config.reservation),
        ];
        let unknown: Vec<u16> =
            offered.iter().filter(|&&(ty, offered)| has(ty) && !offered).map(|&(ty, _)| ty).collect();
        if !unknown.is_empty() {
            return Err(Refusal(420, "Unknown Attribute", unknown));
        }
        let (requested, additional) = (value(REQUESTED_ADDRESS_FAMILY), value(ADDITIONAL_ADDRESS_FAMILY));
        let token = value(RESERVATION_TOKEN);
        if token.is_some() && (has(EVEN_PORT) || requested.is_some()) {
            return refuse(400);
        }
        let token = token.map(|token| <[u8; 8]>::try_from(token).unwrap_or_default());
        if token.is_some_and(|token| !self.reserved.contains_key(&token)) {
            return refuse(508);
        }
        if requested.is_some() && additional.is_some() {
            return refuse(400);
        }
        let first = match requested {
            Some(value) => family(value.first()),
            None => Some(Family::Ipv4),
        };
        let Some(first) = first.filter(|first| self.relays.contains_key(first)) else { return refuse(440) };
        let reserve = value(EVEN_PORT).and_then(<[u8]>::first).is_some_and(|flags| flags & 0x80 != 0);
        if reserve && !self.config.reservation {
            return Err(Refusal(420, "Unknown Attribute", vec![EVEN_PORT]));
        }
        let mut families = vec![first];
        if let Some(value) = additional {
            if reserve || family(value.first()) != Some(Family::Ipv6) {
                return refuse(400);
            }
            families.push(Family::Ipv6);
        }
        if has(MOBILITY_TICKET) && !self.config.mobility {
            return refuse(405);
        }
        Ok(Wish {
            protocol,
            families,
            additional: additional.is_some(),
            even: has(EVEN_PORT),
            reserve,
            token,
            ticket: has(MOBILITY_TICKET),
        })
    }

    /// A free relayed address.
    fn relayed(&mut self, family: Family, wish: &Wish, random: &mut Random) -> Option<SocketAddr> {
        if let Some(token) = wish.token {
            return self.reserved.remove(&token).map(|(reserved, _)| reserved);
        }
        if wish.additional && family == Family::Ipv6 && !self.config.both_families {
            return None;
        }
        let ip = *self.relays.get(&family)?;
        let (first, last) = self.config.ports;
        let is_free = |port: u16| {
            let endpoint = SocketAddr::new(ip, port);
            !self.allocations.values().any(|allocation| allocation.is_at(endpoint))
                && !self.reserved.values().any(|&(reserved, _)| reserved == endpoint)
        };
        let suits = |port: u16| {
            let next = port.checked_add(1).filter(|next| *next <= last);
            (!wish.even || port.is_multiple_of(2)) && is_free(port) && (!wish.reserve || next.is_some_and(is_free))
        };
        let by_chance = (0..64).map(|_| random.port(first, last)).find(|&port| suits(port));
        let port = by_chance.or_else(|| (first..=last).find(|&port| suits(port)))?;
        Some(SocketAddr::new(ip, port))
    }

    /// The relayed address as the client is told it.
    fn told(&self, real: SocketAddr) -> SocketAddr {
        let ip = if let Some(home) = self.home().filter(|_| real.is_ipv4()) {
            home
        } else if self.has(TurnFault::PrivateRelay) && real.is_ipv4() {
            IpAddr::V4(self.config.private)
        } else if self.has(TurnFault::WrongExternal) && real.is_ipv4() {
            IpAddr::V4(self.config.external)
        } else {
            real.ip()
        };
        SocketAddr::new(ip, real.port())
    }

    /// The lifetime for a wish.
    pub(super) fn granted(&self, asked: Option<u32>) -> u32 {
        if self.has(TurnFault::ShortLifetime) {
            return 20;
        }
        asked.unwrap_or(0).max(self.config.lifetime_s).min(self.config.max_lifetime_s)
    }
}
