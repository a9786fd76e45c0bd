//! What a TURN server answers (RFC 8656 sections 7.2, 8.2, 10.2 and 12.2).

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::allocation::{Allocation, CHANNEL, PERMISSION};
use super::auth::Proof;
use super::{FiveTuple, TurnFault, TurnServer};
use crate::engine::Time;
use crate::server::random::Random;
use crate::wire::stun::attribute::{
    ALTERNATE_SERVER, CONNECTION_ID, LIFETIME, MOBILITY_TICKET, REQUESTED_ADDRESS_FAMILY, SOFTWARE, UNKNOWN_ATTRIBUTES,
    XOR_PEER_ADDRESS,
};
use crate::wire::stun::message::{ALLOCATE, CHANNEL_BIND, CONNECT, CONNECTION_BIND, CREATE_PERMISSION, REFRESH};
use crate::wire::{Class, Family, Key, Message, Writer};

/// A refusal: the code, its reason phrase, and the attributes that are to blame.
pub(super) struct Refusal(pub u16, pub &'static str, pub Vec<u16>);

/// A refusal without attributes.
pub(super) fn refuse<T>(code: u16) -> Result<T, Refusal> {
    Err(Refusal(code, reason(code), Vec::new()))
}

fn reason(code: u16) -> &'static str {
    match code {
        400 => "Bad Request",
        403 => "Forbidden",
        405 => "Mobility Forbidden",
        420 => "Unknown Attribute",
        437 => "Allocation Mismatch",
        440 => "Address Family not Supported",
        441 => "Wrong Credentials",
        442 => "Unsupported Transport Protocol",
        443 => "Peer Address Family Mismatch",
        486 => "Allocation Quota Reached",
        508 => "Insufficient Capacity",
        _ => "Server Error",
    }
}

impl TurnServer {
    /// The answer to a request, if there is one.
    pub(super) fn answer(
        &mut self,
        now: Time,
        tuple: FiveTuple,
        message: &Message,
        bytes: &[u8],
        random: &mut Random,
    ) -> Option<Vec<u8>> {
        let is_allocate = message.method == ALLOCATE;
        let known = [ALLOCATE, REFRESH, CREATE_PERMISSION, CHANNEL_BIND, CONNECT, CONNECTION_BIND];
        if self.has(TurnFault::StunOnly) || !known.contains(&message.method) {
            return None;
        }
        let bare = [(TurnFault::Bare400, 400), (TurnFault::Bare405, 405), (TurnFault::Bare420, 420)];
        if let Some(&(_, code)) = bare.iter().find(|(fault, _)| is_allocate && self.has(*fault)) {
            return Some(self.plain_error(message, code, reason(code)));
        }
        // Load balancers send clients on before they ask who they are.
        let looped = self.has(TurnFault::RedirectLoop).then_some(tuple.server);
        let alternate = self.config.alternate_server.filter(|_| self.has(TurnFault::Redirect)).or(looped);
        if let Some(alternate) = alternate.filter(|_| is_allocate) {
            let writer = Writer::new(Class::Error, message.method, message.id, None).error(300, "Try Alternate");
            return Some(writer.address(ALTERNATE_SERVER, alternate).finish());
        }
        let proof = match self.authenticate(now, tuple, message, bytes, random) {
            Ok(proof) => proof,
            Err(answer) => return Some(answer),
        };
        if is_allocate && self.has(TurnFault::GarbageAllocate) {
            return Some(b"\x01\x03nonsense that no STUN reader takes for an answer".to_vec());
        }
        if is_allocate && self.has(TurnFault::Allocate400) {
            return Some(self.plain_error(message, 400, "Bad Request"));
        }
        let ownerless = message.method == REFRESH && !self.allocations.contains_key(&tuple);
        let mute = match message.method {
            REFRESH if ownerless && self.has(TurnFault::RefreshUnknownMute) => true,
            CHANNEL_BIND => self.has(TurnFault::ChannelBindMute),
            REFRESH => self.has(TurnFault::RefreshMute) && message.lifetime() != Some(0),
            _ => false,
        };
        if mute {
            return None;
        }
        if is_allocate
            && self.has(TurnFault::RedirectSigned)
            && let Some(alternate) = self.config.alternate_server
        {
            let writer = Writer::new(Class::Error, message.method, message.id, None).error(300, "Try Alternate");
            let writer = writer.address(ALTERNATE_SERVER, alternate);
            return Some(sign(writer, proof.key.as_ref(), proof.sha256));
        }
        if self.has(TurnFault::Error500) {
            return Some(self.refusal(message, &proof, &Refusal(500, reason(500), Vec::new())));
        }
        let answer = match message.method {
            ALLOCATE => self.allocate(now, tuple, message, &proof, random),
            REFRESH => self.refresh(now, tuple, message, &proof),
            CREATE_PERMISSION => self.create_permission(now, tuple, message, &proof),
            CHANNEL_BIND => self.channel_bind(now, tuple, message, &proof),
            CONNECT => self.connect(tuple, message, &proof, random),
            _ => self.connection_bind(message),
        };
        Some(match answer {
            Ok(Reply::Whole(bytes)) => bytes,
            Ok(Reply::Open(writer)) if self.has(TurnFault::UnsignedLater) => self.software(writer).finish(),
            Ok(Reply::Open(writer)) => self.success(writer, &proof),
            Err(refusal) => self.refusal(message, &proof, &refusal),
        })
    }

    fn refresh(&mut self, now: Time, tuple: FiveTuple, message: &Message, proof: &Proof) -> Result<Reply, Refusal> {
        if self.has(TurnFault::RefreshFails) {
            return refuse(437);
        }
        self.follow(tuple, message)?;
        let allocation = self.owned(tuple, proof)?;
        let wanted = message.attribute(REQUESTED_ADDRESS_FAMILY).map(|attribute| family(attribute.value.first()));
        if let Some(family) = wanted
            && family.is_none_or(|family| allocation.of(family).is_none())
        {
            return refuse(443);
        }
        if message.lifetime() != Some(0) && (self.has(TurnFault::RefreshKills) || self.has(TurnFault::RefreshEnds)) {
            self.allocations.remove(&tuple);
            let told = if self.has(TurnFault::RefreshKills) { 0 } else { self.granted(message.lifetime()) };
            return Ok(Reply::Open(begin(message).attribute(LIFETIME, &told.to_be_bytes())));
        }
        let asked = message.lifetime();
        let granted = if asked == Some(0) { 0 } else { self.granted(asked) };
        if granted > 0 {
            self.owned(tuple, proof)?.expires = now.saturating_add(Duration::from_secs(granted.into()));
        } else if !self.has(TurnFault::DeleteIgnored) {
            let allocation = self.owned(tuple, proof)?;
            match wanted.flatten() {
                Some(family) if allocation.relayed.len() > 1 => {
                    allocation.relayed.retain(|relayed| Family::of(relayed.real) != family);
                }
                _ => {
                    self.allocations.remove(&tuple);
                }
            }
        }
        Ok(Reply::Open(begin(message).attribute(LIFETIME, &granted.to_be_bytes())))
    }

    /// A client that moved brings its ticket (RFC 8016 section 3.3).
    fn follow(&mut self, tuple: FiveTuple, message: &Message) -> Result<(), Refusal> {
        let Some(ticket) = message.attribute(MOBILITY_TICKET) else { return Ok(()) };
        if !self.config.mobility {
            return refuse(405);
        }
        let is_it =
            |(_, allocation): &(&FiveTuple, &Allocation)| allocation.ticket.is_some_and(|own| ticket.value == own);
        let Some((&from, _)) = self.allocations.iter().find(is_it) else { return refuse(400) };
        if from == tuple || self.allocations.contains_key(&tuple) {
            return refuse(400);
        }
        if let Some(allocation) = self.allocations.remove(&from) {
            self.allocations.insert(tuple, allocation);
            if self.has(TurnFault::ClosesMoved) && tuple.transport.is_stream() {
                self.left.push(from);
            }
        }
        Ok(())
    }

    fn create_permission(
        &mut self,
        now: Time,
        tuple: FiveTuple,
        message: &Message,
        proof: &Proof,
    ) -> Result<Reply, Refusal> {
        self.owned(tuple, proof)?;
        if self.has(TurnFault::PermissionCapacity) {
            return refuse(508);
        }
        let of_peers = message.attributes().iter().filter(|attribute| attribute.ty == XOR_PEER_ADDRESS);
        let peers: Option<Vec<_>> =
            of_peers.filter(|attribute| !attribute.ignored).map(|attribute| message.xor_address(attribute)).collect();
        let Some(peers) = peers.filter(|peers| !peers.is_empty()) else { return refuse(400) };
        // All or nothing, as coturn does it.
        for peer in &peers {
            self.admit_peer(tuple, proof, peer.ip())?;
            self.admit_own(*peer)?;
        }
        let until = self.permitted_until(now);
        let allocation = self.owned(tuple, proof)?;
        allocation.permissions.extend(peers.iter().map(|peer| (peer.ip(), until)));
        Ok(Reply::Open(begin(message)))
    }

    fn channel_bind(
        &mut self,
        now: Time,
        tuple: FiveTuple,
        message: &Message,
        proof: &Proof,
    ) -> Result<Reply, Refusal> {
        self.owned(tuple, proof)?;
        let number = message.channel_number();
        let peer = message.peer_address();
        let (Some(number @ 0x4000..=0x4FFF), Some(peer)) = (number, peer.filter(|peer| peer.port() != 0)) else {
            return refuse(400);
        };
        if self.has(TurnFault::NoChannelBind) {
            return refuse(400);
        }
        self.admit_peer(tuple, proof, peer.ip())?;
        self.admit_own(peer)?;
        let until = self.permitted_until(now);
        let allocation = self.owned(tuple, proof)?;
        let taken = allocation.peer_of(number, now).is_some_and(|bound| bound != peer)
            || allocation.channel_of(peer, now).is_some_and(|bound| bound != number);
        if taken {
            return refuse(400);
        }
        allocation.channels.insert(number, (peer, now.saturating_add(CHANNEL)));
        allocation.permissions.insert(peer.ip(), until);
        Ok(Reply::Open(begin(message)))
    }

    /// RFC 6062 section 5.2: what the connection to the peer would carry is not simulated.
    fn connect(
        &mut self,
        tuple: FiveTuple,
        message: &Message,
        proof: &Proof,
        random: &mut Random,
    ) -> Result<Reply, Refusal> {
        if !self.owned(tuple, proof)?.tcp {
            return refuse(400);
        }
        let peer = message.peer_address();
        let Some(peer) = peer else { return refuse(400) };
        self.admit_peer(tuple, proof, peer.ip())?;
        let [a, b, c, d, ..] = random.bits().to_be_bytes();
        let id = [a, b, c, d];
        self.connections.insert(u32::from_be_bytes(id));
        Ok(Reply::Open(begin(message).attribute(CONNECTION_ID, &id)))
    }

    fn connection_bind(&mut self, message: &Message) -> Result<Reply, Refusal> {
        let id = message.connection_id();
        if id.is_some_and(|id| self.connections.remove(&id)) { Ok(Reply::Open(begin(message))) } else { refuse(400) }
    }

    /// The allocation, if it is that user's.
    fn owned(&mut self, tuple: FiveTuple, proof: &Proof) -> Result<&mut Allocation, Refusal> {
        match self.allocations.get_mut(&tuple) {
            None => refuse(437),
            Some(allocation) if allocation.username != proof.username => refuse(441),
            Some(allocation) => Ok(allocation),
        }
    }

    /// Whether that peer may be talked to at all.
    fn admit_peer(&mut self, tuple: FiveTuple, proof: &Proof, peer: IpAddr) -> Result<(), Refusal> {
        let is_own = self.own.contains(&peer)
            || self.relays.values().any(|&ip| ip == peer)
            || (self.has(TurnFault::PrivateRelay) && peer == IpAddr::V4(self.config.private));
        let forbidden = self.has(TurnFault::PeerForbidden)
            || self.has(TurnFault::PeerRefusedWithoutCode)
            || (is_own && self.has(TurnFault::OwnPeerForbidden))
            || is_unfit(peer);
        let family = if peer.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 };
        if self.owned(tuple, proof)?.of(family).is_none() {
            return refuse(443);
        }
        if forbidden { refuse(403) } else { Ok(()) }
    }

    /// A server that looks for the peer among its allocations.
    fn admit_own(&self, peer: SocketAddr) -> Result<(), Refusal> {
        if !self.has(TurnFault::OwnAllocationsOnly) {
            return Ok(());
        }
        let mut relayed = self.allocations.values().flat_map(|allocation| &allocation.relayed);
        match peer.port() {
            0 => refuse(403),
            _ if relayed.any(|one| one.told == peer) => Ok(()),
            _ => refuse(443),
        }
    }

    fn permitted_until(&self, now: Time) -> Time {
        let lasts = if self.has(TurnFault::PermissionShort) { Duration::from_secs(10) } else { PERMISSION };
        now.saturating_add(lasts)
    }

    /// An error that nobody signs.
    pub(super) fn plain_error(&self, message: &Message, code: u16, reason: &str) -> Vec<u8> {
        let reason = self.words(reason);
        self.software(Writer::new(Class::Error, message.method, message.id, None).error(code, reason)).finish()
    }

    /// The reason phrase, as far as it has any.
    pub(super) fn words<'a>(&self, reason: &'a str) -> &'a str {
        if self.has(TurnFault::Wordless) { "" } else { reason }
    }

    fn refusal(&self, message: &Message, proof: &Proof, Refusal(code, reason, unknown): &Refusal) -> Vec<u8> {
        let reason = self.words(reason);
        let writer = Writer::new(Class::Error, message.method, message.id, None);
        // What refuses a peer in pion says nothing more.
        let wordless = *code == 403 && self.has(TurnFault::PeerRefusedWithoutCode);
        let mut writer = if wordless { writer } else { writer.error(*code, reason) };
        if !unknown.is_empty() {
            let types: Vec<u8> = unknown.iter().flat_map(|ty| ty.to_be_bytes()).collect();
            writer = writer.attribute(UNKNOWN_ATTRIBUTES, &types);
        }
        let unsigned = [TurnFault::UnsignedErrors, TurnFault::RefreshUnknownMute].into_iter().any(|one| self.has(one));
        let key = proof.key.as_ref().filter(|_| !unsigned);
        sign(self.software(writer), key, proof.sha256)
    }

    pub(super) fn success(&self, writer: Writer, proof: &Proof) -> Vec<u8> {
        let writer = self.software(writer);
        if self.has(TurnFault::UnsignedSuccess) {
            return writer.finish();
        }
        if self.has(TurnFault::WrongIntegrity) && proof.key.is_some() {
            return sign(writer, Some(&super::auth::other_key()), proof.sha256);
        }
        sign(writer, proof.key.as_ref(), proof.sha256)
    }

    pub(super) fn software(&self, writer: Writer) -> Writer {
        if self.software.is_empty() { writer } else { writer.attribute(SOFTWARE, self.software.as_bytes()) }
    }
}

/// A success response, signed already or not yet.
pub(super) enum Reply {
    Whole(Vec<u8>),
    Open(Writer),
}

pub(super) fn begin(message: &Message) -> Writer {
    Writer::new(Class::Success, message.method, message.id, None)
}

fn sign(writer: Writer, key: Option<&Key>, sha256: bool) -> Vec<u8> {
    match key {
        Some(key) => writer.integrity(key, sha256).finish(),
        None => writer.finish(),
    }
}

/// The family of REQUESTED-ADDRESS-FAMILY's first byte.
pub(super) fn family(byte: Option<&u8>) -> Option<Family> {
    match byte {
        Some(1) => Some(Family::Ipv4),
        Some(2) => Some(Family::Ipv6),
        _ => None,
    }
}

/// What every careful server refuses as a peer.
fn is_unfit(ip: IpAddr) -> bool {
    ip.is_loopback()
        || ip.is_unspecified()
        || ip.is_multicast()
        || match ip {
            IpAddr::V4(ip) => ip.is_link_local() || ip.is_broadcast(),
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        }
}
